import { waitAny } from "../posix/poll.ts";
import { MessageType } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { Header } from "../wire/messages.ts";
import { type Channel, commandHeader, typeOf } from "./channel.ts";
import { closeAll, type Inbox } from "./inbox.ts";
import type { Message, Reply } from "./message.ts";
import { Disconnected, Refusal } from "./refusal.ts";

/** No reply to DMA_READ or DMA_WRITE comes near to it. */
const MAX_REPLY = 1_048_576 + 4096;

/** What an asker needs from its session. */
export interface AskerOwner {
  /** Called for every command, before it is sent. */
  readonly onAsk: (command: Reply) => void | Promise<void>;
  /** Called for every header on the twin-socket, before anything is made of it. */
  readonly onHeader: (message: Message) => void | Promise<void>;
  /** Called for every reply, before anything is made of it. */
  readonly onAnswer: (reply: Message, command: Reply) => void | Promise<void>;
}

/** Sends commands to the client, one at a time, and waits for the replies. */
export class Asker implements Disposable {
  readonly #main: Channel;
  readonly #inbox: Inbox;
  readonly #owner: AskerOwner;
  #twin: Channel | "lost" | undefined;
  #lastId = 0;

  /** Asks over the main socket until there is a twin. */
  constructor(main: Channel, inbox: Inbox, owner: AskerOwner) {
    this.#main = main;
    this.#inbox = inbox;
    this.#owner = owner;
  }

  /** Asks over this socket from now on. */
  useTwin(twin: Channel): void {
    this.#twin = twin;
  }

  /**
   * Sends a command and waits for its reply, an error reply included. What the client sends
   * meanwhile waits for its turn.
   *
   * @throws {Refusal} When the client breaks the rules of the game, or the twin-socket.
   * @throws {Disconnected} When the client has gone.
   */
  async ask(command: number, payload: Uint8Array): Promise<Message> {
    this.#lastId = (this.#lastId + 1) & 0xffff;
    const request = commandHeader(command, this.#lastId, payload);
    await this.#owner.onAsk(request);
    const reply = await this.#exchange(request);
    closeAll(reply);
    await this.#owner.onAnswer(reply, request);
    if (reply.msgId !== request.msgId || reply.command !== request.command) {
      throw new Refusal(Errno.EPROTO);
    }
    return reply;
  }

  [Symbol.dispose](): void {
    if (this.#twin !== "lost") this.#twin?.[Symbol.dispose]();
    this.#twin = "lost";
  }

  async #exchange(request: Reply): Promise<Message> {
    if (this.#twin === "lost") throw new Refusal(Errno.EIO);
    if (this.#twin) return await this.#exchangeOverTwin(request, this.#twin);
    await this.#main.send(request);
    for (;;) {
      const message = await this.#inbox.receive();
      if (typeOf(message) === MessageType.REPLY) return message;
      this.#inbox.postpone(message);
    }
  }

  async #exchangeOverTwin(request: Reply, twin: Channel): Promise<Message> {
    await this.#orLoseTwin(twin.send(request));
    for (;;) {
      const ready = await waitAny([twin.fd, this.#main.fd], Infinity);
      if (ready.includes(0)) {
        const message = await this.#orLoseTwin(this.#receiveReply(twin));
        if (message) return message;
      }
      if (ready.includes(1)) this.#inbox.postpone(await this.#inbox.receive());
    }
  }

  async #orLoseTwin<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      this[Symbol.dispose]();
      throw new Refusal(Errno.EIO);
    }
  }

  /** A reply from the twin-socket; undefined for a command, which has no business there. */
  async #receiveReply(twin: Channel): Promise<Message | undefined> {
    const message = await twin.header();
    await this.#owner.onHeader(message);
    if (message.msgSize < Header.size || message.msgSize > MAX_REPLY) {
      closeAll(message);
      throw new Disconnected();
    }
    await twin.body(message);
    if (typeOf(message) === MessageType.REPLY) return message;
    closeAll(message);
    return undefined;
  }
}
