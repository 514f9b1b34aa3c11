import { type CaseResult, type Meaning, meaningOf, type RunResult } from "../harness/results.ts";
import { runTitle } from "./compare_text.ts";
import { oneLine } from "./text.ts";

/** Several runs side by side. */
export interface ServersMatrix {
  readonly runs: readonly RunResult[];
  /** Names of the columns: no two are equal. */
  readonly names: readonly string[];
  readonly suites: readonly SuiteRow[];
  readonly remarks: readonly string[];
}

/** A suite and its cases. */
export interface SuiteRow {
  readonly id: string;
  readonly title: string;
  /** `12 of 14 passed`, for each run; empty where it played none of it. */
  readonly counts: readonly string[];
  readonly cases: readonly CaseRow[];
}

/** A case: what it means in each run, where the run has it. */
export interface CaseRow {
  readonly id: string;
  readonly title: string;
  readonly cells: readonly (Meaning | undefined)[];
}

/** Runs against suites and cases. Each run is judged by its own levels. */
export function serversMatrix(runs: readonly RunResult[]): ServersMatrix {
  const results = runs.map((run) => new Map(run.results.map((result) => [result.id, result])));
  const all = new Map<string, CaseResult>();
  for (const run of runs) {
    for (const result of run.results) if (!all.has(result.id)) all.set(result.id, result);
  }
  const suites = [...Map.groupBy(all.values(), ({ suite }) => suite)].map(([id, cases]) => {
    const rows = cases.map((result) => caseRow(result, runs, results));
    return {
      id,
      title: cases[0]!.suiteTitle,
      counts: runs.map((_, i) => countText(rows.map(({ cells }) => cells[i]))),
      cases: rows,
    };
  });
  return { runs, names: columnNames(runs), suites, remarks: remarks(runs) };
}

function caseRow(
  { id, title }: CaseResult,
  runs: readonly RunResult[],
  results: readonly ReadonlyMap<string, CaseResult>[],
): CaseRow {
  const cells = runs.map(({ info }, i) => {
    const result = results[i]!.get(id);
    return result === undefined ? undefined : meaningOf(result, info.levels);
  });
  return { id, title, cells };
}

/** What was skipped or not run says nothing of the server. */
function countText(cells: readonly (Meaning | undefined)[]): string {
  const judged = cells.filter((cell) => cell !== undefined && !UNJUDGED.includes(cell));
  const passed = judged.filter((cell) => cell === "passed" || cell === "unexpected pass").length;
  return judged.length === 0 ? "" : `${passed} of ${judged.length} passed`;
}

const UNJUDGED: readonly Meaning[] = ["skipped", "not run", "error"];

/** Whether servers differ in a case, or none of those that played it passes. */
export function isTelling({ cells }: CaseRow): boolean {
  return new Set(cells).size > 1 || cells.some((cell) => cell !== "passed" && cell !== "skipped");
}

/** Labels; with date and number where they do not tell the runs apart. */
function columnNames(runs: readonly RunResult[]): string[] {
  const unique = (names: readonly string[]) => new Set(names).size === names.length;
  const labels = runs.map(({ info }) => info.label);
  if (unique(labels)) return labels;
  const titles = runs.map(({ info }) => runTitle(info));
  return unique(titles) ? titles : titles.map((title, i) => `${i + 1}: ${title}`);
}

function remarks(runs: readonly RunResult[]): string[] {
  const names = columnNames(runs);
  const byText = (what: string, text: (run: RunResult) => string) => {
    const texts = runs.map(text);
    if (new Set(texts).size === 1) return [];
    return [`The ${what} differ: ${texts.map((text, i) => `${names[i]} ${text}`).join("; ")}`];
  };
  return [
    ...byText("versions of the suite", ({ info }) => info.version),
    ...byText("levels", ({ info }) => info.levels.toSorted().join(" and ")),
    ...runs.flatMap((run, i) => run.complete ? [] : [`The run of ${names[i]} was cut off`]),
    ...runs.flatMap(({ info: { shard } }, i) =>
      shard === undefined ? [] : [`The run of ${names[i]} is only shard ${oneLine(shard)}`]
    ),
  ];
}
