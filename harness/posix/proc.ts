import { openFile } from "./fd.ts";
import { cString, libc, unwrap } from "./libc.ts";

// The runtime opens /proc only to programs that may do everything. Those that may call the C library need not be such.

const AT_FDCWD = -100;
const STATX_INO = 0x100;
const STATX_SIZE = 0x200;
/** Offsets in `struct linux_dirent64`. */
const DIRENT = { reclen: 16, name: 19 } as const;
/** Size of `struct statx`, and offsets in it; the same on every machine. */
const STATX = { size: 256, inode: 32, fileSize: 40, deviceMajor: 136, deviceMinor: 140 } as const;

const buffer = new Uint8Array(64 * 1024);
const decoder = new TextDecoder();

/** What tells one file from all others. */
export interface FileIdentity {
  readonly device: string;
  readonly inode: bigint;
}

/**
 * Reads a text file, such as `/proc/net/unix`.
 *
 * @throws {SystemError} Such as ENOENT, and ESRCH for a process that has ended.
 */
export function readText(path: string): string {
  const text = new TextDecoder();
  let content = "";
  for (const piece of pieces(path)) content += text.decode(piece, { stream: true });
  return content + text.decode();
}

/**
 * Reads a file, such as `/proc/self/environ`.
 *
 * @throws {SystemError} Such as ENOENT.
 */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...pieces(path)].flatMap((piece) => [...piece]));
}

/** Each valid until the next. */
function* pieces(path: string): Generator<Uint8Array> {
  using file = openFile(path);
  while (true) {
    const read = libc().read(file.number, buffer, BigInt(buffer.byteLength));
    const count = unwrap(`read ${path}`, "read", read);
    if (count === 0) return;
    yield buffer.subarray(0, count);
  }
}

/**
 * The names in a folder, such as `/proc/self/fd`.
 *
 * @throws {SystemError} Such as ENOENT.
 */
export function namesIn(path: string): string[] {
  using folder = openFile(path);
  const names: string[] = [];
  const view = new DataView(buffer.buffer);
  while (true) {
    const size = libc().getdents64(folder.number, buffer, BigInt(buffer.byteLength));
    if (unwrap(`list ${path}`, "getdents64", size) === 0) break;
    for (let at = 0; at < size; at += view.getUint16(at + DIRENT.reclen, true)) {
      const end = buffer.indexOf(0, at + DIRENT.name);
      names.push(decoder.decode(buffer.subarray(at + DIRENT.name, end)));
    }
  }
  return names.filter((name) => name !== "." && name !== "..");
}

/**
 * What a link points to: for `/proc/self/fd/3`, what the descriptor is of.
 *
 * @throws {SystemError} Such as ENOENT.
 */
export function linkTarget(path: string): string {
  const name = cString(path);
  const count = libc().readlink(name, buffer, BigInt(buffer.byteLength));
  return decoder.decode(buffer.subarray(0, unwrap(`read the link ${path}`, "readlink", count)));
}

/**
 * Which file a path leads to; also for `/proc/PID/fd/N`.
 *
 * @throws {SystemError} Such as ENOENT.
 */
export function fileIdentity(path: string): FileIdentity {
  const view = statx(path, STATX_INO);
  const [major, minor] = [STATX.deviceMajor, STATX.deviceMinor].map((at) =>
    view.getUint32(at, true)
  );
  return { device: `${major}:${minor}`, inode: view.getBigUint64(STATX.inode, true) };
}

/**
 * Bytes of the file that a path leads to; also for `/proc/PID/fd/N`.
 *
 * @throws {SystemError} Such as ENOENT.
 */
export function fileSize(path: string): bigint {
  return statx(path, STATX_SIZE).getBigUint64(STATX.fileSize, true);
}

function statx(path: string, mask: number): DataView {
  const name = cString(path);
  const bytes = new Uint8Array(STATX.size);
  unwrap(`look at ${path}`, "statx", libc().statx(AT_FDCWD, name, 0, mask, bytes));
  return new DataView(bytes.buffer);
}
