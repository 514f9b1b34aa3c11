import { type CaseResult, failureText, type Meaning, meaningOf } from "../harness/results.ts";
import type { RunInfo, RunResult } from "../harness/results.ts";
import { caseText } from "./case_text.ts";
import { bySuite } from "./conclusion.ts";
import { Markup, markup, NOTHING } from "./markup.ts";
import { reasonText } from "./reason.ts";
import { type RunProblem, runProblems } from "./run_problems.ts";
import { bounded, oneLine } from "./text.ts";

const MAX_OUTPUT = 64 * 1024;

/** How a JUnit report is written. */
export interface JunitOptions {
  /**
   * Files that Jenkins (junit-attachments) and GitLab shall show with each case that did not pass, written as
   * `[[ATTACHMENT|path]]` behind its output: absolute for Jenkins, relative to the project's root for GitLab.
   * Default: none.
   */
  readonly attachments?: readonly string[];
}

/** One `<testcase>`, and what it counts as. */
interface Row {
  readonly mark: Meaning;
  readonly markup: Markup;
  readonly durationMs: number;
}

interface TestSuite {
  readonly name: string;
  readonly startMs: number;
  readonly rows: readonly Row[];
}

/** JUnit XML that all common readers agree on (`junit.xsd`): flat suites, unique names, counters that are the children's. */
export function junit(run: RunResult, options: JunitOptions = {}): string {
  const suites = [...bySuite(run.results)]
    .map(([id, results]) => testSuite(id, results, run.info, options));
  const problems = Map.groupBy(runProblems(run), ({ suite }) => suite);
  for (const [id, some] of problems) suites.push(problemSuite(id, some, run.durationMs));
  const counts = countsOf(suites.flatMap((suite) => suite.rows));
  // No more attributes: a validating reader refuses skipped and timestamp here.
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="vfio-user conformance" tests="${counts.tests}" failures="${counts.failures}" errors="${counts.errors}" time="${
    seconds(run.durationMs)
  }">
${suites.map((suite, i) => suiteMarkup(suite, i, run.info))}</testsuites>
`.text;
}

function testSuite(
  id: string,
  results: readonly CaseResult[],
  info: RunInfo,
  options: JunitOptions,
): TestSuite {
  const unique = uniqueNames();
  const rows = results.map((result) => {
    const own = result.id.startsWith(`${id}/`) ? result.id.slice(id.length + 1) : result.id;
    return row(result, unique(own), info, options);
  });
  return { name: id, startMs: Math.min(...results.map((result) => result.startMs)), rows };
}

function problemSuite(id: string, problems: readonly RunProblem[], startMs: number): TestSuite {
  const unique = uniqueNames();
  const rows = problems.map(({ kind, message, ...problem }): Row => {
    const mark = kind === "stale-pattern" ? "failed" : "error";
    const tag = new Markup(mark === "error" ? "error" : "failure");
    const testcase = markup`    <testcase classname="${classname(id)}" name="${
      unique(problem.name)
    }" time="0.000">
      <${tag} type="${kind}" message="${message}">${inert(message)}</${tag}>
    </testcase>
`;
    return { mark, markup: testcase, durationMs: 0 };
  });
  return { name: id, startMs, rows };
}

function suiteMarkup(suite: TestSuite, index: number, info: RunInfo): Markup {
  const time = suite.rows.reduce((sum, row) => sum + row.durationMs, 0);
  // The label is cut first: with equal names, Jenkins would take several suites for one.
  const title = `${name(info.label, 150)}: ${name(suite.name, 140)}`;
  const { tests, failures, errors, skipped } = countsOf(suite.rows);
  return markup`  <testsuite name="${title}" tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}" time="${
    seconds(time)
  }" timestamp="${timestamp(info, suite.startMs)}" hostname="localhost" id="${index}">
    <properties>
      <property name="tool" value="${oneLine(`${info.tool} ${info.version}`)}"/>
      <property name="target" value="${oneLine(info.target)}"/>
      <property name="platform" value="${oneLine(info.platform)}"/>
      <property name="levels" value="${info.levels.join(", ")}"/>
    </properties>
${suite.rows.map((row) => row.markup)}  </testsuite>
`;
}

function countsOf(rows: readonly Row[]) {
  const count = (...marks: Meaning[]) => rows.filter((row) => marks.includes(row.mark)).length;
  return {
    tests: rows.length,
    failures: count("failed", "unexpected pass"),
    errors: count("error"),
    skipped: count("skipped", "not run", "expected failure"),
  };
}

function row(
  result: CaseResult,
  caseName: string,
  info: RunInfo,
  options: JunitOptions,
): Row {
  const mark = meaningOf(result, info.levels);
  const testcase = markup`    <testcase classname="${
    classname(result.suite)
  }" name="${caseName}" time="${seconds(result.durationMs)}">
${verdict(result, mark, info)}${systemOut(result, mark, info, options)}    </testcase>
`;
  return { mark, markup: testcase, durationMs: result.durationMs };
}

function verdict(result: CaseResult, mark: Meaning, info: RunInfo): Markup {
  const message = reasonText(result, mark);
  switch (mark) {
    case "passed":
    case "warning":
      return NOTHING;
    case "skipped":
    case "not run":
    case "expected failure":
      return markup`      <skipped message="${message}"></skipped>\n`;
    case "failed":
    case "unexpected pass":
    case "error": {
      const tag = new Markup(mark === "error" ? "error" : "failure");
      const type = result.failure?.kind ?? mark.replace(" ", "-");
      const text = `${message}\n\n${caseText(result, info)}`;
      return markup`      <${tag} type="${type}" message="${message}">${inert(text)}</${tag}>\n`;
    }
  }
}

function systemOut(
  result: CaseResult,
  mark: Meaning,
  info: RunInfo,
  { attachments = [] }: JunitOptions,
): Markup {
  const parts = outputOf(result, mark, info);
  const output = inert(bounded(parts.join("\n"), MAX_OUTPUT)).trimEnd();
  const shown = ["passed", "skipped", "not run"].includes(mark) ? [] : attachments;
  const lines = shown.map((path) => `[[ATTACHMENT|${oneLine(path, 4096)}]]`);
  const text = [output, ...lines].filter((line) => line !== "").join("\n");
  return text === "" ? NOTHING : markup`      <system-out>${text}</system-out>\n`;
}

function outputOf(result: CaseResult, mark: Meaning, info: RunInfo): readonly string[] {
  switch (mark) {
    case "passed":
    case "unexpected pass":
      return result.notes;
    case "warning":
      return [`warning: ${reasonText(result, mark)}`, caseText(result, info)];
    case "expected failure":
      return [seenText(result), caseText(result, info)];
    case "failed":
    case "error":
      return [result.log];
    case "skipped":
    case "not run":
      return [];
  }
}

function seenText({ failure }: CaseResult): string {
  return failure === undefined ? "" : oneLine(failureText(failure));
}

/** A server must not be able to name a file that a CI system then publishes. */
function inert(text: string): string {
  return text.replace(/\[(?=\[)/g, "[ ");
}

function classname(suite: string): string {
  return `vfio-user.${name(suite)}`;
}

/** Readers drop or refuse what has no name. */
function name(text: string, max = 280): string {
  return oneLine(text, max) || "unnamed";
}

/** Readers take two cases of one name for one case. */
function uniqueNames(): (text: string) => string {
  const seen = new Set<string>();
  return (text) => {
    const first = name(text);
    let unique = first;
    for (let times = 2; seen.has(unique); times++) unique = `${first} (${times})`;
    seen.add(unique);
    return unique;
  };
}

function seconds(ms: number): string {
  return (Math.max(ms, 0) / 1000).toFixed(3);
}

/** No fraction and no zone: some readers refuse them. */
function timestamp(info: RunInfo, afterMs: number): string {
  const started = Date.parse(info.startedAt);
  return new Date((Number.isNaN(started) ? 0 : started) + afterMs).toISOString().slice(0, 19);
}
