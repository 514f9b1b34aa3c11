import { assertEquals, assertThrows } from "@std/assert";
import { html } from "./html.ts";
import { jsonl, readJsonl } from "./jsonl.ts";
import { CUT_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { RESULTS, RUN } from "./testdata/sample_run.ts";

Deno.test("a run comes back from its lines as it was", () => {
  assertEquals(readJsonl(jsonl(RUN)), RUN);
  assertEquals(readJsonl(jsonl(CUT_RUN)), CUT_RUN);
  assertEquals(readJsonl(jsonl(HOSTILE_RUN)), HOSTILE_RUN);
  assertEquals(html(readJsonl(jsonl(RUN))), html(RUN));
});

Deno.test("jsonl() writes run, cases and end, one a line", () => {
  const lines = jsonl(RUN).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map((line) => line.type), ["run", ...RESULTS.map(() => "case"), "end"]);
  assertEquals(lines.at(-1).summary.total, RESULTS.length);
});

Deno.test("a stream that was cut off is read as far as it goes", () => {
  const text = jsonl(RUN);
  const cut = readJsonl(text.slice(0, text.indexOf('"dma-map/many"')));
  assertEquals(cut.complete, false);
  assertEquals(cut.results.map((result) => result.id), RESULTS.slice(0, 3).map(({ id }) => id));
  assertEquals(cut.durationMs, 11.234);
  assertEquals(readJsonl(text.trimEnd()), RUN);
});

Deno.test("what is no stream of results is refused", () => {
  assertThrows(() => readJsonl(""), SyntaxError, "has no run line");
  assertThrows(() => readJsonl("<xml>\n\n"), SyntaxError, "Line 1 is no result of a run");
  assertThrows(() => readJsonl("null\n"), SyntaxError, "Line 1 is no result of a run");
  assertThrows(() => readJsonl('{"type":"case"}\n'), SyntaxError, "Line 1 is no result of a run");
  const noNotes = jsonl(RUN).replace('"notes":["minor 1 was offered"],', "");
  assertThrows(() => readJsonl(noNotes), SyntaxError, "Line 2 is no result of a run");
});
