import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { micromark } from "npm:micromark@4.0.3";
import { gfm, gfmHtml } from "npm:micromark-extension-gfm@3.0.0";
import { markdown } from "./markdown.ts";
import { CUT_RUN, FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { caseResult, failure, RUN } from "./testdata/sample_run.ts";

/** As GitHub renders it, before it makes mentions and the like of text outside of code. */
function rendered(text: string): string {
  return micromark(text, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
}

Deno.test("markdown() says the verdict, the counts and each failure", () => {
  const text = markdown(FULL_RUN);
  for (
    const part of [
      "## vfio-user conformance: ` sample server `\n",
      "**NOT conformant: 4 failed, 1 unexpected pass, 1 error, 2 passed,",
      "| ✗ failed | 4 |\n| ‼ unexpected pass | 1 |\n",
      "| all | 13 |\n",
      "- ` The list of expected failures names no case with no-such/* `\n",
      "<summary>✗ failed <code>dma-map/many</code>: <code>the server was ended by SIGSEGV</code>",
      "` must `, ` DMA_MAP `: ` A range that overlaps one that is mapped is refused with EEXIST. `",
      "<code>flaky: failed 1 of 5: Expected error EEXIST",
      "### Warnings\n\n- ` dma-map/odd-flags ` (` may `: ",
      "### Not played\n\n- 1: ` the device has no migration `\n",
    ]
  ) assertStringIncludes(text, part);
  assertStringIncludes(markdown(CUT_RUN), "- ` The run was cut off after 60 s, as --max-time asks");
});

Deno.test("markdown() of a run becomes headings, a table and folded details", () => {
  const html = rendered(markdown(FULL_RUN));
  const count = (tag: string) => html.split(`<${tag}>`).length - 1;
  assertEquals([count("h2"), count("h3"), count("table"), count("details")], [1, 3, 1, 6]);
  assertEquals(count("pre"), 6);
});

const TAGS = new Set(
  "h2 h3 p ul li code pre strong table thead tbody tr th td details summary".split(" "),
);

Deno.test("nothing that comes from outside becomes markup, a link, an image or a mention", () => {
  const html = rendered(markdown(HOSTILE_RUN));
  assertEquals(html.match(/<code/g)!.length, html.match(/<\/code>/g)!.length);
  for (const [, name, attributes] of html.matchAll(/<\/?([a-z0-9]+)([^>]*)>/gi)) {
    assert(TAGS.has(name!), `Unexpected tag ${name}`);
    assert(/^( class="language-text"| align="right")?$/.test(attributes!), attributes);
  }
  const outside = html.replace(/<code[^>]*>[^<]*<\/code>/g, "");
  assertEquals(outside.match(/forged|octocat|example|javascript|alert|#1|@|red/), null);
  assertStringIncludes(html, "@octocat");
});

Deno.test("markdown() stays below its limit, and says what it left out", () => {
  const results = Array.from(
    { length: 1000 },
    (_, i) => caseResult(`a/${i}`, { verdict: "fail", failure: failure("leak", "x".repeat(500)) }),
  );
  const text = markdown({ ...RUN, results });
  assert(text.length <= 65_000);
  const shown = text.split("\n- ` a/").length - 1;
  assert(shown > 50);
  assertStringIncludes(text, `**Left out here for want of room: ${1000 - shown} failures. The`);
  const { info } = RUN;
  const warned = { ...RUN, results, info: { ...info, levels: [] } };
  for (let maxLength = 1000; maxLength < 2000; maxLength += 90) {
    const short = markdown({ ...warned, results: results.slice(0, 30) }, { maxLength });
    assert(short.length <= maxLength, `${short.length} of ${maxLength}`);
    assertStringIncludes(short, " warnings. The other reports have them.**");
  }
  const [few, some, many] = [results.slice(0, 9), results.slice(0, 60), results]
    .map((some) => markdown({ ...RUN, results: some }).split("<details>").length - 1);
  assertEquals([few, some, many], [9, 4, 0]);
  for (const maxLength of [2000, 4000]) {
    const short = markdown(HOSTILE_RUN, { maxLength });
    assert(short.length <= maxLength, `${short.length}`);
    assertStringIncludes(short, "Left out here for want of room: ");
  }
});
