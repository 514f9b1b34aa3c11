import { type CaseResult, meaningOf, type RunResult } from "../harness/results.ts";

/** Milliseconds that each case took; those that were not run are missing. */
export function measuredTimes({ results }: RunResult): ReadonlyMap<string, number> {
  return new Map(results.filter(wasReached).map(({ id, durationMs }) => [id, durationMs]));
}

function wasReached({ skip }: CaseResult): boolean {
  return skip?.kind !== "not-run";
}

/** Ids of the cases that made the run fail, and of those that it did not come to. */
export function toPlayAgain({ results, info }: RunResult): readonly string[] {
  const again = ["failed", "unexpected pass", "error", "not run"];
  return results.filter((result) => again.includes(meaningOf(result, info.levels)))
    .map(({ id }) => id);
}

/** Whether the program ended before it could say what it left out: cases are missing, nobody knows which. */
export function endIsMissing({ results, complete }: RunResult): boolean {
  return !complete && results.every(wasReached);
}
