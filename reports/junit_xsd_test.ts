import { assertEquals } from "@std/assert";
import { validateXML } from "npm:xmllint-wasm@5.3.0";
import type { RunResult } from "../harness/results.ts";
import { junit } from "./junit.ts";
import { CUT_RUN, FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { RUN } from "./testdata/sample_run.ts";

const SCHEMA = await Deno.readTextFile(new URL("junit.xsd", import.meta.url));

async function mistakes(...files: readonly string[]): Promise<readonly string[]> {
  const xml = files.map((contents, i) => ({ fileName: `${i}.xml`, contents }));
  const { errors } = await validateXML({ xml, schema: SCHEMA });
  return errors.map(({ message, loc }) => `${loc?.fileName} ${message}`);
}

const RUNS: readonly RunResult[] = [
  RUN,
  FULL_RUN,
  CUT_RUN,
  HOSTILE_RUN,
  { ...RUN, results: [] },
  { ...FULL_RUN, durationMs: 1e9, results: RUN.results.map((r) => ({ ...r, durationMs: 1e-9 })) },
];

Deno.test("junit() writes what junit.xsd describes", async () => {
  const attachments = ["/out/report.html"];
  assertEquals(await mistakes(...RUNS.map((run) => junit(run, { attachments }))), []);
});

const WRONG: readonly [from: string | RegExp, to: string][] = [
  ['name="many"', 'name=""'],
  ['name="many"', 'name=" many"'],
  ['name="many"', 'name="same-range-twice"'],
  ['name="many"', ""],
  [/ classname="[^"]*"/g, ""],
  ['classname="vfio-user.version"', 'classname="version"'],
  [': dma-map"', ': version"'],
  [' time="0.001"', ""],
  [' time="0.001"', ' time="1e-3"'],
  [' time="3.456"', ' time="3,456.000"'],
  [' time="3.456"', ' time="3.456" skipped="1"'],
  [/timestamp="([^"]*)"/g, 'timestamp="$1.123Z"'],
  [' tests="9"', ""],
  [/<failure([^>]*)>/g, "<skipped message='x'></skipped><failure$1>"],
  [/message="the server was/g, 'message="the&#10;server was'],
  ["<testcase", '<testsuite name="nested"></testsuite><testcase'],
  [/<testcase.*?<\/testcase>\s*/gs, ""],
  ["<properties>", "<system-out></system-out><properties>"],
  ["sample server", "\x1b"],
  ["sample server", "&#27;"],
  ["</testsuites>", ""],
];

Deno.test("junit.xsd refuses what a reader would stumble over", async () => {
  const one = junit({ ...FULL_RUN, results: FULL_RUN.results.slice(0, 8) });
  assertEquals(await mistakes(one), []);
  const wrong = WRONG.map(([from, to]) => one.replaceAll(from, to));
  assertEquals(wrong.filter((xml) => xml === one), []);
  const refused = new Set((await mistakes(...wrong)).map((mistake) => mistake.split(".xml")[0]));
  assertEquals(WRONG.filter((_, i) => !refused.has(String(i))), []);
});
