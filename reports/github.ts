import { type CaseResult, meaningOf, type RunResult } from "../harness/results.ts";
import { reasonText } from "./reason.ts";
import { runProblems } from "./run_problems.ts";
import { oneLine, plural } from "./text.ts";

/** GitHub shows no more of each kind for one step. */
const MAX_EACH = 10;

/** One annotation, before it is written. */
interface Annotation {
  readonly title: string;
  readonly message: string;
}

/** Workflow commands that make GitHub show failures as errors and warnings of the step that prints them. */
export function githubAnnotations(run: RunResult): string {
  const { results, info } = run;
  const meaning = (result: CaseResult) => meaningOf(result, info.levels);
  const annotation = (result: CaseResult): Annotation => {
    const { level, section, text } = result.clause;
    const owed = `${level}, ${oneLine(section, 100)}: ${oneLine(text)}`;
    const title = `${meaning(result)}: ${oneLine(result.id, 200)}`;
    return { title, message: `${reasonText(result, meaning(result))}\n${owed}` };
  };
  const bad = results.filter((one) =>
    ["failed", "unexpected pass", "error"].includes(meaning(one))
  );
  const warned = results.filter((one) => meaning(one) === "warning");
  const problems = runProblems(run).map(({ kind, message }) => ({ title: kind, message }));
  return [
    ...commands("error", [...problems, ...bad.map(annotation)]),
    ...commands("warning", warned.map(annotation)),
  ].map((command) => `${command}\n`).join("");
}

/** When there are too many, the last one says so. */
function commands(kind: "error" | "warning", all: readonly Annotation[]): readonly string[] {
  const shown = all.length <= MAX_EACH ? all : all.slice(0, MAX_EACH - 1);
  const left = all.length - shown.length;
  const rest = { title: `${plural(left, `more ${kind}`)}`, message: "The reports list them all." };
  return [...shown, ...(left > 0 ? [rest] : [])].map(({ title, message }) =>
    `::${kind} title=${property(`vfio-user ${title}`)}::${data(message)}`
  );
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
