import { assertEquals, assertThrows } from "@std/assert";
import { splitWords } from "./split_words.ts";
import { claimsConventions, fillIn, withConventionWords, withPlaceholder } from "./target.ts";

Deno.test("withPlaceholder() adds the convention only where no placeholder stands", () => {
  assertEquals(withPlaceholder(["s"], false), ["s", "--socket-path={socket}"]);
  assertEquals(withPlaceholder(["s", "-p{socket}"], false), ["s", "-p{socket}"]);
  assertEquals(withPlaceholder(["s"], true), ["s", "--fd={fd}"]);
  assertEquals(withPlaceholder(["s", "{fd}"], true), ["s", "{fd}"]);
});

Deno.test("fillIn() replaces every occurrence", () => {
  assertEquals(fillIn(["{socket}:{socket}", "{fd}"], { socket: "/a $& b", fd: 5 }), [
    "/a $& b:/a $& b",
    "5",
  ]);
});

const CLAIMS: readonly [argv: string[], withOthers: string[] | undefined][] = [
  [["s", "--socket-path={socket}", "-v"], ["s", "--fd=3", "-v"]],
  [["s", "--socket-path", "{socket}"], ["s", "--fd=3"]],
  [["s", "--fd={fd}"], ["s", "--fd=3"]],
  [["s", "{socket}"], undefined],
  [["s", "--socket={socket}"], undefined],
];

for (const [argv, withOthers] of CLAIMS) {
  Deno.test(`claimsConventions() knows them in ${argv.join(" ")}`, () => {
    assertEquals(claimsConventions({ kind: "command", argv }), withOthers !== undefined);
    if (withOthers !== undefined) assertEquals(withConventionWords(argv, ["--fd=3"]), withOthers);
  });
}

Deno.test("claimsConventions() says no for a server that the user started", () => {
  assertEquals(claimsConventions({ kind: "attach", path: "/tmp/s" }), false);
});

const LINES: readonly [line: string, words: string[]][] = [
  ["a b  c", ["a", "b", "c"]],
  [` 'a b' "c d" e\\ f `, ["a b", "c d", "e f"]],
  [`a'b'"c"`, ["abc"]],
  [`'' ""`, ["", ""]],
  [`"a\\"b" 'a\\b'`, [`a"b`, "a\\b"]],
  ["", []],
];

for (const [line, words] of LINES) {
  Deno.test(`splitWords() splits ${JSON.stringify(line)}`, () => {
    assertEquals(splitWords(line), words);
  });
}

Deno.test("splitWords() refuses a quote that is never closed", () => {
  assertThrows(() => splitWords(`a 'b`), SyntaxError, "never closed");
});
