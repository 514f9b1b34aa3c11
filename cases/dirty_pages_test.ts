import { assertEquals } from "@std/assert";
import { FeatureLoggingControl } from "../harness/wire/messages.ts";
import { bitmapSize, dirty, REPORT_HEAD } from "./dirty_pages.ts";

const RANGE = { address: 0x10_0000n, size: 0x8_0000n }; // 128 pages
const PAGE_70 = { address: 0x14_6ffen, count: 1 };

/** What is wrong with a report in which these bits are set. */
function judge(
  bits: readonly number[],
  demands = dirty(RANGE, [PAGE_70]),
  chosen = 4096n,
): string | undefined {
  const payload = new Uint8Array(REPORT_HEAD + 16);
  const words = new BigUint64Array(2);
  for (const bit of bits) words[bit >> 6]! |= 1n << BigInt(bit & 63);
  payload.set(new Uint8Array(words.buffer), REPORT_HEAD);
  const started = FeatureLoggingControl.encode({ pageSize: chosen });
  const reply = { command: 16, flags: 1, error: 0, msgSize: 0, fields: {}, fdCount: 0 };
  return demands.check!(
    { ...reply, payload, data: payload.subarray(8) },
    new Map([["started", started]]),
  );
}

Deno.test("dirty() names the page that was written and is clear", () => {
  assertEquals(judge([70]), undefined);
  assertEquals(judge([]), "page 70 clear");
});

Deno.test("dirty() names the page that is set and was not written", () => {
  assertEquals(judge([6, 70]), "page 6 set");
  assertEquals(judge([70, 71]), "page 71 set");
});

Deno.test("dirty() marks both pages of a write across their boundary", () => {
  const across = dirty(RANGE, [{ ...PAGE_70, count: 4 }]);
  assertEquals(judge([70, 71], across), undefined);
  assertEquals(judge([70], across), "page 71 clear");
});

Deno.test("dirty() permits the neighbours that share a larger page of the server's choice", () => {
  assertEquals(judge([68, 69, 70, 71], undefined, 16_384n), undefined);
  assertEquals(judge([67, 70], undefined, 16_384n), "page 67 set");
});

Deno.test("dirty() permits a clear page where the device wrote by a message", () => {
  const byMessage = [{ command: 12, msgId: 1, flags: 0, msgSize: 36, dataSize: 4 }].map((one) => ({
    ...one,
    socket: "main" as const,
  }));
  assertEquals(judge([], dirty(RANGE, [PAGE_70], { byMessage })), undefined);
});

Deno.test("dirty() permits no bits behind the range", () => {
  const part = { ...RANGE, size: 0x4_1000n }; // 65 pages
  assertEquals(judge([66], dirty(part, [{ ...PAGE_70, address: 0x14_2000n }])), "page 66 set");
  assertEquals(judge([64], dirty(part, [{ ...PAGE_70, address: 0x14_0000n }])), undefined);
});

Deno.test("bitmapSize() counts whole words", () => {
  const sizes = [1, 64, 65, 128].map((count) =>
    bitmapSize({ ...RANGE, size: BigInt(count * 4096) })
  );
  assertEquals(sizes, [8, 8, 16, 16]);
  assertEquals(bitmapSize({ ...RANGE, size: 4097n }), 8);
});
