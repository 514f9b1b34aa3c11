import type { Fd } from "./fd.ts";
import { libc, unwrap } from "./libc.ts";

/**
 * Reads from a place in a file, with `pread`.
 *
 * @param fd A file, memory file or device region.
 * @param offset Where to begin, in bytes.
 * @param length How many bytes at most.
 * @returns What was there: less than `length` at the end of the file.
 * @throws {SystemError} Such as EBADF for a descriptor that cannot be read.
 */
export function preadFd(fd: Fd, offset: bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const what = `read ${length} bytes at ${offset} of descriptor ${fd.number}`;
  const count = libc().pread(fd.number, bytes, BigInt(length), offset);
  return bytes.subarray(0, unwrap(what, "pread", count));
}

/**
 * Writes to a place in a file, with `pwrite`.
 *
 * @param fd A file, memory file or device region.
 * @param offset Where to begin, in bytes.
 * @param bytes What to write.
 * @returns How many bytes were written.
 * @throws {SystemError} Such as EBADF for a descriptor that cannot be written.
 */
export function pwriteFd(fd: Fd, offset: bigint, bytes: Uint8Array): number {
  const what = `write ${bytes.length} bytes at ${offset} of descriptor ${fd.number}`;
  const own = new Uint8Array(bytes);
  const count = libc().pwrite(fd.number, own, BigInt(bytes.length), offset);
  return unwrap(what, "pwrite", count);
}

/** What a pipe holds. */
const PIPE_SIZE = 64 * 1024;
let buffer: Uint8Array<ArrayBuffer> | undefined;

/**
 * Takes what is in a pipe that never makes a reader wait.
 *
 * @returns Bytes, valid until the next call; none at the end of the stream; nothing when there is nothing yet.
 */
export function readAvailable(fd: Fd): Uint8Array<ArrayBuffer> | undefined {
  buffer ??= new Uint8Array(PIPE_SIZE);
  const count = libc().read(fd.number, buffer, BigInt(buffer.byteLength));
  return count < 0 ? undefined : buffer.subarray(0, count);
}
