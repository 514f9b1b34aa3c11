import type { Fd } from "../posix/fd.ts";
import type { UnixSocket } from "../posix/unix_socket.ts";
import { Header } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";

/** A command of the client. */
export interface Request {
  readonly header: Decoded<typeof Header>;
  readonly payload: Uint8Array;
}

/** The client is gone, or sends what is no message. */
export class ClientGone extends Error {}

/** The client at the other end of a connection. Each method throws `ClientGone` once it has left. */
export class Client implements Disposable {
  readonly socket: UnixSocket;
  /** Descriptors that came since the last command was answered. */
  #fds: Fd[] = [];

  /** Takes ownership of the socket. */
  constructor(socket: UnixSocket) {
    this.socket = socket;
  }

  /** The header of the next command. */
  async header(): Promise<Decoded<typeof Header>> {
    await this.#fill(0, Header.size);
    return Header.decode(this.socket.received);
  }

  /** The payload behind a header, copied. */
  async payload({ msgSize }: { readonly msgSize: number }): Promise<Uint8Array> {
    if (msgSize < Header.size || msgSize > this.socket.received.byteLength) throw new ClientGone();
    await this.#fill(Header.size, msgSize);
    return this.socket.received.slice(Header.size, msgSize);
  }

  /** Descriptors that came with the command; the caller disposes of them. */
  takeFds(): Fd[] {
    return this.#fds.splice(0);
  }

  /** Sends all of it, however long the client takes. */
  async send(bytes: Uint8Array, fds: readonly Fd[] = []): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      const result = this.socket.send(bytes.subarray(at), at === 0 ? fds : []);
      if (result === "closed") throw new ClientGone();
      if (result !== "would-block") at += result;
      else await this.socket.wait("writable", Infinity);
    }
  }

  /** Reads and forgets until the client leaves. */
  async untilGone(): Promise<void> {
    while (true) await this.#fill(0, 1);
  }

  [Symbol.dispose](): void {
    for (const fd of this.takeFds()) fd[Symbol.dispose]();
    this.socket[Symbol.dispose]();
  }

  async #fill(from: number, to: number): Promise<void> {
    for (let at = from; at < to;) {
      const result = this.socket.receive(at, to - at);
      if (result === "closed" || result === "reset") throw new ClientGone();
      if (result === "would-block") await this.socket.wait("readable", Infinity);
      else {
        at += result.count;
        this.#fds.push(...result.fds);
      }
    }
  }
}
