import { Errno } from "../wire/errno.ts";
import { Fd } from "./fd.ts";
import { lastErrno, libc, SystemError } from "./libc.ts";

/** The most descriptors that Linux takes in one message (SCM_MAX_FD). */
export const MAX_FDS = 253;

/** What one `send` did: bytes taken, at least one; or that nothing could be taken. */
export type SendResult = number | "would-block" | "closed";

/** What one `recvmsg` brought. */
export interface Received {
  /** Bytes, at least one. */
  readonly count: number;
  /** Descriptors that came with them, close-on-exec; the caller disposes of them. */
  readonly fds: Fd[];
  /** Descriptors were lost: our limit of open files is reached, or the kernel had more. */
  readonly truncated?: true;
}

/** What one `receive` did: bytes, nothing there yet, end of stream, or torn down by the peer. */
export type ReceiveResult = Received | "would-block" | "closed" | "reset";

const MSG = { CTRUNC: 0x8, DONTWAIT: 0x40, NOSIGNAL: 0x4000, CMSG_CLOEXEC: 0x40000000 } as const;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

// Layout: struct msghdr, struct iovec, control messages, then the bytes to send.
const IOVEC = 64;
const CONTROL = 80;
const CMSG_HEADER = 16;
const CONTROL_SIZE = CMSG_HEADER + align(4 * MAX_FDS);
const PAYLOAD = 4096;
/** A whole message of the largest size goes out in one call; pages are used only as far as messages reach. */
const PAYLOAD_SIZE = 2 * 1024 * 1024 + 4096;

/**
 * The structures of `sendmsg` and `recvmsg`, off the JavaScript heap where nothing moves. One serves
 * all sockets: the kernel is done with it when the synchronous call returns.
 */
class MessageIo {
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #payload: Uint8Array<ArrayBuffer>;
  readonly #pointer: Deno.PointerValue;
  readonly #address: number;

  constructor() {
    const memory = new ArrayBuffer(PAYLOAD + PAYLOAD_SIZE);
    this.#words = new Uint32Array(memory, 0, PAYLOAD / 4);
    this.#payload = new Uint8Array(memory, PAYLOAD);
    this.#pointer = Deno.UnsafePointer.of(this.#words);
    this.#address = addressOf(this.#words);
    this.#set64(16, this.#address + IOVEC);
    this.#set64(24, 1);
    this.#set64(32, this.#address + CONTROL);
  }

  send(socket: number, bytes: Uint8Array, fds: readonly Fd[]): number {
    const size = Math.min(bytes.length, PAYLOAD_SIZE);
    this.#payload.set(size === bytes.length ? bytes : bytes.subarray(0, size));
    this.#set64(IOVEC, this.#address + PAYLOAD);
    this.#set64(IOVEC + 8, size);
    this.#putFds(fds);
    const flags = MSG.DONTWAIT | MSG.NOSIGNAL;
    const count = libc().sendmsg(socket, this.#pointer, flags);
    return count < 0 ? -failure() : count;
  }

  receive(socket: number, address: number, length: number): number {
    this.#set64(IOVEC, address);
    this.#set64(IOVEC + 8, length);
    this.#set64(40, CONTROL_SIZE);
    const flags = MSG.DONTWAIT | MSG.CMSG_CLOEXEC;
    const count = libc().recvmsg(socket, this.#pointer, flags);
    return count < 0 ? -failure() : count;
  }

  get truncated(): boolean {
    return (this.#get32(48) & MSG.CTRUNC) !== 0;
  }

  takeFds(): Fd[] {
    const fds: Fd[] = [];
    const end = CONTROL + this.#get32(40);
    for (let at = CONTROL; at + CMSG_HEADER <= end;) {
      const size = this.#get32(at);
      if (this.#get32(at + 8) === SOL_SOCKET && this.#get32(at + 12) === SCM_RIGHTS) {
        for (let fd = at + CMSG_HEADER; fd < at + size; fd += 4) fds.push(new Fd(this.#get32(fd)));
      }
      at += align(size);
    }
    return fds;
  }

  #putFds(fds: readonly Fd[]): void {
    const size = CMSG_HEADER + 4 * fds.length;
    this.#set64(40, fds.length === 0 ? 0 : align(size));
    this.#set64(CONTROL, size);
    this.#words[(CONTROL + 8) / 4] = SOL_SOCKET;
    this.#words[(CONTROL + 12) / 4] = SCM_RIGHTS;
    for (let index = 0; index < fds.length; index++) {
      this.#words[(CONTROL + CMSG_HEADER) / 4 + index] = fds[index]!.number;
    }
  }

  #get32(offset: number): number {
    return this.#words[offset / 4]!;
  }

  #set64(offset: number, value: number): void {
    this.#words[offset / 4] = value;
    this.#words[offset / 4 + 1] = value / 2 ** 32;
  }
}

/** The error number of a call that failed; never 0, whatever became of it. */
function failure(): number {
  return lastErrno() || Errno.EIO;
}

let shared: MessageIo | undefined;

const SEND_OUTCOMES: Readonly<Record<number, "would-block" | "closed">> = {
  [Errno.EAGAIN]: "would-block",
  [Errno.EPIPE]: "closed",
  [Errno.ECONNRESET]: "closed",
};

const RECEIVE_OUTCOMES: Readonly<Record<number, "would-block" | "reset">> = {
  [Errno.EAGAIN]: "would-block",
  [Errno.ECONNRESET]: "reset",
};

/**
 * One non-blocking `sendmsg`.
 *
 * @param socket The number of the stream socket.
 * @param bytes What to send, at least one byte; at most 2 MiB and 4 KiB of it are taken.
 * @param fds Descriptors that go with the first byte, at most `MAX_FDS`.
 * @throws {RangeError} For no bytes, or too many descriptors.
 * @throws {SystemError} For any failure that `SendResult` does not name.
 */
export function sendMessage(socket: number, bytes: Uint8Array, fds: readonly Fd[]): SendResult {
  if (bytes.length === 0) throw new RangeError("Cannot send a message: it has no bytes");
  if (fds.length > MAX_FDS) {
    throw new RangeError(`Cannot send ${fds.length} descriptors: a message takes ${MAX_FDS}`);
  }
  shared ??= new MessageIo();
  let count = shared.send(socket, bytes, fds);
  // What failed took nothing, so it may be tried again, should errno have been misread.
  if (count < 0 && !((-count) in SEND_OUTCOMES)) count = shared.send(socket, bytes, fds);
  if (count >= 0) return count;
  const outcome = SEND_OUTCOMES[-count];
  if (outcome) return outcome;
  throw new SystemError("send a message", "sendmsg", -count);
}

/**
 * One non-blocking `recvmsg`.
 *
 * @param socket The number of the stream socket.
 * @param address Where the bytes go: memory that does not move.
 * @param length How many bytes at most, at least one.
 * @throws {SystemError} For any failure that `ReceiveResult` does not name.
 */
export function receiveMessage(socket: number, address: number, length: number): ReceiveResult {
  shared ??= new MessageIo();
  let count = shared.receive(socket, address, length);
  if (count < 0 && !((-count) in RECEIVE_OUTCOMES)) count = shared.receive(socket, address, length);
  if (count > 0) {
    const fds = shared.takeFds();
    return shared.truncated ? { count, fds, truncated: true } : { count, fds };
  }
  if (count === 0) return "closed";
  const outcome = RECEIVE_OUTCOMES[-count];
  if (outcome) return outcome;
  throw new SystemError("receive a message", "recvmsg", -count);
}

/** The address of memory, exact as a number: user space ends below 2 ** 53. */
export function addressOf(memory: Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): number {
  return Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)));
}

function align(size: number): number {
  return (size + 7) & ~7;
}
