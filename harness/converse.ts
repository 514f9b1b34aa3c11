import type { Case, Expect, Outcome, Send, Step } from "./case.ts";
import { type Connection, disposeOf, type Incoming } from "./connection.ts";
import type { DeviceFacts } from "./device_facts.ts";
import { DmaResponder } from "./dma_responder.ts";
import { encodeMessage } from "./encode.ts";
import { GuestMemory } from "./guest_memory.ts";
import {
  describe,
  headerField,
  isError,
  judge,
  type Mismatch,
  type Observed,
  outcomeText,
  replyOf,
} from "./judge.ts";
import type { ByteRange, Failure, FailureKind } from "./results.ts";
import { describeDescriptor, RowFiles } from "./row_files.ts";
import { getInfo } from "./steps.ts";
import { Traces } from "./traces.ts";
import type { Transcript } from "./transcript.ts";
import { Command, commandName, HeaderFlag } from "./wire/constants.ts";
import type { UnixSocket } from "./posix/unix_socket.ts";
import type { World } from "./world.ts";
import { worldStep } from "./world_steps.ts";

/** A server that splits nothing has read a piece by then; one that waits for the rest never will. */
const PIECE_MS = 200;
/** Where silence is permitted, nobody waits long for it. */
const SILENCE_MS = 300;
/** Messages that a server may send by itself within one wait. */
const MAX_UNASKED = 10_000;
interface Pending {
  readonly msgId: number;
  readonly command: number;
  readonly payload: Uint8Array;
}

/** One row being played: sends, waits, judges. Failures are values; a throw is the harness's fault. */
export class Conversation implements Disposable {
  readonly world: World;
  readonly files: RowFiles = new RowFiles();
  readonly guest: GuestMemory = new GuestMemory();
  /** Answers the server's own commands. */
  readonly dma: DmaResponder = new DmaResponder(this.guest, (command) => this.#send(command));
  readonly saved: Map<string, Uint8Array> = new Map();
  readonly transcript: Transcript;
  /** Remarks for the report. */
  readonly notes: string[] = [];
  /** Descriptors and resident bytes that the server held when they were counted. */
  held = { descriptors: 0, bytes: 0 };
  /** A second client's connection, while there is one. */
  second: UnixSocket | undefined;
  /** What the row leaves behind on its connection. */
  readonly traces: Traces = new Traces();
  #connection: Connection | undefined;
  readonly #aside = new DisposableStack();
  #pending: Pending[] = [];
  #early: Incoming[] = [];
  #mayClose = false;
  #patienceMs = Infinity;
  #closedAsPermitted = false;

  /** Borrows the connection until `takeConnection`. */
  constructor(world: World, transcript: Transcript, connection: Connection) {
    this.world = world;
    this.transcript = transcript;
    this.connection = connection;
  }

  /** The connection of the moment. Throws `RangeError` after `disconnect()`. */
  get connection(): Connection {
    if (this.#connection === undefined) {
      throw new RangeError("Cannot go on: the row has disconnected");
    }
    return this.#connection;
  }

  set connection(connection: Connection) {
    this.#connection = connection;
    connection.transcript = this.transcript;
  }

  /** Whether there is a connection that the server has not closed. */
  get open(): boolean {
    return this.#connection !== undefined && !this.#connection.ended;
  }

  /** Gives the connection back, if there is one. */
  takeConnection(): Connection | undefined {
    if (this.#pending.length > 0) this.traces.lasting = true;
    const connection = this.#connection;
    this.#connection = undefined;
    this.dma.closeTwin();
    return connection;
  }

  /** Leaves the connection open until the row ends; there is none from then on. */
  putAside(): void {
    const connection = this.takeConnection();
    if (connection !== undefined) this.#aside.use(connection);
    this.disconnect();
  }

  /** Sends a command and judges what comes back. */
  async ask(message: Send, ...outcomes: readonly Outcome[]): Promise<Failure | undefined> {
    return await this.#send(message) ?? await this.#expect({ step: "expect", outcomes });
  }

  /** Closes our side; commands not answered yet are forgotten. */
  disconnect(): void {
    this.#connection?.[Symbol.dispose]();
    this.#connection = undefined;
    this.dma.closeTwin();
    this.guest.leave();
    this.#pending = [];
    for (const message of this.#early.splice(0)) disposeOf(message);
    this.traces.lasting = true;
  }

  /** Plays the steps and the check at their end. */
  async play(row: Case, device: DeviceFacts): Promise<Failure | undefined> {
    const steps = typeof row.steps === "function" ? row.steps(device) : row.steps;
    const failure = await this.#playAll(steps);
    if (failure !== undefined) return failure;
    if (!this.open || !this.connection.negotiated || leavesStream(row)) return undefined;
    return await this.fence();
  }

  /** A harmless command is answered, and nothing else is in the stream. */
  async fence(): Promise<Failure | undefined> {
    const observed = await this.#fenced();
    if (observed.kind === "nothing") return undefined;
    if (observed.kind === "closed" && this.#mayClose) return undefined;
    disposeOf(observed);
    const kind = observed.kind === "message" ? "mismatch" : kindOf(observed);
    const answer = `the answer to the next command (GET_INFO) and nothing else`;
    return this.failure(kind, [answer], describe(observed));
  }

  /** Waits until the server has asked for DMA; what comes before that is kept for the row. */
  async dmaAsked(): Promise<Failure | undefined> {
    const observed = await this.dma.untilAsked(this.connection, this.deadline());
    if (observed === undefined) return undefined;
    if (observed.kind !== "message") {
      return this.failure(kindOf(observed), ["a DMA_READ or DMA_WRITE"], describe(observed));
    }
    this.notes.push("the server did not ask for DMA");
    this.#early.push({ ...observed, bytes: observed.bytes.slice() });
    return undefined;
  }

  /** A failure that the newest transcript entry shows. */
  failure(
    kind: FailureKind,
    expected: readonly string[],
    seen: string,
    field?: ByteRange,
  ): Failure {
    const blamed = field === undefined ? {} : { field };
    return { kind, expected, seen, entry: this.transcript.newest, ...blamed };
  }

  /** When to give up waiting for what is asked now. */
  deadline(): number {
    return performance.now() + Math.min(this.world.timeoutMs, this.#patienceMs);
  }

  /** Releases files, and the connection if it was not taken back. */
  [Symbol.dispose](): void {
    this.disconnect();
    this.#aside.dispose();
    this.second?.[Symbol.dispose]();
    this.files[Symbol.dispose]();
  }

  async #playAll(steps: readonly Step[]): Promise<Failure | undefined> {
    for (const step of steps) {
      // A close that the row permits ends what was to be said on that connection.
      if (this.#closedAsPermitted && step.step !== "connect") continue;
      this.#closedAsPermitted = false;
      const failure = await this.#play(step);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  async #play(step: Step): Promise<Failure | undefined> {
    switch (step.step) {
      case "send":
        return await this.#send(step);
      case "send-together":
        return await this.#sendTogether(step.messages);
      case "expect":
        return await this.#expect(step);
      case "only-if":
        return this.saved.has(step.saved) ? await this.#playAll(step.steps) : undefined;
      default:
        return await worldStep(this, step);
    }
  }

  async #send(message: Send): Promise<Failure | undefined> {
    const fds = message.fds.map((descriptor) => this.files.open(descriptor));
    const { bytes: whole, msgId, payload } = this.#encode(message);
    const bytes = whole.subarray(0, message.only);
    const names = message.fds.map(describeDescriptor).join(", ");
    const cuts = [0, ...message.cuts, bytes.byteLength];
    this.transcript.sent(bytes, fds.length, pieces(names, message.cuts));
    if (message.only === undefined) this.#await(message, msgId, payload);
    else this.traces.lasting = true;
    for (let i = 0; i + 1 < cuts.length; i++) {
      const piece = bytes.subarray(cuts[i], cuts[i + 1]);
      const with_ = i === (message.fdsAtCut ?? 0) ? fds : [];
      const sent = await this.connection.send(piece, with_, this.deadline());
      if (sent === "stalled") return await this.#stalled();
      if (sent === "closed") return undefined;
      const more = i + 2 < cuts.length || message.only !== undefined;
      if (more) await this.connection.drained(PIECE_MS);
    }
    return undefined;
  }

  async #sendTogether(messages: readonly Send[]): Promise<Failure | undefined> {
    const encoded = messages.map((message) => {
      const { bytes, msgId, payload } = this.#encode(message);
      this.transcript.sent(bytes, 0, "in one send with its neighbours");
      this.#await(message, msgId, payload);
      return bytes;
    });
    const all = new Uint8Array(encoded.reduce((size, bytes) => size + bytes.byteLength, 0));
    let at = 0;
    for (const bytes of encoded) {
      all.set(bytes, at);
      at += bytes.byteLength;
    }
    const sent = await this.connection.send(all, [], this.deadline());
    return sent === "stalled" ? await this.#stalled() : undefined;
  }

  #encode(message: Send): { bytes: Uint8Array; msgId: number; payload: Uint8Array } {
    this.traces.sent(message.command);
    const msgId = message.header.msgId ?? this.connection.takeId();
    const { bytes, payload } = encodeMessage(message, msgId, this.saved);
    // Until DMA_UNMAP is answered, the server may use the range.
    if (message.command !== Command.DMA_UNMAP || !asksForReply(message)) {
      this.guest.follow(message.command, payload, message.fds.map((d) => this.files.backing(d)));
    }
    return { bytes, msgId, payload };
  }

  #await(message: Send, msgId: number, payload: Uint8Array): void {
    const { command } = message;
    if (asksForReply(message)) this.#pending.push({ msgId, command, payload });
    else this.traces.follow(command, payload);
  }

  async #stalled(): Promise<Failure> {
    const expected = ["the server to read the command"];
    if (!this.connection.pending) {
      return this.failure("no-reply", expected, "nothing read within the time limit");
    }
    const received = await this.connection.receive(performance.now());
    disposeOf(received);
    return this.failure("mismatch", expected, `${describe(received)} before all of it was read`);
  }

  async #expect(step: Expect): Promise<Failure | undefined> {
    const outcomes = step.outcomes;
    if (outcomes.some((one) => one.outcome === "closed")) this.#mayClose = true;
    this.#patienceMs = outcomes.some((one) => one.outcome === "silence") ? SILENCE_MS : Infinity;
    const before = this.transcript.newest;
    const fenced = outcomes.some((one) => one.outcome === "nothing");
    const observed = fenced ? await this.#fenced() : await this.#reply(outcomes);
    if ("expected" in observed) return observed;
    const mismatches: Mismatch[] = [];
    for (const outcome of outcomes) {
      const mismatch = judge(outcome, observed, this.saved);
      if (mismatch === undefined) {
        this.#matched(outcome, observed);
        return undefined;
      }
      mismatches.push(mismatch);
    }
    disposeOfObserved(observed);
    const { seen, field } = mismatches[0] ?? { seen: "nothing" };
    // A reply that came early, or before a fence, stands further up in the transcript than its newest entry.
    const isNewest = !fenced && this.transcript.newest > before;
    const expected = outcomes.map(outcomeText);
    return this.failure(kindOf(observed), expected, seen, isNewest ? field : undefined);
  }

  #matched(outcome: Outcome, observed: Observed): void {
    if (outcome.remark !== undefined) this.notes.push(outcome.remark);
    if (observed.kind === "closed") this.#closedAsPermitted = this.traces.lasting = true;
    if (observed.kind !== "message") return;
    const demands = "demands" in outcome ? outcome.demands : {};
    const reply = replyOf(observed);
    if (demands.save !== undefined) this.saved.set(demands.save, reply.data.slice());
    if (demands.saveFds !== undefined) this.files.keep(demands.saveFds, observed.fds);
    else disposeOf(observed);
    if (observed.header.command === Command.VERSION && !isError(reply)) {
      this.connection.negotiated = true;
    }
  }

  /** What happens to the oldest command that is not answered yet. */
  async #reply(outcomes: readonly Outcome[]): Promise<Observed | Failure> {
    const target = this.#pending.shift();
    if (target === undefined) {
      // Nothing is owed: the row waits for the connection to end.
      return await this.#receive();
    }
    const answer = await this.#answerTo(target, outcomes);
    if ("header" in answer && !isError(answer.header)) {
      this.traces.follow(target.command, target.payload);
      if (target.command === Command.DMA_UNMAP) {
        this.guest.follow(target.command, target.payload, []);
      }
    }
    return answer;
  }

  async #answerTo(target: Pending, outcomes: readonly Outcome[]): Promise<Observed | Failure> {
    const early = this.#early.findIndex((message) => message.header.msgId === target.msgId);
    if (early >= 0) return this.#early.splice(early, 1)[0]!;
    for (let i = 0; i < MAX_UNASKED; i++) {
      const observed = await this.#receive();
      if (observed.kind !== "message") return observed;
      const { msgId, command } = observed.header;
      if (msgId === target.msgId) {
        if (command === target.command) return observed;
        const name = commandName(target.command);
        const seen = `a reply to ${commandName(command)}`;
        return this.#wrong(observed, `a reply to ${name}`, seen, "command");
      }
      if (!this.#pending.some((other) => other.msgId === msgId)) {
        const expected = outcomes.map(outcomeText).join(" or ");
        const wanted = `${expected}, with message ID ${target.msgId}`;
        return this.#wrong(observed, wanted, `message ID ${msgId}`, "msgId");
      }
      this.notes.push(`message ID ${msgId} was answered before ${target.msgId}`);
      this.#early.push({ ...observed, bytes: observed.bytes.slice() });
    }
    return this.failure("mismatch", ["one reply"], "no end of messages that nobody asked for");
  }

  #wrong(
    observed: Incoming,
    expected: string,
    seen: string,
    field: "command" | "msgId",
  ): Failure {
    disposeOf(observed);
    return this.failure("mismatch", [expected], seen, headerField(field));
  }

  /** What comes before the answer to a fence: nothing, as it should, or something else. */
  async #fenced(): Promise<Observed> {
    const owed = this.#early.shift();
    if (owed !== undefined) return owed;
    const msgId = this.connection.takeId();
    const { bytes } = encodeMessage(getInfo(), msgId, this.saved);
    this.transcript.sent(bytes, 0, "fence");
    const sent = await this.connection.send(bytes, [], this.deadline());
    if (sent === "stalled") return { kind: "no-reply", partial: 0 };
    const observed = await this.#receive();
    if (observed.kind !== "message") return observed;
    if (observed.header.msgId !== msgId || observed.header.command !== Command.DEVICE_GET_INFO) {
      // The answer to the fence itself is still to come: the next receive must not stumble over it.
      const copy = { ...observed, bytes: observed.bytes.slice() };
      disposeOfObserved(await this.#receive());
      return copy;
    }
    disposeOf(observed);
    if (this.connection.pending) return await this.#receive();
    return { kind: "nothing" };
  }

  /** The next message that is for us to judge; commands of the server are answered on the way. */
  async #receive(): Promise<Exclude<Observed, { kind: "nothing" }>> {
    return await this.dma.receive(this.connection, this.deadline());
  }
}

function asksForReply({ header }: Send): boolean {
  return ((header.flags ?? 0) & HeaderFlag.NO_REPLY) === 0;
}

/** Whether the row ends with a stream in which nothing can be checked. */
export function leavesStream(row: Case): boolean {
  return row.ends === "alive" || row.ends === "may-exit";
}

function disposeOfObserved(observed: Observed): void {
  if (observed.kind !== "nothing") disposeOf(observed);
}

function kindOf(observed: Observed): FailureKind {
  return observed.kind === "closed" || observed.kind === "no-reply" ? observed.kind : "mismatch";
}

function pieces(names: string, cuts: readonly number[]): string {
  if (cuts.length === 0) return names;
  const text = `in ${cuts.length + 1} pieces, cut at ${cuts.join(", ")}`;
  return names === "" ? text : `${names}; ${text}`;
}
