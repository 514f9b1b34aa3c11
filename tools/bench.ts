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

/** Milliseconds of a run of all cases: the median of some, and how many cases it played. */
async function runMs(
  folder: string,
  options: readonly string[],
  server: readonly string[] = [],
): Promise<{ ms: number; played: number }> {
  const times: number[] = [];
  let played = 0;
  for (let turn = 0; turn < RUNS; turn++) {
    await new Deno.Command(Deno.execPath(), {
      args: [...RUN, "--out", `${folder}/run`, ...options, ...server],
      stdout: "null",
    }).output();
    const run = readJsonl(await Deno.readTextFile(`${folder}/run/results.jsonl`));
    times.push(run.durationMs);
    played = run.results.filter(({ verdict }) => verdict !== "skip").length;
  }
  return { ms: median(times), played };
}

/** What servers cost that people really have. */
async function servers(folder: string): Promise<void> {
  const server = ["--", await compile(folder, "bench_server"), "{socket}"];
  const stays = await runMs(folder, [], server);
  const each = stays.ms / stays.played;
  print(`C server that stays: ${stays.played} cases, ${each.toFixed(2)} ms a case (at most 2)`);
  const exits = await runMs(folder, [], [...server, "--exit"]);
  const ratio = exits.ms / stays.ms;
  print(`C server that exits after each client: ${ratio.toFixed(2)} times as long (at most 1.5)`);
  const counted = `${folder}/starts`;
  const slow = await runMs(folder, [], [
    ...server,
    "--start-ms",
    `${START_MS}`,
    "--count",
    counted,
  ]);
  const starts = (await Deno.stat(counted)).size / RUNS;
  const allowed = starts * START_MS / navigator.hardwareConcurrency + 1.2 * stays.ms;
  print(
    `C server that needs ${START_MS} ms to start, ${starts} times: ${slow.ms.toFixed(0)} ms ` +
      `(at most ${allowed.toFixed(0)})`,
  );
  const one = await runMs(folder, ["--jobs", "1"]);
  const two = await runMs(folder, ["--jobs", "2"]);
  const gain = two.ms / one.ms;
  print(`reference server with --jobs 2: ${gain.toFixed(2)} of --jobs 1 (at most 0.6)`);
  print(`reference server: ${(two.ms / two.played).toFixed(2)} ms a case (at most 4)`);
}

const folder = await Deno.makeTempDir();
try {
  const client = await compile(folder, "bench_client");
  const read = regionRead({ region: MEMORY_REGION, count: MIB });
  await compareClients(client, "GET_INFO round trip", getInfo(), 5000, 0);
  await compareClients(client, "REGION_READ of 1 MiB", read, 200, MIB);
  await defaultRun(folder);
  await servers(folder);
  await growth();
} finally {
  await Deno.remove(folder, { recursive: true });
}
