import { Command } from "../wire/constants.ts";
import { at, type Behaviour, forever } from "./behaviour.ts";
import type { Exchange } from "./exchange.ts";

/** A process that outlives its parent by far. */
function leave(options: Omit<Deno.CommandOptions, "args">, ...words: readonly string[]): void {
  const [program = "sleep", ...args] = words;
  new Deno.Command(program, {
    args: args.length > 0 ? args : ["600"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    ...options,
  }).spawn().unref();
}

/** Hands a child the connection, and exits. */
async function leaveWithSocket(exchange: Exchange): Promise<never> {
  await exchange.answer();
  exchange.client.socket.fd.setCloseOnExec(false);
  leave({ detached: true });
  Deno.exit(0);
}

const OUTPUTS = { stdout: "inherit", stderr: "inherit" } as const;
/** Each process starts the next one in a session of its own and ends; for half a minute at most. */
const RELAY = `sleep 0.01; [ $(date +%s) -lt "$UNTIL" ] && exec setsid -f sh -c "$RELAY"`;

/** Runs the program again in the same process; what was closed on exec is closed. */
function executeAnew(): void {
  const words = Deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(0, -1);
  const strings = words.map((word) => new TextEncoder().encode(`${word}\0`));
  const argv = new BigUint64Array(strings.length + 1);
  strings.forEach((bytes, i) => {
    argv[i] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
  });
  const libc = Deno.dlopen("libc.so.6", {
    execv: { parameters: ["buffer", "buffer"], result: "i32" },
  });
  libc.symbols.execv(new TextEncoder().encode(`${Deno.execPath()}\0`), new Uint8Array(argv.buffer));
}

function stop(): void {
  Deno.kill(Deno.pid, "SIGSTOP");
}

function ignoreSigterm(): void {
  Deno.addSignalListener("SIGTERM", () => {});
}

/** Processes that end, stop, stay or multiply. */
export const PROCESSES: readonly Behaviour[] = [
  { id: "exits-0-at-start", text: "exits with 0 before it listens", start: () => Deno.exit(0) },
  {
    id: "exits-0",
    text: "exits with 0 instead of answering REGION_READ",
    answer: at(Command.REGION_READ, () => Deno.exit(0)),
  },
  { id: "stops-at-start", text: "stops itself (SIGSTOP) before it listens", start: stop },
  {
    id: "stops",
    text: "stops itself (SIGSTOP) at REGION_READ",
    answer: at(Command.REGION_READ, async (exchange) => {
      stop();
      await exchange.honest();
    }),
  },
  { id: "ignores-sigterm", text: "ignores SIGTERM", start: ignoreSigterm },
  {
    id: "ignores-sigterm-and-falls-silent",
    text: "ignores SIGTERM, and does not answer REGION_READ",
    start: ignoreSigterm,
    answer: at(Command.REGION_READ, forever),
  },
  {
    id: "re-executes",
    text: "executes its program anew at REGION_READ",
    start: (path) => Deno.remove(path).catch(() => {}),
    answer: at(Command.REGION_READ, executeAnew),
  },
  {
    id: "child-holds-socket",
    text: "exits with 0 at REGION_READ, and leaves the connection to a child",
    answer: at(Command.REGION_READ, leaveWithSocket),
  },
  {
    id: "child-holds-output",
    text: "leaves both outputs to a child in a session of its own",
    start: () => leave(OUTPUTS, "setsid", "sleep", "600"),
  },
  {
    id: "child-without-environment",
    text: "leaves both outputs to a child in a session of its own and without environment",
    // The path only tells the trial whose child it is.
    start: (path) =>
      leave({ ...OUTPUTS, clearEnv: true }, "setsid", "tail", "-f", "/dev/null", path),
  },
  {
    id: "child-without-traces",
    text: "leaves a child in a session of its own, without environment and without our outputs",
    // The path only tells the trial whose child it is.
    start: (path) => leave({ clearEnv: true }, "setsid", "tail", "-f", "/dev/null", path),
  },
  {
    id: "child-pours-output",
    text: "leaves a child that writes without end",
    start: () => leave({ ...OUTPUTS, detached: true }, "yes", `</pre><b id="gauntlet">\u001b[31m`),
  },
  {
    id: "fifty-children",
    text: "leaves fifty children in groups of their own",
    start: () => {
      for (let i = 0; i < 50; i++) leave({ detached: true });
    },
  },
  {
    id: "child-relay",
    text: "leaves a child that keeps starting its own successor",
    start: () => {
      const until = String(Math.floor(Date.now() / 1000) + 30);
      leave({ detached: true, env: { RELAY, UNTIL: until } }, "sh", "-c", RELAY);
    },
  },
];
