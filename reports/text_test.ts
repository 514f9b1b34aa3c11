import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { reproduceCommand, shellQuote } from "./reproduce.ts";
import { INFO } from "./testdata/sample_run.ts";
import { bounded, durationText, oneLine, visible } from "./text.ts";

Deno.test("visible() spells out what cannot be printed", () => {
  assertEquals(visible("\x1b[1m\x00\x7f\x85"), "\\x1b[1m\\x00\\x7f\\x85");
  assertEquals(visible("a\r\nb\tc\rd"), "a\nb\tc\\x0dd");
  assertEquals(visible("\ud800 \u202e\ufffe\u{1f600}"), "\\ud800 \\u202e\\ufffe\u{1f600}");
});

Deno.test("visible() leaves alone what it made", () => {
  const once = visible("\x1b\ud800\r\n");
  assertEquals(visible(once), once);
});

Deno.test("oneLine() joins lines and cuts", () => {
  assertEquals(oneLine(" a\n\tb  c "), "a b c");
  assertEquals(oneLine("x".repeat(600)).length, 500);
  assert(oneLine("x".repeat(1e6), 10).endsWith("…"));
  assertEquals(oneLine("abc\u{1f600}def", 5), "abc…");
});

Deno.test("bounded() keeps head and tail", () => {
  assertEquals(bounded("short", 10), "short");
  const text = bounded(`begin ${"\x00".repeat(1e6)} end`, 1000);
  assertStringIncludes(text, `\n… ${1e6 + 10 - 1000} characters left out …\n`);
  assert(text.length < 4100);
  assert(text.startsWith("begin ") && text.endsWith(" end"));
});

Deno.test("durationText() chooses the unit", () => {
  assertEquals(
    [0, 0.123, 12.3, 3400, 125_000].map(durationText),
    ["0 ms", "0.12 ms", "12 ms", "3.4 s", "2 min 5 s"],
  );
});

Deno.test("shellQuote() quotes only where a shell asks for it", () => {
  assertEquals(shellQuote("--socket-path={socket}"), "--socket-path={socket}");
  assertEquals(shellQuote(""), "''");
  assertEquals(shellQuote("it's $HOME"), `'it'\\''s $HOME'`);
  assertEquals(shellQuote("a\n'b\\"), "$'a\\x0a\\x27b\\x5c'");
});

Deno.test("reproduceCommand() puts the case before the server's command line", () => {
  assertEquals(
    reproduceCommand(INFO, ["a/b"]),
    "deno task conformance --timeout 2000 a/b -- ./build/samples/server -v --socket-path={socket}",
  );
  assertEquals(
    reproduceCommand({ ...INFO, reproduce: ["--attach", "/tmp/my socket"] }, ["a/b", "c/d"]),
    "deno task conformance --attach '/tmp/my socket' a/b c/d",
  );
});
