import {
  type CaseResult,
  failureText,
  type Meaning,
  meaningOf,
  type RunInfo,
  type RunResult,
} from "../harness/results.ts";
import { caseText } from "./case_text.ts";
import { bySuite } from "./conclusion.ts";
import { Markup, markup, NOTHING } from "./markup.ts";
import { bounded, oneLine } from "./text.ts";

const MAX_OUTPUT = 64 * 1024;

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

/** JUnit XML that all common readers agree on: flat suites, unique names, counters that are the children's. */
export function junit(run: RunResult): string {
  const suites = [...bySuite(run.results)].map(([id, results]) => testSuite(id, results, run.info));
  if (!run.complete || run.results.length === 0) suites.push(cutOffSuite(run));
  const rows = suites.flatMap((suite) => suite.rows);
  const started = timestamp(run.info, 0);
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${name("vfio-user conformance")}" ${counters(rows)} time="${
    seconds(run.durationMs)
  }" timestamp="${started}">
${suites.map((suite, i) => suiteMarkup(suite, i, run.info))}</testsuites>
`.text;
}

function testSuite(id: string, results: readonly CaseResult[], info: RunInfo): TestSuite {
  const seen = new Map<string, number>();
  const rows = results.map((result) => {
    const own = result.id.startsWith(`${id}/`) ? result.id.slice(id.length + 1) : result.id;
    const times = (seen.get(own) ?? 0) + 1;
    seen.set(own, times);
    return row(result, times === 1 ? own : `${own} (${times})`, info);
  });
  return { name: id, startMs: Math.min(...results.map((result) => result.startMs)), rows };
}

/** A run without its end must not look green. */
function cutOffSuite(run: RunResult): TestSuite {
  const message = run.results.length === 0
    ? "No case was played"
    : `The run was cut off after ${run.results.length} cases`;
  const testcase = markup`    <testcase classname="vfio-user.run" name="complete" time="0.000">
      <error type="cut-off" message="${message}"></error>
    </testcase>
`;
  const row: Row = { mark: "error", markup: testcase, durationMs: 0 };
  return { name: "run", startMs: run.durationMs, rows: [row] };
}

function suiteMarkup(suite: TestSuite, index: number, info: RunInfo): Markup {
  const time = suite.rows.reduce((sum, row) => sum + row.durationMs, 0);
  return markup`  <testsuite name="${name(`${info.label}: ${suite.name}`)}" ${
    counters(suite.rows)
  } time="${seconds(time)}" timestamp="${
    timestamp(info, suite.startMs)
  }" hostname="localhost" id="${index}">
    <properties>
      <property name="tool" value="${oneLine(`${info.tool} ${info.version}`)}"/>
      <property name="target" value="${oneLine(info.target)}"/>
      <property name="platform" value="${oneLine(info.platform)}"/>
      <property name="levels" value="${info.levels.join(", ")}"/>
    </properties>
${suite.rows.map((row) => row.markup)}  </testsuite>
`;
}

function counters(rows: readonly Row[]): Markup {
  const count = (...marks: Meaning[]) => rows.filter((row) => marks.includes(row.mark)).length;
  return markup`tests="${rows.length}" failures="${count("failed", "unexpected pass")}" errors="${
    count("error")
  }" skipped="${count("skipped", "not run", "expected failure")}"`;
}

function row(result: CaseResult, caseName: string, info: RunInfo): Row {
  const mark = meaningOf(result, info.levels);
  const testcase = markup`    <testcase classname="${name(`vfio-user.${result.suite}`)}" name="${
    name(caseName)
  }" time="${seconds(result.durationMs)}">
${verdict(result, mark, info)}${systemOut(result, mark, info)}    </testcase>
`;
  return { mark, markup: testcase, durationMs: result.durationMs };
}

function verdict(result: CaseResult, mark: Meaning, info: RunInfo): Markup {
  switch (mark) {
    case "passed":
    case "warning":
      return NOTHING;
    case "skipped":
      return markup`      <skipped message="${oneLine(result.skip?.text ?? "")}"></skipped>\n`;
    case "not run":
      return markup`      <skipped message="not run: ${
        oneLine(result.skip?.text ?? "")
      }"></skipped>\n`;
    case "expected failure":
      return markup`      <skipped message="expected failure: ${
        oneLine(result.expectedFailure?.reason ?? "")
      }"></skipped>\n`;
    case "failed":
    case "unexpected pass":
    case "error": {
      const tag = new Markup(mark === "error" ? "error" : "failure");
      const type = result.failure?.kind ?? mark.replace(" ", "-");
      return markup`      <${tag} type="${type}" message="${reason(result)}">${
        caseText(result, info)
      }</${tag}>\n`;
    }
  }
}

function systemOut(result: CaseResult, mark: Meaning, info: RunInfo): Markup {
  const parts = {
    "passed": result.notes,
    "warning": [`warning: ${reason(result)}`, caseText(result, info)],
    "failed": [result.log],
    "unexpected pass": result.notes,
    "expected failure": [reason(result), caseText(result, info)],
    "error": [result.log],
    "skipped": [],
    "not run": [],
  }[mark];
  const text = bounded(parts.join("\n"), MAX_OUTPUT);
  return text === "" ? NOTHING : markup`      <system-out>${text}</system-out>\n`;
}

function reason({ failure, expectedFailure }: CaseResult): string {
  if (failure !== undefined) return oneLine(failureText(failure));
  if (expectedFailure === undefined) return "No reason is known";
  return oneLine(`Passed, but is expected to fail: ${expectedFailure.reason}`);
}

/** Readers drop or refuse what has no name. */
function name(text: string): string {
  return oneLine(text, 300) || "unnamed";
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** No fraction and no zone: some readers refuse them. */
function timestamp(info: RunInfo, afterMs: number): string {
  const started = Date.parse(info.startedAt);
  return new Date((Number.isNaN(started) ? 0 : started) + afterMs).toISOString().slice(0, 19);
}
