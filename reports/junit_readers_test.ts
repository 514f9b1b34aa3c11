import { assertEquals } from "@std/assert";
import { parse } from "npm:junit2json@4.0.0";
import testResultsParser from "npm:test-results-parser@0.4.6";
import { summarize } from "../harness/results.ts";
import type { RunResult } from "../harness/results.ts";
import { junit } from "./junit.ts";
import { HOSTILE, HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { RUN } from "./testdata/sample_run.ts";
import { oneLine } from "./text.ts";

/** What a reader should count, and what the writer adds for a run that was cut off. */
function expected({ results, info, complete }: RunResult) {
  const counts = summarize(results, info.levels);
  return {
    passed: counts.passed + counts.warnings,
    failures: counts.failed,
    errors: counts.errors + (complete ? 0 : 1),
    skipped: counts.skipped + counts.notRun,
  };
}

for (const [title, run] of [["plain", RUN], ["hostile", HOSTILE_RUN]] as const) {
  Deno.test(`junit2json reads a ${title} run as it was meant`, async () => {
    const report = await parse(junit(run));
    if (!report || !("testsuite" in report)) throw new Error("No test suites were read");
    const suites = report.testsuite ?? [];
    const cases = suites.flatMap((suite) => suite.testcase ?? []);
    const count = (key: "failure" | "error" | "skipped") =>
      cases.filter((testcase) => testcase[key] !== undefined).length;
    const counts = {
      failures: count("failure"),
      errors: count("error"),
      skipped: count("skipped"),
    };
    const passed = cases.length - counts.failures - counts.errors - counts.skipped;
    assertEquals({ passed, ...counts }, expected(run));
    const sum = (key: "tests" | "failures" | "errors" | "skipped") =>
      suites.reduce((total, suite) => total + (suite[key] ?? 0), 0);
    assertEquals(
      { failures: sum("failures"), errors: sum("errors"), skipped: sum("skipped") },
      counts,
    );
    assertEquals([report.tests, sum("tests")], [cases.length, cases.length]);
  });

  Deno.test(`test-results-parser reads a ${title} run as it was meant`, async () => {
    const file = await Deno.makeTempFile({ suffix: ".xml" });
    try {
      await Deno.writeTextFile(file, junit(run));
      const report = testResultsParser.parse({ type: "junit", files: [file] });
      const cases = report.suites.flatMap((suite) => suite.cases);
      const count = (status: string) =>
        cases.filter((testcase) => testcase.status === status).length;
      const { passed, failures, errors, skipped } = expected(run);
      // It files errors under failures.
      assertEquals(
        [count("PASS"), count("FAIL"), count("SKIP")],
        [passed, failures + errors, skipped],
      );
    } finally {
      await Deno.remove(file);
    }
  });
}

Deno.test("hostile text comes back from a reader as it is shown", async () => {
  const report = await parse(junit(HOSTILE_RUN));
  if (!report || !("testsuite" in report)) throw new Error("No test suites were read");
  const error = report.testsuite![1]!.testcase![0]!.error![0]!;
  assertEquals(error.message, oneLine(HOSTILE));
});
