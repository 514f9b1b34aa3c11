import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { CaseResult } from "../harness/results.ts";
import { html } from "./html.ts";
import { requirements, requirementsLink } from "./html_requirements.ts";
import { caseResult, INFO, RUN } from "./testdata/sample_run.ts";

/** The row of a clause. */
function row(page: string, id: string): string {
  return page.split("<tr>").find((row) => row.includes(`id="clause:${id}"`))!;
}

function verdict(...cases: Partial<CaseResult>[]): string {
  const results = cases.map((change, i) => caseResult(`dma-map/${i}`, change));
  const page = requirements({ ...RUN, results }).text;
  return row(page, "dma-map-overlap").match(/<\/i> ([a-z ]+)<\/span>/)![1]!;
}

const NEED = { verdict: "skip", skip: { kind: "need", text: "no DMA" } } as const;
const NOT_RUN = { verdict: "skip", skip: { kind: "not-run", text: "cut off" } } as const;
const MAY = { verdict: "fail", clause: { ...caseResult("x/y").clause, level: "may" } } as const;

Deno.test("requirements() judges a clause by the worst of its cases", () => {
  assertEquals(verdict({}, {}), "passed");
  assertEquals(verdict({}, { verdict: "error" }, { verdict: "fail" }), "failed");
  assertEquals(verdict({}, { verdict: "error" }), "error");
  assertEquals(verdict({}, MAY), "warning");
  assertEquals(verdict({}, NOT_RUN), "not run");
});

Deno.test("requirements() counts a clause as skipped only when all its cases are", () => {
  assertEquals(verdict({}, NEED), "passed");
  assertEquals(verdict(NEED, NEED), "skipped");
});

Deno.test("requirements() tells clauses without a case from those not chosen", () => {
  const page = requirements({ ...RUN, results: [] }).text;
  assertStringIncludes(row(page, "hdr-reply-id"), "not chosen");
  const without = row(page, "hdr-ids-unique");
  assertStringIncludes(without, "no case");
  assertStringIncludes(without, "No client can see it.");
});

Deno.test("requirements() shows notes, and leads to every case", () => {
  const page = requirements(RUN).text;
  assertStringIncludes(
    row(page, "hdr-ids-unique"),
    "The specification says nothing of their order",
  );
  for (const { id } of RUN.results) {
    assertStringIncludes(row(page, "dma-map-overlap"), `href="#${id}"`);
  }
});

Deno.test("requirements() unfolds the sections in which something failed", () => {
  const sections = requirements(RUN).text.split("<details ").slice(1);
  assertEquals(sections.map((section) => section.startsWith('class="rq" open>')), [false, true]);
});

Deno.test("requirementsLink() sums up", () => {
  assertStringIncludes(
    requirementsLink(RUN).text,
    '<a href="#requirements">3 requirements</a>: 1 failed, 1 not chosen, 1 without a case',
  );
});

Deno.test("html() of 1,000 failed cases and 500 clauses stays under 5 MB", () => {
  const text = "What a server owes, in a sentence of ordinary length, as there are many. ".repeat(
    3,
  );
  const clauses = Array.from({ length: 500 }, (_, i) => ({
    ...caseResult("x/y").clause,
    id: `clause-${i}`,
    section: `Section ${i % 40}`,
    text,
    note: text,
  }));
  const results = Array.from(
    { length: 1000 },
    (_, i) => caseResult(`s${i % 20}/c${i}`, { verdict: "fail", clause: clauses[i % 400]! }),
  );
  const page = html({ ...RUN, info: { ...INFO, clauses }, results });
  assert(page.length < 5_000_000, `${page.length} bytes`);
});
