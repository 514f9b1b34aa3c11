import { type CaseResult, type Meaning, meaningOf } from "../harness/results.ts";
import type { RunInfo, RunResult } from "../harness/results.ts";
import { caseText } from "./case_text.ts";
import { bySuite, verdictSentence } from "./conclusion.ts";
import { reasonText } from "./reason.ts";
import { runProblems } from "./run_problems.ts";
import { bounded, indent, oneLine } from "./text.ts";

const MAX_DETAILS = 16 * 1024;

const STEP = "    ";

/** A test point and the lines below it. */
interface Point {
  readonly ok: boolean;
  readonly description: string;
  /** ` # SKIP the device has no migration` */
  readonly directive?: string;
  readonly diagnostics?: readonly string[];
}

/** TAP version 14: a subtest for each suite. An expected failure is a TODO, which fails no run. */
export function tap(run: RunResult): string {
  const { label, levels, target } = run.info;
  const suites = [...bySuite(run.results)].map(([id, results]) => ({
    name: id,
    points: results.map((result) => casePoint(result, run.info)),
  }));
  const problems = Map.groupBy(runProblems(run), ({ suite }) => suite);
  for (const [name, some] of problems) {
    const points = some.map(({ name, kind, message }): Point => ({
      ok: false,
      description: name,
      diagnostics: [`message: ${quoted(message)}`, `severity: ${kind}`],
    }));
    suites.push({ name, points });
  }
  const lines = [
    "TAP version 14",
    `# ${oneLine(label)}: ${oneLine(verdictSentence(run))}`,
    `# ${oneLine(target)}; a breach of ${levels.join(", ")} fails the run`,
    `1..${suites.length}`,
    ...suites.flatMap(({ name, points }, i) => suiteLines(name, points, i + 1)),
  ];
  return `${lines.join("\n")}\n`;
}

function suiteLines(name: string, points: readonly Point[], number: number): readonly string[] {
  const ok = points.every((point) => point.ok || point.directive?.startsWith(" # TODO"));
  const description = escaped(name);
  return [
    `# Subtest: ${description}`,
    ...points.flatMap((point, i) => pointLines(point, i + 1)).map((line) => indent(line, STEP)),
    `${STEP}1..${points.length}`,
    ...pointLines({ ok, description: name }, number),
  ];
}

function pointLines({ ok, description, directive = "", diagnostics = [] }: Point, number: number) {
  const line = `${ok ? "ok" : "not ok"} ${number} - ${escaped(description)}${directive}`;
  if (diagnostics.length === 0) return [line];
  return [line, ...["---", ...diagnostics, "..."].map((text) => indent(text))];
}

function casePoint(result: CaseResult, info: RunInfo): Point {
  const meaning = meaningOf(result, info.levels);
  const own = result.id.startsWith(`${result.suite}/`)
    ? result.id.slice(result.suite.length + 1)
    : result.id;
  const ok = ["passed", "warning", "skipped", "not run"].includes(meaning);
  const reason = reasonText(result, meaning);
  const isSkip = meaning === "skipped" || meaning === "not run";
  const isTodo = meaning === "expected failure";
  return {
    ok,
    description: own,
    ...(isSkip ? { directive: ` # SKIP ${escaped(reason)}` } : {}),
    ...(isTodo ? { directive: ` # TODO ${escaped(reason)}` } : {}),
    diagnostics: isSkip ? [] : diagnosticsOf(result, meaning, reason, info),
  };
}

function diagnosticsOf(
  result: CaseResult,
  meaning: Meaning,
  reason: string,
  info: RunInfo,
): readonly string[] {
  const time = [`duration_ms: ${Math.max(result.durationMs, 0).toFixed(3)}`];
  if (meaning === "passed") {
    return [...time, ...result.notes.map((note, i) => `note_${i + 1}: ${quoted(oneLine(note))}`)];
  }
  const details = bounded(caseText(result, info), MAX_DETAILS).trimEnd();
  return [
    `message: ${quoted(reason)}`,
    `severity: ${meaning}`,
    ...time,
    "details: |-",
    ...details.split("\n").map((line) => indent(line)),
  ];
}

/** A JSON text is a YAML text. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** What stands behind `#` could be a directive. */
function escaped(text: string): string {
  return (oneLine(text) || "unnamed").replace(/[\\#]/g, "\\$&");
}
