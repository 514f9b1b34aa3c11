import { Errno } from "../wire/errno.ts";
import { Fd, openFile, pipe } from "./fd.ts";
import { cString, lastErrno, libc, SystemError, unwrap } from "./libc.ts";

/** MFD_CLOEXEC | MFD_ALLOW_SEALING. */
const SEALABLE = 1 | 2;
const F_ADD_SEALS = 1033;
const F_SEAL_SHRINK = 2;
const PROT = { READ: 1, WRITE: 2 } as const;
const MAP = { SHARED: 0x01, PRIVATE: 0x02, ANONYMOUS: 0x20 } as const;
const MAP_FAILED = 2n ** 64n - 1n;
const PIECE = 64 * 1024;

/** Options of {@linkcode memoryFile}. */
export interface MemoryFileOptions {
  /**
   * Whether the file can never be made smaller.
   *
   * @default {true}
   */
  readonly sealShrink?: boolean;
  /**
   * Whether the descriptor can only be read, and mapped for reading.
   *
   * @default {false}
   */
  readonly readOnly?: boolean;
}

/**
 * Makes a file of zeroes that lives in memory (memfd), close-on-exec.
 *
 * @param size Its size in bytes.
 * @throws {SystemError} Such as EMFILE.
 */
export function memoryFile(size: number, options: MemoryFileOptions = {}): Fd {
  const what = `make a memory file of ${size} bytes`;
  const name = cString("vfio-user-memory");
  using file = new Fd(unwrap(what, "memfd_create", libc().memfd_create(name, SEALABLE)));
  truncate(file, size);
  if (options.sealShrink !== false) {
    unwrap(what, "fcntl", libc().fcntl(file.number, F_ADD_SEALS, F_SEAL_SHRINK));
  }
  return options.readOnly ? openFile(`/proc/self/fd/${file.number}`) : new Fd(file.release());
}

/**
 * Sets the size of a file.
 *
 * @param size Its new size in bytes.
 * @throws {SystemError} EPERM, when a seal forbids it.
 */
export function truncate(fd: Fd, size: number): void {
  const what = `set the size of descriptor ${fd.number} to ${size}`;
  unwrap(what, "ftruncate", libc().ftruncate(fd.number, BigInt(size)));
}

/** Options of {@linkcode Mapping.map}. */
export interface MappingOptions {
  /**
   * Where in the file it begins, in bytes; a multiple of the page size.
   *
   * @default {0n}
   */
  readonly offset?: bigint;
  /** How many bytes it has. */
  readonly size: number;
  /**
   * Whether it can be written.
   *
   * @default {false}
   */
  readonly write?: boolean;
  /**
   * Whether it can be read.
   *
   * @default {true}
   */
  readonly read?: boolean;
}

/** Memory mapped from a file, and shared with whoever else maps it; or memory of our own. */
export class Mapping implements Disposable {
  /** Its size in bytes. */
  readonly size: number;
  readonly #address: bigint;
  readonly #view: Uint8Array<ArrayBuffer>;
  #disposed = false;

  private constructor(address: bigint, size: number) {
    const pointer = Deno.UnsafePointer.create(address);
    if (pointer === null) throw new Error("Cannot map memory: the address is 0");
    this.size = size;
    this.#address = address;
    this.#view = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size));
  }

  /**
   * Maps a file, shared. The mapping holds the file itself: the descriptor may be closed.
   *
   * @throws {SystemError} Such as EACCES, or EINVAL for an offset within a page.
   */
  static map(fd: Fd, options: MappingOptions): Mapping {
    const { offset = 0n, size, write = false, read = true } = options;
    const protection = (read ? PROT.READ : 0) | (write ? PROT.WRITE : 0);
    const what = `map ${size} bytes at ${offset} of descriptor ${fd.number}`;
    return new Mapping(mmap(what, size, protection, MAP.SHARED, fd.number, offset), size);
  }

  /**
   * Memory of our own: zeroes, which take room only as far as they are touched.
   *
   * @throws {SystemError} Such as ENOMEM.
   */
  static anonymous(size: number): Mapping {
    const protection = PROT.READ | PROT.WRITE;
    const flags = MAP.PRIVATE | MAP.ANONYMOUS;
    return new Mapping(mmap(`map ${size} bytes`, size, protection, flags, -1, 0n), size);
  }

  /**
   * The memory itself. Only for files that we own and that cannot shrink: touching a page that is
   * gone kills the process. Becomes empty when the mapping is disposed.
   *
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (!this.#disposed) return this.#view;
    throw new Deno.errors.BadResource("Cannot use a mapping: disposed");
  }

  /**
   * Copies bytes out, through the kernel: a page that cannot be read is an error, not a signal.
   *
   * @param offset Where to begin, in bytes.
   * @param length How many bytes.
   * @throws {RangeError} If that is not within the mapping.
   * @throws {SystemError} EFAULT, if a page is gone or may not be read.
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const source = this.#range(offset, length);
    const target = new Uint8Array(length);
    copyThroughKernel(source, target, `read ${length} bytes at ${offset} of a mapping`);
    return target;
  }

  /**
   * Copies bytes in, through the kernel: a page that cannot be written is an error, not a signal.
   *
   * @param offset Where to begin, in bytes.
   * @param bytes What to write.
   * @throws {RangeError} If that is not within the mapping.
   * @throws {SystemError} EFAULT, if a page is gone or may not be written.
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  write(offset: number, bytes: Uint8Array): void {
    const target = this.#range(offset, bytes.length);
    copyThroughKernel(
      new Uint8Array(bytes),
      target,
      `write ${bytes.length} bytes at ${offset} of a mapping`,
    );
  }

  /** Unmaps the memory, once. Views of it become empty. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#view.buffer.transfer(0);
    unwrap("unmap memory", "munmap", libc().munmap(this.#address, BigInt(this.size)));
  }

  #range(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.bytes;
    if (offset >= 0 && length >= 0 && offset + length <= this.size) {
      return bytes.subarray(offset, offset + length);
    }
    const range = `${length} bytes at ${offset}`;
    throw new RangeError(`Cannot reach ${range} of a mapping: it has ${this.size} bytes`);
  }
}

function mmap(
  what: string,
  size: number,
  protection: number,
  flags: number,
  fd: number,
  offset: bigint,
): bigint {
  const address = libc().mmap(null, BigInt(size), protection, flags, fd, offset);
  const errno = lastErrno();
  if (address === MAP_FAILED) throw new SystemError(what, "mmap", errno);
  return address;
}

function copyThroughKernel(
  source: Uint8Array<ArrayBuffer>,
  target: Uint8Array<ArrayBuffer>,
  what: string,
): void {
  // Non-blocking, because the kernel may grant a pipe that holds less than a piece.
  const [readEnd, writeEnd] = pipe({ blocking: false });
  using output = readEnd;
  using input = writeEnd;
  for (let done = 0; done < source.length;) {
    const piece = source.subarray(done, done + PIECE);
    const taken = orGone(what, "write", libc().write(input.number, piece, BigInt(piece.length)));
    for (const end = done + taken; done < end;) {
      const rest = target.subarray(done, end);
      done += orGone(what, "read", libc().read(output.number, rest, BigInt(rest.length)));
    }
  }
}

/** As `unwrap`, and says what EFAULT means here. */
function orGone(what: string, call: string, result: number): number {
  const errno = lastErrno();
  if (result !== -1) return result;
  const gone = "the mapped file has no such page";
  throw new SystemError(what, call, errno, errno === Errno.EFAULT ? gone : undefined);
}
