import { assertEquals } from "@std/assert";
import type { CaseResult, RunResult } from "../harness/results.ts";
import { casesWith, type Change, changesText, compare } from "./compare.ts";
import { compareText } from "./compare_text.ts";
import { caseResult, failure, INFO, RUN } from "./testdata/sample_run.ts";

function runOf(...results: CaseResult[]): RunResult {
  return { ...RUN, results };
}

const PASSED = caseResult("x/case");
const FAILED = caseResult("x/case", { verdict: "fail", failure: failure("mismatch", "a reply") });
const CRASHED = caseResult("x/case", { verdict: "fail", failure: failure("crash", "SIGSEGV") });
const ERROR = caseResult("x/case", { verdict: "error", failure: failure("harness", "EMFILE") });
const SKIPPED = caseResult("x/case", { verdict: "skip", skip: { kind: "need", text: "no DMA" } });
const LEFT_OUT = caseResult("x/case", { verdict: "skip", skip: { kind: "user", text: "--skip" } });
const NOT_RUN = caseResult("x/case", { verdict: "skip", skip: { kind: "not-run", text: "late" } });
const MAY = { ...PASSED.clause, level: "may" } as const;
const WARNING = { ...FAILED, clause: MAY };
const KNOWN = { pattern: "x/*", reason: "known" };
const EXPECTED = { ...FAILED, expectedFailure: KNOWN };
const UNEXPECTED_PASS = { ...PASSED, expectedFailure: KNOWN };

const CASES: readonly [before: CaseResult, after: CaseResult, change: Change][] = [
  [PASSED, PASSED, "unchanged"],
  [PASSED, FAILED, "newly failing"],
  [WARNING, FAILED, "newly failing"],
  [EXPECTED, FAILED, "newly failing"],
  [SKIPPED, FAILED, "newly failing"],
  [NOT_RUN, FAILED, "newly failing"],
  [PASSED, ERROR, "newly failing"],
  [PASSED, UNEXPECTED_PASS, "newly failing"],
  [FAILED, PASSED, "fixed"],
  [ERROR, PASSED, "fixed"],
  [FAILED, FAILED, "still failing"],
  [FAILED, CRASHED, "still failing"],
  [FAILED, ERROR, "still failing"],
  [FAILED, SKIPPED, "changed"],
  [FAILED, NOT_RUN, "changed"],
  [FAILED, EXPECTED, "changed"],
  [PASSED, SKIPPED, "changed"],
  [NOT_RUN, PASSED, "changed"],
  [PASSED, WARNING, "changed"],
  [WARNING, { ...CRASHED, clause: MAY }, "changed"],
  [SKIPPED, LEFT_OUT, "changed"],
  [WARNING, WARNING, "unchanged"],
];

for (const [before, after, change] of CASES) {
  const { cases } = compare(runOf(before), runOf(after));
  const [from, to] = [cases[0]!.before!, cases[0]!.after!].map(({ meaning, reason }) =>
    `${meaning} (${reason})`
  );
  Deno.test(`compare() says ${change} of ${from}, then ${to}`, () => {
    assertEquals(cases.map((one) => one.change), [change]);
  });
}

Deno.test("compare() names cases that are only in one run", () => {
  const comparison = compare(
    runOf(PASSED, caseResult("x/old")),
    runOf(caseResult("x/a"), PASSED, { ...FAILED, id: "x/b" }),
  );
  const ids = (change: Change) => casesWith(comparison, change).map(({ id }) => id);
  assertEquals([ids("new"), ids("gone"), ids("unchanged")], [["x/a", "x/b"], ["x/old"], [
    "x/case",
  ]]);
  assertEquals(changesText(comparison), "0 newly failing, 2 new, 1 gone, 1 unchanged");
});

Deno.test("compare() judges both runs by the levels of the new one, and says so", () => {
  const strict = { ...RUN, info: { ...INFO, levels: ["must", "may"] as const } };
  const comparison = compare(
    { ...RUN, results: [WARNING] },
    { ...strict, results: [WARNING] },
  );
  assertEquals(comparison.cases.map(({ change }) => change), ["still failing"]);
  assertEquals(comparison.remarks, [
    "The levels differ: must and robust, then may and must; both runs are judged by the latter",
  ]);
});

Deno.test("compare() says what makes runs hard to compare", () => {
  const info = {
    ...INFO,
    label: "other",
    version: "0.2.0",
    shard: "1/2",
    facts: { ...INFO.facts, Device: "NVMe" },
  };
  const after = { ...RUN, info, complete: false };
  assertEquals(compare(RUN, after).remarks, [
    "The servers differ: sample server, then other",
    "The versions of the suite differ: 0.1.0, then 0.2.0: a case may ask for more",
    "The facts of the device (Device) differ: PCI, can be reset, then NVMe",
    "The new run was cut off: 1 case not run",
    "The new run is only shard 1/2",
  ]);
  assertEquals(compare(RUN, RUN).remarks, []);
  assertEquals(compare({ ...after, info: INFO, results: [PASSED] }, RUN).remarks, [
    "The old run was cut off: its last cases are missing",
  ]);
});

Deno.test("addresses and process ids are no change of a reason", () => {
  const report = (text: string) => ({ ...CRASHED, clause: MAY, failure: failure("crash", text) });
  const change = (a: string, b: string) =>
    compare(runOf(report(a)), runOf(report(b))).cases[0]!.change;
  assertEquals(change("==12==ERROR at 0x7f00112233", "==99==ERROR at 0x7f00445566"), "unchanged");
  assertEquals(change("error EINVAL", "error EPERM"), "changed");
});

Deno.test("compare() adds up the time of what both played, and names suites only for great changes", () => {
  const slow = (id: string, durationMs: number, change: Partial<CaseResult> = {}) =>
    caseResult(id, { durationMs, ...change });
  const comparison = compare(
    runOf(
      ...[slow("a/x", 100), slow("a/y", 100), slow("b/x", 1000), slow("c/x", 1), slow("d/x", 9000)],
      slow("f/x", 1, { verdict: "skip", skip: { kind: "need", text: "" } }),
    ),
    runOf(
      slow("a/x", 300),
      slow("a/y", 300),
      slow("b/x", 1300),
      slow("c/x", 100),
      slow("d/x", 0, { verdict: "skip", skip: { kind: "need", text: "" } }),
      slow("e/x", 9000),
      slow("f/x", 9000),
    ),
  );
  assertEquals(comparison.total, { suite: "", cases: 4, oldMs: 1201, newMs: 2000 });
  assertEquals(comparison.suites, [{ suite: "a", cases: 2, oldMs: 200, newMs: 600 }]);
});

Deno.test("compareText() lists each change, and ends with the sum", () => {
  const gone = caseResult("x/gone", { verdict: "fail", failure: failure("closed", "the end") });
  const text = compareText(compare(
    runOf({ ...FAILED, durationMs: 400 }, gone),
    runOf({ ...CRASHED, durationMs: 100 }, caseResult("x/new")),
  ));
  assertEquals(text.split("\n").slice(2), [
    "",
    "Still failing:",
    "  ✗ x/case",
    "      was failed: Expected error EEXIST or a closed connection: got a reply",
    "      now failed: Expected error EEXIST or a closed connection: got SIGSEGV",
    "",
    "New:",
    "  ✓ x/new: passed",
    "",
    "Gone:",
    "  ✗ x/gone: was failed: Expected error EEXIST or a closed connection: got the end",
    "",
    "Time of the 1 case that both played: 400 ms, then 100 ms (faster: 4.0 times as fast)",
    "  x: 400 ms, then 100 ms (faster: 4.0 times as fast)",
    "",
    "0 newly failing, 1 still failing, 1 new, 1 gone",
    "",
  ]);
});
