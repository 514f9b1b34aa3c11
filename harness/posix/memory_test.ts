import { assert, assertEquals, assertThrows } from "@std/assert";
import { Errno } from "../wire/errno.ts";
import { preadFd, pwriteFd } from "./file_io.ts";
import { libc, SystemError } from "./libc.ts";
import { Mapping, memoryFile, truncate } from "./memory.ts";
import { openDescriptors } from "./open_descriptors.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

const PAGE = 4096;

function errnoOf(fn: () => unknown): number {
  return assertThrows(fn, SystemError).errno;
}

Deno.test("memoryFile() cannot shrink, but may grow", () => {
  using memory = memoryFile(2 * PAGE);
  const error = assertThrows(() => truncate(memory, PAGE), SystemError);
  assertEquals(error.message, `Cannot set the size of descriptor ${memory.number} to 4096: EPERM`);
  truncate(memory, 3 * PAGE);
  assertEquals(preadFd(memory, 0n, 4 * PAGE).length, 3 * PAGE);
});

Deno.test("memoryFile() without a seal can shrink", () => {
  using memory = memoryFile(2 * PAGE, { sealShrink: false });
  truncate(memory, PAGE);
  assertEquals(preadFd(memory, 0n, 4 * PAGE).length, PAGE);
});

Deno.test("memoryFile() that is read-only is read and mapped, not written", () => {
  using memory = memoryFile(PAGE, { readOnly: true });
  assertEquals(preadFd(memory, 0n, 4), new Uint8Array(4));
  assertEquals(errnoOf(() => pwriteFd(memory, 0n, Uint8Array.of(1))), Errno.EBADF);
  assertEquals(errnoOf(() => Mapping.map(memory, { size: PAGE, write: true })), Errno.EACCES);
  using mapping = Mapping.map(memory, { size: PAGE });
  assertEquals(mapping.bytes[0], 0);
  assertEquals(errnoOf(() => mapping.write(0, Uint8Array.of(1))), Errno.EFAULT);
});

Deno.test("memoryFile() of a size that cannot be leaks nothing", () => {
  const before = openDescriptors();
  assertEquals(errnoOf(() => memoryFile(-1)), Errno.EINVAL);
  assertEquals(openDescriptors(), before);
});

Deno.test("preadFd() and pwriteFd() keep to their place", () => {
  using memory = memoryFile(PAGE);
  assertEquals(pwriteFd(memory, 100n, Uint8Array.of(1, 2, 3)), 3);
  assertEquals(preadFd(memory, 99n, 5), Uint8Array.of(0, 1, 2, 3, 0));
  assertEquals(preadFd(memory, BigInt(PAGE), 5).length, 0);
});

Deno.test("Mapping shares memory both ways", () => {
  using memory = memoryFile(2 * PAGE);
  using ours = Mapping.map(memory, { size: 2 * PAGE, write: true });
  using theirs = Mapping.map(memory, { offset: BigInt(PAGE), size: PAGE, write: true });
  ours.bytes[PAGE + 5] = 7;
  assertEquals(theirs.read(5, 1), Uint8Array.of(7));
  theirs.write(6, Uint8Array.of(8, 9));
  assertEquals(ours.bytes.slice(PAGE + 5, PAGE + 8), Uint8Array.of(7, 8, 9));
  assertEquals(preadFd(memory, BigInt(PAGE + 5), 3), Uint8Array.of(7, 8, 9));
});

Deno.test("Mapping copies more than a pipe holds", () => {
  const size = 5 * 64 * 1024 + 17;
  using memory = memoryFile(size);
  using mapping = Mapping.map(memory, { size, write: true });
  const pattern = Uint8Array.from({ length: size }, (_, index) => index * 7 + (index >> 8));
  mapping.write(0, pattern);
  assertEquals(mapping.bytes, pattern);
  assertEquals(mapping.read(0, size), pattern);
  assertEquals(mapping.read(3, 0).length, 0);
});

Deno.test("Mapping survives pages that are gone", () => {
  const before = openDescriptors();
  {
    using memory = memoryFile(2 * PAGE, { sealShrink: false });
    using mapping = Mapping.map(memory, { size: 2 * PAGE, write: true });
    mapping.write(0, Uint8Array.of(1));
    truncate(memory, PAGE);
    assertEquals(mapping.read(0, 1), Uint8Array.of(1));
    const error = assertThrows(() => mapping.read(0, 2 * PAGE), SystemError);
    assertEquals(
      error.message,
      "Cannot read 8192 bytes at 0 of a mapping: EFAULT (the mapped file has no such page)",
    );
    assertEquals(errnoOf(() => mapping.read(PAGE, 1)), Errno.EFAULT);
    assertEquals(errnoOf(() => mapping.write(PAGE, Uint8Array.of(1))), Errno.EFAULT);
    truncate(memory, 2 * PAGE);
    assertEquals(mapping.read(PAGE, 1), Uint8Array.of(0));
  }
  assertEquals(openDescriptors(), before);
});

Deno.test("Mapping without permissions cannot be read or written", () => {
  using memory = memoryFile(PAGE);
  using mapping = Mapping.map(memory, { size: PAGE, read: false });
  assertEquals(errnoOf(() => mapping.read(0, 1)), Errno.EFAULT);
  assertEquals(errnoOf(() => mapping.write(0, Uint8Array.of(1))), Errno.EFAULT);
});

Deno.test("Mapping.map() says what it cannot map", () => {
  using memory = memoryFile(PAGE);
  const error = assertThrows(() => Mapping.map(memory, { offset: 1n, size: PAGE }), SystemError);
  const { number } = memory;
  assertEquals(error.message, `Cannot map 4096 bytes at 1 of descriptor ${number}: EINVAL`);
  assertEquals(errnoOf(() => Mapping.map(memory, { size: 0 })), Errno.EINVAL);
});

Deno.test("Mapping keeps within its bounds", () => {
  using memory = memoryFile(2 * PAGE);
  using mapping = Mapping.map(memory, { size: PAGE, write: true });
  assertThrows(() => mapping.read(PAGE, 1), RangeError, "it has 4096 bytes");
  assertThrows(() => mapping.read(-1, 1), RangeError);
  assertThrows(() => mapping.write(PAGE - 1, new Uint8Array(2)), RangeError);
});

Deno.test("Mapping empties its views when disposed", () => {
  using memory = memoryFile(PAGE);
  const mapping = Mapping.map(memory, { size: PAGE });
  const { bytes } = mapping;
  const part = bytes.subarray(8, 16);
  mapping[Symbol.dispose]();
  mapping[Symbol.dispose]();
  assertEquals([bytes.length, part.length], [0, 0]);
  assertThrows(() => mapping.bytes, Deno.errors.BadResource);
  assertThrows(() => mapping.read(0, 1), Deno.errors.BadResource);
  assert(!memory.closed);
});
