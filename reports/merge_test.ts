import { assertEquals } from "@std/assert";
import type { RunInfo, RunResult } from "../harness/results.ts";
import { conclude, verdictSentence } from "./conclusion.ts";
import { merge, missingShards, whyNotOneRun } from "./merge.ts";
import { INFO, RESULTS, RUN } from "./testdata/sample_run.ts";

const IDS = RESULTS.map(({ id }) => id);

/** One of `count` parts of the sample run. */
function part(index: number, count: number, change: Partial<RunInfo> = {}): RunResult {
  const results = RESULTS.filter((_, i) => Math.floor(i * count / RESULTS.length) === index - 1);
  const info = { ...INFO, shard: `${index}/${count}`, ...change };
  return { ...RUN, info, results, durationMs: 100 * index };
}

function named(runs: readonly RunResult[]) {
  return runs.map((run, i) => ({ name: `s${i + 1}`, run }));
}

Deno.test("merge() makes of four shards the run that they are parts of, whatever their order", () => {
  const merged = merge([3, 1, 4, 2].map((index) => part(index, 4)), IDS);
  const withoutTimes = merged.results.map((result) => ({ ...result, startMs: 10 }));
  assertEquals({ ...merged, results: withoutTimes }, { ...RUN, durationMs: 1000 });
});

Deno.test("merge() lets one part begin where the part before it ended", () => {
  const merged = merge([1, 2, 3, 4].map((index) => part(index, 4)), IDS);
  assertEquals(merged.results.map(({ startMs }) => startMs), [
    ...[10, 10, 110, 110],
    ...[310, 310, 610, 610],
  ]);
});

Deno.test("merge() puts the cases in the order of the suites, and those that it does not know last", () => {
  const merged = merge([part(2, 2), part(1, 2)], ["migration/stop", "version/plain"]);
  assertEquals(merged.results.slice(0, 3).map(({ id }) => id), [
    "migration/stop",
    "version/plain",
    "version/no-json",
  ]);
});

Deno.test("merge() takes the earliest start, all platforms and all stale patterns", () => {
  const { info } = merge([
    part(1, 2, { startedAt: "2026-11-03T15:00:00.000Z", stalePatterns: ["a/*"], jobs: 4 }),
    part(2, 2, { platform: "linux aarch64", stalePatterns: ["a/*", "b/*"], jobs: 2 }),
  ], IDS);
  assertEquals(info, {
    ...INFO,
    platform: "linux x86_64; linux aarch64",
    stalePatterns: ["a/*", "b/*"],
  });
});

Deno.test("a merged run without all shards is not complete, and says which are missing", () => {
  const green = (run: RunResult) => ({
    ...run,
    results: run.results.map(({ failure: _failure, ...one }) => ({
      ...one,
      verdict: "pass" as const,
    })),
  });
  const merged = merge([part(1, 4), part(4, 4)].map(green), IDS);
  assertEquals([merged.complete, conclude(merged)], [false, "not judged"]);
  assertEquals(
    verdictSentence(merged),
    "not judged: 4 passed, cut off for want of shard 2/4 and 3/4",
  );
  assertEquals(missingShards([RUN]), []);
});

Deno.test("a merged run in which a case fell between the shards is not complete", () => {
  const selected = RESULTS.length + 1;
  const merged = merge([part(1, 2, { selected }), part(2, 2, { selected })], IDS);
  assertEquals([merged.complete, merged.cutOff], [false, "as 1 case fell between the shards"]);
});

Deno.test("a merged run is as complete as its parts", () => {
  const merged = merge([part(1, 2), { ...part(2, 2), complete: false, cutOff: "after 60 s" }], IDS);
  assertEquals([merged.complete, merged.cutOff], [false, "after 60 s"]);
});

const OTHERS: readonly [change: Partial<RunInfo>, message: string][] = [
  [
    { version: "0.2.0" },
    "the suites differ: vfio-user-conformance 0.1.0 and vfio-user-conformance 0.2.0",
  ],
  [{ label: "other" }, "the servers differ: sample server and other"],
  [
    { target: "x -R" },
    "the command lines differ: ./build/samples/server -v --socket-path={socket} and x -R",
  ],
  [{ levels: ["must"] }, "the levels differ: must, robust and must"],
  [{ timeoutMs: 5 }, "the time limits differ: 2000 ms and 5 ms"],
  [{ selected: 9 }, "the numbers of cases to play differ: unknown and 9"],
  [{ shard: "2/3" }, "the numbers of shards differ: 2 and 3"],
];

for (const [change, message] of OTHERS) {
  Deno.test(`parts of different runs are refused: ${Object.keys(change)}`, () => {
    const why = whyNotOneRun(named([part(1, 2), part(2, 2, change)]));
    assertEquals(why, `Cannot merge s1 and s2: ${message}`);
  });
}

Deno.test("parts from different devices are refused in one line, whatever their text", () => {
  const facts = { Device: "PCI\nNVMe" };
  const why = whyNotOneRun(named([part(1, 2), part(2, 2, { facts })]));
  assertEquals([why?.includes("the devices differ"), why?.includes("\n")], [true, false]);
});

Deno.test("a case that two parts played is refused; the order of levels is no difference", () => {
  const runs = named([part(1, 2), part(1, 2, { levels: ["robust", "must"] })]);
  assertEquals(whyNotOneRun(runs), "Cannot merge s1 and s2: both played version/plain");
  assertEquals(whyNotOneRun(named([part(1, 2), part(2, 2)])), undefined);
});
