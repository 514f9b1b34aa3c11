import { commandName, HeaderFlag, MessageType } from "./wire/constants.ts";
import { Header } from "./wire/messages.ts";
import type { Decoded } from "./wire/struct.ts";
import type { Fd } from "./posix/fd.ts";
import type { UnixSocket } from "./posix/unix_socket.ts";
import type { Transcript } from "./transcript.ts";

/** A whole message from the server. The receiver owns the descriptors. */
export interface Incoming {
  readonly kind: "message";
  readonly header: Decoded<typeof Header>;
  /** Header included. Valid until the next `receive`. */
  readonly bytes: Uint8Array;
  readonly fds: Fd[];
}

/** What came from the server, or did not. */
export type Received =
  | Incoming
  | { readonly kind: "closed"; readonly partial: number }
  | { readonly kind: "no-reply"; readonly partial: number }
  | { readonly kind: "malformed"; readonly text: string };

/** How a send ended. */
export type Sent = "sent" | "closed" | "stalled";

/** A fast server answers while we look again; going to sleep and waking up takes longer than that. */
const BUSY_LOOKS = 20;
/** Messages kept while we are still sending; more is a flood. */
const MAX_STASHED = 4096;
/** Descriptors of one message: far more than any has, and fewer than we may have open. */
const MAX_DESCRIPTORS = 512;

/** One client connection: whole messages and their descriptors. */
export class Connection implements Disposable {
  readonly socket: UnixSocket;
  /** Where messages are recorded; each case sets its own. */
  transcript: Transcript;
  /** Which socket this is, for a transcript; empty for the main one. */
  readonly where: string;
  /** Whether VERSION has succeeded here. */
  negotiated = false;
  #nextId = 1;
  #stash: Received[] = [];
  #ended: Received | undefined;

  /** Takes ownership of the socket. */
  constructor(socket: UnixSocket, transcript: Transcript, where = "") {
    this.socket = socket;
    this.transcript = transcript;
    this.where = where;
  }

  /** Whether the server has closed it, or what it sends has lost its meaning. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** A message ID that was not used lately. */
  takeId(): number {
    const id = this.#nextId;
    this.#nextId = id === 0x7fff ? 1 : id + 1;
    return id;
  }

  /** Sends one piece of the stream; descriptors go with its first byte. */
  async send(bytes: Uint8Array, fds: readonly Fd[], deadline: number): Promise<Sent> {
    let at = 0;
    while (at < bytes.byteLength) {
      const result = this.socket.send(at === 0 ? bytes : bytes.subarray(at), at === 0 ? fds : []);
      if (result === "closed") return "closed";
      if (result !== "would-block") {
        at += result;
        continue;
      }
      // A server that blocks on its replies reads no more: take them while we wait.
      if (this.socket.waitNow("readable", 0) && !this.ended) await this.#stashOne(deadline);
      else if (!(await this.socket.wait("writable", Math.min(deadline, performance.now() + 20)))) {
        if (performance.now() >= deadline) return "stalled";
      }
    }
    return "sent";
  }

  /** Waits until the server has read all we sent, or for `ms`: not every server reads a part. */
  async drained(ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    while (this.socket.unreadByPeer() > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** The next message, in the order of the stream. */
  async receive(deadline: number): Promise<Received> {
    return this.#stash.shift() ?? this.#ended ?? await this.#read(deadline);
  }

  /** Whether bytes are there that nobody has taken. */
  get pending(): boolean {
    return this.#stash.length > 0 || (!this.ended && this.socket.waitNow("readable", 0));
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    for (const received of this.#stash) disposeOf(received);
    this.socket[Symbol.dispose]();
  }

  async #stashOne(deadline: number): Promise<void> {
    const received = await this.#read(deadline);
    if (received.kind !== "message") this.#ended ??= received;
    else if (this.#stash.length >= MAX_STASHED) {
      disposeOf(received);
      this.#ended = { kind: "malformed", text: `more than ${MAX_STASHED} messages at once` };
    } else this.#stash.push({ ...received, bytes: received.bytes.slice() });
  }

  async #read(deadline: number): Promise<Received> {
    const fds: Fd[] = [];
    const failed = await this.#fill(0, Header.size, fds, deadline);
    if (failed !== undefined) return this.#end(failed, fds);
    const header = Header.decode(this.socket.received);
    const most = this.socket.received.byteLength;
    if (header.msgSize < Header.size || header.msgSize > most) {
      this.#noteReceived(Header.size, fds);
      const text = `a message that claims to have ${header.msgSize} bytes`;
      return this.#end({ kind: "malformed", text }, fds);
    }
    const cut = await this.#fill(Header.size, header.msgSize, fds, deadline);
    if (cut !== undefined) return this.#end(cut, fds);
    const bytes = this.socket.received.subarray(0, header.msgSize);
    this.#noteReceived(header.msgSize, fds);
    return { kind: "message", header, bytes, fds };
  }

  /** Fills the buffer from `from` to `to`; says what went wrong, or nothing. */
  async #fill(
    from: number,
    to: number,
    fds: Fd[],
    deadline: number,
  ): Promise<Exclude<Received, Incoming> | undefined> {
    let looks = 0;
    for (let at = from; at < to;) {
      const result = this.socket.receive(at, to - at);
      if (typeof result === "object") {
        at += result.count;
        fds.push(...result.fds);
        if (fds.length <= MAX_DESCRIPTORS && !result.truncated) continue;
        this.#notePartial(at, fds);
        const lost = result.truncated ? ", and more than can be opened" : "";
        return { kind: "malformed", text: `a message with ${fds.length} descriptors${lost}` };
      } else if (result === "would-block" && looks++ < BUSY_LOOKS) {
        continue;
      } else if (result !== "would-block") {
        this.#notePartial(at, fds);
        this.transcript.note(`the server closed the connection ${this.where}`.trimEnd());
        return { kind: "closed", partial: at };
      } else if (!this.socket.waitNow("readable", 1)) {
        if (await this.socket.wait("readable", deadline)) continue;
        this.#notePartial(at, fds);
        this.transcript.note("no reply within the time limit");
        return { kind: "no-reply", partial: at };
      }
    }
    return undefined;
  }

  #notePartial(at: number, fds: readonly Fd[]): void {
    if (at > 0) this.#noteReceived(at, fds);
  }

  #noteReceived(size: number, fds: readonly Fd[]): void {
    this.transcript.received(this.socket.received.subarray(0, size), fds.length, this.where);
  }

  #end(received: Exclude<Received, Incoming>, fds: readonly Fd[]): Received {
    for (const fd of fds) fd[Symbol.dispose]();
    // A late reply to a quiet server may still come; everything else ends the stream.
    if (received.kind !== "no-reply" || received.partial > 0) this.#ended = received;
    return received;
  }
}

/** Releases the descriptors of a message that nobody wants. */
export function disposeOf(received: Received): void {
  if (received.kind === "message") { for (const fd of received.fds) fd[Symbol.dispose](); }
}

/** Whether the message is a reply, not a command of the server's own. */
export function isReply(message: Incoming): boolean {
  return (message.header.flags & HeaderFlag.TYPE_MASK) === MessageType.REPLY;
}

/** `DMA_MAP reply with error EINVAL`, `64 bytes …`: what was received, for a reason. */
export function describeType(message: Incoming): string {
  const type = message.header.flags & HeaderFlag.TYPE_MASK;
  const name = commandName(message.header.command);
  return type === MessageType.COMMAND ? `a command ${name}` : `a message of type ${type}, ${name}`;
}
