import { assertEquals } from "@std/assert";
import { decodeEntry, entryWindow, hexDump } from "./decode_entry.ts";
import { message, TRANSCRIPT } from "./testdata/sample_run.ts";

Deno.test("decodeEntry() names message, load and fields", () => {
  const { summary, load, at, fields } = decodeEntry(TRANSCRIPT[2]!);
  assertEquals(summary, "DMA_MAP command");
  assertEquals(load, "48 bytes, 1 descriptor (memory file of 4096 bytes)");
  assertEquals(at, "0.42 ms");
  assertEquals(fields.at(-1), { name: "size", offset: 40, size: 8, text: "4096 (0x1000)" });
});

Deno.test("decodeEntry() takes several messages apart", () => {
  const one = message("sent", 1, { command: 13 });
  const { summary, fields } = decodeEntry({ ...one, hex: one.hex + one.hex + "07", size: 33 });
  assertEquals(summary, "DEVICE_RESET command; DEVICE_RESET command; 1 bytes of a header");
  assertEquals(fields.map((field) => field.offset), [0, 2, 4, 8, 12, 16, 18, 20, 24, 28, 32]);
});

Deno.test("decodeEntry() survives nonsense", () => {
  const entry = { kind: "received", atMs: 0, size: 0, fdCount: 0, text: "" } as const;
  assertEquals(decodeEntry({ ...entry, hex: "" }).summary, "no bytes");
  assertEquals(decodeEntry({ ...entry, hex: "zz0" }).summary, "no bytes");
  assertEquals(decodeEntry({ ...entry, hex: "ff".repeat(64) }).fields.length, 6);
});

Deno.test("hexDump() shows 16 bytes a line", () => {
  assertEquals(
    hexDump(new TextEncoder().encode("0123456789abcdef\0")),
    "0000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef\n" +
      `0010  00${" ".repeat(46)}  .`,
  );
});

Deno.test("entryWindow() keeps the entry that matters in sight", () => {
  assertEquals(entryWindow(5, 10), { from: 0, to: 5 });
  assertEquals(entryWindow(100, 10), { from: 90, to: 100 });
  assertEquals(entryWindow(100, 10, 50), { from: 43, to: 53 });
  assertEquals(entryWindow(100, 10, 2), { from: 0, to: 10 });
});
