import { Fd } from "./fd.ts";
import { cString, libc, SystemError, unwrap } from "./libc.ts";
import { readBytes } from "./proc.ts";
import { SIGKILL, signalName, signalProcess } from "./process.ts";

/** How a process ended. */
export interface Exit {
  /** Status; 0 when a signal has ended it. */
  readonly code: number;
  /** `SIGSEGV` */
  readonly signal: string | null;
}

/** How a program is started. */
export interface ChildOptions {
  /** Added to the environment that this program was started with. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: ours. */
  readonly cwd?: string;
  readonly stdin: Fd;
  readonly stdout: Fd;
  readonly stderr: Fd;
  /** Inherited under its own number. */
  readonly inherited?: Fd;
}

const SYS_PIDFD_OPEN = 434n;
const WNOHANG = 1;
const SPAWN = { SETSIGDEF: 0x4, SETSIGMASK: 0x8, SETSID: 0x80 } as const;
/** More than the C library needs for its structures, on any machine. */
const STRUCT_SIZE = 512;
const SIGSET_SIZE = 128;
/** Signals 1 to 31. */
const ALL_SIGNALS = 0x7fff_ffff;
/** Arrays of fewer bytes may lie on the JavaScript heap, where they move. */
const MOVES_BELOW = 64;

/** Those that this thread has started and not seen end. */
const running = new Set<number>();

/** Whether this thread has started the process, and has not seen it end. */
export function isStartedHere(pid: number): boolean {
  return running.has(pid);
}

/** A program that we started, in a session and process group of its own, with no signal blocked or ignored. */
export class ChildProcess implements Disposable {
  /** Its number, which no other process has until its end was seen. */
  readonly pid: number;
  /** Readable once it has ended. */
  readonly ending: Fd;
  #exit: Exit | undefined;

  private constructor(pid: number) {
    this.pid = pid;
    const what = `watch process ${pid}`;
    this.ending = new Fd(
      unwrap(what, "pidfd_open", libc().pidfd_open(SYS_PIDFD_OPEN, pid, 0)),
    );
  }

  /**
   * Takes over an orphan that we have adopted.
   *
   * @throws {SystemError} ESRCH, when there is no such process.
   */
  static adopt(pid: number): ChildProcess {
    return new ChildProcess(pid);
  }

  /**
   * Starts a program. A name without a slash is looked for in `PATH`.
   *
   * @throws {SystemError} Such as ENOENT, for the program or the working folder.
   */
  static start(argv: readonly [string, ...string[]], options: ChildOptions): ChildProcess {
    const actions = new Uint8Array(STRUCT_SIZE);
    libc().posix_spawn_file_actions_init(actions);
    try {
      addActions(actions, options);
      const pid = spawn(argv, actions, options.env ?? {});
      try {
        return new ChildProcess(pid);
      } catch (error) {
        signalProcess(pid, SIGKILL); // nobody would ever do so
        throw error;
      }
    } finally {
      libc().posix_spawn_file_actions_destroy(actions);
    }
  }

  /** How it ended, once it has. Nobody else may wait for it. */
  get exit(): Exit | undefined {
    if (this.#exit !== undefined) return this.#exit;
    const status = new Int32Array(1);
    const what = `wait for process ${this.pid}`;
    if (unwrap(what, "waitpid", libc().waitpid(this.pid, status, WNOHANG)) === 0) return undefined;
    running.delete(this.pid);
    const signal = status[0]! & 0x7f;
    const code = (status[0]! >> 8) & 0xff;
    return this.#exit = { code, signal: signal === 0 ? null : signalName(signal) };
  }

  /** Ends the watch, not the process. */
  [Symbol.dispose](): void {
    this.ending[Symbol.dispose]();
  }
}

function addActions(
  actions: Uint8Array<ArrayBuffer>,
  { stdin, stdout, stderr, inherited, cwd }: ChildOptions,
): void {
  const standard = [stdin, stdout, stderr].map(({ number }, to) => ({ number, to }));
  // Onto itself, a descriptor loses close-on-exec in the child alone.
  const own = inherited === undefined ? [] : [{ number: inherited.number, to: inherited.number }];
  for (const { number, to } of [...standard, ...own]) {
    check("pass a descriptor", libc().posix_spawn_file_actions_adddup2(actions, number, to));
  }
  if (cwd === undefined) return;
  const path = cString(cwd);
  check("set a folder", libc().posix_spawn_file_actions_addchdir_np(actions, path));
}

function spawn(
  argv: readonly [string, ...string[]],
  actions: Uint8Array<ArrayBuffer>,
  env: Readonly<Record<string, string>>,
): number {
  const pid = new Int32Array(1);
  const program = cString(argv[0]);
  const words = pointersTo(argv.map(cString));
  const variables = pointersTo(environment(env));
  const attributes = attributesOfChild();
  const result = libc().posix_spawnp(pid, program, actions, attributes, words, variables);
  check(`start ${argv[0]}`, result);
  running.add(pid[0]!);
  return pid[0]!;
}

function attributesOfChild(): Uint8Array<ArrayBuffer> {
  const attributes = new Uint8Array(STRUCT_SIZE);
  const signals = new Uint32Array(SIGSET_SIZE / Uint32Array.BYTES_PER_ELEMENT);
  signals[0] = ALL_SIGNALS;
  libc().posix_spawnattr_init(attributes); // with an empty mask of signals
  libc().posix_spawnattr_setsigdefault(attributes, signals);
  const flags = SPAWN.SETSIGDEF | SPAWN.SETSIGMASK | SPAWN.SETSID;
  libc().posix_spawnattr_setflags(attributes, flags);
  return attributes;
}

/** Our own environment, which the runtime would show only to programs that may read all of it, and more. */
function environment(more: Readonly<Record<string, string>>): Uint8Array[] {
  ours ??= splitAtZeros(readBytes("/proc/self/environ"));
  const names = Object.keys(more).map((name) => new TextEncoder().encode(`${name}=`));
  const kept = ours.filter((entry) => !names.some((name) => beginsWith(entry, name)));
  return [...kept, ...Object.entries(more).map(([name, value]) => cString(`${name}=${value}`))];
}

let ours: readonly Uint8Array[] | undefined;

function splitAtZeros(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at) + 1 || bytes.length;
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return parts;
}

function beginsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

/** A `char *[]` with its strings behind it, in one piece of memory, which does not move. */
function pointersTo(strings: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const start = (strings.length + 1) * BigUint64Array.BYTES_PER_ELEMENT;
  const size = strings.reduce((sum, { length }) => sum + length, start);
  const memory = new Uint8Array(size + MOVES_BELOW);
  const pointers = new BigUint64Array(memory.buffer, 0, strings.length + 1);
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory));
  let at = start;
  for (const [i, string] of strings.entries()) {
    memory.set(string, at);
    pointers[i] = address + BigInt(at);
    at += string.length;
  }
  return memory;
}

/** These functions return an error number. */
function check(what: string, result: number): void {
  if (result !== 0) throw new SystemError(what, "posix_spawnp", result);
}
