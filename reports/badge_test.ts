import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { validateXML } from "npm:xmllint-wasm@5.3.0";
import type { RunResult } from "../harness/results.ts";
import { badge } from "./badge.ts";
import { CUT_RUN, FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { caseResult, RUN } from "./testdata/sample_run.ts";

const GOOD: RunResult = { ...RUN, results: [caseResult("a/a"), caseResult("a/b")] };
const KNOWN = caseResult("a/c", {
  verdict: "fail",
  failure: { kind: "closed", expected: [], seen: "closed" },
  expectedFailure: { pattern: "a/c", reason: "bug 17" },
});

const BADGES: readonly [text: string, color: string, run: RunResult][] = [
  ["conformant, 2 passed", "#1a7f37", GOOD],
  ["as expected, 1 expected failure", "#1a7f37", { ...GOOD, results: [...GOOD.results, KNOWN] }],
  ["NOT conformant, 4 failed", "#b62324", FULL_RUN],
  ["NOT as expected", "#b62324", { ...GOOD, info: { ...RUN.info, stalePatterns: ["x/*"] } }],
  ["not judged", "#6e5600", { ...CUT_RUN, results: [], info: RUN.info }],
];

for (const [text, color, run] of BADGES) {
  Deno.test(`badge() says ${text}`, () => {
    const svg = badge(run);
    assertStringIncludes(svg, `>${text}</text>`);
    assertStringIncludes(svg, `role="img" aria-label="vfio-user: ${text}"`);
    assertStringIncludes(svg, `fill="${color}"`);
    assert(contrast("#ffffff", color) >= 4.5);
  });
}

Deno.test("badge() is XML that needs nothing from elsewhere", async () => {
  const xml = [...BADGES.map(([, , run]) => run), HOSTILE_RUN].map((run, i) => ({
    fileName: `${i}.svg`,
    contents: badge(run),
  }));
  const schema = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="http://www.w3.org/2000/svg"><xs:element name="svg"/></xs:schema>`;
  const { errors } = await validateXML({ xml, schema });
  assertEquals(errors.map(({ message }) => message), []);
  for (const { contents } of xml) {
    const tags = contents.replace(/<title>[^<]*/, "");
    assertEquals(tags.match(/href|<script|<style|<image|<img|url\((?!#r\))|\bon\w+="/), null);
    assert(contents.length < 4000);
  }
});

/** As WCAG 2 defines it. */
function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
