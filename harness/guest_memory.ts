import type { Fd } from "./posix/fd.ts";
import { preadFd, pwriteFd } from "./posix/file_io.ts";
import { SystemError } from "./posix/libc.ts";
import { Command } from "./wire/constants.ts";
import { DmaMap, DmaUnmap } from "./wire/messages.ts";

/** Anonymous guest memory is kept only up to this size: rows map far more than they look at. */
const MAX_ANONYMOUS = 16 << 20;
/** What is read at once: more than any message may carry. */
const MAX_READ = 2 << 20;

interface GuestRange {
  readonly address: bigint;
  readonly size: bigint;
  readonly file?: { readonly fd: Fd; readonly offset: bigint };
  bytes?: Uint8Array;
}

/** The client's memory as its DMA_MAPs lay it out: what server-to-client DMA reads and writes. */
export class GuestMemory {
  #ranges: GuestRange[] = [];
  /** Of connections that are gone: rows may still look at them. */
  #earlier: GuestRange[] = [];

  /** Follows a command of ours: a map adds a range, an unmap of the same range takes it away. */
  follow(command: number, payload: Uint8Array, fds: readonly Fd[]): void {
    if (command === Command.DMA_MAP && payload.byteLength >= DmaMap.size) {
      const { address, size, offset } = DmaMap.decode(payload);
      const fd = fds[0];
      this.#ranges.push({ address, size, ...(fd === undefined ? {} : { file: { fd, offset } }) });
    } else if (command === Command.DMA_UNMAP && payload.byteLength >= DmaUnmap.size) {
      const { address, size } = DmaUnmap.decode(payload);
      const at = this.#ranges.findIndex((r) => r.address === address && r.size === size);
      if (at >= 0) this.#ranges.splice(at, 1);
    }
  }

  /** The connection is gone, and its maps with it. */
  leave(): void {
    this.#earlier = [...this.#ranges, ...this.#earlier];
    this.#ranges = [];
  }

  /** Bytes at a guest address, or nothing where the guest has no memory. */
  read(address: bigint, count: number): Uint8Array | undefined {
    if (count > MAX_READ) return undefined;
    const bytes = new Uint8Array(count);
    for (const { range, from, at, size } of this.#pieces(address, count)) {
      const part = range && readRange(range, from, size);
      if (part === undefined) return undefined;
      bytes.set(part, at);
    }
    return bytes;
  }

  /** Writes at a guest address; false where the guest has no memory. */
  write(address: bigint, bytes: Uint8Array): boolean {
    for (const { range, from, at, size } of this.#pieces(address, bytes.byteLength)) {
      if (range === undefined) return false;
      if (!writeRange(range, from, bytes.subarray(at, at + size))) return false;
    }
    return true;
  }

  /** A stretch of memory, cut where one range ends and the next begins. */
  *#pieces(start: bigint, count: number) {
    for (let at = 0; at < count;) {
      const address = start + BigInt(at);
      const range = this.#find(address);
      const from = range === undefined ? 0n : address - range.address;
      const left = range === undefined ? count - at : range.size - from;
      const size = left < count - at ? Number(left) : count - at;
      yield { range, from, at, size };
      at += size;
    }
  }

  #find(address: bigint): GuestRange | undefined {
    const holds = (range: GuestRange) =>
      address >= range.address && address < range.address + range.size;
    return this.#ranges.find(holds) ?? this.#earlier.find(holds);
  }
}

function readRange(range: GuestRange, from: bigint, size: number): Uint8Array | undefined {
  const { file } = range;
  if (file !== undefined) return whereReal(() => preadFd(file.fd, file.offset + from, size));
  return anonymous(range)?.slice(Number(from), Number(from) + size);
}

function writeRange(range: GuestRange, from: bigint, bytes: Uint8Array): boolean {
  if (range.file !== undefined) {
    const { fd, offset } = range.file;
    return whereReal(() => pwriteFd(fd, offset + from, bytes.slice())) === bytes.byteLength;
  }
  const memory = anonymous(range);
  memory?.set(bytes, Number(from));
  return memory !== undefined;
}

/** Rows map pipes and directories too: a server may take them, and finds no memory there. */
function whereReal<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

function anonymous(range: GuestRange): Uint8Array | undefined {
  if (range.size > MAX_ANONYMOUS) return undefined;
  return range.bytes ??= new Uint8Array(Number(range.size));
}
