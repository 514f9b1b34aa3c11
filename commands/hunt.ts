import { parseArgs } from "@std/cli/parse-args";
import type { DeviceFacts } from "../harness/device_facts.ts";
import { loadFastCheck } from "../harness/random/fast_check.ts";
import type { Found, Hunted } from "../harness/random/hunt.ts";
import { replayText } from "../harness/random/replay_file.ts";
import { type Kind, playRandom } from "../harness/random/run.ts";
import { targetText } from "../harness/target.ts";
import { CLAUSES, type Level } from "../mod.ts";
import { type Settings, settings, usage, type Values } from "./command_line.ts";
import { abortOnSignal, print } from "./entry.ts";
import { huntJson, HuntReport } from "./hunt_report.ts";
import { writeWhole } from "./report_files.ts";

/** Messages on one connection when they are fuzzed. */
const FUZZED_TOGETHER = 20;

/** Options that a hunt shares with a replay. */
export const SERVER_OPTIONS = [
  "server",
  "attach",
  "before",
  "after",
  "env",
  "cwd",
  "profile",
  "skip",
  "level",
  "out",
  "label",
  "timeout",
  "start-timeout",
] as const;

/** Reads the arguments of one of these commands. Throws `HarnessError` of kind `usage`. */
export function parseHunt(args: readonly string[], own: readonly string[]): Values {
  return parseArgs([...args], {
    string: [...SERVER_OPTIONS, ...own],
    boolean: ["fd", "help"],
    collect: ["skip", "env"],
    alias: { h: "help" },
    "--": true,
    unknown(arg, key) {
      if (key === undefined) return true;
      throw usage(`Unknown option ${arg.split("=")[0]}: --help shows those that exist`);
    },
  });
}

/** How much is played of what: the options that are this command's own. */
interface Amount {
  readonly kind: Kind;
  readonly seed: number;
  readonly count: number;
  /** Steps of each conversation. */
  readonly commands: number;
}

/** Draws, plays, reports: the exit code. */
export async function huntCommand(
  kind: Kind,
  help: string,
  args: readonly string[],
): Promise<number> {
  const values = parseHunt(args, [kind, "seed", "commands"]);
  if (values.help) {
    print(help);
    return 0;
  }
  if (values._.length > 0) throw usage(`No case is played: leave out ${values._.join(" ")}`);
  using signal = abortOnSignal();
  const options = await settings(values, args);
  const amount = amountOf(kind, values);
  const fc = await loadFastCheck();
  const label = options.label ?? targetText(options.target);
  const report = new HuntReport(print, { ...amount, label, target: targetText(options.target) });
  const hunted = await playRandom(fc, kind, options.target, {
    ...options,
    ...amount,
    skipped: skippedClauses(options),
    signal,
    started: (device: DeviceFacts) => report.started(device),
    progress: (done, found) => report.progress(done, found),
  });
  const files = await writeFiles(options.out, amount, hunted, targetText(options.target));
  report.finished(hunted, files, reproduceArguments(args));
  if (!hunted.complete && hunted.found.length === 0) return 3;
  return hunted.found.length > 0 ? 1 : 0;
}

/** Clauses of which a breach does not count: those left out, and those of other levels. */
export function skippedClauses({ skip = [], levels }: Settings): string[] {
  const unknown = skip.find((id) => !(id in CLAUSES));
  if (unknown !== undefined) throw usage(`Unknown clause ${unknown}: --skip takes ids of clauses`);
  const others = Object.entries(CLAUSES)
    .filter(([, { level }]) => !(levels as readonly Level[]).includes(level))
    .map(([id]) => id);
  return [...skip, ...others];
}

function amountOf(kind: Kind, values: Values): Amount {
  const random = kind === "random";
  const count = natural(values, kind, random ? 1000 : 10_000);
  const seed = natural(values, "seed", crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1);
  if (random) return { kind, seed, count, commands: natural(values, "commands", 50) };
  return { kind, seed, count: Math.ceil(count / FUZZED_TOGETHER), commands: FUZZED_TOGETHER };
}

function natural(values: Values, name: string, byDefault: number): number {
  const value = values[name] === "" ? NaN : Number(values[name] ?? byDefault);
  const least = name === "seed" ? 0 : 1;
  if (Number.isInteger(value) && value >= least && value <= 0x7fff_ffff) return value;
  throw usage(`--${name} must be a number of ${least} and more: it is ${values[name]}`);
}

/** What says how to start the server: the arguments behind a replay file. */
function reproduceArguments(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const drawn = new Set(["--random", "--fuzz", "--seed", "--commands", "--out"]);
  const kept = own.filter((arg, i) =>
    !drawn.has(arg.split("=")[0]!) && !(i > 0 && drawn.has(own[i - 1]!))
  );
  return [...kept, ...(end < 0 ? [] : args.slice(end))];
}

async function writeFiles(
  out: string,
  amount: Amount,
  hunted: Hunted,
  target: string,
): Promise<string[]> {
  await Deno.mkdir(out, { recursive: true }).catch((error: Error) => {
    throw usage(`Cannot write reports to ${out}: ${error.message}`);
  });
  const replays = hunted.found.map((found, i) => replayFile(out, amount, found, i));
  for (const [i, found] of hunted.found.entries()) {
    await writeWhole(replays[i]!, [replayText(amount.kind, amount.seed, found)]);
  }
  const json = `${out}/${amount.kind}.json`;
  await writeWhole(json, [huntJson(amount, hunted, replays, target)]);
  return [...replays, json];
}

function replayFile(out: string, { kind }: Amount, { finding }: Found, index: number): string {
  const name = finding.kind === "mismatch" ? finding.clause : finding.kind;
  return `${out}/${kind}-${index + 1}-${name}.replay.json`;
}
