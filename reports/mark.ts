import type { Meaning } from "../harness/results.ts";

/** What each case may mean for the run, good to bad to missing, with the sign that stands beside its word. */
export const MARKS: Readonly<Record<Meaning, string>> = {
  "passed": "✓",
  "failed": "✗",
  "unexpected pass": "‼",
  "error": "◆",
  "warning": "▲",
  "expected failure": "≈",
  "skipped": "–",
  "not run": "·",
};
