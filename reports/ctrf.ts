import { type CaseResult, type Meaning, meaningOf } from "../harness/results.ts";
import type { RunInfo, RunResult } from "../harness/results.ts";
import { caseText } from "./case_text.ts";
import { verdictSentence } from "./conclusion.ts";
import { reasonText } from "./reason.ts";
import { type RunProblem, runProblems } from "./run_problems.ts";
import { bounded, oneLine } from "./text.ts";

const MAX_OUTPUT = 64 * 1024;

/** The same as in JUnit, except for what was not run: that is still to do. `rawStatus` has our own word. */
const STATUS = {
  "passed": "passed",
  "warning": "passed",
  "failed": "failed",
  "unexpected pass": "failed",
  "error": "failed",
  "expected failure": "skipped",
  "skipped": "skipped",
  "not run": "pending",
} as const satisfies Record<Meaning, string>;

/** The parts of a CTRF test that are written. */
interface CtrfTest {
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped" | "pending";
  readonly duration: number;
  readonly suite: readonly string[];
  readonly rawStatus: string;
  readonly message?: string;
  readonly [more: string]: unknown;
}

/** JSON in the Common Test Report Format, specification 0.0.0. */
export function ctrf(run: RunResult): string {
  const start = startOf(run.info);
  const tests = [
    ...run.results.map((result) => caseTest(result, run.info)),
    ...runProblems(run).map((problem) => problemTest(problem, run.info)),
  ];
  const count = (status: string) => tests.filter((test) => test.status === status).length;
  const report = {
    reportFormat: "CTRF",
    specVersion: "0.0.0",
    generatedBy: oneLine(`${run.info.tool} ${run.info.version}`),
    timestamp: new Date(start).toISOString(),
    results: {
      tool: { name: oneLine(run.info.tool) || "unnamed", version: oneLine(run.info.version) },
      summary: {
        tests: tests.length,
        passed: count("passed"),
        failed: count("failed"),
        skipped: count("skipped"),
        pending: count("pending"),
        other: 0,
        flaky: run.results.filter(({ flaky }) => flaky !== undefined).length,
        suites: new Set(tests.map((test) => test.suite.at(-1))).size,
        start,
        stop: start + Math.round(run.durationMs),
        extra: { verdict: verdictSentence(run) },
      },
      tests,
      environment: {
        reportName: oneLine(run.info.label),
        appName: oneLine(run.info.target),
        osPlatform: oneLine(run.info.platform),
        ...(run.info.shard === undefined ? {} : { shardId: oneLine(run.info.shard) }),
      },
    },
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function caseTest(result: CaseResult, info: RunInfo): CtrfTest {
  const { clause, flaky } = result;
  const meaning = meaningOf(result, info.levels);
  const message = reasonText(result, meaning);
  const begun = startOf(info) + Math.round(result.startMs);
  const duration = Math.round(result.durationMs);
  return {
    name: oneLine(result.id) || "unnamed",
    status: STATUS[meaning],
    duration,
    start: begun,
    stop: begun + duration,
    suite: [oneLine(info.label), oneLine(result.suite)],
    rawStatus: meaning,
    tags: [clause.level],
    type: "conformance",
    extra: {
      title: oneLine(result.title),
      clause: oneLine(clause.id),
      section: oneLine(clause.section),
      ...(result.notes.length === 0 ? {} : { notes: result.notes.map((note) => oneLine(note)) }),
    },
    ...(message === "" ? {} : { message }),
    ...(isShown(meaning) ? { trace: bounded(caseText(result, info), MAX_OUTPUT) } : {}),
    ...(isShown(meaning) && result.log !== "" ? { stdout: logLines(result) } : {}),
    ...(flaky === undefined ? {} : { flaky: true, retries: flaky.attempts - 1 }),
  };
}

function isShown(meaning: Meaning): boolean {
  return !["passed", "skipped", "not run"].includes(meaning);
}

function logLines({ log }: CaseResult): readonly string[] {
  return bounded(log, MAX_OUTPUT).trimEnd().split("\n");
}

function problemTest({ kind, suite, name, message }: RunProblem, info: RunInfo): CtrfTest {
  const labelled = [oneLine(info.label), suite];
  return { name, status: "failed", duration: 0, suite: labelled, rawStatus: kind, message };
}

/** Milliseconds since 1970. */
function startOf(info: RunInfo): number {
  const started = Date.parse(info.startedAt);
  return Number.isNaN(started) ? 0 : started;
}
