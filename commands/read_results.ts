import { HarnessError } from "../harness/harness_error.ts";
import { readJsonl, type RunResult } from "../mod.ts";

/**
 * Reads the results of a run: a results.jsonl, or the folder of reports in which it lies. Throws a `HarnessError` of
 * kind `usage` for what is neither.
 */
export async function readResults(path: string): Promise<RunResult> {
  const wrong = (error: unknown) =>
    new HarnessError("usage", `Cannot read the results ${path}: ${(error as Error).message}`);
  const isFolder = (await Deno.stat(path).catch((error) => {
    throw wrong(error);
  })).isDirectory;
  try {
    return readJsonl(await Deno.readTextFile(isFolder ? `${path}/results.jsonl` : path));
  } catch (error) {
    throw wrong(error);
  }
}
