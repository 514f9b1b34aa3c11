/**
 * Conformance suite for servers of the vfio-user protocol.
 *
 * @example Judge a server from your own tests
 * ```ts no-run
 * import { run } from "@vfio-user/conformance";
 *
 * const result = await run({
 *   target: { kind: "command", argv: ["./my-server", "--socket-path={socket}"] },
 * });
 * console.assert(result.results.every(({ verdict }) => verdict !== "fail"));
 * ```
 *
 * @module
 */

import { CLAUSES as ALL_CLAUSES, SUITES } from "./cases/mod.ts";
import denoJson from "./deno.json" with { type: "json" };
import type { Clause, Level } from "./harness/case.ts";
import type { DeviceFacts } from "./harness/device_facts.ts";
import { factTexts } from "./harness/fact_texts.ts";
import type { Need } from "./harness/needs.ts";
import type { DeviceProfile } from "./harness/profile.ts";
import type { CaseResult, ListedClause, RunInfo, RunResult } from "./harness/results.ts";
import { play } from "./harness/run.ts";
import { selectCases } from "./harness/select.ts";
import { type Target, targetText } from "./harness/target.ts";

export type { Clause, Level } from "./harness/case.ts";
export { HarnessError, type HarnessErrorKind } from "./harness/harness_error.ts";
export type { InterruptNeed } from "./harness/interrupt_needs.ts";
export type { Need } from "./harness/needs.ts";
export * from "./harness/profile.ts";
export * from "./harness/results.ts";
export type { Target } from "./harness/target.ts";
export { html, jsonl, junit, readJsonl, type ReportWriter } from "./reports/mod.ts";

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
  /** Ends the run early; what was not played is listed as not run. */
  readonly signal?: AbortSignal;
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
 * @throws {HarnessError} of kind `usage` for a pattern that names no case, of kind `start` when the server
 * cannot be started or never answers.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const complete = { ...DEFAULT_OPTIONS, profile: {}, ...options };
  const cases = selectCases(SUITES, complete.patterns, complete.skip);
  const start = performance.now();
  const startedAt = new Date().toISOString();
  let info = runInfo(complete, startedAt, {});
  const played = await play(cases, complete.target, { ...complete, clauses: CLAUSES }, {
    started(device: DeviceFacts | undefined) {
      info = runInfo(complete, startedAt, device === undefined ? {} : factTexts(device));
      complete.onStart?.(info, cases.length);
    },
    caseStarted: (id) => complete.onCase?.(id),
    caseFinished: (result) => complete.onResult?.(result),
  });
  return { info, ...played, durationMs: performance.now() - start };
}

function runInfo(
  options: RunOptions & { readonly levels: readonly Level[]; readonly timeoutMs: number },
  startedAt: string,
  facts: Readonly<Record<string, string>>,
): RunInfo {
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
    facts,
    clauses: LISTED_CLAUSES,
  };
}
