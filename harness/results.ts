import type { Clause, Level } from "./case.ts";

/** Judgement on one case. `error`: the harness or the set-up is at fault. */
export type Verdict = "pass" | "fail" | "skip" | "error";

/** Why a case failed. `crash`: killed by a signal, or a sanitizer spoke; `exit`: ended by itself, with whatever code. */
export type FailureKind = "mismatch" | "no-reply" | "closed" | "crash" | "leak" | "exit";

/** Why a case failed, or could not be judged. */
export interface Failure {
  /** What went wrong; `harness` with the verdict `error`. */
  readonly kind: FailureKind | "harness";
  /** `error EEXIST`, one for each permitted outcome, best first. */
  readonly expected: readonly string[];
  /** `a reply of 16 bytes without error` */
  readonly seen: string;
  /** Index of the transcript entry that shows it. */
  readonly entry?: number;
  /** The bytes of that entry that are wrong, where it is these and no others. */
  readonly field?: ByteRange;
}

/** Some bytes of a message. */
export interface ByteRange {
  /** The first one, counted from the start of the message. */
  readonly offset: number;
  /** How many. */
  readonly size: number;
}

/** Why a case was not played. */
export interface Skip {
  /** `need`: the device lacks it; `user`: left out on the command line; `not-run`: the run ended before. */
  readonly kind: "need" | "user" | "not-run";
  /** The reason, in words. */
  readonly text: string;
}

/** One thing that happened on the wire, or beside it. */
export interface TranscriptEntry {
  /** Who sent it, or a remark. */
  readonly kind: "sent" | "received" | "note";
  /** Milliseconds since the case began. */
  readonly atMs: number;
  /** The first bytes, as hex; empty for a note. */
  readonly hex: string;
  /** Bytes on the wire. */
  readonly size: number;
  /** Descriptors that went along. */
  readonly fdCount: number;
  /** `memory file of 4096 bytes` for those sent; the text of a note. */
  readonly text: string;
}

/** An entry of the user's list of expected failures. */
export interface ExpectedFailure {
  /** Glob on case ids, or a suite id. */
  readonly pattern: string;
  /** Why it is known to fail. */
  readonly reason: string;
  /** Part of the failure's text; a failure without it is unexpected. Default: any failure. */
  readonly message?: string;
}

/** What came of playing a case several times, where that was not always the same. */
export interface Flaky {
  /** How often it was played. */
  readonly attempts: number;
  /** How often it passed. */
  readonly passed: number;
  /** The wire log of the first attempt that passed; the result's own is of the first that failed. */
  readonly transcript: readonly TranscriptEntry[];
  /** What the server printed in the attempt that passed. */
  readonly log: string;
}

/** What happened to one case. */
export interface CaseResult {
  /** `dma-map/same-range-twice` */
  readonly id: string;
  /** Id of the suite. */
  readonly suite: string;
  /** Title of the suite. */
  readonly suiteTitle: string;
  /** What the case does. */
  readonly title: string;
  /** What the server owes. */
  readonly clause: {
    readonly id: string;
    readonly level: Level;
    readonly section: string;
    readonly text: string;
    readonly note?: string;
  };
  /** The judgement. */
  readonly verdict: Verdict;
  /** With `fail` and `error`. */
  readonly failure?: Failure;
  /** With `skip`. */
  readonly skip?: Skip;
  /** The entry of the user's list that says that it fails. Never part of the verdict. */
  readonly expectedFailure?: ExpectedFailure;
  /** With `fail`: it passed at other times. */
  readonly flaky?: Flaky;
  /** Remarks that change no verdict. */
  readonly notes: readonly string[];
  /** Milliseconds since the run began. */
  readonly startMs: number;
  /** Milliseconds that the case took. */
  readonly durationMs: number;
  /** What was sent and received. */
  readonly transcript: readonly TranscriptEntry[];
  /** What the server printed during the case: a bounded head and tail, made printable. */
  readonly log: string;
}

/** A clause under its id. */
export interface ListedClause extends Clause {
  /** `dma-map-overlap-exact` */
  readonly id: string;
}

/** What is known about a run besides its cases. */
export interface RunInfo {
  /** Name of the suite. */
  readonly tool: string;
  /** Version of the suite. */
  readonly version: string;
  /** What is judged, as a person wrote it: the command line, or the socket. */
  readonly target: string;
  /** Name for reports. */
  readonly label: string;
  /** Arguments to put between `deno task conformance` and the case to play it again. */
  readonly reproduce: readonly string[];
  /** What the suite ran on. */
  readonly platform: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Levels at which a breach fails the run. */
  readonly levels: readonly Level[];
  /** Longest wait for a reply, in milliseconds. */
  readonly timeoutMs: number;
  /** Servers that were judged at once. Default: 1. */
  readonly jobs?: number;
  /** `2/4`: the part of the cases that this run was to play. */
  readonly shard?: string;
  /** With `shard`: how many cases all shards have together. */
  readonly selected?: number;
  /** Start of the random numbers, where they were used. */
  readonly seed?: number;
  /** Patterns of the user's list of expected failures that name no case at all. */
  readonly stalePatterns?: readonly string[];
  /** What the server said of itself, in words, by topic. */
  readonly facts: Readonly<Record<string, string>>;
  /** Every requirement of the specification, in its order, with or without a case in this run. */
  readonly clauses: readonly ListedClause[];
}

/** A finished run, or what there is of one that was cut off. */
export interface RunResult {
  /** What is known besides the cases. */
  readonly info: RunInfo;
  /** One for each case, in the order of the suites. */
  readonly results: readonly CaseResult[];
  /** Milliseconds from start to end. */
  readonly durationMs: number;
  /** How the server lives: stays, or exits after each client. */
  readonly life: string;
  /** What was odd about the server, besides what cases say: `leaves processes behind when it ends`. */
  readonly remarks?: readonly string[];
  /** False when the run was cut off. */
  readonly complete: boolean;
  /** With a run that was cut off: `after 60 s, as --max-time asks`. */
  readonly cutOff?: string;
}

/** Cases by what they mean for the run. */
export interface Summary {
  /** All cases. */
  readonly total: number;
  /** Cases with the verdict `pass` that were expected to. */
  readonly passed: number;
  /** Unexpected failures at the levels asked for. */
  readonly failed: number;
  /** Cases that passed although the user's list says that they fail. */
  readonly unexpectedPasses: number;
  /** Failures that the user's list expects. */
  readonly expectedFailures: number;
  /** Other failures below the levels asked for. */
  readonly warnings: number;
  /** Cases that could not be judged. */
  readonly errors: number;
  /** Cases left out with a reason. */
  readonly skipped: number;
  /** Cases that the run did not come to. */
  readonly notRun: number;
}

/** What a result means for a run, given the levels that count and the user's list of expected failures. */
export type Meaning =
  | "passed"
  | "failed"
  | "unexpected pass"
  | "expected failure"
  | "warning"
  | "error"
  | "skipped"
  | "not run";

/** What one result means for the run. */
export function meaningOf(result: CaseResult, levels: readonly Level[]): Meaning {
  switch (result.verdict) {
    case "pass":
      return result.expectedFailure === undefined ? "passed" : "unexpected pass";
    case "error":
      return "error";
    case "skip":
      return result.skip?.kind === "not-run" ? "not run" : "skipped";
    case "fail":
      if (failsAsExpected(result)) return "expected failure";
      return levels.includes(result.clause.level) ? "failed" : "warning";
  }
}

function failsAsExpected({ expectedFailure, failure }: CaseResult): boolean {
  if (expectedFailure === undefined || failure === undefined) return false;
  return failureText(failure).includes(expectedFailure.message ?? "");
}

/** Whether this result makes the run fail. */
export function isUnexpected(result: CaseResult, levels: readonly Level[]): boolean {
  return ["failed", "unexpected pass", "error"].includes(meaningOf(result, levels));
}

/** Counts a run. */
export function summarize(results: readonly CaseResult[], levels: readonly Level[]): Summary {
  const counts = new Map<Meaning, number>();
  for (const result of results) {
    const meaning = meaningOf(result, levels);
    counts.set(meaning, (counts.get(meaning) ?? 0) + 1);
  }
  const count = (meaning: Meaning) => counts.get(meaning) ?? 0;
  return {
    total: results.length,
    passed: count("passed"),
    failed: count("failed"),
    unexpectedPasses: count("unexpected pass"),
    expectedFailures: count("expected failure"),
    warnings: count("warning"),
    errors: count("error"),
    skipped: count("skipped"),
    notRun: count("not run"),
  };
}

/** One sentence: `Expected error EEXIST: got a reply without error`. */
export function failureText(failure: Failure): string {
  if (failure.expected.length === 0) return failure.seen;
  return `Expected ${failure.expected.join(" or ")}: got ${failure.seen}`;
}
