import type { Fd } from "../posix/fd.ts";
import { SystemError } from "../posix/libc.ts";
import { waitAny } from "../posix/poll.ts";
import type { UnixSocket } from "../posix/unix_socket.ts";
import { HeaderFlag } from "../wire/constants.ts";
import { Header } from "../wire/messages.ts";
import type { Hooks } from "./fault.ts";
import type { Message, Reply } from "./message.ts";
import { Disconnected } from "./refusal.ts";

/** A stretch of work after which the event loop gets a turn, so that signals are noticed. */
const WORK_MS = 5;

const EMPTY = new Uint8Array();

/** What comes beside the bytes. */
type Attached = Pick<Message, "fds" | "fdsLost">;

/** Who has a say in how the bytes come and go. */
export type ChannelHooks = Pick<Hooks, "partial" | "piece">;

/** Whole messages over one socket, however the stream is cut. */
export class Channel implements Disposable {
  readonly #socket: UnixSocket;
  readonly #hooks: ChannelHooks;
  #lastTurn = performance.now();
  #besides: { readonly fds: readonly Fd[]; readonly act: () => Promise<void> } | undefined;

  /** Takes the socket over. */
  constructor(socket: UnixSocket, hooks: ChannelHooks = {}) {
    this.#socket = socket;
    this.#hooks = hooks;
  }

  /** The descriptor, to wait for. */
  get fd(): Fd {
    return this.#socket.fd;
  }

  /** Waits for these descriptors too from now on; `act` is called before each message, and when one is readable. */
  attend(fds: readonly Fd[], act: () => Promise<void>): void {
    this.#besides = { fds, act };
  }

  /**
   * Receives the header of the next message, and the descriptors that come with it.
   *
   * @throws {Disconnected} When the client has gone.
   */
  async header(): Promise<Message> {
    if (performance.now() - this.#lastTurn > WORK_MS) await this.#takeTurn();
    const attached: Attached = { fds: [] };
    await this.#fill("header", Header.size, attached);
    const header = Header.decode(this.#socket.received);
    await this.#besides?.act();
    return { ...header, payload: EMPTY, ...attached };
  }

  /**
   * Receives the payload that the header announced.
   *
   * @throws {Disconnected} When the client has gone.
   */
  async body(message: Message): Promise<void> {
    const length = message.msgSize - Header.size;
    if (length === 0) return;
    const { received } = this.#socket;
    if (length <= received.byteLength) {
      await this.#fill("body", length, message);
      message.payload = received.slice(0, length);
      return;
    }
    const payload = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const part = Math.min(length - at, received.byteLength);
      await this.#fill("body", part, message);
      payload.set(received.subarray(0, part), at);
      at += part;
    }
    message.payload = payload;
  }

  /**
   * Sends a message whole.
   *
   * @throws {Disconnected} When the client has gone.
   */
  async send(message: Reply): Promise<void> {
    const bytes = new Uint8Array(Header.size + message.payload.byteLength);
    const { msgId, command, msgSize, flags, error } = message;
    bytes.set(Header.encode({ msgId, command, msgSize, flags, error }));
    bytes.set(message.payload, Header.size);
    let { fds } = message;
    for (let at = 0; at < bytes.byteLength;) {
      const piece = await this.#hooks.piece?.(at, bytes.byteLength);
      const rest = at === 0 && piece === undefined
        ? bytes
        : bytes.subarray(at, at + (piece ?? bytes.byteLength));
      const sent = this.#socket.send(rest, fds);
      if (sent === "closed") throw new Disconnected("sending");
      if (sent === "would-block") {
        await this.#socket.wait("writable", Infinity);
        continue;
      }
      at += sent;
      fds = [];
    }
  }

  /** Ends the stream so that the client reads what was sent, then the end, not a reset. */
  finish(): void {
    try {
      this.#socket.shutdownWrite();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    for (let left = 64; left > 0; left--) {
      const got = this.#socket.receive(0, this.#socket.received.byteLength);
      if (typeof got === "string") return;
      for (const fd of got.fds) fd[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  async #fill(part: "header" | "body", length: number, attached: Attached): Promise<void> {
    for (let at = 0; at < length;) {
      const got = this.#socket.receive(at, length - at);
      if (typeof got === "string" && (at > 0 || part === "body")) {
        await this.#hooks.partial?.(part, at, length);
      }
      if (got === "would-block") {
        await this.#waitForMore();
        continue;
      }
      if (got === "closed" || got === "reset") {
        for (const fd of attached.fds) fd[Symbol.dispose]();
        // Torn down means that replies were left unread.
        throw new Disconnected(got === "reset" ? "sending" : "receiving");
      }
      attached.fds.push(...got.fds);
      if (got.truncated) attached.fdsLost = true;
      at += got.count;
    }
  }

  async #waitForMore(): Promise<void> {
    if (this.#besides === undefined) {
      await this.#socket.wait("readable", Infinity);
      return;
    }
    const ready = await waitAny([this.fd, ...this.#besides.fds], Infinity);
    if (ready.some((index) => index > 0)) await this.#besides.act();
  }

  async #takeTurn(): Promise<void> {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#lastTurn = performance.now();
  }
}

/** The header of a command that the server sends by itself. */
export function commandHeader(command: number, msgId: number, payload: Uint8Array): Reply {
  const msgSize = Header.size + payload.byteLength;
  return { msgId, command, msgSize, flags: 0, error: 0, payload, fds: [] };
}

/** The type nibble of a header. */
export function typeOf({ flags }: { readonly flags: number }): number {
  return flags & HeaderFlag.TYPE_MASK;
}
