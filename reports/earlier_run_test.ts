import { assertEquals } from "@std/assert";
import { endIsMissing, measuredTimes, toPlayAgain } from "./earlier_run.ts";
import { RUN } from "./testdata/sample_run.ts";

Deno.test("toPlayAgain() names what failed, errored or was not run, and no warning", () => {
  assertEquals(toPlayAgain(RUN), [
    "dma-map/same-range-twice",
    "dma-map/many",
    "dma-map/no-memory",
    "migration/resume",
  ]);
});

Deno.test("toPlayAgain() names no failure that is expected, and every unexpected pass", () => {
  const expectedFailure = { pattern: "*", reason: "known" };
  const results = RUN.results.map((result) => ({ ...result, expectedFailure }));
  assertEquals(toPlayAgain({ ...RUN, results }), [
    "version/plain",
    "version/no-json",
    "dma-map/no-memory",
    "migration/resume",
  ]);
});

Deno.test("measuredTimes() knows every case but those that were not run", () => {
  const times = measuredTimes(RUN);
  assertEquals(times.size, RUN.results.length - 1);
  assertEquals([times.get("version/plain"), times.has("migration/resume")], [1.234, false]);
});

Deno.test("endIsMissing() tells a run that was killed from one that was cut off", () => {
  const killed = { ...RUN, complete: false, results: RUN.results.slice(0, 3) };
  assertEquals([endIsMissing(RUN), endIsMissing({ ...RUN, complete: false })], [false, false]);
  assertEquals(endIsMissing(killed), true);
});
