import { type CaseResult, type RunInfo, type RunResult, summarize } from "../harness/results.ts";
import { oneLine, plural } from "./text.ts";

/** What a run says about the server. `not judged`: too little was played to say anything. */
export type Conclusion = "conformant" | "NOT conformant" | "not judged";

/** Concludes a run. */
export function conclude(run: RunResult): Conclusion {
  const counts = summarize(run.results, run.info.levels);
  if (counts.failed > 0) return "NOT conformant";
  const judged = run.complete && counts.errors === 0 && counts.notRun === 0 && counts.passed > 0;
  return judged ? "conformant" : "not judged";
}

/** The run in one sentence: `NOT conformant: 4 failed, 251 passed, 3 skipped`. */
export function verdictSentence(run: RunResult): string {
  const cutOff = run.complete ? "" : ", the run was cut off";
  return `${conclude(run)}: ${countsText(run.results, run.info.levels)}${cutOff}`;
}

/** `4 failed, 251 passed, 3 skipped`: the bad first, without zeros. */
export function countsText(results: readonly CaseResult[], levels: RunInfo["levels"]): string {
  const counts = summarize(results, levels);
  const parts: readonly (readonly [number, string])[] = [
    [counts.failed, `${counts.failed} failed`],
    [counts.errors, plural(counts.errors, "error")],
    [counts.passed, `${counts.passed} passed`],
    [counts.warnings, plural(counts.warnings, "warning")],
    [counts.skipped, `${counts.skipped} skipped`],
    [counts.notRun, `${counts.notRun} not run`],
  ];
  const texts = parts.filter(([count]) => count > 0).map(([, text]) => text);
  return texts.join(", ") || "no case was played";
}

/** Cases by suite, in the order in which suites begin. */
export function bySuite(results: readonly CaseResult[]): ReadonlyMap<string, CaseResult[]> {
  return Map.groupBy(results, (result) => result.suite);
}

/** Why cases were skipped or not run, the commonest reason first. */
export function skipReasons(
  results: readonly CaseResult[],
): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { skip } of results) {
    if (skip === undefined) continue;
    const reason = oneLine(skip.text, 200);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}
