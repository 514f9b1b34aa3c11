import { Fd } from "./fd.ts";
import { libc, unwrap } from "./libc.ts";
import { Mapping } from "./memory.ts";
import {
  addressOf,
  receiveMessage,
  type ReceiveResult,
  sendMessage,
  type SendResult,
} from "./message_io.ts";
import { type Readiness, wait, waitNow } from "./poll.ts";
import { AF_UNIX, socketAt, STREAM_SOCKET } from "./socket_at.ts";

export type { Received, ReceiveResult, SendResult } from "./message_io.ts";
export type { Readiness } from "./poll.ts";

const SHUT_WR = 1;
const SHUT_RDWR = 2;
const SIOCOUTQ = 0x5411n;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const UCRED_SIZE = 12;
const DEFAULT_RECEIVE_BYTES = 2 * 1024 * 1024 + 4096;

/** Options of a {@linkcode UnixSocket}. */
export interface UnixSocketOptions {
  /**
   * Size of the receive buffer in bytes. Memory is used only as far as messages reach.
   *
   * @default {2101248}
   */
  readonly receiveBytes?: number;
}

/** A connected UNIX stream socket, non-blocking and close-on-exec. */
export class UnixSocket implements Disposable {
  /** The descriptor, owned by the socket. */
  readonly fd: Fd;
  /** The receive buffer. Empty once the socket is disposed. */
  readonly received: Uint8Array<ArrayBuffer>;
  readonly #memory: Mapping;
  readonly #address: number;

  /** Takes ownership of a descriptor that is a non-blocking socket; see `adopt` for any other. */
  constructor(fd: Fd, options: UnixSocketOptions = {}) {
    this.fd = fd;
    this.#memory = Mapping.anonymous(options.receiveBytes ?? DEFAULT_RECEIVE_BYTES);
    this.received = this.#memory.bytes;
    this.#address = addressOf(this.received);
  }

  /**
   * Connects to a listening socket.
   *
   * @param path The path of its socket file.
   * @throws {SystemError} Such as ENOENT, ECONNREFUSED, EAGAIN when its backlog is full, or
   *   ENAMETOOLONG for a path of more than 107 bytes.
   */
  static connect(path: string, options: UnixSocketOptions = {}): UnixSocket {
    return new UnixSocket(socketAt(path, "connect", `connect to ${path}`), options);
  }

  /**
   * Makes two sockets that are connected to each other.
   *
   * @throws {SystemError} Such as EMFILE.
   */
  static pair(options: UnixSocketOptions = {}): [UnixSocket, UnixSocket] {
    const ends = new Int32Array(2);
    const result = libc().socketpair(AF_UNIX, STREAM_SOCKET, 0, ends);
    unwrap("make a pair of sockets", "socketpair", result);
    return [
      new UnixSocket(new Fd(ends[0]!), options),
      new UnixSocket(new Fd(ends[1]!), options),
    ];
  }

  /**
   * Makes a socket of a descriptor, which the socket then owns and which becomes non-blocking.
   *
   * @throws {SystemError} If the descriptor is not open; it is then still the caller's.
   */
  static adopt(fd: Fd, options: UnixSocketOptions = {}): UnixSocket {
    fd.setNonBlocking();
    return new UnixSocket(fd, options);
  }

  /**
   * Sends what fits, without waiting, in one `sendmsg`.
   *
   * @param bytes At least one byte; at most 2 MiB and 4 KiB of it are taken at a time.
   * @param fds Descriptors that go with the first byte, at most 253. They stay the caller's. When
   *   any byte was taken, all of them were.
   * @returns How many bytes were taken, `would-block`, or `closed` when the peer is gone.
   * @throws {RangeError} For no bytes, or too many descriptors.
   * @throws {SystemError} For any other failure, such as ETOOMANYREFS.
   */
  send(bytes: Uint8Array, fds: readonly Fd[] = []): SendResult {
    return sendMessage(this.fd.number, bytes, fds);
  }

  /**
   * Receives what is there, without waiting, in one `recvmsg` into `received`. Bytes behind those of
   * a message with descriptors are left for the next call, so descriptors keep their place.
   *
   * @param offset Where in `received` the bytes go.
   * @param length How many bytes at most, at least one.
   * @returns What came, `would-block`, `closed` at the end of the stream, or `reset`.
   * @throws {RangeError} If the range is empty or outside of `received`.
   * @throws {SystemError} For any other failure.
   */
  receive(offset: number, length: number): ReceiveResult {
    const { number } = this.fd;
    if (!(offset >= 0 && length > 0 && offset + length <= this.received.length)) {
      const range = `${length} bytes at ${offset}`;
      throw new RangeError(`Cannot receive ${range}: the buffer has ${this.received.length} bytes`);
    }
    return receiveMessage(number, this.#address + offset, length);
  }

  /**
   * Waits: for the first millisecond synchronously, then asynchronously.
   *
   * @param readiness What to wait for.
   * @param deadline When to give up, in milliseconds of `performance.now()`.
   * @returns Whether it became ready, hung up or failed (the next call tells which); false at the
   *   deadline, or when the socket is disposed meanwhile.
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  wait(readiness: Readiness, deadline: number): Promise<boolean> {
    return wait(this.fd, readiness, deadline);
  }

  /**
   * Waits synchronously, holding the event loop.
   *
   * @param readiness What to wait for.
   * @param ms The longest wait in milliseconds, fractions included; 0 only looks.
   * @returns Whether it became ready, hung up or failed.
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  waitNow(readiness: Readiness, ms: number): boolean {
    return waitNow(this.fd, readiness, ms);
  }

  /**
   * Ends our half of the stream: the peer reads what is under way, then the end.
   *
   * @throws {SystemError} ENOTCONN, if there is no peer.
   */
  shutdownWrite(): void {
    const what = "shut down the writing half of a socket";
    unwrap(what, "shutdown", libc().shutdown(this.fd.number, SHUT_WR));
  }

  /** Ends both halves of the stream: whoever waits here sees its end. Nothing happens once disposed. */
  hangUp(): void {
    if (!this.fd.closed) libc().shutdown(this.fd.number, SHUT_RDWR);
  }

  /**
   * How much of what was sent the peer has not read: 0 when it has read all. What the kernel counts
   * is the memory it holds, which is more than the bytes sent.
   *
   * @throws {SystemError} If the kernel cannot tell.
   */
  unreadByPeer(): number {
    const size = new Int32Array(1);
    unwrap("ask what is unread", "ioctl", libc().ioctl(this.fd.number, SIOCOUTQ, size));
    return size[0]!;
  }

  /**
   * The process that connected, listened or made the pair on the other side.
   *
   * @throws {SystemError} If the kernel cannot tell.
   */
  peerPid(): number {
    const credentials = new Int32Array(UCRED_SIZE / 4);
    const size = Uint32Array.of(UCRED_SIZE);
    const number = this.fd.number;
    const result = libc().getsockopt(number, SOL_SOCKET, SO_PEERCRED, credentials, size);
    unwrap("ask for the peer", "getsockopt", result);
    return credentials[0]!;
  }

  /** Closes the socket and frees the receive buffer, once. */
  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
    this.fd[Symbol.dispose]();
  }
}
