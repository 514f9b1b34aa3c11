import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Parser, type Result } from "npm:tap-parser@18.3.4";
import type { RunResult } from "../harness/results.ts";
import { tap } from "./tap.ts";
import { CUT_RUN, FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { readCases } from "./testdata/read_cases.ts";
import { caseResult, RUN } from "./testdata/sample_run.ts";

interface Read {
  readonly ok: boolean;
  readonly failures: readonly unknown[];
  readonly suites: readonly { readonly name: string; readonly points: readonly Result[] }[];
  /** Lines that are no TAP. */
  readonly extra: readonly string[];
}

/** Reads a report as strictly as the parser can. */
function read(text: string): Read {
  const suites: { name: string; points: Result[] }[] = [];
  const extra: string[] = [];
  const parser = new Parser({ strict: true });
  parser.on("extra", (line: string) => extra.push(line));
  parser.on("bailout", (reason: string) => extra.push(`bailed out: ${reason}`));
  parser.on("child", (child: Parser) => {
    const points: Result[] = [];
    child.on("assert", (result: Result) => points.push(result));
    child.on("extra", (line: string) => extra.push(line));
    child.on("complete", () => suites.push({ name: child.name, points }));
  });
  let end: { ok: boolean; failures: unknown[] } | undefined;
  parser.on("complete", (results: { ok: boolean; failures: unknown[] }) => end = results);
  parser.end(text);
  return { ...end!, suites, extra };
}

const RUNS: readonly [string, RunResult][] = [
  ["plain", RUN],
  ["full", FULL_RUN],
  ["cut off", CUT_RUN],
  ["hostile", HOSTILE_RUN],
];

for (const [title, run] of RUNS) {
  Deno.test(`a TAP parser reads a ${title} run case by case`, () => {
    const { suites, extra, ok } = read(tap(run));
    assertEquals(extra, []);
    assertEquals(ok, false);
    const points = suites.flatMap(({ points }) => points);
    const expected = readCases(run);
    assertEquals(points.length, expected.length);
    for (const [i, { status, message }] of expected.entries()) {
      const { skip, todo, ok, diag } = points[i]!;
      const as = skip || todo ? "skipped" : ok ? "passed" : "failed";
      assertEquals(as, status === "error" ? "failed" : status);
      if (status === "failed" || status === "error") assertStringIncludes(diag.message, message);
      // The parser takes back no backslash.
      else {assertStringIncludes(
          plain(`${skip || ""}${todo || ""}`.replace("not run: ", "")),
          plain(message),
        );}
    }
    assert(suites.every(({ points }) => points.every(({ id }, i) => id === i + 1)));
  });
}

function plain(text: string): string {
  return text.replace(/[\\…]|\s+$/g, "").slice(0, 200);
}

Deno.test("tap() of a run as expected is ok, of one with a failure is not", () => {
  const expected = caseResult("a/b", {
    verdict: "fail",
    failure: { kind: "closed", expected: [], seen: "closed" },
    expectedFailure: { pattern: "a/b", reason: "bug #17" },
  });
  const text = tap({ ...RUN, results: [caseResult("a/a"), expected] });
  assertStringIncludes(text, "    not ok 2 - b # TODO expected failure: bug \\#17\n");
  assertEquals(read(text).ok, true);
  const { expectedFailure: _, ...unexpected } = expected;
  assertEquals(read(tap({ ...RUN, results: [caseResult("a/a"), unexpected] })).ok, false);
});

Deno.test("tap() gives the details of what failed as YAML", () => {
  const [, maps] = read(tap(FULL_RUN)).suites;
  const { diag, time } = maps!.points[0]!;
  assertEquals(diag.severity, "failed");
  assertEquals(time, 1.234);
  assertStringIncludes(diag.details, "Clause:\n  must, DMA_MAP (dma-map-overlap)\n");
  assertStringIncludes(diag.details, "Play it again:\n  deno task conformance");
});
