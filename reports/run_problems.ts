import { type RunResult, summarize } from "../harness/results.ts";
import { conclude } from "./conclusion.ts";
import { oneLine, plural } from "./text.ts";

/** What is wrong with a run besides its cases. */
export interface RunProblem {
  /** `stale-pattern` fails the run; with the others it could not be judged. */
  readonly kind: "cut-off" | "not-judged" | "stale-pattern";
  /** The suite under which formats that know only cases list it. */
  readonly suite: string;
  /** The name of the case that it becomes there. */
  readonly name: string;
  /** One harmless line. */
  readonly message: string;
}

/** What keeps a run from being good although no case of it is bad: no report may look green without it. */
export function runProblems(run: RunResult): readonly RunProblem[] {
  const problems: RunProblem[] = (run.info.stalePatterns ?? []).map((pattern) => ({
    kind: "stale-pattern",
    suite: "expected-failures",
    name: oneLine(pattern, 250) || "an empty pattern",
    message: `The list of expected failures names no case with ${oneLine(pattern)}`,
  }));
  const message = endOf(run);
  if (message === undefined) return problems;
  const kind = run.complete ? "not-judged" : "cut-off";
  return [...problems, { kind, suite: "run", name: "complete", message }];
}

function endOf(run: RunResult): string | undefined {
  const { results, info, complete, cutOff } = run;
  const { errors, notRun } = summarize(results, info.levels);
  const played = results.length - notRun;
  if (!complete) {
    const after = results.length === 0 ? "before any case" : `after ${plural(played, "case")}`;
    const why = cutOff === undefined ? after : `${oneLine(cutOff)}, ${after}`;
    return `The run was cut off ${why}`;
  }
  if (results.length === 0) return "No case was played";
  if (conclude(run) !== "not judged" || errors > 0) return undefined;
  return notRun > 0 ? `${plural(notRun, "case")} not run` : "Every case was skipped";
}
