import {
  type CaseResult,
  failureText,
  type Meaning,
  meaningOf,
  type RunInfo,
  type RunResult,
} from "../harness/results.ts";
import { endIsMissing } from "./earlier_run.ts";
import { oneLine, plural } from "./text.ts";

/**
 * What became of a case. `newly failing`: the new run fails for it, and the old one did not. `fixed`: it failed and
 * passes. `changed`: any other change of verdict or reason, such as from failed to skipped.
 */
export type Change =
  | "newly failing"
  | "fixed"
  | "still failing"
  | "changed"
  | "new"
  | "gone"
  | "unchanged";

/** Changes that are listed, the worst first. */
export const CHANGES: readonly Change[] = [
  "newly failing",
  "still failing",
  "changed",
  "fixed",
  "new",
  "gone",
];

/** A case in two runs. */
export interface ComparedCase {
  readonly id: string;
  readonly title: string;
  readonly suite: string;
  readonly change: Change;
  readonly before?: CaseState;
  readonly after?: CaseState;
}

/** What a case came to. */
export interface CaseState {
  readonly meaning: Meaning;
  /** Why it failed or was skipped; empty where it passed. */
  readonly reason: string;
}

/** Time that the same cases took in both runs. */
export interface ComparedTime {
  /** Id of the suite; empty for all. */
  readonly suite: string;
  readonly cases: number;
  readonly oldMs: number;
  readonly newMs: number;
}

/** Two runs side by side. */
export interface Comparison {
  readonly old: RunResult;
  readonly new: RunResult;
  /** What makes the runs hard to compare. */
  readonly remarks: readonly string[];
  readonly cases: readonly ComparedCase[];
  readonly total: ComparedTime;
  /** Suites that took much longer, or much less long; the greatest difference first. */
  readonly suites: readonly ComparedTime[];
}

/** A suite is named when its time changed by this factor and by so much: less is noise. */
const NOTABLE_FACTOR = 1.5;
const NOTABLE_MS = 200;

const BAD: readonly Meaning[] = ["failed", "unexpected pass", "error"];

/** Compares two runs. Both are judged by the levels of the new one, so that what changed is the server. */
export function compare(before: RunResult, after: RunResult): Comparison {
  const { levels } = after.info;
  const olds = new Map(before.results.map((result) => [result.id, result]));
  const news = new Set(after.results.map(({ id }) => id));
  const gone = before.results.filter(({ id }) => !news.has(id));
  const times = comparedTimes(after.results, olds);
  return {
    old: before,
    new: after,
    remarks: remarks(before, after),
    cases: [
      ...after.results.map((result) => comparedCase(olds.get(result.id), result, levels)),
      ...gone.map((result) => comparedCase(result, undefined, levels)),
    ],
    total: sumOf("", times),
    suites: [...Map.groupBy(times, ({ suite }) => suite)]
      .map(([suite, own]) => sumOf(suite, own)).filter(isNotable)
      .sort((a, b) => Math.abs(b.newMs - b.oldMs) - Math.abs(a.newMs - a.oldMs)),
  };
}

/** Cases with a change, in the order of the suites. */
export function casesWith({ cases }: Comparison, change: Change): readonly ComparedCase[] {
  return cases.filter((one) => one.change === change);
}

/** `2 newly failing, 1 fixed, 240 unchanged`. */
export function changesText(comparison: Comparison): string {
  return ([...CHANGES, "unchanged"] as const)
    .map((change) => [change, casesWith(comparison, change).length] as const)
    .filter(([change, count]) => count > 0 || change === "newly failing")
    .map(([change, count]) => `${count} ${change}`).join(", ");
}

function comparedCase(
  before: CaseResult | undefined,
  after: CaseResult | undefined,
  levels: RunInfo["levels"],
): ComparedCase {
  const { id, title, suite } = (after ?? before)!;
  return {
    id,
    title,
    suite,
    change: changeOf(before, after, levels),
    ...(before === undefined ? {} : { before: stateOf(before, levels) }),
    ...(after === undefined ? {} : { after: stateOf(after, levels) }),
  };
}

function stateOf(result: CaseResult, levels: RunInfo["levels"]): CaseState {
  const { failure, skip, expectedFailure } = result;
  const known = expectedFailure === undefined ? "" : `expected to fail: ${expectedFailure.reason}`;
  const reason = failure === undefined ? skip?.text ?? known : failureText(failure);
  return { meaning: meaningOf(result, levels), reason };
}

function changeOf(
  before: CaseResult | undefined,
  after: CaseResult | undefined,
  levels: RunInfo["levels"],
): Change {
  if (before === undefined) return "new";
  if (after === undefined) return "gone";
  const [old, now] = [meaningOf(before, levels), meaningOf(after, levels)];
  if (BAD.includes(now)) return BAD.includes(old) ? "still failing" : "newly failing";
  if (BAD.includes(old) && now === "passed") return "fixed";
  return old === now && sameReason(before, after) ? "unchanged" : "changed";
}

/** Whether two results have the same reason, but for addresses and process ids in it. */
export function sameReason(before: CaseResult, after: CaseResult): boolean {
  const [old, now] = [before, after].map(({ failure, skip }) => {
    const text = failure === undefined
      ? skip?.kind ?? ""
      : `${failure.kind} ${failureText(failure)}`;
    return text.replace(/==\d+==|0x[0-9a-f]{7,}/gi, "…");
  });
  return old === now;
}

interface CaseTime {
  readonly suite: string;
  readonly oldMs: number;
  readonly newMs: number;
}

/** Times of the cases that were played in both runs. */
function comparedTimes(
  results: readonly CaseResult[],
  olds: ReadonlyMap<string, CaseResult>,
): CaseTime[] {
  return results.flatMap(({ id, suite, verdict, durationMs }) => {
    const before = olds.get(id);
    if (before === undefined || before.verdict === "skip" || verdict === "skip") return [];
    return [{ suite, oldMs: before.durationMs, newMs: durationMs }];
  });
}

function sumOf(suite: string, times: readonly CaseTime[]): ComparedTime {
  const sum = (key: "oldMs" | "newMs") => times.reduce((total, time) => total + time[key], 0);
  return { suite, cases: times.length, oldMs: sum("oldMs"), newMs: sum("newMs") };
}

function isNotable({ oldMs, newMs }: ComparedTime): boolean {
  const [less, more] = [Math.min(oldMs, newMs), Math.max(oldMs, newMs)];
  return more - less >= NOTABLE_MS && more >= less * NOTABLE_FACTOR;
}

function remarks(before: RunResult, after: RunResult): string[] {
  const [old, now] = [before.info, after.info];
  const differ = (what: string, a: string, b: string, then = "") =>
    a === b ? [] : [`The ${what} differ: ${oneLine(a, 300)}, then ${oneLine(b, 300)}${then}`];
  const levels = [old, now].map((info) => info.levels.toSorted().join(" and "));
  const topics = [...new Set([...Object.keys(old.facts), ...Object.keys(now.facts)])];
  return [
    ...differ("servers", old.label, now.label),
    ...differ("versions of the suite", old.version, now.version, ": a case may ask for more"),
    ...differ("levels", levels[0]!, levels[1]!, "; both runs are judged by the latter"),
    ...differ("time limits", `${old.timeoutMs} ms`, `${now.timeoutMs} ms`),
    ...differ("numbers of jobs", `${old.jobs ?? 1}`, `${now.jobs ?? 1}`, ", which changes times"),
    ...topics.flatMap((topic) =>
      differ(
        `facts of the device (${oneLine(topic, 50)})`,
        old.facts[topic] ?? "nothing",
        now.facts[topic] ?? "nothing",
      )
    ),
    ...partial("old", before),
    ...partial("new", after),
  ];
}

function partial(which: string, run: RunResult): string[] {
  const { complete, info, results } = run;
  const notRun = results.filter(({ skip }) => skip?.kind === "not-run").length;
  const missing = endIsMissing(run)
    ? "its last cases are missing"
    : `${plural(notRun, "case")} not run`;
  return [
    ...(complete ? [] : [`The ${which} run was cut off: ${missing}`]),
    ...(info.shard === undefined ? [] : [`The ${which} run is only shard ${oneLine(info.shard)}`]),
  ];
}
