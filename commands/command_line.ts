import { parseArgs } from "@std/cli/parse-args";
import { parseExpectedFailures } from "../harness/expected_failures.ts";
import { HarnessError } from "../harness/harness_error.ts";
import { parseProfile } from "../harness/parse_profile.ts";
import type { ProbeOptions } from "../harness/probe.ts";
import type { Shard } from "../harness/shard.ts";
import { parseAttachments, parseFormats, type ReportSettings } from "./report_list.ts";
import { splitWords } from "../harness/split_words.ts";
import { withPlaceholder } from "../harness/target.ts";
import {
  DEFAULT_OPTIONS,
  type DeviceProfile,
  type ExpectedFailure,
  type Level,
  type RunOptions,
  type Target,
} from "../mod.ts";
import { endIsMissing, measuredTimes, toPlayAgain } from "../reports/mod.ts";
import { readResults } from "./read_results.ts";

const OPTIONS = {
  string: [
    "server",
    "attach",
    "before",
    "after",
    "env",
    "cwd",
    "profile",
    "profile-out",
    "skip",
    "level",
    "out",
    "label",
    "timeout",
    "start-timeout",
    "max-time",
    "expect",
    "write-expect",
    "report",
    "attachments",
    "jobs",
    "repeat",
    "shard",
    "shard-times",
    "rerun-failed",
  ],
  boolean: [
    "fail-fast",
    "keep-going",
    "watch",
    "debug",
    "fd",
    "list",
    "json",
    "probe",
    "verbose",
    "help",
    "version",
  ],
  collect: ["skip", "env"],
} as const;

const LEVELS: readonly Level[] = ["must", "should", "may", "robust", "qemu"];

/** The command line, complete and checked. */
export type Settings = RunOptions & ProbeOptions & ReportSettings & {
  readonly out: string;
  /** Where the list of what failed goes. */
  readonly writeExpect?: string;
  readonly verbose: boolean;
};

export type Values = ReturnType<typeof parseArgs>;

export function usage(message: string): HarnessError {
  return new HarnessError("usage", message);
}

export function parse(args: readonly string[]): Values {
  const twice = givenTwice(args);
  if (twice !== undefined) throw usage(`--${twice} is given twice: give it once`);
  return parseArgs([...args], {
    ...OPTIONS,
    alias: { h: "help" },
    "--": true,
    unknown(arg, key) {
      if (key === undefined) return true;
      const name = arg.split("=")[0]!;
      throw usage(`Unknown option ${name}: --help shows those that exist`);
    },
  });
}

/** An option that takes one value and stands there again: which of them was meant, nobody can tell. */
function givenTwice(args: readonly string[]): string | undefined {
  const end = args.indexOf("--");
  const names = args.slice(0, end < 0 ? args.length : end)
    .map((arg) => /^--([^=]+)/.exec(arg)?.[1] ?? "")
    .filter((name) => isIn(OPTIONS.string, name) && !isIn(OPTIONS.collect, name));
  return names.find((name, i) => names.indexOf(name) < i);
}

function isIn(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

export function text(values: Values, name: string): string | undefined {
  const value = values[name];
  if (value === "") throw usage(`--${name} needs a value: --${name} VALUE`);
  return value as string | undefined;
}

function words(values: Values, name: string): string[] | undefined {
  const line = text(values, name);
  try {
    return line === undefined ? undefined : splitWords(line);
  } catch (error) {
    throw usage(`Cannot read --${name}: ${(error as Error).message}`);
  }
}

function milliseconds(values: Values, name: string, byDefault: number): number {
  const value = Number(text(values, name) ?? byDefault);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw usage(`--${name} must be a positive number of milliseconds: it is ${values[name]}`);
}

function count(values: Values, name: string, byDefault: number): number {
  const value = Number(text(values, name) ?? byDefault);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw usage(`--${name} must be a positive number: it is ${values[name]}`);
}

/** `90`, `90s`, `15m`, `2h`: seconds where no unit stands. */
function duration(values: Values, name: string): number | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(given) ?? [];
  const ms = Number(number) * { s: 1000, m: 60_000, h: 3_600_000 }[unit]!;
  if (ms > 0) return ms;
  throw usage(`--${name} must be a time such as 90s, 15m or 1h: it is ${given}`);
}

async function expectedFailures(values: Values): Promise<readonly ExpectedFailure[]> {
  const path = text(values, "expect");
  if (path === undefined) return [];
  const content = await Deno.readTextFile(path).catch((error: Error) => {
    throw usage(`Cannot read the list of expected failures ${path}: ${error.message}`);
  });
  return parseExpectedFailures(content, path);
}

function levels(values: Values): readonly Level[] {
  const given = text(values, "level")?.split(",") ?? DEFAULT_OPTIONS.levels;
  const unknown = given.find((level) => !(LEVELS as readonly string[]).includes(level));
  if (unknown === undefined) return given as Level[];
  throw usage(`Unknown level ${unknown}: known are ${LEVELS.join(", ")}`);
}

function environment(values: Values): Record<string, string> {
  return Object.fromEntries((values.env as string[]).map((entry) => {
    const at = entry.indexOf("=");
    if (at < 1) throw usage(`--env must be NAME=VALUE: it is ${entry}`);
    return [entry.slice(0, at), entry.slice(at + 1)];
  }));
}

/** It may call the C library, and read and remove its own socket. */
function referenceServer(passFd: boolean): string[] {
  const main = new URL(import.meta.resolve("../harness/reference/main.ts"));
  const script = main.protocol === "file:" ? decodeURIComponent(main.pathname) : main.href;
  const permissions = ["--allow-ffi", "--allow-read={socket}", "--allow-write={socket}"];
  const where = passFd ? "--fd={fd}" : "--socket-path={socket}";
  return [Deno.execPath(), "run", ...permissions, "--quiet", script, where];
}

function target(values: Values): Target {
  const attach = text(values, "attach");
  const given = [values["--"].length > 0, values.server !== undefined, attach !== undefined];
  if (given.filter(Boolean).length > 1) {
    throw usage("Give the server once: as a command behind --, as --server, or as --attach");
  }
  if (attach !== undefined && (values.debug || values.watch)) {
    throw usage(`--${values.debug ? "debug" : "watch"} needs a command, not --attach`);
  }
  if (attach !== undefined) return { kind: "attach", path: attach };
  const command = values["--"].length > 0 ? values["--"] : words(values, "server");
  const [cwd, before, after] = [
    text(values, "cwd"),
    words(values, "before"),
    words(values, "after"),
  ];
  const passFd = values.fd === true;
  if (passFd && values.debug === true) throw usage("--debug starts nothing: leave out --fd");
  return {
    kind: "command",
    argv: withPlaceholder(command ?? referenceServer(passFd), passFd),
    passFd,
    env: environment(values),
    ...(cwd === undefined ? {} : { cwd }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

async function profile(values: Values, isReference: boolean): Promise<DeviceProfile> {
  const own = new URL(import.meta.resolve("../harness/reference/profile.json"));
  const path = text(values, "profile") ?? (isReference ? own : undefined);
  if (path === undefined) return {};
  const content = await readText(path).catch((error: Error) => {
    throw usage(`Cannot read the device profile ${path}: ${error.message}`);
  });
  return parseProfile(content, String(path));
}

async function readText(path: string | URL): Promise<string> {
  const remote = path instanceof URL && path.protocol !== "file:";
  return remote ? await (await fetch(path)).text() : await Deno.readTextFile(path);
}

export async function settings(values: Values, args: readonly string[]): Promise<Settings> {
  const label = text(values, "label");
  const maxTimeMs = duration(values, "max-time");
  const writeExpect = text(values, "write-expect");
  const part = await shardOption(values);
  const isReference = values["--"].length === 0 && values.server === undefined &&
    values.attach === undefined;
  return {
    target: target(values),
    profile: await profile(values, isReference),
    patterns: await patterns(values),
    skip: values.skip as string[],
    levels: levels(values),
    timeoutMs: milliseconds(values, "timeout", DEFAULT_OPTIONS.timeoutMs),
    startMs: milliseconds(values, "start-timeout", DEFAULT_OPTIONS.startMs),
    graceMs: DEFAULT_OPTIONS.graceMs,
    expect: await expectedFailures(values),
    jobs: count(values, "jobs", navigator.hardwareConcurrency),
    repeat: count(values, "repeat", 1),
    failFast: values["fail-fast"] === true,
    keepGoing: values["keep-going"] === true,
    ...(part === undefined ? {} : { shard: part }),
    ...(maxTimeMs === undefined ? {} : { maxTimeMs }),
    ...(writeExpect === undefined ? {} : { writeExpect }),
    formats: parseFormats(text(values, "report")),
    ...parseAttachments(text(values, "attachments")),
    reproduce: reproduceArguments(args, values),
    ...(label !== undefined ? { label } : isReference ? { label: "reference server" } : {}),
    out: text(values, "out") ?? "conformance-report",
    verbose: values.verbose === true,
  };
}

/** `2/4`: from 1 to the number of shards. */
async function shardOption(values: Values): Promise<Shard | undefined> {
  const given = text(values, "shard");
  const path = text(values, "shard-times");
  if (given === undefined) {
    if (path !== undefined) throw usage("--shard-times needs --shard");
    return undefined;
  }
  if (values.watch) throw usage("--watch plays on one machine: leave out --shard");
  const [, index, count] = (/^(\d{1,4})\/(\d{1,4})$/.exec(given) ?? []).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count) {
    throw usage(`--shard must be I/N with I from 1 to N, such as 2/4: it is ${given}`);
  }
  if (path === undefined) return { index, count };
  return { index, count, times: measuredTimes(await readResults(path)) };
}

/** As given, or what is to be played again of an earlier run. */
async function patterns(values: Values): Promise<readonly string[]> {
  const path = text(values, "rerun-failed");
  if (path === undefined) return values._.map(String);
  if (values._.length > 0) throw usage(`Give patterns or --rerun-failed: leave out ${values._[0]}`);
  const earlier = await readResults(path);
  if (endIsMissing(earlier)) {
    throw usage(`Cannot tell what ${path} left out, as its end is missing: play all of it again`);
  }
  const ids = toPlayAgain(earlier);
  if (ids.length === 0) throw usage(`Nothing to play again: no case failed in ${path}`);
  return ids;
}

/** Options that a single case does not need when it is played again: with a value, and without. */
const NOT_AGAIN: readonly string[] = [
  "--write-expect",
  "--max-time",
  "--shard",
  "--shard-times",
  "--rerun-failed",
];
const NOT_AGAIN_FLAGS: readonly string[] = ["--watch", "--debug", "--fail-fast", "--keep-going"];

/** The arguments as given, without patterns: what plays a single case of this server again. */
function reproduceArguments(args: readonly string[], values: Values): string[] {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const patterns = new Set(values._);
  const again = own.filter((arg, i) =>
    !patterns.has(arg) && !NOT_AGAIN_FLAGS.includes(arg) &&
    !NOT_AGAIN.includes(arg.split("=")[0]!) && !NOT_AGAIN.includes(own[i - 1] ?? "")
  );
  return [...again, ...(end < 0 ? [] : args.slice(end))];
}
