import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { RunResult } from "../harness/results.ts";
import { compare } from "./compare.ts";
import { compareHtml } from "./compare_html.ts";
import { compareMarkdown } from "./compare_markdown.ts";
import { compareText } from "./compare_text.ts";
import { serversMatrix } from "./servers_matrix.ts";
import { matrixHtml } from "./servers_matrix_html.ts";
import { matrixMarkdown, matrixText } from "./servers_matrix_text.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { caseResult, INFO, RUN } from "./testdata/sample_run.ts";

/** As hostile as the hostile run, and all of it passed before. */
const BEFORE: RunResult = {
  ...HOSTILE_RUN,
  results: HOSTILE_RUN.results.map(({ failure: _failure, skip: _skip, ...result }) => ({
    ...result,
    verdict: "pass",
  })),
};

const THIRD: RunResult = { ...RUN, info: { ...INFO, label: "third | <b>`" } };
const COMPARISON = compare(BEFORE, HOSTILE_RUN);
const MATRIX = serversMatrix([BEFORE, HOSTILE_RUN, THIRD]);

for (
  const [name, page] of [["two runs", compareHtml(COMPARISON)], ["servers", matrixHtml(MATRIX)]]
) {
  Deno.test(`the page of ${name} lets nothing hostile through, and asks for nothing`, () => {
    const tags = page!.matchAll(/<\/?([a-z][a-z0-9]*)/gi).map(([, tag]) => tag!.toLowerCase());
    const own = "html head meta title style body header main section p h1 h2 span i table thead " +
      "tbody tr th td br small code dl dt dd details summary";
    assertEquals([...new Set(tags)].filter((tag) => !own.split(" ").includes(tag)), []);
    assertStringIncludes(page!, `content="default-src 'none'; style-src 'unsafe-inline'`);
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x08\x0b-\x1f\x7f]|\p{Cs}/u.test(page!));
    const attributes = page!.matchAll(/<[a-z][^>]*>/g)
      .flatMap(([tag]) => tag.matchAll(/\s([\w-]+)="/g)).map(([, name]) => name!);
    const known = "lang charset http-equiv content name class scope aria-hidden";
    assertEquals([...new Set(attributes)].filter((one) => !known.split(" ").includes(one)), []);
  });
}

for (
  const [name, text] of [["two runs", compareText(COMPARISON)], ["servers", matrixText(MATRIX)]]
) {
  Deno.test(`the text of ${name} has no control characters`, () => {
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x09\x0b-\x1f\x7f]|\p{Cs}/u.test(text!));
  });
}

Deno.test("Markdown of hostile runs has no markup but its own, and every row all columns", () => {
  for (const text of [compareMarkdown(COMPARISON), matrixMarkdown(MATRIX)]) {
    assert(!/(?<!\\)[<`[]/.test(text), text);
    assert(!/@(?!\u200b)/.test(text));
    for (const table of text.split("\n\n").filter((block) => block.startsWith("|"))) {
      const columns = table.split("\n").map((row) => row.split(/(?<!\\)\|/).length);
      assertEquals(new Set(columns).size, 1);
    }
  }
});

Deno.test("a long list of changes in Markdown is cut, and says how much", () => {
  const results = Array.from({ length: 60 }, (_, i) => caseResult(`x/${i}`));
  const text = compareMarkdown(compare({ ...RUN, results: [] }, { ...RUN, results }));
  assertStringIncludes(text, "### New: 60\n");
  assertStringIncludes(text, "\n… and 10 more\n");
  assertEquals(text.match(/^\| x\/\d+ /gm)?.length, 50);
});

Deno.test("the matrix counts what was judged, and lists where servers differ or fail", () => {
  const label = (label: string, results = RUN.results): RunResult => ({
    ...RUN,
    info: { ...INFO, label },
    results,
  });
  const good = RUN.results.map((result) => caseResult(result.id, { suite: result.suite }));
  const lines = matrixText(serversMatrix([
    label("first"),
    label("second", good),
    label("third", good.slice(0, 2)),
  ])).split("\n");
  assertEquals(lines.slice(1, 4), ["  1: first", "  2: second", "  3: third"]);
  const row = (start: string) =>
    lines.filter((line) => line.startsWith(`${start} `)).map((line) => line.split(/ {2,}/));
  assertEquals(row("version"), [["version", "2 of 2 passed", "2 of 2 passed", "2 of 2 passed"]]);
  assertEquals(row("dma-map"), [["dma-map", "0 of 3 passed", "4 of 4 passed", "not judged"]]);
  assertEquals(row("dma-map/odd-flags"), [
    ["dma-map/odd-flags", "▲ warning", "✓ passed", "not there"],
  ]);
  assertEquals(row("version/plain"), []);
  assertMatch(lines.at(-2)!, /^2 of 8 cases have the same verdict/);
});

Deno.test("columns of the matrix have different names, also for the same server", () => {
  assertEquals(serversMatrix([RUN, THIRD]).names, ["sample server", "third | <b>`"]);
  assertEquals(serversMatrix([RUN, RUN]).names, [
    "1: sample server, suite 0.1.0, 2026-11-03 14:05 UTC",
    "2: sample server, suite 0.1.0, 2026-11-03 14:05 UTC",
  ]);
});

Deno.test("the matrix says where runs were judged otherwise", () => {
  const other = { ...THIRD, info: { ...THIRD.info, levels: ["must"] as const }, complete: false };
  assertEquals(serversMatrix([RUN, other]).remarks, [
    "The levels differ: sample server must and robust; third | <b>` must",
    "The run of third | <b>` was cut off",
  ]);
});
