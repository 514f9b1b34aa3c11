import { Connection, disposeOf, isReply } from "../connection.ts";
import { HarnessError } from "../harness_error.ts";
import { describe } from "../judge.ts";
import { sanitizerReport } from "../output_tail.ts";
import type { Failure, FailureKind } from "../results.ts";
import type { Stage } from "../stage.ts";
import { Transcript } from "../transcript.ts";
import { Command, HeaderFlag } from "../wire/constants.ts";
import { Header, Version } from "../wire/messages.ts";
import { encodeVersionJson, parseVersionJson } from "../wire/version_json.ts";
import type { Breach } from "./expectation.ts";
import type { Finding } from "./finding.ts";
import { encode, message, type Proposal, USUAL_PROPOSAL } from "./message.ts";

/** What went wrong around the messages of a conversation. */
export type Trouble = Breach & { readonly kind: FailureKind };

/** Characters of the server's output that are kept. */
const KEPT_OUTPUT = 64 * 1024;

/** How long a server may take to close what a client that left has brought. */
const CLOSING_MS = 200;

/** One client after another of a server: connections, VERSION, and what is seen when a client leaves. */
export class Client implements Disposable {
  /** Longest wait for a reply, in milliseconds. */
  timeoutMs: number;
  readonly #stage: Stage;
  #connection: Connection | undefined;
  #next: Connection | undefined;
  #descriptors: number | undefined;
  #output = "";

  /** On a stage whose life is known. */
  constructor(stage: Stage) {
    this.#stage = stage;
    this.timeoutMs = stage.timeoutMs;
  }

  /** The connection of now. */
  get connection(): Connection {
    if (this.#connection === undefined) throw new Error("Cannot send: there is no connection");
    return this.#connection;
  }

  /** Whether every client gets a server of its own. */
  get ownServers(): boolean {
    return this.#stage.life !== "stays";
  }

  /** A connection to begin with: that with which the last conversation ended, or a new one. */
  async begin(): Promise<Trouble | undefined> {
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined) {
      const trouble = await this.connect(USUAL_PROPOSAL);
      if (trouble === undefined) this.#descriptors = this.#count(this.connection);
      return trouble;
    }
    this.#connection = next;
    return undefined;
  }

  /** Leaves, and comes back with a proposal. */
  async connect(proposal: Proposal): Promise<Trouble | undefined> {
    this.#connection?.[Symbol.dispose]();
    this.#connection = undefined;
    const connection = await this.#stage.connect(new Transcript());
    if (!(connection instanceof Connection)) return refusal(connection);
    this.#connection = connection;
    return await this.#negotiate(connection, proposal);
  }

  /** How the server ended, if that is why a connection ended or nothing comes. */
  async death(): Promise<Trouble | undefined> {
    const failure = await this.#stage.died();
    return failure === undefined ? undefined : refusal(failure);
  }

  /** Leaves: the next client must be served, and nothing be left of this one. */
  async leave(): Promise<Trouble | undefined> {
    this.#connection?.[Symbol.dispose]();
    this.#connection = undefined;
    const trouble = this.ownServers ? await this.#end() : await this.connect(USUAL_PROPOSAL);
    this.#listen();
    const spoken = spokenOf(this.#output);
    if (spoken !== undefined || trouble !== undefined) return spoken ?? trouble;
    this.#next = this.#connection;
    this.#connection = undefined;
    return this.#next === undefined ? undefined : await this.#leak(this.#next);
  }

  /** What the server printed since this was last asked. */
  output(): string {
    this.#listen();
    const output = this.#output;
    this.#output = "";
    return output;
  }

  /** What was found, with what the server had to say: that explains more than how its process ended. */
  explained(finding: Finding): Finding {
    this.#listen();
    const spoken = spokenOf(this.#output);
    if (spoken !== undefined) return { ...finding, ...spoken };
    const last = this.#output.trimEnd().split("\n").at(-1) ?? "";
    const ended = finding.kind === "crash" || finding.kind === "exit";
    return ended && last !== "" ? { ...finding, said: last.replaceAll(/\d+/g, "…") } : finding;
  }

  /** The server is of no use any more, or not to be trusted. */
  async replace(): Promise<void> {
    this[Symbol.dispose]();
    await this.#stage.replace();
  }

  [Symbol.dispose](): void {
    this.#connection?.[Symbol.dispose]();
    this.#next?.[Symbol.dispose]();
    this.#connection = this.#next = undefined;
  }

  async #end(): Promise<Trouble | undefined> {
    const failure = await this.#stage.nextClientServed();
    return failure === undefined ? undefined : refusal(failure);
  }

  /** Keeps what the server printed; of a server that says much, the end. */
  #listen(): void {
    this.#output = (this.#output + this.#stage.takeOutput()).slice(-KEPT_OUTPUT);
  }

  async #leak(connection: Connection): Promise<Trouble | undefined> {
    const before = this.#descriptors;
    const deadline = performance.now() + CLOSING_MS;
    let now = this.#count(connection);
    // The next client may be served while the last one's things are still being put away.
    while (before !== undefined && (now ?? 0) > before && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      now = this.#count(connection);
    }
    this.#descriptors = now;
    if (before === undefined || now === undefined || now <= before) return undefined;
    return {
      kind: "leak",
      clause: "disc-dma-fd-closed",
      expected: `${before} open descriptors once the client has left`,
      seen: `${now}`,
    };
  }

  #count(connection: Connection): number | undefined {
    return this.#stage.probe(connection)?.openDescriptors();
  }

  async #negotiate(connection: Connection, proposal: Proposal): Promise<Trouble | undefined> {
    const { minor, maxMsgFds, maxDataXferSize } = proposal;
    const capabilities = {
      max_msg_fds: maxMsgFds,
      max_data_xfer_size: maxDataXferSize,
      write_multiple: true,
    };
    const data = encodeVersionJson({ capabilities });
    const msgId = connection.takeId();
    const deadline = performance.now() + this.timeoutMs;
    const bytes = encode(message(Command.VERSION, { major: 0, minor }, { data }), msgId);
    await connection.send(bytes, [], deadline);
    const received = await connection.receive(deadline);
    disposeOf(received);
    const clause = minor === 0 ? "ver-minor-0-supported" : "ver-basic";
    const expected = "a reply to VERSION";
    if (received.kind !== "message") {
      const kind = received.kind === "malformed" ? "mismatch" : received.kind;
      return await this.death() ?? { kind, clause, expected, seen: describe(received) };
    }
    const { header } = received;
    const fits = isReply(received) && header.msgId === msgId &&
      header.command === Command.VERSION && (header.flags & HeaderFlag.ERROR) === 0;
    if (!fits) return { kind: "mismatch", clause, expected, seen: describe(received) };
    connection.negotiated = true;
    return checkVersion(received.bytes.subarray(Header.size), minor);
  }
}

/** A sanitizer speaks before the process ends, if it ends at all. */
function spokenOf(output: string): Trouble | undefined {
  const report = sanitizerReport(output);
  if (report === undefined) return undefined;
  // The summary names the place, which is the same each time; addresses are not.
  const seen = /SUMMARY: .*/.exec(output)?.[0] ?? report.replaceAll(/0x[0-9a-f]+/g, "…");
  return { kind: "crash", clause: "disc-server-survives", expected: "no sanitizer report", seen };
}

function checkVersion(payload: Uint8Array, minor: number): Trouble | undefined {
  const mismatch = (clause: string, expected: string, seen: string) =>
    ({ kind: "mismatch", clause, expected, seen }) as const;
  if (payload.byteLength < Version.size) {
    return mismatch("ver-basic", "4 bytes and more", `${payload.byteLength} bytes`);
  }
  const reply = Version.decode(payload);
  if (reply.major !== 0) return mismatch("ver-major-echo", "major 0", `major ${reply.major}`);
  if (reply.minor > minor) {
    return mismatch("ver-minor-le", `a minor of at most ${minor}`, `minor ${reply.minor}`);
  }
  const parsed = parseVersionJson(payload.subarray(Version.size));
  if (!parsed.ok) return mismatch("ver-reply-json-valid", "version data", parsed.reason);
  return undefined;
}

function refusal({ kind, expected, seen }: Failure): Trouble {
  if (kind === "harness") throw new HarnessError("internal", seen);
  return { kind, clause: "disc-server-survives", expected: expected.join(" or "), seen };
}
