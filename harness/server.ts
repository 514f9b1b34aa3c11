import { attempt } from "./attempt.ts";
import { endHolders } from "./escaped.ts";
import { HarnessError } from "./harness_error.ts";
import { OutputTail } from "./output_tail.ts";
import type { ChildProcess, Exit } from "./posix/child_process.ts";
import { SystemError } from "./posix/libc.ts";
import { wait, waitAside, waitNow } from "./posix/poll.ts";
import { SIGCONT, SIGKILL, signalGroup, SIGTERM } from "./posix/process.ts";
import { readText } from "./posix/proc.ts";
import { UnixSocket } from "./posix/unix_socket.ts";
import { spawn, type Spawned, type StartOptions } from "./spawn.ts";
import { FOLDER_VARIABLE, type ServerFolder, type ServerFolders } from "./server_folder.ts";
import { fillIn, type Target } from "./target.ts";
import { Errno, errnoName } from "./wire/errno.ts";

export type { Exit } from "./posix/child_process.ts";

/** Waits of the harness, in milliseconds. */
export interface ServerLimits {
  /** From the start of the program to the first connection. */
  readonly startMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** Called when a connection has to wait for a server to listen at the path: a person may have to start it. */
  readonly onWait?: (path: string) => void;
}

const RETRY_MS = 2;
/** The kernel may have much to tidy up after a process that was killed. */
const DYING_MS = 5000;
/** After its process has ended, output may still be in the pipes. */
const OUTPUT_MS = 500;
/** The server is busy with another client, not up yet, or replaces its socket. */
const NOT_YET: ReadonlySet<number> = new Set([Errno.ENOENT, Errno.ECONNREFUSED, Errno.EAGAIN]);

/** What we started and have not stopped yet. */
const running = new Set<Server>();

function endAll(): void {
  for (const server of running) server.endNow();
}

/** The server under test while it runs: its process, if it is ours, and the way to connect. */
export class Server implements AsyncDisposable {
  /** Where it listens. */
  readonly path: string;
  /** What it prints; empty for a server that we did not start. */
  readonly output: OutputTail;
  /** What was odd about its end. */
  readonly remarks: string[] = [];
  readonly #limits: ServerLimits;
  readonly #target: Target;
  readonly #child: ChildProcess | undefined;
  readonly #folder: ServerFolder | undefined;
  readonly #folders: ServerFolders | undefined;
  /** Drains what it prints while we are at something else. */
  readonly #watching: Promise<void>;
  #killed = false;

  private constructor(
    target: Target,
    limits: ServerLimits,
    spawned?: Spawned,
    folders?: ServerFolders,
  ) {
    this.#folders = folders;
    this.#target = target;
    this.#limits = limits;
    this.#child = spawned?.child;
    this.#folder = spawned?.folder;
    this.path = spawned?.socket ?? (target.kind === "attach" ? target.path : "");
    this.output = new OutputTail(spawned?.output);
    this.#watching = this.#watch();
    if (spawned === undefined) return;
    running.add(this);
    globalThis.addEventListener("unload", endAll); // once, however often it is said
  }

  /** Starts it, or takes the one that is there. Throws `HarnessError` of kind `start`. */
  static async start(
    target: Target,
    limits: ServerLimits,
    options: StartOptions = {},
  ): Promise<Server> {
    if (target.kind === "attach") return new Server(target, limits);
    const spawned = await spawn(target, options);
    const server = new Server(target, limits, spawned, options.folders);
    try {
      if (target.before !== undefined) await server.#run(target.before, "--before");
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** How it ended, once it has. */
  get exit(): Exit | undefined {
    return this.#child?.exit;
  }

  /** Whether the process is ours. */
  get ours(): boolean {
    return this.#child !== undefined;
  }

  /** Process of the program that we started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether other processes descend from the one that we started, or may do so. */
  get hasOffspring(): boolean {
    return this.pid === undefined || this.#folder!.hasOffspring(this.pid);
  }

  /** Connects within `ms`. Throws `HarnessError` of kind `start` when it has ended or never listens. */
  async connect(ms: number): Promise<UnixSocket> {
    const deadline = performance.now() + ms;
    for (let tries = 0;; tries++) {
      if (tries === 1) this.#limits.onWait?.(this.path);
      const socket = this.exit === undefined ? tryConnect(this.path) : undefined;
      if (socket instanceof UnixSocket) return socket;
      if (this.exit !== undefined) {
        await this.output.ended(OUTPUT_MS);
        throw new HarnessError("start", `Cannot connect to the server: ${exitText(this.exit)}`);
      }
      if (performance.now() >= deadline || this.#killed) {
        const why = socket === undefined ? "" : ` (${errnoName(socket.errno)})`;
        const reason = `it does not listen at ${this.path} after ${ms} ms${why}`;
        throw new HarnessError("start", `Cannot connect to the server: ${reason}`);
      }
      if (this.ours) await this.ended(RETRY_MS);
      else await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Connects where that is possible at once. */
  connectNow(): UnixSocket | undefined {
    const socket = this.exit === undefined ? tryConnect(this.path) : undefined;
    return socket instanceof UnixSocket ? socket : undefined;
  }

  /** Whether it listens still, seen without disturbing it by a connection. */
  listens(): boolean {
    if (this.exit !== undefined) return false;
    // address: refcount protocol flags type state inode path; the flag is __SO_ACCEPTCON
    const list = attempt(() => readText("/proc/net/unix")) ?? ""; // a system may hide it
    return list.split("\n").some((line) => {
      const [, , , flags, , , , path] = line.split(/\s+/);
      return path === this.path && flags === "00010000";
    });
  }

  /** How it ended, if it does within `ms`; its output is complete then. */
  async ended(ms: number): Promise<Exit | undefined> {
    if (this.#child === undefined) return undefined;
    if (this.exit === undefined) {
      await wait(this.#child.ending, "readable", performance.now() + ms);
    }
    if (this.exit !== undefined) await this.output.ended(OUTPUT_MS);
    return this.exit;
  }

  /** Ends it at once, without grace; what waits for it sees the connection close, or that there will be none. */
  kill(): void {
    this.#killed = true;
    if (this.#child !== undefined) signalGroup(this.#child.pid, SIGKILL);
  }

  /** Leaves nothing of it while our own process exits, in the middle of something else. */
  endNow(): void {
    this.kill();
    const { ending } = this.#child ?? {};
    if (ending?.closed === false) waitNow(ending, "readable", DYING_MS); // its children become ours then
    this.#folder?.endProcesses();
    this.#folder?.removeNow();
  }

  /** SIGTERM, a grace time, SIGKILL, to the whole process group; removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    if (this.#target.kind === "command" && this.#target.after !== undefined) {
      await this.#run(this.#target.after, "--after").catch(() => {});
    }
    if (this.exit === undefined) {
      signalGroup(child.pid, SIGTERM);
      signalGroup(child.pid, SIGCONT); // a stopped one would never hear of it
      await this.ended(this.#limits.graceMs);
    }
    if (this.exit === undefined) this.#remark("does not end at SIGTERM");
    signalGroup(child.pid, SIGKILL);
    if (await this.ended(DYING_MS) === undefined) this.#remark("does not end at SIGKILL");
    let left = this.#folder!.endProcesses();
    const held = await this.output.ended(OUTPUT_MS) ? undefined : this.output.source;
    if (held !== undefined) left += endHolders(held);
    if (left > 0) this.#remark("leaves processes behind when it ends");
    this.output.drain();
    this.output[Symbol.dispose]();
    child[Symbol.dispose]();
    await this.#watching;
    const folder = this.#folder!;
    await (this.#folders?.giveBack(folder) ?? folder[Symbol.asyncDispose]());
    running.delete(this);
  }

  #remark(text: string): void {
    if (!this.#killed) this.remarks.push(text);
  }

  async #watch(): Promise<void> {
    while (this.output.source !== undefined) {
      await waitAside([this.output.source]);
      this.output.drain();
    }
  }

  async #run(argv: readonly string[], option: string): Promise<void> {
    const [program = "", ...args] = fillIn(argv, { socket: this.path });
    const signal = AbortSignal.timeout(this.#limits.startMs);
    const env = { [FOLDER_VARIABLE]: this.#folder!.path };
    const command = new Deno.Command(program, { args, signal, stdin: "null", env });
    const failed = (why: string) =>
      new HarnessError("start", `Cannot run the ${option} command ${argv.join(" ")}: ${why}`);
    const result = await command.output().catch((error: Error) => {
      throw failed(error.message);
    });
    if (signal.aborted) throw failed(`it took longer than ${this.#limits.startMs} ms`);
    if (result.code !== 0) throw failed(`exit code ${result.code}`);
  }
}

function tryConnect(path: string): UnixSocket | SystemError {
  try {
    return UnixSocket.connect(path);
  } catch (error) {
    if (error instanceof SystemError && NOT_YET.has(error.errno)) return error;
    throw new HarnessError("start", (error as Error).message, { cause: error });
  }
}

/** `the server exited with code 1`, `the server was killed by SIGSEGV`. */
export function exitText(exit: Exit): string {
  if (exit.signal !== null) return `the server was killed by ${exit.signal}`;
  return `the server exited with code ${exit.code}`;
}
