import { waitNow } from "../../posix/poll.ts";
import { readArguments } from "../arguments.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Session } from "../session.ts";

/** Marks the process that serves in place of the one that was started. */
const DAEMON = "REFERENCE_SERVER_DAEMON";
/** A client that is silent for so long has seen the started process serve. */
const IDLE_MS = 250;
/** How often a process looks after the other one. */
const LOOK_MS = 20;

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Where the command line says to listen; nowhere on a descriptor. */
function pathGiven(): string {
  const given = readArguments(Deno.args);
  return given.kind === "serve" && "path" in given.entrance ? given.entrance.path : "";
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** By this file a daemon says that the started process may go. */
function farewell(): string {
  return `${pathGiven()}.farewell`;
}

/** Another process serves with the same command line; this one ends when the other one says so. */
function leaveToDaemon(): never {
  new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", Deno.mainModule, ...Deno.args],
    env: { [DAEMON]: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  while (!exists(farewell())) sleep(LOOK_MS);
  Deno.removeSync(farewell());
  Deno.exit(0);
}

/** Serves until the started process and the client have gone. */
function serveAsDaemon(): Hooks {
  const started = Deno.ppid;
  let isServing = false;
  let idle: ReturnType<typeof setTimeout> | undefined;
  setInterval(() => !isServing && Deno.ppid !== started && Deno.exit(0), LOOK_MS);
  return {
    connect: () => void (isServing = true),
    request() {
      clearTimeout(idle);
      idle = setTimeout(() => {
        if (Deno.ppid === started) Deno.createSync(farewell()).close();
      }, IDLE_MS);
    },
    disconnect() {
      clearTimeout(idle);
      isServing = false;
    },
  };
}

/** Does something before anything else. */
function atStart(act: () => void): () => Hooks {
  return () => ({ words: (words) => (act(), words) });
}

async function endWithStdin(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}

/** What the program does wrong with its command line. */
const commandLine: readonly Fault[] = [
  {
    id: "socket-path-in-two-words-ends",
    clause: "prog-socket-path",
    text: "The program ends as if all were well on --socket-path in a word of its own.",
    hooks: () => ({ words: (words) => words.includes("--socket-path") ? Deno.exit(0) : words }),
  },
  {
    id: "socket-path-cut",
    clause: "prog-socket-path",
    text: "What stands behind a second = in --socket-path=PATH is lost.",
    hooks: () => ({ words: (words) => words.map((word) => word.split("=", 2).join("=")) }),
  },
  {
    id: "fd-unknown",
    clause: "prog-fd",
    text: "The program does not know --fd.",
    hooks: () => ({ words: (words) => words.map((word) => word.replace(/^--fd\b/, "$&s")) }),
  },
  {
    id: "fd-ignored-beside-path",
    clause: "prog-exclusive",
    text: "The program takes --socket-path and --fd together, and serves at the path.",
    hooks: () => ({
      words: (words) =>
        words.some((word) => word.startsWith("--socket-path"))
          ? words.filter((word) => !word.startsWith("--fd="))
          : words,
    }),
  },
];

/** What it demands of the place where it is started. */
const surroundings: readonly Fault[] = [
  {
    id: "ends-with-stdin",
    clause: "prog-std-fds",
    text: "The program ends when its standard input does.",
    hooks: atStart(() => void endWithStdin()),
  },
  {
    id: "stale-socket-hangs",
    clause: "prog-stale-socket",
    text: "The program waits for ever for a socket file at its path to go.",
    hooks: atStart(() => {
      while (exists(pathGiven())) sleep(LOOK_MS);
    }),
  },
  {
    id: "socket-file-open-to-all",
    clause: "prog-socket-mode",
    text: "Everyone may write to the socket file.",
    hooks: () => ({
      connect: () => pathGiven() === "" ? undefined : Deno.chmodSync(pathGiven(), 0o777),
    }),
  },
  {
    id: "needs-root",
    clause: "prog-no-privileges",
    text: "The program refuses to run as another user than root.",
    hooks: atStart(() => Deno.uid() === 0 ? undefined : Deno.exit(1)),
  },
  {
    id: "daemonizes",
    clause: "prog-no-daemon",
    text: "The program leaves its work to another process, and ends when the client is silent.",
    hooks: () =>
      Deno.env.get(DAEMON) === undefined
        ? atStart(() => pathGiven() === "" ? undefined : leaveToDaemon())()
        : serveAsDaemon(),
  },
];

/** SIGTERM does nothing at some moments. */
function ignoresSigtermIf(test: (session: Session) => boolean): () => Hooks {
  return () => {
    let session: Session | undefined;
    return {
      connect: (client) => void (session = client),
      disconnect: () => void (session = undefined),
      terminate: () => session && test(session) ? false : undefined,
    };
  };
}

/** What it ignores. */
const signals: readonly Fault[] = [
  {
    id: "sigterm-ignored-in-message",
    clause: "prog-sigterm",
    text: "SIGTERM and SIGINT are ignored while a part of a message is awaited.",
    hooks: () => {
      let isInMessage = false;
      return {
        connect: () => void (isInMessage = false),
        partial: () => void (isInMessage = true),
        request: () => void (isInMessage = false),
        disconnect: () => void (isInMessage = false),
        terminate: () => isInMessage ? false : undefined,
      };
    },
  },
  {
    id: "sigterm-ignored-while-sending",
    clause: "prog-sigterm",
    text: "SIGTERM and SIGINT are ignored while a client does not take its replies.",
    hooks: ignoresSigtermIf(({ channel }) => !waitNow(channel.fd, "writable", 0)),
  },
];

/** Faults of the server as a program (catalogue 2.17). */
export const programFaults: readonly Fault[] = [...commandLine, ...surroundings, ...signals];
