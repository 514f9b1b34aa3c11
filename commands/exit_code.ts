import type { RunResult } from "../mod.ts";
import { conclude } from "../reports/mod.ts";

/** A run in which nothing was judged is no success: 1 when all was skipped, 3 when the harness failed. */
export function exitCode(run: RunResult): number {
  if (!run.complete || run.results.some(({ verdict }) => verdict === "error")) return 3;
  return ["conformant", "as expected"].includes(conclude(run)) ? 0 : 1;
}
