// Plays many runs in a row, and many commands on one connection, and tells whether anything of the harness grows.
//
// deno task soak [--runs N] [--commands N]    exit code 1 when something does

import { parseArgs } from "@std/cli/parse-args";
import { CLIENT_VERSION } from "../harness/ask.ts";
import type { Send } from "../harness/case.ts";
import { Connection, disposeOf } from "../harness/connection.ts";
import { encodeMessage } from "../harness/encode.ts";
import { parseProfile } from "../harness/parse_profile.ts";
import type { Fd } from "../harness/posix/fd.ts";
import { memoryFile } from "../harness/posix/memory.ts";
import { namesIn, readText } from "../harness/posix/proc.ts";
import { Server } from "../harness/server.ts";
import * as steps from "../harness/steps.ts";
import type { Target } from "../harness/target.ts";
import { Transcript } from "../harness/transcript.ts";
import { HeaderFlag } from "../harness/wire/constants.ts";
import { DEFAULT_OPTIONS, run } from "../mod.ts";
import { levels, levelTable, type Sample } from "./level.ts";

const ROOT = new URL("../", import.meta.url).pathname;
/** Few and fast, but with shared connections, descriptors, mapped memory and a server that is started again. */
const PATTERNS = [
  "version/minor-*",
  "device-get-info",
  "dma-map/*twice*",
  "device-set-irqs/*eventfd*",
  "dma-access/write-in-parts-of-8",
];
/** Samples taken of the commands. */
const SAMPLES = 100;
const SLOTS = 16;
const PAGE = 4096;
/** Memory of the reference server's device that may be written. */
const SCRATCH = { region: 4, offset: 1 << 20, size: 1 << 20 } as const;
const NOTHING_SAVED: ReadonlyMap<string, Uint8Array> = new Map();

const target: Target & { kind: "command" } = {
  kind: "command",
  argv: [
    ...[Deno.execPath(), "run", "--quiet", "--allow-ffi"],
    ...["--allow-read={socket}", "--allow-write={socket}"],
    ...[`${ROOT}harness/reference/main.ts`, "--socket-path={socket}"],
  ],
};

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function sample(time: number): Sample {
  (globalThis as { gc?: () => void }).gc?.(); // what is garbage tells nothing
  // address permissions offset device inode path
  const mappings = readText("/proc/self/maps").trimEnd().split("\n").map((line) =>
    line.split(/\s+/)
  );
  return {
    descriptors: namesIn("/proc/self/fd").length,
    mappings: mappings.filter(([, , , , inode]) => inode !== "0").length,
    heap: (Deno.memoryUsage().heapUsed + Deno.memoryUsage().external) / 2 ** 20,
    resident: Number(/^VmRSS:\s+(\d+) kB/m.exec(readText("/proc/self/status"))?.[1]) / 1024,
    time,
  };
}

async function manyRuns(count: number): Promise<Sample[]> {
  const file = `${ROOT}harness/reference/profile.json`;
  const profile = parseProfile(await Deno.readTextFile(file), file);
  const samples: Sample[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const { results } = await run({ target, profile, patterns: PATTERNS });
    const bad = results.find(({ verdict }) => verdict === "fail" || verdict === "error");
    if (bad !== undefined) throw new Error(`Cannot measure: ${bad.id} failed`);
    samples.push(sample(performance.now() - start));
  }
  return samples;
}

async function manyCommands(count: number): Promise<Sample[]> {
  const limits = { startMs: DEFAULT_OPTIONS.startMs, graceMs: DEFAULT_OPTIONS.graceMs };
  await using server = await Server.start(target, limits);
  using connection = new Connection(await server.connect(limits.startMs), new Transcript());
  await command(connection, CLIENT_VERSION, []);
  const mapped = new Set<number>();
  const each = Math.max(1, Math.round(count / SAMPLES));
  const samples: Sample[] = [];
  for (let sent = 0; sent < count; sent += each) {
    connection.transcript = new Transcript(); // as each case does
    const start = performance.now();
    for (let i = 0; i < each; i++) await anyCommand(connection, mapped);
    samples.push(sample((performance.now() - start) * 1000 / each));
  }
  return samples;
}

/** One of the commands that the reference server must take at this moment. */
async function anyCommand(connection: Connection, mapped: Set<number>): Promise<void> {
  const slot = below(SLOTS);
  const range = { address: BigInt(slot) << 20n, size: BigInt(PAGE) };
  const offset = BigInt(SCRATCH.offset + below(SCRATCH.size - PAGE));
  const { region } = SCRATCH;
  switch (below(6)) {
    case 0:
      return await command(connection, steps.getInfo());
    case 1:
      return await command(connection, steps.getRegionInfo({ index: below(9), argsz: PAGE }));
    case 2:
      return await command(connection, steps.getIrqInfo({ index: below(5) }));
    case 3:
      return await command(
        connection,
        steps.regionRead({ region, offset, count: below(PAGE) + 1 }),
      );
    case 4: {
      const data = new Uint8Array(below(PAGE) + 1).fill(slot);
      return await command(connection, steps.regionWrite({ region, offset, data }));
    }
    default: {
      if (mapped.delete(slot)) return await command(connection, steps.dmaUnmap(range));
      mapped.add(slot);
      using file = memoryFile(PAGE);
      return await command(connection, steps.dmaMap(range), [file]);
    }
  }
}

async function command(connection: Connection, message: Send, fds: Fd[] = []): Promise<void> {
  const deadline = performance.now() + DEFAULT_OPTIONS.timeoutMs;
  const { bytes } = encodeMessage(message, connection.takeId(), NOTHING_SAVED);
  await connection.send(bytes, fds, deadline);
  const reply = await connection.receive(deadline);
  disposeOf(reply);
  const good = reply.kind === "message" && reply.header.command === message.command &&
    (reply.header.flags & HeaderFlag.ERROR) === 0;
  if (!good) throw new Error(`Cannot measure: command ${message.command} gave ${reply.kind}`);
}

/** The same numbers in every soak. */
let seed = 1;

function below(limit: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor(seed / 2 ** 32 * limit);
}

function count(name: string, value: unknown): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 10) return number;
  throw new Error(`--${name} must be a number of at least 10: it is ${value}`);
}

async function main(): Promise<number> {
  const given = parseArgs(Deno.args, { string: ["runs", "commands"] });
  const runs = count("runs", given.runs ?? "100");
  const commands = count("commands", given.commands ?? "100000");
  const ofRuns = levels(await manyRuns(runs));
  print(levelTable(`${runs} runs in a row`, "ms a run", ofRuns));
  const ofCommands = levels(await manyCommands(commands));
  print(levelTable(`\n${commands} commands`, "µs a command", ofCommands));
  return [...ofRuns, ...ofCommands].every(({ isLevel }) => isLevel) ? 0 : 1;
}

if (import.meta.main) Deno.exitCode = await main();
