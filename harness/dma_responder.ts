import type { DmaAnswer, DmaRequest, Send } from "./case.ts";
import { type Connection, disposeOf, type Incoming, type Received } from "./connection.ts";
import type { GuestMemory } from "./guest_memory.ts";
import { describe } from "./judge.ts";
import { waitAny } from "./posix/poll.ts";
import { Command, HeaderFlag, MessageType } from "./wire/constants.ts";
import { Errno } from "./wire/errno.ts";
import { DmaAccess, Header } from "./wire/messages.ts";

const HEAD = Header.size + DmaAccess.size;
/** Commands that a server may send within one wait. */
const MAX_REQUESTS = 10_000;
/** A server that splits nothing has read a piece by then; one that waits for the rest never will. */
const PIECE_MS = 200;
/** A server that has taken a wrong answer for the right one has gone on by then. */
const IGNORED_MS = 200;

/** Sends a command of the row's, whose reply the row will expect. */
export type SendFirst = (command: Send) => Promise<unknown>;

/** Our side of DMA: answers the server's commands, on the main socket or on the twin, as the row wants. */
export class DmaResponder implements Disposable {
  readonly #guest: GuestMemory;
  readonly #sendFirst: SendFirst;
  #answer: DmaAnswer = {};
  #firstSent = false;
  #requests: DmaRequest[] = [];
  #twin: Connection | undefined;

  /** Answers from `guest`. */
  constructor(guest: GuestMemory, sendFirst: SendFirst) {
    this.#guest = guest;
    this.#sendFirst = sendFirst;
  }

  /** From now on, answers like this. */
  answerWith(answer: DmaAnswer): void {
    this.#answer = answer;
    this.#firstSent = false;
  }

  /** What the server asked for since this was last called. */
  takeRequests(): readonly DmaRequest[] {
    return this.#requests.splice(0);
  }

  /** From now on, listens to this socket too, and owns it. */
  useTwin(twin: Connection): void {
    this.closeTwin();
    this.#twin = twin;
  }

  /** Closes our end of the twin socket, if there is one. */
  closeTwin(): void {
    this.#twin?.[Symbol.dispose]();
    this.#twin = undefined;
  }

  /** The next message that the row has to judge; commands for DMA are answered on the way. */
  async receive(main: Connection, deadline: number): Promise<Received> {
    for (let i = 0; i < MAX_REQUESTS; i++) {
      const received = await this.#receiveOne(main, deadline);
      if (received !== undefined) return received;
      const more = main.pending || this.#twin?.pending;
      if (more && performance.now() > deadline) break;
    }
    return { kind: "malformed", text: "no end of commands from the server" };
  }

  /** Returns once the server has asked for DMA; or what comes before that, for the row to judge. */
  async untilAsked(main: Connection, deadline: number): Promise<Received | undefined> {
    while (this.#requests.length === 0) {
      const received = await this.#receiveOne(main, deadline);
      if (received !== undefined) return received;
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.closeTwin();
  }

  /** One message from either socket; nothing when that was for us alone. */
  async #receiveOne(main: Connection, deadline: number): Promise<Received | undefined> {
    const source = await this.#readable(main, deadline);
    const received = await source.receive(deadline);
    if (received.kind === "message" && isDmaCommand(received)) {
      await this.#serve(received, source, main);
      return undefined;
    }
    if (source === main) return received;
    disposeOf(received);
    // A server may close the twin alone; whether it may do so here is seen by what follows.
    if (received.kind === "closed" && received.partial === 0) return undefined;
    return { kind: "malformed", text: `${describe(received)} on the twin socket` };
  }

  /** The twin comes first: what the server asked there came before the reply that waits elsewhere. */
  async #readable(main: Connection, deadline: number): Promise<Connection> {
    const twin = this.#twin;
    if (twin === undefined || twin.ended) return main;
    if (twin.pending) return twin;
    if (main.pending || main.ended) return main;
    const ready = await waitAny([twin.socket.fd, main.socket.fd], deadline);
    return ready.includes(0) ? twin : main;
  }

  async #serve(message: Incoming, source: Connection, main: Connection): Promise<void> {
    disposeOf(message);
    const request = { ...message, bytes: message.bytes.slice() };
    this.#requests.push(requestOf(request, source === main ? "main" : "twin"));
    const answer = this.#answer;
    if (answer.first !== undefined && !this.#firstSent) {
      this.#firstSent = true;
      const { msgId } = request.header;
      const header = { ...answer.first.header, ...(answer.firstTakesItsId ? { msgId } : {}) };
      await this.#sendFirst({ ...answer.first, header });
    }
    const good = this.#goodReply(request, answer);
    const isWanted = (request.header.flags & HeaderFlag.NO_REPLY) === 0;
    if (!isWanted || answer.never) return;
    if (answer.otherId) {
      await send(source, withOtherId(good), []);
      if (await this.#hears(main)) return;
    }
    await send(source, good, answer.cuts ?? []);
  }

  /** Whether the server does anything within a short time. */
  async #hears(main: Connection): Promise<boolean> {
    if (main.pending) return true;
    const sockets = [main, ...(this.#twin ? [this.#twin] : [])].map(({ socket }) => socket.fd);
    return (await waitAny(sockets, performance.now() + IGNORED_MS)).length > 0;
  }

  /** Does what is asked, and says so, with the flaws that the row wants. */
  #goodReply({ header, bytes }: Incoming, answer: DmaAnswer): Uint8Array {
    const wanted = answer.errno === undefined && bytes.byteLength >= HEAD;
    const data = wanted ? this.#access(header.command, bytes) : undefined;
    if (data === undefined) return encode(header, { errno: answer.errno ?? Errno.EFAULT });
    const { address, count } = DmaAccess.decode(bytes, Header.size);
    const head = DmaAccess.encode({
      address: BigInt.asUintN(64, address + (answer.otherAddress ? 0x1000n : 0n)),
      count: answer.count ?? count,
    });
    const payload = new Uint8Array(answer.payloadSize ?? head.byteLength + data.byteLength);
    payload.set(head.subarray(0, payload.byteLength));
    const room = Math.max(0, payload.byteLength - head.byteLength);
    if (room > 0) payload.set(data.subarray(0, room), head.byteLength);
    return encode(header, { payload });
  }

  /** Data for the reply; nothing where the guest has no such memory. */
  #access(command: number, message: Uint8Array): Uint8Array | undefined {
    const { address, count } = DmaAccess.decode(message, Header.size);
    if (command === Command.DMA_READ) return this.#guest.read(address, Number(count));
    const data = message.subarray(HEAD);
    const isWhole = BigInt(data.byteLength) === count;
    return isWhole && this.#guest.write(address, data) ? new Uint8Array() : undefined;
  }
}

function isDmaCommand({ header }: Incoming): boolean {
  const { command, flags } = header;
  return (flags & HeaderFlag.TYPE_MASK) === MessageType.COMMAND &&
    (command === Command.DMA_READ || command === Command.DMA_WRITE);
}

function requestOf({ header, bytes }: Incoming, socket: "main" | "twin"): DmaRequest {
  const { command, msgId, flags, msgSize } = header;
  const access = bytes.byteLength >= HEAD ? DmaAccess.decode(bytes, Header.size) : {};
  const dataSize = Math.max(0, bytes.byteLength - HEAD);
  return { command, msgId, flags, msgSize, ...access, dataSize, socket };
}

function encode(
  { msgId, command }: Incoming["header"],
  { errno, payload = new Uint8Array() }: { errno?: number; payload?: Uint8Array },
): Uint8Array {
  const bytes = new Uint8Array(Header.size + payload.byteLength);
  bytes.set(Header.encode({
    msgId,
    command,
    msgSize: bytes.byteLength,
    flags: MessageType.REPLY | (errno === undefined ? 0 : HeaderFlag.ERROR),
    error: errno ?? 0,
  }));
  bytes.set(payload, Header.size);
  return bytes;
}

/** What a server must not take for its answer: each byte of the data is another one. */
function withOtherId(reply: Uint8Array): Uint8Array {
  const wrong = reply.map((byte, at) => at < HEAD ? byte : byte ^ 0xff);
  const header = Header.decode(wrong);
  wrong.set(Header.encode({ ...header, msgId: (header.msgId + 1) & 0xffff }));
  return wrong;
}

/** A server that reads no more is noticed when the row waits for it. */
async function send(to: Connection, bytes: Uint8Array, cuts: readonly number[]): Promise<void> {
  const deadline = performance.now() + 10 * PIECE_MS;
  const within = cuts.filter((cut) => cut < bytes.byteLength);
  const text = within.length === 0 ? "" : `in ${within.length + 1} pieces, cut at ${within}`;
  to.transcript.sent(bytes, 0, [to.where, text].filter((part) => part !== "").join("; "));
  const edges = [0, ...within, bytes.byteLength];
  for (let i = 0; i + 1 < edges.length; i++) {
    if (i > 0) await to.drained(PIECE_MS);
    const sent = await to.send(bytes.subarray(edges[i], edges[i + 1]), [], deadline);
    if (sent !== "sent") return;
  }
}
