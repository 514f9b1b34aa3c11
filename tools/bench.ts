// Measures the client and the default run, and prints ratios: absolute times depend on the machine.

import { ask, CLIENT_VERSION } from "../harness/ask.ts";
import type { Send } from "../harness/case.ts";
import { Connection } from "../harness/connection.ts";
import { parseProfile } from "../harness/parse_profile.ts";
import { readText } from "../harness/posix/proc.ts";
import { play } from "../harness/run.ts";
import { selectCases } from "../harness/select.ts";
import { Server } from "../harness/server.ts";
import { getInfo, regionRead } from "../harness/steps.ts";
import type { Target } from "../harness/target.ts";
import { Transcript } from "../harness/transcript.ts";
import { SUITES } from "../cases/mod.ts";
import { CASES, CLAUSES, DEFAULT_OPTIONS, readJsonl } from "../mod.ts";

const ROOT = new URL("../", import.meta.url).pathname;
/** As the task does it. */
const RUN = ["run", "--v8-flags=--max-semi-space-size=2", "--allow-all", `${ROOT}main.ts`];
const REFERENCE = `${ROOT}harness/reference/main.ts`;
const MEMORY_REGION = 4;
const MIB = 1 << 20;
/** Ours and theirs take turns, so that a machine that slows down slows both. */
const TURNS = 5;
/** Runs of which the median counts. */
const RUNS = 3;
const START_MS = 300;
/** Round trips before ours are counted: the compiler is at work meanwhile. */
const WARM_UP = 0.2;

const reference: Target = {
  kind: "command",
  argv: [Deno.execPath(), "run", "--allow-all", REFERENCE, "--socket-path={socket}"],
};

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

async function compile(folder: string, name: string): Promise<string> {
  const program = `${folder}/${name}`;
  // Statically: the time that a loader takes is the server's own.
  const args = ["-O2", "-static", "-o", program, `${ROOT}tools/${name}.c`];
  const { success, stderr } = await new Deno.Command("cc", { args }).output();
  if (!success) throw new Error(`Cannot compile ${name}: ${new TextDecoder().decode(stderr)}`);
  return program;
}

/** Microseconds of each round trip of the C client. */
async function theirTimes(
  client: string,
  path: string,
  message: Send,
  rounds: number,
  count: number,
) {
  const { stdout } = await new Deno.Command(client, {
    args: [path, message.command, rounds, count].map(String),
  }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").map(Number);
}

/** Microseconds of each round trip of our client. */
async function ourTimes(server: Server, message: Send, rounds: number): Promise<number[]> {
  using connection = new Connection(await server.connect(5000), new Transcript());
  await ask(connection, CLIENT_VERSION, 5000);
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    const reply = await ask(connection, message, 5000);
    times.push((performance.now() - start) * 1000);
    if (typeof reply === "string") throw new Error(`Cannot measure: ${reply}`);
  }
  return times.slice(rounds * WARM_UP);
}

async function compareClients(
  client: string,
  name: string,
  message: Send,
  rounds: number,
  count: number,
) {
  await using server = await Server.start(reference, { startMs: 5000, graceMs: 1000 });
  (await server.connect(5000))[Symbol.dispose]();
  const [ours, theirs, ratios]: number[][] = [[], [], []];
  for (let turn = 0; turn < TURNS; turn++) {
    const our = median(await ourTimes(server, message, rounds));
    const their = median(await theirTimes(client, server.path, message, rounds, count));
    ours!.push(our);
    theirs!.push(their);
    ratios!.push(our / their);
  }
  print(
    `${name}: ours ${median(ours!).toFixed(1)} µs, C ${median(theirs!).toFixed(1)} µs, ` +
      `ratio ${median(ratios!).toFixed(2)} (at most 1.3)`,
  );
}

/** In MiB; 0 once it has ended. */
function highWater(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Peak memory of a process in MiB, as far as /proc has told until it ended. */
async function peakMemory(pid: number, ended: Promise<unknown>): Promise<number> {
  let [peak, running] = [0, true];
  ended.then(() => running = false);
  while (running) {
    peak = Math.max(peak, highWater(pid));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return peak;
}

async function defaultRun(folder: string): Promise<void> {
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, "--verbose", "--out", `${folder}/report`],
    stdout: "piped",
  }).spawn();
  const peak = peakMemory(child.pid, child.status);
  let first = 0;
  for await (const chunk of child.stdout) {
    if (first === 0 && new TextDecoder().decode(chunk).includes("/")) {
      first = performance.now() - start;
    }
  }
  await child.status;
  const wall = performance.now() - start;
  const cases = CASES.length;
  print(
    `default run: ${cases} cases in ${wall.toFixed(0)} ms, ${
      (wall / cases).toFixed(2)
    } ms a case ` +
      `(at most 5), ${(await peak).toFixed(0)} MiB (at most 150), ` +
      `first case after ${first.toFixed(0)} ms (at most 400)`,
  );
}

/** Case time must not grow with the number of cases. */
async function growth(): Promise<void> {
  const profile = parseProfile(
    await Deno.readTextFile(`${ROOT}harness/reference/profile.json`),
    "profile.json",
  );
  const cases = selectCases(SUITES);
  for (const times of [1, 4, 16]) {
    const many = Array.from({ length: times }, () => cases).flat();
    const start = performance.now();
    await play(many, reference, { ...DEFAULT_OPTIONS, profile, clauses: CLAUSES });
    const ms = (performance.now() - start) / many.length;
    print(`${times}x the rows: ${many.length} cases, ${ms.toFixed(2)} ms a case`);
  }
}

/** One run of all cases. */
interface Run {
  readonly ms: number;
  /** Cases that were not skipped. */
  readonly played: number;
}

async function runOnce(out: string, words: readonly string[]): Promise<Run> {
  const args = [...RUN, "--out", out, ...words];
  await new Deno.Command(Deno.execPath(), { args, stdout: "null" }).output();
  const { durationMs, results } = readJsonl(await Deno.readTextFile(`${out}/results.jsonl`));
  return { ms: durationMs, played: results.filter(({ verdict }) => verdict !== "skip").length };
}

/** Kinds of runs in turn, so that a machine that slows down slows them all: the times of each turn. */
async function inTurn(...kinds: readonly (() => Promise<Run>)[]): Promise<Run[][]> {
  const turns: Run[][] = [];
  for (let turn = 0; turn < RUNS; turn++) {
    const runs: Run[] = [];
    for (const kind of kinds) runs.push(await kind());
    turns.push(runs);
  }
  return turns;
}

function medianMs(turns: readonly Run[][], kind: number): number {
  return median(turns.map((runs) => runs[kind]!.ms));
}

function medianRatio(turns: readonly Run[][], kind: number, to: number): number {
  return median(turns.map((runs) => runs[kind]!.ms / runs[to]!.ms));
}

/** What servers cost that people really have. */
async function servers(folder: string): Promise<void> {
  const server = ["--", await compile(folder, "bench_server"), "{socket}"];
  const counted = `${folder}/starts`;
  const run = (...words: readonly string[]) => () => runOnce(`${folder}/run`, words);
  const turns = await inTurn(
    run(...server),
    run(...server, "--exit"),
    run(...server, "--start-ms", `${START_MS}`, "--count", counted),
  );
  const [stays, slow] = [medianMs(turns, 0), medianMs(turns, 2)];
  const { played } = turns[0]![0]!;
  const each = stays / played;
  print(`C server that stays: ${played} cases, ${each.toFixed(2)} ms a case (at most 2)`);
  const ratio = medianRatio(turns, 1, 0);
  print(`C server that exits after each client: ${ratio.toFixed(2)} times as long (at most 1.5)`);
  const starts = (await Deno.stat(counted)).size / RUNS;
  const allowed = starts * START_MS / navigator.hardwareConcurrency + 1.2 * stays;
  print(
    `C server that needs ${START_MS} ms to start, ${starts.toFixed(0)} times: ${
      slow.toFixed(0)
    } ms (at most ${allowed.toFixed(0)})`,
  );
}

/** What a second job gains, and what the machine lets it gain: separate runs share nothing but the machine. */
async function jobs(folder: string): Promise<void> {
  const run = (name: string, jobs: number) =>
    runOnce(`${folder}/${name}`, ["--jobs", String(jobs)]);
  const both = async () => {
    const [one, other] = await Promise.all([run("one", 1), run("other", 1)]);
    return { ...one, ms: Math.max(one.ms, other.ms) };
  };
  const turns = await inTurn(() => run("one", 1), () => run("two", 2), both);
  const machine = medianRatio(turns, 2, 0);
  print(
    `reference server with --jobs 2: ${medianRatio(turns, 1, 0).toFixed(2)} of --jobs 1 ` +
      `(at most 0.6; two separate runs at once take ${machine.toFixed(2)} times as long as one, ` +
      `so that this machine lets it be ${(machine / 2).toFixed(2)})`,
  );
  const each = medianMs(turns, 1) / turns[0]![1]!.played;
  print(`reference server: ${each.toFixed(2)} ms a case (at most 4)`);
}

const folder = await Deno.makeTempDir();
try {
  const client = await compile(folder, "bench_client");
  const read = regionRead({ region: MEMORY_REGION, count: MIB });
  await compareClients(client, "GET_INFO round trip", getInfo(), 5000, 0);
  await compareClients(client, "REGION_READ of 1 MiB", read, 200, MIB);
  await defaultRun(folder);
  await servers(folder);
  await jobs(folder);
  await growth();
} finally {
  await Deno.remove(folder, { recursive: true });
}
