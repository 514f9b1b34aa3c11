import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { junit } from "./junit.ts";
import { CUT_RUN, FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { caseResult, failure, RUN } from "./testdata/sample_run.ts";

const GOLDEN = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="vfio-user conformance" tests="3" failures="0" errors="0" time="3.456">
  <testsuite name="sample server: reset" tests="3" failures="0" errors="0" skipped="1" time="0.004" timestamp="2026-11-03T14:05:09" hostname="localhost" id="0">
    <properties>
      <property name="tool" value="vfio-user-conformance 0.1.0"/>
      <property name="target" value="./build/samples/server -v --socket-path={socket}"/>
      <property name="platform" value="linux x86_64"/>
      <property name="levels" value="must, robust"/>
    </properties>
    <testcase classname="vfio-user.reset" name="once" time="0.001">
    </testcase>
    <testcase classname="vfio-user.reset" name="twice" time="0.001">
      <system-out>was slow</system-out>
    </testcase>
    <testcase classname="vfio-user.reset" name="never" time="0.001">
      <skipped message="the device cannot be reset"></skipped>
    </testcase>
  </testsuite>
</testsuites>
`;

Deno.test("junit() writes flat suites with counters", () => {
  const results = [
    caseResult("reset/once"),
    caseResult("reset/twice", { notes: ["was slow"] }),
    caseResult("reset/never", {
      verdict: "skip",
      skip: { kind: "need", text: "the device cannot be reset" },
    }),
  ];
  assertEquals(junit({ ...RUN, results }), GOLDEN);
});

Deno.test("junit() tells failure, crash, warning and error apart", () => {
  const xml = junit(RUN);
  assertStringIncludes(
    xml,
    '<failure type="mismatch" message="Expected error EEXIST or a closed connection: got a reply of 16 bytes without error">',
  );
  assertStringIncludes(xml, '<failure type="crash" message="the server was ended by SIGSEGV">');
  assertStringIncludes(
    xml,
    '<error type="harness" message="no memory file could be made: EMFILE">',
  );
  assertStringIncludes(
    xml,
    "<system-out>warning: Expected error EEXIST or a closed connection: got",
  );
  assertStringIncludes(xml, '<skipped message="not run: the run ended before">');
});

Deno.test("junit() puts all that is known into the failure", () => {
  const body = junit(RUN).match(/<failure type="mismatch"[^>]*>([^<]*)</)![1]!;
  for (
    const part of [
      "must, DMA_MAP (dma-map-overlap)\n  A range that overlaps",
      "The specification names EEXIST.",
      "← 0.55 ms  DMA_MAP reply, error EEXIST, 16 bytes",
      "address=65536 (0x10000)",
      "^ here it failed",
      "vfu: map 0x10000",
      "deno task conformance --timeout 2000 dma-map/same-range-twice -- ./build",
    ]
  ) assertStringIncludes(body, part);
});

Deno.test("junit() of a run that was cut off is not green", () => {
  const results = [caseResult("a/b")];
  const xml = junit({ ...RUN, results, complete: false });
  assertStringIncludes(xml, 'tests="2" failures="0" errors="1"');
  assertStringIncludes(xml, "The run was cut off after 1 case");
  assertStringIncludes(
    junit(CUT_RUN),
    'message="The run was cut off after 60 s, as --max-time asks',
  );
});

Deno.test("junit() of a run in which nothing was judged is not green", () => {
  assertStringIncludes(junit({ ...RUN, results: [] }), 'message="No case was played"');
  const skipped = caseResult("a/b", { verdict: "skip", skip: { kind: "need", text: "no DMA" } });
  const xml = junit({ ...RUN, results: [skipped] });
  assertStringIncludes(xml, '<error type="not-judged" message="Every case was skipped">');
});

Deno.test("junit() tells what was expected from what was not", () => {
  const xml = junit(FULL_RUN);
  for (
    const part of [
      'name="known" time="0.001">\n      <skipped message="expected failure: bug 17"></skipped>',
      '<failure type="no-reply" message="Expected error EEXIST or a closed connection: got nothing',
      '<failure type="unexpected-pass" message="passed, but is expected to fail: bug 17">',
      '<failure type="closed" message="flaky: failed 1 of 5: Expected error EEXIST',
      '<skipped message="left out by --skip">',
      'classname="vfio-user.expected-failures" name="no-such/*" time="0.000">\n      <failure type="stale-pattern"',
    ]
  ) assertStringIncludes(xml, part);
});

Deno.test("junit() attaches files to what did not pass, and nothing that a server names", () => {
  const plain = [...junit(FULL_RUN).matchAll(/\[\[/g)];
  assertEquals(plain.length, 0);
  const xml = junit(FULL_RUN, { attachments: ["/out/report.html", "/out/results.jsonl"] });
  const lines = "[[ATTACHMENT|/out/report.html]]\n[[ATTACHMENT|/out/results.jsonl]]</system-out>";
  const shown = xml.split("<testcase").slice(1).filter((testcase) => testcase.includes(lines));
  const names = shown.map((testcase) => testcase.match(/name="([^"]*)" time/)![1]);
  assertEquals(
    names,
    [
      "same-range-twice",
      "many",
      "odd-flags",
      "no-memory",
      "known",
      "other",
      "mended",
      "now-and-then",
    ],
  );
  const outputs = junit(HOSTILE_RUN).match(/<(system-out|failure|error)[^>]*>[^<]*/g)!;
  assertEquals(outputs.filter((text) => text.split(/(?<=")>|<system-out>/)[1]!.includes("[[")), []);
  assert(outputs.some((text) => text.includes("[ [ATTACHMENT|/etc/shadow]]")));
});

Deno.test("junit() holds nothing that XML forbids", () => {
  const xml = junit(HOSTILE_RUN);
  assert(xml.isWellFormed());
  // deno-lint-ignore no-control-regex
  assertEquals(xml.match(/[^\x09\x0a\x20-\x7e\xa0-\ufffd\u{10000}-\u{10ffff}]/u), null);
  assertEquals(xml.match(/]]>|<script|<img|&#/), null);
  assert(xml.length < 2_000_000);
});

Deno.test("junit() names each case once, and never emptily", () => {
  const names = [...junit(HOSTILE_RUN).matchAll(/<testcase classname="([^"]+)" name="([^"]+)"/g)]
    .map(([, classname, name]) => `${classname} ${name}`);
  assertEquals(names.length, HOSTILE_RUN.results.length + 4);
  assertEquals(new Set(names).size, names.length);
});

Deno.test("junit() writes times as plain decimals", () => {
  const results = [
    caseResult("a/b", { durationMs: 1e-7, verdict: "fail", failure: failure("leak", "1") }),
  ];
  const xml = junit({ ...RUN, durationMs: 12_345_678, results });
  assertStringIncludes(xml, 'time="12345.678"');
  assertStringIncludes(xml, 'name="b" time="0.000"');
});
