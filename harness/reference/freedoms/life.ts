import type { Fd } from "../../posix/fd.ts";
import { memoryFile } from "../../posix/memory.ts";
import { waitNow } from "../../posix/poll.ts";
import type { UnixListener } from "../../posix/unix_listener.ts";
import { readArguments } from "../arguments.ts";
import type { Hooks } from "../fault.ts";
import type { Freedom } from "../freedom.ts";
import type { Session } from "../session.ts";
import { pause } from "./tools.ts";

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The socket file is there no more; a descriptor has none. */
function removeSocketFile(): void {
  const given = readArguments(Deno.args);
  if (given.kind !== "serve" || !("path" in given.entrance)) return;
  try {
    Deno.removeSync(given.entrance.path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function exits(): Hooks {
  return {
    disconnect(session) {
      session[Symbol.dispose]();
      Deno.exit(0);
    },
  };
}

/** Closes each connection that comes while a client is served. */
async function turnAway(
  listener: UnixListener,
  isServed: () => Session | undefined,
): Promise<void> {
  for (let served = isServed(); served !== undefined; served = isServed()) {
    // Whoever comes when the client may have left is the next one, and not one too many.
    const mayHaveLeft = waitNow(served.channel.fd, "readable", 0);
    if (!mayHaveLeft && listener.waitNow(0)) listener.accept()?.[Symbol.dispose]();
    await pause(2);
  }
}

/** How long it serves whom (catalogue 2.16, A26). */
const lives: readonly Freedom[] = [
  {
    id: "exits-after-client",
    clause: "disc-server-survives",
    text: "The program ends when its client leaves.",
    suites: ["disconnection", "framing", "program"],
    kind: "life",
    hooks: exits,
  },
  {
    id: "stays-without-serving",
    clause: "disc-reconnect",
    text: "The program stays when its client leaves, and serves nobody any more.",
    suites: ["disconnection", "dma-map"],
    kind: "life",
    hooks: () => ({
      async disconnect(session) {
        session[Symbol.dispose]();
        removeSocketFile();
        for (;;) await pause(1e6);
      },
    }),
  },
  {
    id: "socket-file-unlinked",
    clause: "disc-reconnect",
    text: "The socket file is gone as soon as there is a client, and the program ends with it.",
    suites: ["disconnection", "framing"],
    kind: "life",
    hooks: () => ({
      connect: () => removeSocketFile(),
      ...exits(),
    }),
  },
  {
    id: "others-turned-away",
    clause: "disc-second-client",
    text: "Who connects while a client is served is turned away.",
    suites: ["disconnection", "version", "concurrency"],
    hooks: () => {
      let listener: UnixListener;
      let served: Session | undefined;
      return {
        listen: (one) => void (listener = one),
        connect(session) {
          served = session;
          void turnAway(listener, () => served === session ? served : undefined);
        },
        disconnect: () => void (served = undefined),
      };
    },
  },
];

/** How it starts, and what it does besides (catalogue 2.17). */
const habits: readonly Freedom[] = [
  {
    id: "starts-slowly",
    clause: "prog-socket-path",
    text: "The program takes a while before it listens.",
    suites: ["program", "disconnection"],
    delayMs: 300,
    hooks: (delayMs) => ({ words: (words) => (sleep(delayMs), words) }),
  },
  {
    id: "accepts-late",
    clause: "prog-socket-path",
    text: "The program listens a while before it accepts a client.",
    suites: ["program", "version"],
    delayMs: 200,
    hooks: (delayMs) => ({ listen: () => pause(delayMs) }),
  },
  {
    id: "talkative",
    clause: "prog-std-fds",
    text: "The program prints a line for each command and each reply, of all kinds of bytes.",
    suites: ["program", "framing", "concurrency"],
    hooks: () => {
      const line = new Uint8Array(160).map((_, i) => 32 + i * 7 % 224);
      line[159] = 10;
      const say = () => void Deno.stdout.writeSync(line);
      return { connect: say, request: say, reply: say, disconnect: say };
    },
  },
  {
    id: "holds-much",
    clause: "disc-100-cycles",
    text: "The program has many descriptors open and a thread of its own.",
    suites: ["disconnection", "framing", "dma-map"],
    hooks: () => ({
      listen() {
        for (let i = 0; i < 60; i++) memoryFile(4096);
        new Worker("data:text/javascript,setInterval(() => {}, 1e6)", { type: "module" });
      },
    }),
  },
  {
    id: "opens-at-first-need",
    clause: "fd-unexpected-closed",
    text: "Each command opens a file when it is first used, and keeps it.",
    suites: ["framing", "disconnection", "dma-map", "device-set-irqs"],
    hooks: () => {
      const files = new Map<number, Fd>();
      return {
        request({ command }) {
          if (!files.has(command)) files.set(command, memoryFile(4096));
        },
      };
    },
  },
];

/** Freedoms of the server as a program. */
export const lifeFreedoms: readonly Freedom[] = [...lives, ...habits];
