/**
 * Conformance suite for servers of the vfio-user protocol.
 *
 * @example Judge a server from your own tests: each case becomes one of them
 * ```ts no-run
 * import { failureText, isUnexpected, run } from "@vfio-user/conformance";
 *
 * const { info, results } = await run({
 *   target: { kind: "command", argv: ["./my-server", "--socket-path={socket}"] },
 *   patterns: ["device-get-info", "dma-map/*same*"],
 * });
 *
 * for (const result of results) {
 *   Deno.test({
 *     name: result.id,
 *     ignore: result.verdict === "skip",
 *     fn() {
 *       if (!isUnexpected(result, info.levels)) return;
 *       throw new Error(result.failure && failureText(result.failure));
 *     },
 *   });
 * }
 * ```
 *
 * @module
 */

import { CLAUSES as ALL_CLAUSES, SUITES } from "./cases/mod.ts";
import denoJson from "./deno.json" with { type: "json" };
import type { Clause, Level } from "./harness/case.ts";
import type { DeviceFacts } from "./harness/device_facts.ts";
import { expectation, stalePatterns } from "./harness/expected_failures.ts";
import { factTexts } from "./harness/fact_texts.ts";
import type { Need } from "./harness/needs.ts";
import type { DeviceProfile } from "./harness/profile.ts";
import {
  type CaseResult,
  type ExpectedFailure,
  isUnexpected,
  type ListedClause,
  type RunInfo,
  type RunResult,
} from "./harness/results.ts";
import { play } from "./harness/run.ts";
import { selectCases } from "./harness/select.ts";
import { type Shard, takeShard } from "./harness/shard.ts";
import { type Target, targetText } from "./harness/target.ts";

export type { Clause, Level } from "./harness/case.ts";
export { HarnessError, type HarnessErrorKind } from "./harness/harness_error.ts";
export type { InterruptNeed } from "./harness/interrupt_needs.ts";
export type { Need } from "./harness/needs.ts";
export * from "./harness/profile.ts";
export * from "./harness/results.ts";
export type { Shard } from "./harness/shard.ts";
export type { Target } from "./harness/target.ts";
export {
  badge,
  ctrf,
  DEFAULT_FORMATS,
  type FormatName,
  FORMATS,
  githubAnnotations,
  html,
  jsonl,
  junit,
  type JunitOptions,
  markdown,
  type MarkdownOptions,
  readJsonl,
  type ReportFormat,
  type ReportWriter,
  tap,
} from "./reports/mod.ts";

/** Every requirement, by its id. */
export const CLAUSES: Readonly<Record<string, Clause>> = ALL_CLAUSES;

/** A case as `--list` shows it. */
export interface ListedCase {
  /** `dma-map/same-range-twice` */
  readonly id: string;
  /** What we do. */
  readonly title: string;
  /** Id of the clause: what the server owes. */
  readonly clause: string;
  /** How strongly the clause binds. */
  readonly level: Level;
  /** Without these facts of the device or server it is skipped. */
  readonly needs: readonly Need[];
}

/** Every case, in the order of the specification. */
export const CASES: readonly ListedCase[] = SUITES.flatMap((suite) =>
  suite.cases.map((row) => ({
    id: `${suite.id}/${row.id}`,
    title: row.title,
    clause: row.clause,
    level: ALL_CLAUSES[row.clause].level,
    needs: row.needs ?? [],
  }))
);

const COVERED: ReadonlySet<string> = new Set(CASES.map(({ clause }) => clause));

const LISTED_CLAUSES: readonly ListedClause[] = Object.entries(CLAUSES).map(([id, clause]) => ({
  id,
  ...clause,
  ...(COVERED.has(id) ? {} : { noCase: clause.noCase ?? "There is no case for it yet." }),
}));

/** What further jobs load. */
const CASES_MODULE = import.meta.resolve("./cases/mod.ts");

/** Version of the suite. */
export const VERSION: string = denoJson.version;

/** What a run may be told. */
export interface RunOptions {
  /** The server to judge. */
  readonly target: Target;
  /** Globs on case ids, or suite ids. Default: all cases. */
  readonly patterns?: readonly string[];
  /** Globs on case ids that are left out. Default: none. */
  readonly skip?: readonly string[];
  /** Play only this part of the cases. Default: all of them. */
  readonly shard?: Shard;
  /** Levels at which a breach counts. Default: `must` and `robust`. */
  readonly levels?: readonly Level[];
  /** What the vendor tells about the device. Default: nothing. */
  readonly profile?: DeviceProfile;
  /** Longest wait for a reply, in milliseconds. Default: 5000. */
  readonly timeoutMs?: number;
  /** Longest wait from the start of the server to its first connection, in milliseconds. Default: 10000. */
  readonly startMs?: number;
  /** From SIGTERM to SIGKILL, in milliseconds. Default: 2000. */
  readonly graceMs?: number;
  /** Name of the server in reports. Default: the name of its program, or its socket. */
  readonly label?: string;
  /** Arguments of `deno task conformance` that judge this server again, for reports. */
  readonly reproduce?: readonly string[];
  /** Failures that are known: they are played, and do not fail the run. Default: none. */
  readonly expect?: readonly ExpectedFailure[];
  /** Servers that are judged at once, where we start them. Default: 1. */
  readonly jobs?: number;
  /** How often each case is played; one whose verdicts differ fails as flaky. Default: 1. */
  readonly repeat?: number;
  /** Play a failing case again, alone, before it is reported. Default: true. */
  readonly replay?: boolean;
  /** Play no more after the first unexpected result. Default: false. */
  readonly failFast?: boolean;
  /** Play all cases even against a server that answers no more. Default: false. */
  readonly keepGoing?: boolean;
  /** The run is cut off after so many milliseconds. Default: never. */
  readonly maxTimeMs?: number;
  /** Ends the run early; what was not played is listed as not run. A text as its reason is reported. */
  readonly signal?: AbortSignal;
  /** A connection has to wait for a server to listen at this path. */
  readonly onWait?: (path: string) => void;
  /** The server is up, or the run was cut off before; `total` cases will follow. */
  readonly onStart?: (info: RunInfo, total: number) => void;
  /** A case begins. */
  readonly onCase?: (id: string) => void;
  /** A case has its verdict. */
  readonly onResult?: (result: CaseResult) => void;
}

/** Defaults of {@linkcode run}. */
export const DEFAULT_OPTIONS = {
  levels: ["must", "robust"],
  timeoutMs: 5000,
  startMs: 10_000,
  graceMs: 2000,
} as const satisfies Partial<RunOptions>;

/**
 * Plays the suite against a server.
 *
 * @throws {HarnessError} of kind `usage` for a pattern that names no case and for more shards than cases, of kind
 * `start` when the server cannot be started or never answers.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const complete = { ...DEFAULT_OPTIONS, profile: {}, expect: [], ...options };
  const selected = selectCases(SUITES, complete.patterns, complete.skip);
  const cases = takeShard(selected, complete.shard);
  const expected = expectation(complete.expect);
  const start = performance.now();
  const startedAt = new Date().toISOString();
  const about = { ...complete, selected: selected.length };
  let info = runInfo(about, startedAt, {}, 1);
  const playOptions = { ...complete, clauses: CLAUSES, casesModule: CASES_MODULE };
  using limit = timeLimit(complete.maxTimeMs, complete.signal);
  const results: CaseResult[] = [];
  const played = await play(cases, complete.target, { ...playOptions, signal: limit.signal }, {
    started(device: DeviceFacts | undefined, jobs: number) {
      info = runInfo(about, startedAt, device === undefined ? {} : factTexts(device), jobs);
      complete.onStart?.(info, cases.length);
    },
    caseStarted: (id) => complete.onCase?.(id),
    caseFinished(played) {
      const expectedFailure = expected(played);
      const result = expectedFailure === undefined ? played : { ...played, expectedFailure };
      results.push(result);
      complete.onResult?.(result);
      const stops = complete.failFast && isUnexpected(result, complete.levels);
      return stops ? "stop" : undefined;
    },
  });
  return { info, ...played, results, durationMs: performance.now() - start };
}

/** A signal that also comes when the time is over; its reason completes `the run was cut off`. */
function timeLimit(
  ms: number | undefined,
  outer: AbortSignal | undefined,
): Disposable & { readonly signal: AbortSignal } {
  const own = new AbortController();
  const timer = ms === undefined
    ? undefined
    : setTimeout(() => own.abort(`after ${ms / 1000} s, the longest time it may take`), ms);
  const signal = outer === undefined ? own.signal : AbortSignal.any([own.signal, outer]);
  return { signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

function runInfo(
  options: RunOptions & {
    readonly levels: readonly Level[];
    readonly timeoutMs: number;
    readonly expect: readonly ExpectedFailure[];
    readonly selected: number;
  },
  startedAt: string,
  facts: Readonly<Record<string, string>>,
  jobs: number,
): RunInfo {
  const { shard, selected } = options;
  const stale = stalePatterns(options.expect, CASES.map(({ id }) => id));
  const target = targetText(options.target);
  const program = options.target.kind === "command" ? options.target.argv[0] : undefined;
  return {
    tool: denoJson.name,
    version: VERSION,
    target,
    label: options.label ?? program?.split("/").at(-1) ?? target,
    reproduce: options.reproduce ?? [],
    platform: `Deno ${Deno.version.deno}, ${Deno.build.os} ${Deno.build.arch}`,
    startedAt,
    levels: options.levels,
    timeoutMs: options.timeoutMs,
    jobs,
    ...(shard === undefined ? {} : { shard: `${shard.index}/${shard.count}`, selected }),
    ...(stale.length === 0 ? {} : { stalePatterns: stale }),
    facts,
    clauses: LISTED_CLAUSES,
  };
}
