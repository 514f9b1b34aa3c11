import { assertEquals, assertThrows } from "@std/assert";
import { struct, u16, u32, u64 } from "./struct.ts";

const Sample = struct({ a: u16, b: u16, c: u32, d: u64 });

Deno.test("struct() encodes in the byte order of the host", () => {
  const host = new Uint8Array(Uint32Array.of(0x01020304).buffer);
  assertEquals(Sample.encode({ c: 0x01020304 }).subarray(4, 8), host);
});

Deno.test("struct() leaves fields that are not given at 0", () => {
  assertEquals(Sample.decode(Sample.encode({ b: 7 })), { a: 0, b: 7, c: 0, d: 0n });
});

Deno.test("struct() decodes at an offset, in a view of a larger buffer", () => {
  const bytes = new Uint8Array(64);
  bytes.set(Sample.encode({ a: 1, b: 2, c: 3, d: 4n }), 13);
  assertEquals(Sample.decode(bytes.subarray(3), 10), { a: 1, b: 2, c: 3, d: 4n });
});

Deno.test("struct() refuses values that do not fit, and bytes that are too few", () => {
  assertThrows(() => Sample.encode({ a: 0x1_0000 }), RangeError, "Cannot encode field a");
  assertThrows(() => Sample.encode({ c: -1 }), RangeError, "Cannot encode field c");
  assertThrows(() => Sample.decode(new Uint8Array(15)), RangeError, "only 15 are there");
});
