import { type CaseResult, type RunInfo, type RunResult, summarize } from "../harness/results.ts";
import { oneLine, plural } from "./text.ts";

/**
 * What a run says about the server. `as expected`: what failed is on the user's list of expected failures; `NOT as
 * expected`: only the list is wrong. `not judged`: too little was played to say anything.
 */
export type Conclusion =
  | "conformant"
  | "as expected"
  | "NOT conformant"
  | "NOT as expected"
  | "not judged";

/** Concludes a run. */
export function conclude(run: RunResult): Conclusion {
  const counts = summarize(run.results, run.info.levels);
  if (counts.failed > 0) return "NOT conformant";
  if (counts.unexpectedPasses > 0 || run.info.stalePatterns?.length) return "NOT as expected";
  const played = counts.passed + counts.expectedFailures > 0;
  const judged = run.complete && counts.errors === 0 && counts.notRun === 0 && played;
  if (!judged) return "not judged";
  return counts.expectedFailures > 0 ? "as expected" : "conformant";
}

/** The run in one sentence: `NOT conformant: 4 failed, 251 passed, 3 skipped`. */
export function verdictSentence(run: RunResult): string {
  const { results, info, complete, cutOff } = run;
  const stale = info.stalePatterns?.length ?? 0;
  const parts = [
    countsText(results, info.levels),
    ...(stale > 0 ? [plural(stale, "stale pattern")] : []),
    ...(complete
      ? []
      : [cutOff === undefined ? "the run was cut off" : `cut off ${oneLine(cutOff)}`]),
  ];
  return `${conclude(run)}: ${parts.join(", ")}`;
}

/** `4 failed, 251 passed, 3 skipped`: the bad first, without zeros. */
export function countsText(results: readonly CaseResult[], levels: RunInfo["levels"]): string {
  const counts = summarize(results, levels);
  const parts: readonly (readonly [number, string])[] = [
    [counts.failed, `${counts.failed} failed`],
    [
      counts.unexpectedPasses,
      plural(counts.unexpectedPasses, "unexpected pass", "unexpected passes"),
    ],
    [counts.errors, plural(counts.errors, "error")],
    [counts.passed, `${counts.passed} passed`],
    [counts.expectedFailures, plural(counts.expectedFailures, "expected failure")],
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
