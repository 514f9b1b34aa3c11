import { disposeOf, type Incoming, isReply } from "../connection.ts";
import { describe } from "../judge.ts";
import { Command, HeaderFlag, MessageType } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { Header } from "../wire/messages.ts";
import type { Client, Trouble } from "./client.ts";
import { Descriptors } from "./descriptors.ts";
import { type Finding, LEAVING } from "./finding.ts";
import { type Act, actText, encode, type Message, message, USUAL_PROPOSAL } from "./message.ts";

const FENCE = message(Command.DEVICE_GET_INFO, { argsz: 16 });
/** A fence's ID; no drawn message has it. */
const FENCE_ID = 0x7fff;
/** Between the parts of a message that is cut: the server takes them one by one, if it can. */
const PART_MS = 200;
/** A server that sends more than this for one message floods. */
const MAX_ANSWERS = 1000;

/**
 * Plays messages whatever they are, and only looks at whether the server lives, answers what comes behind them, serves
 * the next client, and keeps nothing of the last one.
 */
export class FuzzPlayer implements Disposable {
  /** Messages that were sent. */
  commands = 0;
  readonly #client: Client;
  readonly #descriptors = new Descriptors();

  /** On a server. */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Plays messages on a new connection; says what the server did wrong, if it did. */
  async play(acts: readonly Act[]): Promise<Finding | undefined> {
    const first = await this.#playOnce(acts);
    if (first === undefined) return undefined;
    const finding = this.#client.explained(first);
    // What a server opens once, when it is first needed, is no leak.
    if (finding.kind === "leak") return await this.#playOnce(acts);
    await this.startAnew();
    return finding;
  }

  /** The next messages are the first of their server. */
  async startAnew(): Promise<void> {
    await this.#client.replace();
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
    this.#descriptors[Symbol.dispose]();
  }

  async #playOnce(acts: readonly Act[]): Promise<Finding | undefined> {
    let at = -1;
    const found = (trouble: Trouble): Finding => {
      const step = acts[Math.max(0, at)];
      return { ...trouble, at, step: step === undefined ? LEAVING : actText(step) };
    };
    this.#client.output();
    const begun = await this.#client.begin();
    if (begun !== undefined) return found(begun);
    for (const act of acts) {
      at++;
      const trouble = act.act === "send"
        ? await this.#send(act.message)
        : await this.#client.connect(act.proposal);
      if (trouble !== undefined) return found(trouble);
    }
    at++;
    const trouble = await this.#client.leave();
    return trouble === undefined ? undefined : found(trouble);
  }

  async #send(one: Message): Promise<Trouble | undefined> {
    const { connection, timeoutMs } = this.#client;
    const msgId = one.header.msgId ?? takeId(connection);
    const bytes = encode(one, msgId);
    const fds = one.fds.map((descriptor) => this.#descriptors.get(descriptor));
    const deadline = performance.now() + timeoutMs;
    this.commands++;
    let from = 0;
    for (const cut of [...(one.cuts ?? []), bytes.byteLength]) {
      if (cut <= from || cut > bytes.byteLength) continue;
      const part = bytes.subarray(from, cut);
      const sent = await connection.send(part, from === 0 ? fds : [], deadline);
      if (sent === "closed") return await this.#closed();
      if (sent === "stalled") return unanswered("the message was not read within the time limit");
      from = cut;
      if (from < bytes.byteLength) await connection.drained(PART_MS);
    }
    return framed(one, bytes.byteLength)
      ? await this.#fence(msgId, deadline)
      : await this.#client.connect(USUAL_PROPOSAL);
  }

  /** Whatever came of the message, what comes behind it is understood. */
  async #fence(msgId: number, deadline: number): Promise<Trouble | undefined> {
    const { connection } = this.#client;
    const sent = await connection.send(encode(FENCE, FENCE_ID), [], deadline);
    if (sent === "stalled") return unanswered("the message was not read within the time limit");
    let succeeded = false;
    for (let answers = 0; answers < MAX_ANSWERS; answers++) {
      const received = await connection.receive(deadline);
      if (received.kind === "closed") return await this.#closed(succeeded);
      if (received.kind === "no-reply") {
        return await this.#client.death() ?? unanswered(describe(received));
      }
      if (received.kind === "malformed") return desynchronised(describe(received));
      disposeOf(received);
      const { msgId: id, command, flags } = received.header;
      if (isReply(received) && id === msgId) succeeded = (flags & HeaderFlag.ERROR) === 0;
      if (isReply(received) && id === FENCE_ID && command === FENCE.command) {
        return connection.pending
          ? desynchronised("bytes behind the reply to GET_INFO")
          : undefined;
      }
      if (!isReply(received)) await this.#refuse(received, deadline);
    }
    return desynchronised(`${MAX_ANSWERS} messages for one`);
  }

  /** A device that was set going asks for memory that is not there. */
  async #refuse({ header }: Incoming, deadline: number): Promise<void> {
    if ((header.flags & HeaderFlag.NO_REPLY) !== 0) return;
    const flags = MessageType.REPLY | HeaderFlag.ERROR;
    const { msgId, command } = header;
    const reply = { msgId, command, msgSize: Header.size, flags, error: Errno.EFAULT };
    await this.#client.connection.send(Header.encode(reply), [], deadline);
  }

  /** A server may close over what it does not understand; one that has said that all is well has no reason to. */
  async #closed(succeeded = false): Promise<Trouble | undefined> {
    const dead = await this.#client.death();
    if (dead !== undefined) return dead;
    if (succeeded) return desynchronised("the connection closed");
    return await this.#client.connect(USUAL_PROPOSAL);
  }
}

function takeId(connection: { takeId(): number }): number {
  const id = connection.takeId();
  return id === FENCE_ID ? connection.takeId() : id;
}

/** Whether it is told where the message ends, and that it is a command. */
function framed({ header }: Message, size: number): boolean {
  const type = (header.flags ?? 0) & HeaderFlag.TYPE_MASK;
  return (header.msgSize ?? size) === size && type === MessageType.COMMAND;
}

function unanswered(seen: string): Trouble {
  return {
    kind: "no-reply",
    clause: "hdr-every-cmd-answered",
    expected: "a reply to GET_INFO",
    seen,
  };
}

function desynchronised(seen: string): Trouble {
  const expected = "a reply to the GET_INFO behind the message";
  return { kind: "mismatch", clause: "hdr-every-cmd-answered", expected, seen };
}
