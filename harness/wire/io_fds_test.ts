import { assertEquals } from "@std/assert";
import { readSubRegions, subRegionStride } from "./io_fds.ts";
import { RegionIoFd, RegionIoFds } from "./messages.ts";

const HEAD = RegionIoFds.size;

function payload(stride: number, ...entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(HEAD + entries.length * stride);
  entries.forEach((entry, i) => bytes.set(entry, HEAD + i * stride));
  return bytes;
}

const one = { offset: 4n, size: 8n, fdIndex: 1, type: 0, flags: 1, padding: 0, datamatch: 7n };
const other = { offset: 64n, size: 0n, fdIndex: 0, type: 1, flags: 2, padding: 0, datamatch: 9n };

Deno.test("readSubRegions reads entries of 40 bytes", () => {
  const bytes = payload(40, RegionIoFd.encode(one), RegionIoFd.encode(other));
  assertEquals(readSubRegions(bytes, { argsz: 96, count: 2 }), [one, other]);
});

Deno.test("readSubRegions finds the datamatch of libvfio-user's entries of 48 bytes", () => {
  const bytes = payload(48, RegionIoFd.encode({ ...one, datamatch: 0n }));
  new DataView(bytes.buffer).setUint8(HEAD + 40, 7);
  const [entry] = readSubRegions(bytes, { argsz: 64, count: 1 });
  assertEquals(entry?.datamatch, 7n);
});

Deno.test("readSubRegions reads as many entries as are there", () => {
  const bytes = payload(40, RegionIoFd.encode(one));
  assertEquals(readSubRegions(bytes, { argsz: HEAD + 40 * 1000, count: 1000 }), [one]);
  assertEquals(readSubRegions(bytes.subarray(0, HEAD), { argsz: 56, count: 1 }), []);
});

Deno.test("readSubRegions reads nothing where the sizes make no sense", () => {
  assertEquals(subRegionStride(57, 2), 20.5);
  assertEquals(readSubRegions(payload(40, RegionIoFd.encode(one)), { argsz: 57, count: 2 }), []);
  assertEquals(readSubRegions(payload(40), { argsz: 16, count: 0 }), []);
  assertEquals(readSubRegions(payload(40), { argsz: 0, count: 0xffff_ffff }), []);
});
