import type { RunResult } from "../mod.ts";
import { githubAnnotations, markdown } from "../reports/mod.ts";

/** Longest summary of one step, in bytes; GitHub refuses a longer one whole. */
const MAX_STEP = 1024 * 1024;

/** The part of the environment that is looked at. */
export interface GithubEnvironment {
  readonly GITHUB_ACTIONS?: string;
  readonly GITHUB_STEP_SUMMARY?: string;
}

/** What our own environment says of GitHub Actions. */
export function githubEnvironment(): GithubEnvironment {
  const names = ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"] as const;
  const entries = names.map((name) => [name, Deno.env.get(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** On a runner of GitHub Actions: annotates what failed, and adds to the summary of the step. */
export async function tellGithub(
  run: RunResult,
  environment: GithubEnvironment,
  print: (text: string) => void,
): Promise<void> {
  if (environment.GITHUB_ACTIONS === "true") print(githubAnnotations(run));
  const path = environment.GITHUB_STEP_SUMMARY;
  if (path === undefined || path === "") return;
  try {
    const { size } = await Deno.stat(path).catch(() => ({ size: 0 }));
    const summary = new TextEncoder().encode(`${markdown(run)}\n`);
    if (size + summary.length <= MAX_STEP) await Deno.writeFile(path, summary, { append: true });
    else print(`The summary of this step is full: nothing was added to ${path}\n`);
  } catch (error) {
    // The verdict counts, not the ornament.
    print(`Cannot write the summary of this step to ${path}: ${(error as Error).message}\n`);
  }
}
