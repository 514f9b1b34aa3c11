import { disposeOf, type Incoming, isReply, type Received } from "../connection.ts";
import { describe } from "../judge.ts";
import {
  Command,
  commandName,
  DeviceState,
  Feature,
  FeatureFlag,
  HeaderFlag,
} from "../wire/constants.ts";
import { Errno, errnoName } from "../wire/errno.ts";
import { DeviceFeature, DmaAccess, FeatureDeviceState, Header } from "../wire/messages.ts";
import type { Client, Trouble } from "./client.ts";
import { Descriptors } from "./descriptors.ts";
import type { Breach, Expectation, Outcome } from "./expectation.ts";
import { type Finding, LEAVING } from "./finding.ts";
import type { Ground } from "./ground.ts";
import { type Act, actText, encode, type Message, message, USUAL_PROPOSAL } from "./message.ts";
import { isSilent, Model } from "./model.ts";

/** A server that asks for more than this within one wait is out of its mind. */
const MAX_REQUESTS = 10_000;
/** What one server-to-client transfer may move. */
const MAX_TRANSFER = 1 << 20;

const FENCE = message(Command.DEVICE_GET_INFO, { argsz: 16 });

const RESET = message(Command.DEVICE_RESET);
const STOP_LOGGING = message(Command.DEVICE_FEATURE, {
  argsz: DeviceFeature.size,
  flags: FeatureFlag.SET | Feature.DMA_LOGGING_STOP,
});
const SET_RUNNING = message(Command.DEVICE_FEATURE, {
  argsz: DeviceFeature.size + FeatureDeviceState.size,
  flags: FeatureFlag.SET | Feature.MIG_DEVICE_STATE,
}, { data: FeatureDeviceState.encode({ deviceState: DeviceState.RUNNING }) });

/** A command that wanted no reply, as long as one may still come. */
interface Silent {
  readonly msgId: number;
  readonly command: number;
  readonly owed: Expectation["owed"];
}

/** What came of waiting for the reply to a command. */
type Answer = Incoming | "closed" | Trouble;

/** Plays conversations, and compares every answer with what the model allows. */
export class RandomPlayer implements Disposable {
  /** Commands that were sent. */
  commands = 0;
  readonly #client: Client;
  readonly #ground: Ground;
  readonly #skipped: ReadonlySet<string>;
  readonly #descriptors = new Descriptors();
  #model: Model | undefined;
  #silent: Silent[] = [];

  /** On a device's server; breaches of `skipped` clauses do not count. */
  constructor(client: Client, ground: Ground, skipped: ReadonlySet<string> = new Set()) {
    this.#client = client;
    this.#ground = ground;
    this.#skipped = skipped;
  }

  /** Plays a conversation on a new connection; says what the server did wrong, if it did. */
  async play(acts: readonly Act[]): Promise<Finding | undefined> {
    const first = await this.#playOnce(acts);
    if (first === undefined) return undefined;
    const finding = this.#client.explained(first);
    // What a server opens once, when it is first needed, is no leak.
    if (finding.kind === "leak") return await this.#playOnce(acts);
    if (finding.kind === "mismatch") this.#forget();
    else await this.startAnew();
    return finding;
  }

  /** The next conversation is the first of its server. */
  async startAnew(): Promise<void> {
    this.#model = undefined;
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
    const begun = await this.#begin();
    if (begun !== undefined) return found(begun);
    for (const act of acts) {
      at++;
      const trouble = await this.#do(act);
      if (trouble !== undefined) return found(trouble);
    }
    at++;
    const trouble = await this.#fence() ?? await this.#client.leave();
    if (this.#client.ownServers) this.#model = undefined;
    return trouble === undefined ? undefined : found(trouble);
  }

  /** Begins with a device that runs, on a server that has one already or on a new one. */
  async #begin(): Promise<Trouble | undefined> {
    this.#silent = [];
    const trouble = await this.#client.begin();
    if (trouble !== undefined) return trouble;
    this.#descriptors.drain();
    const model = this.#connected();
    // Whether it stops makes a difference to what is owed, not to whether we begin.
    const stopped = model.mayLog ? await this.#send(STOP_LOGGING) : undefined;
    if (stopped !== undefined || model.running) return stopped;
    // From ERROR only a reset leads on.
    for (const one of [SET_RUNNING, RESET, SET_RUNNING]) {
      const failed = await this.#send(one);
      if (failed !== undefined || this.#model!.running) return failed;
    }
    await this.startAnew();
    return await this.#begin();
  }

  #connected(proposal = USUAL_PROPOSAL): Model {
    this.#model ??= new Model(this.#ground, (number) => this.#descriptors.eventFd(number).read());
    this.#model.connected(proposal);
    return this.#model;
  }

  /** What the server is up to is not known any more, though it lives. */
  #forget(): void {
    this.#client[Symbol.dispose]();
    this.#model?.doubt();
  }

  async #do(act: Act): Promise<Trouble | undefined> {
    if (act.act === "send") return await this.#send(act.message);
    const trouble = await this.#fence() ?? await this.#reconnect(act.proposal);
    return trouble;
  }

  async #reconnect(proposal = USUAL_PROPOSAL): Promise<Trouble | undefined> {
    this.#silent = [];
    if (this.#client.ownServers) this.#model = undefined;
    const trouble = await this.#client.connect(proposal);
    this.#connected(proposal);
    return trouble;
  }

  async #send(one: Message): Promise<Trouble | undefined> {
    const silent = isSilent(one);
    // What was signalled can only be told apart when nothing else is under way.
    if (one.command === Command.DEVICE_SET_IRQS && this.#silent.length > 0) {
      const trouble = await this.#fence();
      if (trouble !== undefined) return trouble;
    }
    const model = this.#model!;
    const expectation = model.expect(one);
    const { connection, timeoutMs } = this.#client;
    const msgId = one.header.msgId ?? connection.takeId();
    const deadline = performance.now() + timeoutMs;
    const bytes = encode(one, msgId);
    const fds = one.fds.map((descriptor) => this.#descriptors.get(descriptor));
    this.commands++;
    const sent = await connection.send(bytes, fds, deadline);
    if (sent === "stalled") return unanswered("the command was not read within the time limit");
    const { owed } = expectation;
    if (silent) {
      this.#silent.push({ msgId, command: one.command, owed });
      expectation.follow?.(owed === "either" ? "unknown" : owed);
      return undefined;
    }
    const answer = sent === "closed" ? "closed" : await this.#answer(msgId, one.command, deadline);
    if (answer === "closed") return await this.#closed(expectation);
    if ("clause" in answer) return answer;
    return this.#judge(expectation, answer);
  }

  /** The reply to a command; what comes before it is dealt with. */
  async #answer(msgId: number, command: number, deadline: number): Promise<Answer> {
    const { connection } = this.#client;
    for (let requests = 0; requests < MAX_REQUESTS; requests++) {
      const received = await connection.receive(deadline);
      if (received.kind === "closed") return "closed";
      if (received.kind !== "message") return await this.#ended(received);
      const { header } = received;
      if (header.msgId === msgId && header.command === command && isReply(received)) {
        this.#answered();
        return received;
      }
      const trouble = await this.#other(received, msgId, command, deadline);
      disposeOf(received);
      if (trouble !== undefined && !this.#skipped.has(trouble.clause)) return trouble;
    }
    return unanswered(`${MAX_REQUESTS} other messages`);
  }

  /** What was sent before is done: it is not why the connection closes from now on. */
  #answered(): void {
    if (this.#silent.length === 0) return;
    this.#silent = this.#silent.map((one) => ({ ...one, owed: "success" }));
  }

  async #ended(received: Exclude<Received, Incoming>): Promise<Trouble> {
    if (received.kind === "no-reply") {
      return await this.#client.death() ?? unanswered(describe(received));
    }
    const expected = "a well-formed message";
    return { kind: "mismatch", clause: "hdr-reply-size", expected, seen: describe(received) };
  }

  /** A message that is not the reply waited for: a command of the server's, or one too many. */
  async #other(
    received: Incoming,
    msgId: number,
    command: number,
    deadline: number,
  ): Promise<Trouble | undefined> {
    const { header } = received;
    const asks = header.command === Command.DMA_READ || header.command === Command.DMA_WRITE;
    const type = header.flags & HeaderFlag.TYPE_MASK;
    if (asks && type === 0) return await this.#serveDma(received, deadline);
    const silent = this.#silent.find((one) =>
      one.msgId === header.msgId && one.command === header.command
    );
    const seen = describe(received);
    const expected = `a reply to ${commandName(command)} with message ID ${msgId}`;
    const mismatch = (clause: string) =>
      ({ kind: "mismatch", clause, expected, seen: `${seen}, ID ${header.msgId}` }) as const;
    if (silent !== undefined) return this.#spoken(silent, header.flags, seen);
    if (header.command !== command) return mismatch("hdr-reply-cmd");
    if (header.msgId !== msgId) return mismatch("hdr-reply-id");
    return mismatch("hdr-reply-type");
  }

  /** A reply that nobody wanted. That every command can go without one is only recommended. */
  #spoken({ command }: Silent, flags: number, seen: string): Trouble | undefined {
    const writes = command === Command.REGION_WRITE || command === Command.REGION_WRITE_MULTI;
    const failed = (flags & HeaderFlag.ERROR) !== 0;
    if (!writes) return undefined;
    const clause = failed ? "noreply-error-silent" : "noreply-write";
    return { kind: "mismatch", clause, expected: "no reply to a command with No_reply", seen };
  }

  async #serveDma({ header, bytes }: Incoming, deadline: number): Promise<Trouble | undefined> {
    const { msgId, command } = header;
    if (bytes.byteLength < Header.size + DmaAccess.size) {
      const seen = `${bytes.byteLength} bytes`;
      return { kind: "mismatch", clause: "sdma-header", expected: "32 bytes and more", seen };
    }
    const { address, count } = DmaAccess.decode(bytes, Header.size);
    const mapped = this.#model!.dma.mayHold(address, count);
    const good = mapped && count <= MAX_TRANSFER;
    const data = good && command === Command.DMA_READ ? Number(count) : 0;
    const size = Header.size + (good ? DmaAccess.size + data : 0);
    const reply = new Uint8Array(size);
    const flags = 1 | (good ? 0 : HeaderFlag.ERROR);
    const error = good ? 0 : Errno.EFAULT;
    reply.set(Header.encode({ msgId, command, msgSize: size, flags, error }));
    if (good) reply.set(DmaAccess.encode({ address, count }), Header.size);
    const silent = (header.flags & HeaderFlag.NO_REPLY) !== 0;
    if (!silent) await this.#client.connection.send(reply, [], deadline);
    if (mapped) return undefined;
    const seen = `${commandName(command)} of ${count} bytes at 0x${address.toString(16)}`;
    const expected = "guest memory that is mapped";
    return { kind: "mismatch", clause: "sdma-only-mapped", expected, seen };
  }

  #judge(expectation: Expectation, received: Incoming): Trouble | undefined {
    const { header, bytes } = received;
    const failed = (header.flags & HeaderFlag.ERROR) !== 0;
    const breach = failed ? this.#judgeError(expectation, received) : this.#judgeSuccess(
      expectation,
      bytes.subarray(Header.size),
      received.fds.length,
    );
    disposeOf(received);
    const outcome: Outcome = failed ? "error" : "success";
    expectation.follow?.(outcome);
    return this.#counts(breach) ? { kind: "mismatch", ...breach! } : undefined;
  }

  #counts(breach: Breach | undefined): boolean {
    return breach !== undefined && !this.#skipped.has(breach.clause);
  }

  #judgeError({ owed, errno, clause }: Expectation, { header }: Incoming): Breach | undefined {
    const seen = `error ${errnoName(header.error)}`;
    if (owed === "success") return { clause, expected: "a reply without error", seen };
    const wrongErrno = errno !== undefined && header.error !== errno;
    const breach = wrongErrno ? { clause, expected: `error ${errnoName(errno)}`, seen } : undefined;
    if (header.msgSize === Header.size || this.#counts(breach)) return breach;
    const size = `${seen} with ${header.msgSize} bytes`;
    return { clause: "hdr-err-header-only", expected: "an error of 16 bytes", seen: size };
  }

  #judgeSuccess(
    { owed, errno, clause, check }: Expectation,
    payload: Uint8Array,
    fdCount: number,
  ): Breach | undefined {
    if (owed !== "error") return check?.({ payload, fdCount });
    const expected = errno === undefined ? "an error" : `error ${errnoName(errno)}`;
    return { clause, expected, seen: "a reply without error" };
  }

  /** A server may close over a command that it need not carry out. */
  async #closed({ owed, clause, follow }: Expectation): Promise<Trouble | undefined> {
    const dead = await this.#client.death();
    if (dead !== undefined) return dead;
    const permitted = owed !== "success" || this.#silent.some((one) => one.owed !== "success");
    if (!permitted && !this.#skipped.has(clause)) {
      const expected = "a reply without error";
      return { kind: "closed", clause, expected, seen: "the connection closed" };
    }
    follow?.("unknown");
    return await this.#reconnect();
  }

  /** Everything sent has been answered, and nothing else is there. */
  async #fence(): Promise<Trouble | undefined> {
    const { connection, timeoutMs } = this.#client;
    const deadline = performance.now() + timeoutMs;
    const msgId = connection.takeId();
    const sent = await connection.send(encode(FENCE, msgId), [], deadline);
    const answer = sent === "sent"
      ? await this.#answer(msgId, FENCE.command, deadline)
      : sent === "closed"
      ? sent
      : unanswered("the command was not read within the time limit");
    if (answer === "closed") {
      return await this.#closed({ clause: "hdr-every-cmd-answered", owed: "success" });
    }
    if ("clause" in answer) return answer;
    disposeOf(answer);
    this.#silent = [];
    if (!connection.pending) return undefined;
    const expected = "nothing behind the last reply";
    const clause = "hdr-every-cmd-answered";
    return { kind: "mismatch", clause, expected, seen: "more bytes" };
  }
}

function unanswered(seen: string): Trouble {
  return { kind: "no-reply", clause: "hdr-every-cmd-answered", expected: "a reply", seen };
}
