import { type CaseResult, meaningOf, type RunResult } from "../../harness/results.ts";
import { oneLine } from "../text.ts";

/** What a reader of a report should make of one case. */
export interface ReadCase {
  readonly suite: string;
  readonly name: string;
  readonly status: "passed" | "failed" | "error" | "skipped";
  /** A part of the message that it shows. */
  readonly message: string;
}

const STATUS = {
  "passed": "passed",
  "warning": "passed",
  "failed": "failed",
  "unexpected pass": "failed",
  "error": "error",
  "expected failure": "skipped",
  "skipped": "skipped",
  "not run": "skipped",
} as const;

/** The cases of a run as every reader should see them, with those that stand for what is wrong with the run. */
export function readCases(run: RunResult): readonly ReadCase[] {
  const seen = new Set<string>();
  const cases = run.results.map((result): ReadCase => {
    const own = oneLine(result.id.slice(result.suite.length + 1), 280);
    let name = own;
    for (let times = 2; seen.has(`${result.suite}/${name}`); times++) name = `${own} (${times})`;
    seen.add(`${result.suite}/${name}`);
    const status = STATUS[meaningOf(result, run.info.levels)];
    return { suite: oneLine(result.suite, 140), name, status, message: messageOf(result, status) };
  });
  const stale = (run.info.stalePatterns ?? []).map((pattern, i): ReadCase => ({
    suite: "expected-failures",
    name: `${oneLine(pattern, 250) || "an empty pattern"}${i === 1 ? " (2)" : ""}`,
    status: "failed",
    message: "The list of expected failures names no case with",
  }));
  const end: ReadCase = {
    suite: "run",
    name: "complete",
    status: "error",
    message: `The run was cut off ${oneLine(run.cutOff ?? "after")}`,
  };
  return [...cases, ...stale, ...(run.complete ? [] : [end])];
}

function messageOf({ failure, skip, flaky, expectedFailure }: CaseResult, status: string): string {
  if (status === "passed") return "";
  if (flaky !== undefined) return "flaky: failed 1 of 5: ";
  if (skip !== undefined) return oneLine(skip.text);
  if (status === "skipped") return `expected failure: ${oneLine(expectedFailure!.reason)}`;
  if (failure === undefined && expectedFailure !== undefined) {
    return `passed, but is expected to fail: ${oneLine(expectedFailure.reason)}`;
  }
  return failure === undefined ? "no reason is known" : oneLine(failure.seen, 60).slice(0, 50);
}
