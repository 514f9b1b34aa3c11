import type { Fd } from "./posix/fd.ts";
import { preadFd, pwriteFd } from "./posix/file_io.ts";
import { Command, HeaderFlag, MessageType } from "./wire/constants.ts";
import { Errno } from "./wire/errno.ts";
import { DmaAccess, DmaMap, DmaUnmap, Header } from "./wire/messages.ts";

/** Anonymous guest memory is kept only up to this size: rows map far more than they look at. */
const MAX_ANONYMOUS = 16 << 20;
const HEAD = Header.size + DmaAccess.size;

interface GuestRange {
  readonly address: bigint;
  readonly size: bigint;
  readonly file?: { readonly fd: Fd; readonly offset: bigint };
  bytes?: Uint8Array;
}

/** The client's memory as its DMA_MAPs lay it out: what server-to-client DMA reads and writes. */
export class GuestMemory {
  #ranges: GuestRange[] = [];

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

  /** Bytes at a guest address, or nothing where the guest has no memory. */
  read(address: bigint, count: number): Uint8Array | undefined {
    const range = this.#find(address, count);
    if (range === undefined) return undefined;
    const at = address - range.address;
    if (range.file !== undefined) return preadFd(range.file.fd, range.file.offset + at, count);
    return anonymous(range)?.slice(Number(at), Number(at) + count);
  }

  /** Writes at a guest address; false where the guest has no memory. */
  write(address: bigint, bytes: Uint8Array): boolean {
    const range = this.#find(address, bytes.byteLength);
    if (range === undefined) return false;
    const at = address - range.address;
    if (range.file !== undefined) {
      return pwriteFd(range.file.fd, range.file.offset + at, bytes.slice()) === bytes.byteLength;
    }
    const memory = anonymous(range);
    memory?.set(bytes, Number(at));
    return memory !== undefined;
  }

  /** The good client's answer to DMA_READ or DMA_WRITE of the server; any other command is refused. */
  answer(message: Uint8Array): Uint8Array {
    const { msgId, command } = Header.decode(message);
    const done = message.byteLength >= HEAD ? this.#access(command, message) : undefined;
    const payload = done ?? new Uint8Array();
    const header = Header.encode({
      msgId,
      command,
      msgSize: Header.size + payload.byteLength,
      flags: MessageType.REPLY | (done === undefined ? HeaderFlag.ERROR : 0),
      error: done === undefined ? Errno.EFAULT : 0,
    });
    const reply = new Uint8Array(header.byteLength + payload.byteLength);
    reply.set(header);
    reply.set(payload, header.byteLength);
    return reply;
  }

  #access(command: number, message: Uint8Array): Uint8Array | undefined {
    const { address, count } = DmaAccess.decode(message, Header.size);
    const head = message.slice(Header.size, HEAD);
    if (command === Command.DMA_WRITE) {
      const data = message.subarray(HEAD);
      return BigInt(data.byteLength) === count && this.write(address, data) ? head : undefined;
    }
    if (command !== Command.DMA_READ || count > MAX_ANONYMOUS) return undefined;
    const data = this.read(address, Number(count));
    if (data === undefined) return undefined;
    const payload = new Uint8Array(head.byteLength + data.byteLength);
    payload.set(head);
    payload.set(data, head.byteLength);
    return payload;
  }

  #find(address: bigint, count: number): GuestRange | undefined {
    return this.#ranges.find((range) =>
      address >= range.address && address + BigInt(count) <= range.address + range.size
    );
  }
}

function anonymous(range: GuestRange): Uint8Array | undefined {
  if (range.size > MAX_ANONYMOUS) return undefined;
  return range.bytes ??= new Uint8Array(Number(range.size));
}
