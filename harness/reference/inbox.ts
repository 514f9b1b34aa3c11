import { MessageType } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { Header } from "../wire/messages.ts";
import { type Channel, typeOf } from "./channel.ts";
import type { Message } from "./message.ts";
import { Disconnected } from "./refusal.ts";

/** What stands before the data in the largest message that means something, a REGION_WRITE. */
const HEADERS_SIZE = 32;
/** A message this much too large is refused, but still read, so that the session goes on behind it. */
const DRAINABLE_EXCESS = 4096;
/** What may wait for its turn while a DMA of the server's is under way. */
const MAX_POSTPONED = 16 * 1024 * 1024;
/** What a waiting message costs besides its payload. */
const OVERHEAD = 1024;

/** What an inbox needs from its session. */
export interface InboxOwner {
  /** Bytes of data that a message may carry. */
  readonly maxDataXferSize: number;
  /** Whether VERSION has been agreed on. */
  readonly negotiated: () => boolean;
  /** Called for every header, before anything is made of it. */
  readonly onHeader: (message: Message) => void | Promise<void>;
  /** Sends an error reply. */
  readonly refuse: (message: Message, errno: number) => Promise<void>;
}

/** The client's messages, well framed, in their order. */
export class Inbox implements Disposable {
  readonly #channel: Channel;
  readonly #owner: InboxOwner;
  #postponed: Message[] = [];
  #postponedSize = 0;

  /** Reads from `channel`, which stays its owner's. */
  constructor(channel: Channel, owner: InboxOwner) {
    this.#channel = channel;
    this.#owner = owner;
  }

  /** The next message: of those that had to wait, else from the socket. */
  async next(): Promise<Message> {
    const message = this.#postponed.shift();
    if (message === undefined) return await this.receive();
    this.#postponedSize -= message.payload.byteLength + OVERHEAD;
    return message;
  }

  /** Keeps a message for its turn. */
  postpone(message: Message): void {
    this.#postponed.push(message);
    this.#postponedSize += message.payload.byteLength + OVERHEAD;
    if (this.#postponedSize > MAX_POSTPONED) throw new Disconnected();
  }

  /**
   * The next message from the socket; ends the session over one that cannot be framed.
   *
   * @throws {Disconnected} When the session is over.
   */
  async receive(): Promise<Message> {
    for (;;) {
      const message = await this.#channel.header();
      try {
        await this.#owner.onHeader(message);
        await this.#checkFrame(message);
        const isReply = typeOf(message) === MessageType.REPLY;
        // Whoever asked judges the reply; an error reply to it would be one more.
        const excess = isReply ? 0 : message.msgSize - HEADERS_SIZE - this.#owner.maxDataXferSize;
        if (excess > 0) await this.#owner.refuse(message, Errno.EINVAL);
        await this.#channel.body(message);
        if (excess <= 0) return message;
      } catch (error) {
        closeAll(message);
        throw error;
      }
      closeAll(message);
    }
  }

  async #checkFrame(message: Message): Promise<void> {
    const type = typeOf(message);
    const limit = HEADERS_SIZE + this.#owner.maxDataXferSize + DRAINABLE_EXCESS;
    const sizeIsWrong = message.msgSize < Header.size || message.msgSize > limit;
    if (type === MessageType.COMMAND && !sizeIsWrong) return;
    if (type === MessageType.REPLY && !sizeIsWrong && this.#owner.negotiated()) return;
    if (type !== MessageType.REPLY) await this.#owner.refuse(message, Errno.EINVAL);
    throw new Disconnected();
  }

  [Symbol.dispose](): void {
    for (const message of this.#postponed) closeAll(message);
    this.#postponed = [];
  }
}

/** Closes the descriptors that nobody took. */
export function closeAll({ fds }: Message): void {
  for (const fd of fds) fd[Symbol.dispose]();
}
