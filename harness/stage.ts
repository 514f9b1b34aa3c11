import { ask, CLIENT_VERSION } from "./ask.ts";
import type { Reply } from "./case.ts";
import { Connection } from "./connection.ts";
import type { IdleServer } from "./descriptor_watch.ts";
import type { Life } from "./device_facts.ts";
import type { World } from "./world.ts";
import { HarnessError } from "./harness_error.ts";
import { KeptServer } from "./kept_server.ts";
import { signalProcess, SIGTERM } from "./posix/process.ts";
import type { UnixSocket } from "./posix/unix_socket.ts";
import { ProcessProbe } from "./process_probe.ts";
import type { Failure } from "./results.ts";
import { type Exit, exitText, type Server, type ServerLimits } from "./server.ts";
import { SpareServer } from "./spare_server.ts";
import type { Target } from "./target.ts";
import { Transcript } from "./transcript.ts";

/** Options of a stage. */
export interface StageOptions extends ServerLimits {
  /** Longest wait for a reply, in milliseconds. */
  readonly timeoutMs: number;
}

/** How servers of this kind live: what one thread has learnt, and others need not. */
export interface LifeFacts {
  readonly life: Life;
  /** How one ends whose client has left. */
  readonly normalExit?: Exit;
}

/** Between the end of a connection and the end of the process that held it. */
const CLOSING_MS = 100;
/** A dying process may still dump its memory. */
const DYING_MS = 3000;

/** One server after another, and the connection that rows share. */
export class Stage implements World, IdleServer, AsyncDisposable {
  /** Longest wait for a reply, in milliseconds; shorter than the user said while a server is not expected to answer. */
  timeoutMs: number;
  /** Known after `learnLife`. */
  life: Life = "unknown";
  /** What was odd about servers, besides what cases say. */
  readonly remarks: Set<string> = new Set<string>();
  readonly #target: Target;
  readonly #options: StageOptions;
  #server: Server | undefined;
  readonly #spare: SpareServer;
  /** The last server that was ended, while its traces are removed. */
  #tidying: Promise<void> = Promise.resolve();
  /** Servers that were ended: with the second it is worth while to have a spare one. */
  #ended = 0;
  #shared: Connection | undefined;
  /** Whoever waits for the server does so here. */
  #latest: Connection | undefined;
  /** What servers that are gone had printed; bounded, since each of them is. */
  #output = "";
  #clients = 0;
  /** The server that waits while a row is at a second one. */
  #first:
    | {
      readonly server: Server | undefined;
      readonly clients: number;
      readonly resetWillDo: boolean;
    }
    | undefined;
  /** Whether the last second server had served other rows. */
  secondWasUsed = false;
  readonly #kept: KeptServer = new KeptServer((server) => this.#tidy(server));
  #normalExit: Exit | undefined;
  #stopped = false;

  constructor(target: Target, options: StageOptions) {
    this.#target = target;
    this.#options = options;
    this.#spare = new SpareServer(target, options);
    this.timeoutMs = options.timeoutMs;
  }

  /** How servers are started. */
  get target(): Target {
    return this.#target;
  }

  /** How long a start and a stop may take. */
  get limits(): ServerLimits {
    return this.#options;
  }

  /** Whether no client has been served since the server was started. */
  get fresh(): boolean {
    return this.#clients === 0;
  }

  /** What another stage needs to know of how servers live. */
  get lifeFacts(): LifeFacts {
    const exit = this.#normalExit;
    return { life: this.life, ...(exit === undefined ? {} : { normalExit: exit }) };
  }

  /** Tells how servers live. */
  knows({ life, normalExit }: LifeFacts): void {
    this.life = life;
    this.#normalExit = normalExit;
  }

  /** Starts a server that will soon be needed. */
  warmUp(): void {
    this.#spare.warmUp();
  }

  /** What the server printed since the last call. */
  takeOutput(): string {
    const output = this.#output + (this.#server?.output.take() ?? "");
    this.#output = "";
    return output;
  }

  /** A negotiated connection: the shared one, or a new one. Throws `HarnessError` where none is to be had. */
  async negotiated(): Promise<Connection> {
    const shared = this.#shared;
    this.#shared = undefined;
    if (shared !== undefined && !shared.ended) return shared;
    shared?.[Symbol.dispose]();
    const connection = await this.raw();
    const failure = await this.negotiate(connection);
    if (failure === undefined) return connection;
    connection[Symbol.dispose]();
    await this.replace();
    throw new HarnessError("start", `Cannot set up a connection: VERSION gave ${failure.seen}`);
  }

  /** A connection before VERSION. Throws `HarnessError` where none is to be had. */
  async raw(): Promise<Connection> {
    const connection = await this.connect(new Transcript());
    if (connection instanceof Connection) return connection;
    await this.replace();
    throw new HarnessError("start", `Cannot set up a connection: ${connection.seen}`);
  }

  /** Gives a connection back for the next row. */
  share(connection: Connection): void {
    this.#shared?.[Symbol.dispose]();
    this.#shared = connection;
  }

  /** A new connection, on a new server where that is how it lives; or what became of the server. */
  async connect(transcript: Transcript): Promise<Connection | Failure> {
    this.#shared?.[Symbol.dispose]();
    this.#shared = undefined;
    if (!this.fresh && this.life !== "stays" && this.life !== "unknown") {
      const failure = await this.#leave();
      if (failure !== undefined) return failure;
    }
    const server = this.#server ??= await this.#start();
    try {
      const ms = this.fresh ? this.#options.startMs : this.timeoutMs;
      const connection = new Connection(await server.connect(ms), transcript);
      this.#clients++;
      this.#latest = connection;
      return connection;
    } catch (error) {
      if (this.fresh || !(error instanceof HarnessError)) throw error;
      return this.#gone(server, error.message);
    }
  }

  /**
   * A connection to another server, to which all else refers from then on, until `endSecond`: a new one, or with
   * `resetWillDo` one that was reset. Throws `HarnessError` of kind `second-server` where none can be started beside
   * the first.
   */
  async second(transcript: Transcript, resetWillDo: boolean): Promise<Connection | Failure> {
    await this.endSecond(false);
    this.#first = { server: this.#server, clients: this.#clients, resetWillDo };
    this.#server = resetWillDo ? await this.#kept.takeReset(this.timeoutMs) : undefined;
    this.#clients = this.#server === undefined ? 0 : 1;
    this.secondWasUsed = this.#server !== undefined;
    try {
      return await this.connect(transcript);
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      const message = `a second server cannot be started beside the first: ${error.message}`;
      throw new HarnessError("second-server", message, { cause: error });
    }
  }

  /** Goes back to the first server, and ends the second, if there is one, or keeps it for rows that a reset will do. */
  async endSecond(keep: boolean): Promise<void> {
    const first = this.#first;
    if (first === undefined) return;
    const second = this.#server;
    const mayKeep = keep && first.resetWillDo && this.life === "stays";
    if (mayKeep && second !== undefined && this.#kept.keep(second)) {
      this.#shared?.[Symbol.dispose]();
      this.#shared = undefined;
      this.#output += second.output.take();
    } else await this.replace();
    this.#first = undefined;
    this.#server = first.server;
    this.#clients = first.clients;
    // Its client leaves with the row.
    if (this.life !== "stays") await this.replace();
  }

  /** VERSION on a new connection. */
  async negotiate(connection: Connection): Promise<Failure | undefined> {
    const reply = await this.#version(connection);
    if (typeof reply !== "string") return undefined;
    const dead = await this.died();
    if (dead !== undefined) return dead;
    const expected = ["the server to serve a new client (VERSION)"];
    return {
      kind: reply.startsWith("the connection") ? "closed" : "no-reply",
      expected,
      seen: reply,
    };
  }

  /** The first connection of a run, and the reply to its VERSION. Throws `HarnessError` of kind `start`. */
  async first(): Promise<{ connection: Connection; reply: Reply }> {
    const connection = await this.raw();
    const reply = await this.#version(connection);
    if (typeof reply !== "string") return { connection, reply };
    connection[Symbol.dispose]();
    const exit = await this.#server?.ended(reply.startsWith("the connection") ? DYING_MS : 0);
    const why = exit === undefined ? reply : `${reply}, ${exitText(exit)}`;
    throw new HarnessError("start", `Cannot negotiate with the server: VERSION gave ${why}`);
  }

  /** Lets the first client leave, and learns from what the next one meets how the server lives, or checks what is told. */
  async learnLife(first: Connection, told?: "stays" | "exits"): Promise<void> {
    first[Symbol.dispose]();
    const refusal = told === "exits" ? "nothing" : await this.#serveSecond();
    if (refusal === undefined) {
      this.life = "stays";
      return;
    }
    const server = this.#server;
    const profile = told === undefined ? "" : ` (the profile says that it ${told})`;
    if (told === "stays" || !server?.ours) {
      throw new HarnessError(
        "start",
        `Cannot use the server: a second client got ${refusal}${profile}`,
      );
    }
    const dying = told === "exits" || !server.listens();
    this.#normalExit = await server.ended(dying ? DYING_MS : 0);
    if (told === "exits" && this.#normalExit === undefined) {
      const still = `it still runs ${DYING_MS} ms after its first client left`;
      throw new HarnessError("start", `Cannot use the server: ${still}${profile}`);
    }
    if (this.#normalExit?.signal) {
      throw new HarnessError(
        "start",
        `Cannot use the server: ${exitText(this.#normalExit)} when its first client left`,
      );
    }
    this.life = this.#normalExit === undefined ? "abandons" : "exits";
    await this.replace();
  }

  /** After a row has closed its connection: the server still lives, by what is known of its life. */
  async nextClientServed(): Promise<Failure | undefined> {
    if (this.life !== "stays") return await this.#leave();
    const connection = await this.connect(new Transcript());
    if (!(connection instanceof Connection)) return connection;
    const failure = await this.negotiate(connection);
    if (failure === undefined) this.share(connection);
    else connection[Symbol.dispose]();
    return failure;
  }

  /** How the server died, if it did or is dying: it listens no more, but has not ended yet. */
  async died(): Promise<Failure | undefined> {
    const server = this.#server;
    if (server === undefined) return undefined;
    const exit = await server.ended(CLOSING_MS) ??
      (server.listens() ? undefined : await server.ended(DYING_MS));
    return exit === undefined || this.#isNormal(exit) ? undefined : ending(exit);
  }

  /** Drops the server; the next connection starts a new one. */
  async replace(): Promise<void> {
    this.#shared?.[Symbol.dispose]();
    this.#shared = undefined;
    const server = this.#server;
    this.#server = undefined;
    this.#clients = 0;
    if (server === undefined) return;
    this.#ended++;
    await this.#tidying;
    this.#tidying = this.#tidy(server);
    // One that has ended by itself has said all: the next may work while its traces are removed.
    if (server.exit === undefined) await this.#tidying;
    this.#output = server.output.take();
  }

  async #tidy(server: Server): Promise<void> {
    await server[Symbol.asyncDispose]();
    for (const remark of server.remarks) this.remarks.add(remark);
  }

  /** SIGTERM to the server; how it ended, if it did in time. The next connection starts a new one. */
  async endBySigterm(): Promise<Exit | undefined> {
    const server = this.#server;
    if (server?.pid !== undefined) signalProcess(server.pid, SIGTERM);
    const exit = await server?.ended(this.timeoutMs);
    if (exit !== undefined) await this.replace();
    return exit;
  }

  /** How the server has ended when its client left, if it is one that does. */
  async endAlone(): Promise<Exit | undefined> {
    return this.life === "exits" ? await this.#server?.ended(DYING_MS) : undefined;
  }

  /** Whether the same server serves the next client, also where it is known not to. */
  async serveNext(transcript: Transcript): Promise<Failure | undefined> {
    const server = this.#server;
    if (server === undefined) return undefined;
    try {
      using connection = new Connection(await server.connect(this.timeoutMs), transcript);
      return await this.negotiate(connection);
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      return this.#gone(server, error.message);
    }
  }

  /** One more connection beside that of the row. */
  connectBeside(): UnixSocket | undefined {
    return this.#server?.connectNow();
  }

  /** The server's process, where /proc shows it. */
  probe(connection: Connection): ProcessProbe | undefined {
    const peer = connection.socket.peerPid();
    // With a listening descriptor of ours, the kernel names us as the peer.
    const pid = peer === Deno.pid ? this.#server?.pid : peer;
    if (pid === undefined || pid <= 0) return undefined;
    const probe = new ProcessProbe(pid);
    return probe.readable ? probe : undefined;
  }

  /** The server's process while its only client, the shared connection, is idle. */
  get idleProbe(): ProcessProbe | undefined {
    return this.#shared === undefined ? undefined : this.probe(this.#shared);
  }

  /** Puts a new client in the place of the shared connection. */
  async renew(): Promise<void> {
    this.#shared?.[Symbol.dispose]();
    this.#shared = undefined;
    this.share(await this.negotiated());
  }

  /** Ends the run from outside: whatever waits for the server sees it close. */
  stop(): void {
    this.#stopped = true;
    this.#server?.kill();
    this.#first?.server?.kill();
    this.#kept.kill();
    this.#spare.kill();
    this.#latest?.socket.hangUp();
    this.#shared?.[Symbol.dispose]();
  }

  /** Whether `stop` was called. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Stops the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.endSecond(false);
    await this.replace();
    await this.#tidying;
    await this.#kept[Symbol.asyncDispose]();
    await this.#spare[Symbol.asyncDispose]();
  }

  async #start(): Promise<Server> {
    if (this.#stopped) throw new HarnessError("start", "Cannot start a server: the run is cut off");
    const server = await this.#spare.take();
    if (this.life === "exits" || this.life === "abandons" || this.#ended >= 2) this.warmUp();
    return server;
  }

  /** What a second client got instead of service, if it was not served. */
  async #serveSecond(): Promise<string | undefined> {
    const next = await this.connect(new Transcript());
    if (!(next instanceof Connection)) return next.seen;
    const reply = await this.#version(next);
    if (typeof reply === "string") {
      next[Symbol.dispose]();
      return reply;
    }
    this.share(next);
    return undefined;
  }

  async #version(connection: Connection): Promise<Reply | string> {
    // One that has just been started may have much to prepare.
    const isNew = this.#server?.ours === true && this.#clients <= 1;
    const ms = isNew ? this.#options.timeoutMs : this.timeoutMs;
    const reply = await ask(connection, CLIENT_VERSION, ms);
    connection.negotiated = typeof reply !== "string";
    return reply;
  }

  /** The client has left: a server that exits is waited for, one that stays without serving is stopped. */
  async #leave(): Promise<Failure | undefined> {
    const server = this.#server;
    if (server === undefined) return undefined;
    const exit = await server.ended(this.life === "exits" ? DYING_MS : 0);
    if (exit !== undefined && !this.#isNormal(exit)) return ending(exit);
    await this.replace();
    return undefined;
  }

  async #gone(server: Server, message: string): Promise<Failure> {
    const exit = await server.ended(0);
    if (exit !== undefined) return ending(exit);
    return { kind: "no-reply", expected: ["the server to serve a new client"], seen: message };
  }

  #isNormal(exit: Exit): boolean {
    return this.life === "exits" && exit.signal === null && exit.code === this.#normalExit?.code;
  }
}

function ending(exit: Exit): Failure {
  const kind = exit.signal === null ? "exit" : "crash";
  return { kind, expected: ["the server to live on"], seen: exitText(exit) };
}
