import { type CaseResult, isUnexpected, type RunInfo } from "../harness/results.ts";

/** What a case's verdict means for the run, at the levels asked for. */
export type Mark = "passed" | "failed" | "warning" | "error" | "skipped" | "not run";

/** All marks, good to bad to missing, each with the sign that stands beside its word. */
export const MARKS: Readonly<Record<Mark, string>> = {
  passed: "✓",
  failed: "✗",
  error: "◆",
  warning: "▲",
  skipped: "–",
  "not run": "·",
};

/** Marks one case. */
export function markOf(result: CaseResult, levels: RunInfo["levels"]): Mark {
  switch (result.verdict) {
    case "pass":
      return "passed";
    case "error":
      return "error";
    case "skip":
      return result.skip?.kind === "not-run" ? "not run" : "skipped";
    case "fail":
      return isUnexpected(result, levels) ? "failed" : "warning";
  }
}
