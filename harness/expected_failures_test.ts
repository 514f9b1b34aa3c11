import { assertEquals, assertThrows } from "@std/assert";
import {
  expectation,
  expectedFailuresOf,
  parseExpectedFailures,
  stalePatterns,
} from "./expected_failures.ts";
import { HarnessError } from "./harness_error.ts";
import { type CaseResult, meaningOf } from "./results.ts";

function result(id: string, seen?: string): CaseResult {
  const failure = seen === undefined ? {} : {
    failure: { kind: "mismatch", expected: ["error EEXIST"], seen } as const,
  };
  return {
    id,
    suite: id.split("/")[0]!,
    suiteTitle: "",
    title: "",
    clause: { id: "", level: "must", section: "", text: "" },
    verdict: seen === undefined ? "pass" : "fail",
    notes: [],
    startMs: 0,
    durationMs: 0,
    transcript: [],
    log: "",
    ...failure,
  };
}

const LIST = [
  { pattern: "dma-map/overlap-*", reason: "first", message: "error EINVAL" },
  { pattern: "dma-map", reason: "second" },
];

Deno.test("a failure is expected by the first entry that fits its case and its text", () => {
  const expected = expectation(LIST);
  assertEquals(expected(result("dma-map/overlap-end", "error EINVAL"))?.reason, "first");
  assertEquals(expected(result("dma-map/overlap-end", "a reply"))?.reason, "second");
  assertEquals(expected(result("dma-map/other", "a reply"))?.reason, "second");
  assertEquals(expected(result("dma-unmap/other", "a reply")), undefined);
});

Deno.test("what a result means depends on what was expected", () => {
  const meaning = (id: string, seen?: string) => {
    const played = result(id, seen);
    const expectedFailure = expectation(LIST.slice(0, 1))(played);
    return meaningOf(expectedFailure ? { ...played, expectedFailure } : played, ["must"]);
  };
  assertEquals(meaning("dma-map/overlap-end", "error EINVAL"), "expected failure");
  assertEquals(meaning("dma-map/overlap-end", "a reply"), "failed");
  assertEquals(meaning("dma-map/overlap-end"), "unexpected pass");
  assertEquals(meaning("dma-map/other"), "passed");
});

Deno.test("a pattern that names no case is stale", () => {
  const ids = ["dma-map/overlap-end", "dma-unmap/all"];
  assertEquals(stalePatterns(LIST, ids), []);
  assertEquals(stalePatterns([{ pattern: "dma-mapp", reason: "r" }], ids), ["dma-mapp"]);
});

Deno.test("a list made from a run expects what failed in it", () => {
  const failed = result("dma-map/a", "a reply\nof two lines");
  const list = expectedFailuresOf([failed, result("dma-map/b")]);
  assertEquals(list.map(({ pattern, message }) => [pattern, message]), [["dma-map/a", "a reply"]]);
  const read = parseExpectedFailures(JSON.stringify(list), "list.json");
  assertEquals(expectation(read)(failed), list[0]);
});

const MISTAKES: readonly [text: string, message: string][] = [
  ["[", "Cannot use the list of expected failures list.json: "],
  ["{}", "the top level must be a list of { pattern, reason }"],
  ["[1]", "entry 1 must be an object with pattern and reason"],
  ['[{ "pattern": "a" }]', "entry 1 has no reason"],
  ['[{ "pattern": "a", "reason": " " }]', "entry 1 needs a text as reason"],
  ['[{ "pattern": "a", "reason": "b", "mesage": "c" }]', "entry 1 has an unknown key mesage"],
];

for (const [text, message] of MISTAKES) {
  Deno.test(`parseExpectedFailures() says what is wrong with ${text}`, () => {
    const error = assertThrows(
      () => parseExpectedFailures(text, "list.json"),
      HarnessError,
      message,
    );
    assertEquals(error.kind, "usage");
  });
}
