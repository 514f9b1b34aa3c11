import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isValid, parse, validate } from "npm:ctrf@0.3.0";
import { ctrf } from "./ctrf.ts";
import { CUT_RUN, FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { readCases } from "./testdata/read_cases.ts";
import { RUN } from "./testdata/sample_run.ts";

for (
  const [title, run] of [
    ["plain", RUN],
    ["full", FULL_RUN],
    ["cut off", CUT_RUN],
    ["hostile", HOSTILE_RUN],
    ["empty", { ...RUN, results: [] }],
  ] as const
) {
  Deno.test(`ctrf() of a ${title} run is valid`, () => {
    assertEquals(validate(JSON.parse(ctrf(run))), { valid: true, errors: [] });
  });
}

Deno.test("a CTRF report with a wrong status is not valid", () => {
  assert(!isValid(JSON.parse(ctrf(RUN).replace('"status": "skipped"', '"status": "left out"'))));
  assert(!isValid(JSON.parse(ctrf(RUN).replace('"duration": 1', '"duration": 1.5'))));
});

Deno.test("ctrf() says of each case what JUnit says, and pending of what was not run", () => {
  for (const run of [FULL_RUN, CUT_RUN]) {
    const { tests, summary } = parse(ctrf(run)).results;
    const expected = readCases(run);
    assertEquals(tests.length, expected.length);
    for (const [i, { suite, name, status, message }] of expected.entries()) {
      const test = tests[i]!;
      assertEquals(test.suite, ["sample server", suite]);
      assert(test.name === name || test.name === `${suite}/${name}`, test.name);
      const as = test.rawStatus === "not run" ? "pending" : status === "error" ? "failed" : status;
      assertEquals(test.status, as);
      assertStringIncludes(test.message ?? "", message);
    }
    const count = (status: string) => tests.filter((test) => test.status === status).length;
    const { passed, failed, skipped, pending, other, flaky } = summary;
    assertEquals(
      { passed, failed, skipped, pending, other, flaky },
      {
        passed: count("passed"),
        failed: count("failed"),
        skipped: count("skipped"),
        pending: count("pending"),
        other: 0,
        flaky: 1,
      },
    );
    assertEquals(passed + failed + skipped + pending, summary.tests);
  }
});

Deno.test("ctrf() keeps our own words beside the status", () => {
  const tests = parse(ctrf(FULL_RUN)).results.tests;
  assertEquals(
    tests.slice(-7).map(({ name, rawStatus }) => [name, rawStatus]),
    [
      ["migration/resume", "not run"],
      ["irq/known", "expected failure"],
      ["irq/other", "failed"],
      ["irq/mended", "unexpected pass"],
      ["irq/now-and-then", "failed"],
      ["irq/left-out", "skipped"],
      ["no-such/*", "stale-pattern"],
    ],
  );
  assertEquals(tests.find(({ flaky }) => flaky)!.retries, 4);
  assertStringIncludes(tests[3]!.trace!, "Play it again:");
  assertEquals(tests[2]!.stdout, ["vfu: map 0x10000", "vfu: map 0x10000"]);
});

Deno.test("ctrf() holds no character that a reader would refuse", () => {
  const text = ctrf(HOSTILE_RUN);
  let strings = 0;
  JSON.parse(text, (_, value) => {
    if (typeof value !== "string") return value;
    strings++;
    // deno-lint-ignore no-control-regex
    const refused = value.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    assert(refused === null && value.isWellFormed(), value);
  });
  assert(strings > 100 && text.length < 3_000_000);
});
