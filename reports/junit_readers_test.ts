import { assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "npm:junit2json@4.0.0";
import { convertJUnitToCTRFReport } from "npm:junit-to-ctrf@0.0.14";
import testResultsParser from "npm:test-results-parser@0.4.6";
import xunitViewer from "npm:xunit-viewer@10.6.1/src/cli/parse.js";
import type { RunResult } from "../harness/results.ts";
import { junit } from "./junit.ts";
import { CUT_RUN, FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE, HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { type ReadCase, readCases } from "./testdata/read_cases.ts";
import { RUN } from "./testdata/sample_run.ts";
import { oneLine } from "./text.ts";

const RUNS: readonly [string, RunResult][] = [
  ["plain", RUN],
  ["full", FULL_RUN],
  ["cut off", CUT_RUN],
  ["hostile", HOSTILE_RUN],
];

/** What xunit-viewer makes of a file; it has no types. */
type ViewerSuites = Record<string, {
  name: string;
  tests: Record<string, { name: string; status: string; messages: string[] }>;
}>;

/** What a reader does differently from the others. */
interface Quirks {
  /** Statuses whose messages it forgets. */
  readonly blind?: readonly string[];
  readonly seenAs?: (text: string) => string;
  readonly messageAs?: (text: string) => string;
}

function asIs(text: string): string {
  return text;
}

/** Case by case: the same suites, names and statuses, and messages that hold the reason. */
function assertRead(
  read: readonly ReadCase[],
  run: RunResult,
  { blind = [], seenAs = asIs, messageAs = seenAs }: Quirks = {},
) {
  const label = oneLine(run.info.label, 150);
  const expected = readCases(run);
  assertEquals(
    read.map(({ suite, name, status }) => ({ suite, name, status })),
    expected.map(({ suite, name, status }) => ({
      suite: seenAs(`${label}: ${suite}`),
      name: seenAs(name),
      status,
    })),
  );
  for (const [i, { message, status }] of expected.entries()) {
    if (!blind.includes(status)) assertStringIncludes(read[i]!.message, messageAs(message));
  }
}

/** Gives a reader the report as a file. */
async function withFile<T>(run: RunResult, read: (path: string) => T): Promise<Awaited<T>> {
  const path = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    await Deno.writeTextFile(path, junit(run));
    return await read(path);
  } finally {
    await Deno.remove(path);
  }
}

async function suitesOf(run: RunResult) {
  const report = await parse(junit(run));
  if (!report || !("testsuite" in report)) throw new Error("No test suites were read");
  return { report, suites: report.testsuite ?? [] };
}

for (const [title, run] of RUNS) {
  Deno.test(`junit2json reads a ${title} run case by case`, async () => {
    const { report, suites } = await suitesOf(run);
    const read = suites.flatMap((suite) =>
      (suite.testcase ?? []).map(({ name, failure, error, skipped }): ReadCase => ({
        suite: suite.name!,
        name: name!,
        status: failure ? "failed" : error ? "error" : skipped ? "skipped" : "passed",
        message: failure?.[0]?.message ?? error?.[0]?.message ?? skipped?.[0]?.message ?? "",
      }))
    );
    assertRead(read, run);
    const count = (status: string) => read.filter((one) => one.status === status).length;
    const counts = [read.length, count("failed"), count("error"), count("skipped")];
    const sum = (key: "tests" | "failures" | "errors" | "skipped") =>
      suites.reduce((total, suite) => total + (suite[key] ?? 0), 0);
    assertEquals([sum("tests"), sum("failures"), sum("errors"), sum("skipped")], counts);
    assertEquals([report.tests, report.failures, report.errors], counts.slice(0, 3));
  });

  Deno.test(`test-results-parser reads a ${title} run case by case`, async () => {
    const report = await withFile(
      run,
      (path) => testResultsParser.parse({ type: "junit", files: [path] }),
    );
    const status = { PASS: "passed", FAIL: "failed", SKIP: "skipped" } as const;
    const read = report.suites.flatMap((suite) =>
      suite.cases.map((testcase): ReadCase => ({
        suite: suite.name,
        name: testcase.name,
        status: status[testcase.status as keyof typeof status],
        message: testcase.failure ?? "",
      }))
    );
    // It files errors under failures, and forgets why a case was skipped.
    const errors = readCases(run).map((one) => one.status === "error");
    const told = read.map((one, i) => errors[i] ? { ...one, status: "error" as const } : one);
    assertEquals(read.filter((one, i) => errors[i] && one.status !== "failed"), []);
    // It decodes messages twice.
    const messageAs = (text: string) => text.replaceAll("&amp;", "&");
    assertRead(told, run, { blind: ["skipped"], messageAs });
  });

  Deno.test(`xunit-viewer reads a ${title} run case by case`, async () => {
    const { suites } = await xunitViewer(junit(run)) as { suites: ViewerSuites };
    const status: Record<string, ReadCase["status"]> = { failure: "failed" };
    const read = Object.values(suites).flatMap((suite) =>
      Object.values(suite.tests).map((test) => ({
        suite: suite.name,
        name: test.name,
        status: status[test.status] ?? test.status as ReadCase["status"],
        message: test.messages.join("\n"),
      }))
    );
    assertRead(inOrder(read, run), run);
  });

  Deno.test(`junit-to-ctrf reads a ${title} run case by case`, async () => {
    const report = await withFile(run, (path) => convertJUnitToCTRFReport(path));
    const read = report!.results.tests.map((test): ReadCase => ({
      suite: test.suite![0]!,
      name: test.name,
      status: test.status as ReadCase["status"],
      message: test.message ?? "",
    }));
    const errors = readCases(run).map((one) => one.status === "error");
    const told = read.map((one, i) => errors[i] ? { ...one, status: "error" as const } : one);
    assertEquals(read.filter((one, i) => errors[i] && one.status !== "failed"), []);
    // It takes every character beyond the first 65,536 for two broken ones.
    const broken = (text: string) => text.replace(/[\u{10000}-\u{10ffff}]/gu, "\ufffd\ufffd");
    assertRead(told, run, { blind: ["skipped"], seenAs: broken });
  });
}

/** It keeps suites and cases under hashes, which shuffles them. */
function inOrder(read: readonly ReadCase[], run: RunResult): readonly ReadCase[] {
  const label = oneLine(run.info.label, 150);
  const places = readCases(run).map(({ suite, name }) => `${label}: ${suite}\n${name}`);
  const place = ({ suite, name }: ReadCase) => places.indexOf(`${suite}\n${name}`);
  return read.toSorted((a, b) => place(a) - place(b));
}

Deno.test("hostile text comes back from a reader as it is shown", async () => {
  const { suites } = await suitesOf(HOSTILE_RUN);
  const [error] = suites[1]!.testcase![0]!.error!;
  assertEquals(error!.message, oneLine(HOSTILE));
});

Deno.test("the reports of two servers stand side by side", async () => {
  const [one, two] = await Promise.all(
    ["one", "two"].map((label) => suitesOf({ ...RUN, info: { ...RUN.info, label } })),
  );
  const names = [...one!.suites, ...two!.suites].map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  // The cases keep their names, and with them their history.
  assertEquals(
    one!.suites.flatMap(({ testcase }) => testcase!.map(({ name }) => name)),
    two!.suites.flatMap(({ testcase }) => testcase!.map(({ name }) => name)),
  );
});
