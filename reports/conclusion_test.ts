import { assertEquals } from "@std/assert";
import type { CaseResult } from "../harness/results.ts";
import { skipReasons, verdictSentence } from "./conclusion.ts";
import { caseResult, RESULTS, RUN } from "./testdata/sample_run.ts";

const PASS = caseResult("a/pass");
const SKIP = caseResult("a/skip", { verdict: "skip", skip: { kind: "need", text: "no BAR" } });
const ERROR = caseResult("a/error", { verdict: "error" });

function sentence(results: readonly CaseResult[], complete = true): string {
  return verdictSentence({ ...RUN, results, complete });
}

Deno.test("verdictSentence() says what a run is worth", () => {
  assertEquals(sentence([PASS, PASS, SKIP]), "conformant: 2 passed, 1 skipped");
  assertEquals(
    sentence(RESULTS),
    "NOT conformant: 2 failed, 1 error, 2 passed, 1 warning, 1 skipped, 1 not run",
  );
  assertEquals(sentence([PASS, ERROR, ERROR]), "not judged: 2 errors, 1 passed");
  assertEquals(sentence([PASS], false), "not judged: 1 passed, the run was cut off");
  assertEquals(sentence([SKIP]), "not judged: 1 skipped");
  assertEquals(sentence([]), "not judged: no case was played");
});

Deno.test("skipReasons() counts, the commonest first", () => {
  const other = caseResult("a/other", {
    verdict: "skip",
    skip: { kind: "user", text: "left out" },
  });
  assertEquals(skipReasons([other, SKIP, PASS, SKIP]), [["no BAR", 2], ["left out", 1]]);
});
