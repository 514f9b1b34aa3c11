import { parseArgs } from "@std/cli/parse-args";
import { HarnessError } from "./harness/harness_error.ts";
import { parseProfile } from "./harness/parse_profile.ts";
import { probe, type ProbeOptions, probeText, startingProfile } from "./harness/probe.ts";
import { splitWords } from "./harness/split_words.ts";
import { withPlaceholder } from "./harness/target.ts";
import {
  CASES,
  DEFAULT_OPTIONS,
  type DeviceProfile,
  type Level,
  run,
  type RunOptions,
  type RunResult,
  type Target,
  VERSION,
} from "./mod.ts";
import {
  caseLine,
  conclude,
  consoleReport,
  endLine,
  htmlParts,
  junit,
  runLine,
} from "./reports/mod.ts";

const HELP = `Judges a vfio-user server.

Usage: deno task conformance [options] [pattern…] [-- command…]

  A pattern is a suite (dma-map) or a glob on case ids ('dma-map/*overlap*'). The command starts the
  server; {socket} in it becomes the path to listen at (--socket-path={socket} is added where it is
  missing). Without a command, the reference server that comes with the suite is judged.

  --server "COMMAND LINE"  the command as one argument
  --fd                     pass a listening descriptor as {fd} (--fd={fd} is added) instead of a path
  --attach PATH            connect to a server that you started
  --before, --after "COMMAND LINE"  run once the server is started, and before it is stopped
  --env NAME=VALUE         add to the server's environment   --cwd DIR  its working folder
  --profile FILE           what is known about the device: scratch memory, triggers
  --skip PATTERN           leave cases out
  --level LEVELS           what counts: must,should,may,robust,qemu   (default must,robust)
  --out DIR                where the reports go                       (default conformance-report)
  --label NAME             the server's name in the reports
  --timeout MS             longest wait for a reply                   (default ${DEFAULT_OPTIONS.timeoutMs})
  --start-timeout MS       longest wait for the server to come up     (default ${DEFAULT_OPTIONS.startMs})
  --list [--json]          list the cases and stop
  --probe                  print what the server says of itself and stop (deno task probe)
  --profile-out FILE       with --probe: write a device profile to start from
  --verbose                a line for each case         --version, --help

Exit code: 0 conformant, 1 not, 2 wrong command line or file, 3 no server or a run cut short.

Examples:
  deno task conformance -- ./my-server --socket-path={socket}
  deno task conformance version 'dma-map/*' --attach /tmp/my.sock
  deno task conformance --profile my-device.json --level must -- ./my-server -s {socket}
`;

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
  ],
  boolean: ["fd", "list", "json", "probe", "verbose", "help", "version"],
  collect: ["skip", "env"],
} as const;

const LEVELS: readonly Level[] = ["must", "should", "may", "robust", "qemu"];

/** The command line, complete and checked. */
type Settings = RunOptions & ProbeOptions & {
  readonly out: string;
  readonly verbose: boolean;
};

type Values = ReturnType<typeof parseArgs>;

function usage(message: string): HarnessError {
  return new HarnessError("usage", message);
}

function parse(args: readonly string[]): Values {
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

function text(values: Values, name: string): string | undefined {
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

function referenceServer(): string[] {
  const main = new URL(import.meta.resolve("./harness/reference/main.ts"));
  const script = main.protocol === "file:" ? decodeURIComponent(main.pathname) : main.href;
  return [Deno.execPath(), "run", "--allow-all", "--quiet", script];
}

function target(values: Values): Target {
  const attach = text(values, "attach");
  const given = [values["--"].length > 0, values.server !== undefined, attach !== undefined];
  if (given.filter(Boolean).length > 1) {
    throw usage("Give the server once: as a command behind --, as --server, or as --attach");
  }
  if (attach !== undefined) return { kind: "attach", path: attach };
  const command = values["--"].length > 0 ? values["--"] : words(values, "server");
  const [cwd, before, after] = [
    text(values, "cwd"),
    words(values, "before"),
    words(values, "after"),
  ];
  const passFd = values.fd === true;
  return {
    kind: "command",
    argv: withPlaceholder(command ?? referenceServer(), passFd),
    passFd,
    env: environment(values),
    ...(cwd === undefined ? {} : { cwd }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

async function profile(values: Values, isReference: boolean): Promise<DeviceProfile> {
  const own = new URL(import.meta.resolve("./harness/reference/profile.json"));
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

async function settings(values: Values, args: readonly string[]): Promise<Settings> {
  const label = text(values, "label");
  const isReference = values["--"].length === 0 && values.server === undefined &&
    values.attach === undefined;
  return {
    target: target(values),
    profile: await profile(values, isReference),
    patterns: values._.map(String),
    skip: values.skip as string[],
    levels: levels(values),
    timeoutMs: milliseconds(values, "timeout", DEFAULT_OPTIONS.timeoutMs),
    startMs: milliseconds(values, "start-timeout", DEFAULT_OPTIONS.startMs),
    graceMs: DEFAULT_OPTIONS.graceMs,
    reproduce: reproduceArguments(args, values),
    ...(label !== undefined ? { label } : isReference ? { label: "reference server" } : {}),
    out: text(values, "out") ?? "conformance-report",
    verbose: values.verbose === true,
  };
}

/** The arguments as given, without patterns: what plays a single case of this server again. */
function reproduceArguments(args: readonly string[], values: Values): string[] {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const patterns = new Set(values._);
  return [...own.filter((arg) => !patterns.has(arg)), ...(end < 0 ? [] : args.slice(end))];
}

function list(asJson: boolean): string {
  if (asJson) return JSON.stringify(CASES, undefined, 2);
  const width = Math.max(...CASES.map(({ id }) => id.length));
  const lines = CASES.map(({ id, level, title }) =>
    `${id.padEnd(width)}  ${level.padEnd(6)}  ${title}`
  );
  return [...lines, `${CASES.length} cases`].join("\n");
}

const encoder = new TextEncoder();

function print(content: string): void {
  Deno.stdout.writeSync(encoder.encode(content));
}

/** Writes a file whole or not at all. */
async function writeWhole(path: string, parts: Iterable<string>): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  {
    using file = await Deno.create(temporary);
    for (const part of parts) await writeAll(file, encoder.encode(part));
  }
  await Deno.rename(temporary, path);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await file.write(bytes.subarray(at));
}

/** Plays, and writes the results line by line as they come. */
async function playAndRecord(options: Settings, signal: AbortSignal): Promise<RunResult> {
  await Deno.mkdir(options.out, { recursive: true }).catch((error: Error) => {
    throw usage(`Cannot write reports to ${options.out}: ${error.message}`);
  });
  const path = `${options.out}/results.jsonl`;
  using stream = await Deno.create(path).catch((error: Error) => {
    throw usage(`Cannot write ${path}: ${error.message}`);
  });
  const record = (line: string) => void stream.writeSync(encoder.encode(line));
  const terminal = Deno.stdout.isTerminal();
  const report = consoleReport(print, {
    terminal,
    color: terminal && !Deno.noColor,
    verbose: options.verbose,
    ...(terminal ? { columns: Deno.consoleSize().columns } : {}),
  });
  let [total, done] = [0, 0];
  const result = await run({
    ...options,
    signal,
    onStart(info, count) {
      total = count;
      record(runLine(info));
      report.started(info, count);
    },
    onCase: (id) => report.caseStarted(id),
    onResult(one) {
      record(caseLine(one));
      report.caseFinished(one, ++done, total);
    },
  });
  record(endLine(result));
  const files = [`${options.out}/junit.xml`, `${options.out}/report.html`];
  await writeWhole(files[0]!, [junit(result)]);
  await writeWhole(files[1]!, htmlParts(result));
  report.finished(result, [...files, path]);
  return result;
}

/** Prints what a server says of itself, and writes a profile where one is wanted. */
async function showDevice(values: Values, options: Settings, signal: AbortSignal): Promise<void> {
  if (values._.length > 0) throw usage(`--probe plays no case: leave out ${values._.join(" ")}`);
  const path = text(values, "profile-out");
  const device = await probe(options.target, { ...options, signal });
  print(probeText(device));
  if (path === undefined) return;
  const profile = startingProfile(device);
  const content = `${JSON.stringify(profile, undefined, 2)}\n`;
  await Deno.writeTextFile(path, content, { createNew: true }).catch((error: Error) => {
    throw usage(`Cannot write the device profile ${path}: ${error.message}`);
  });
  const hint = profile.scratch?.length
    ? "Check its scratch memory: cases write it, and put back what it held."
    : "It names no scratch memory: nothing can be both mapped and written.";
  print(`\nProfile: ${path}\n${hint}\n`);
}

/** Aborts at the first SIGINT or SIGTERM; a second one ends the program at once. */
function abortOnSignal(): AbortSignal & Disposable {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) Deno.exit(3);
    controller.abort();
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(name, listener);
  return Object.assign(controller.signal, {
    [Symbol.dispose]() {
      for (const name of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(name, listener);
    },
  });
}

/** A run in which nothing was judged is no success: 1 when all was skipped, 3 when the harness failed. */
function exitCode(run: RunResult): number {
  if (!run.complete || run.results.some(({ verdict }) => verdict === "error")) return 3;
  return conclude(run) === "conformant" ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  const values = parse(args);
  if (!values.probe && values["profile-out"] !== undefined) {
    throw usage("--profile-out needs --probe");
  }
  if (values.help) print(HELP);
  else if (values.version) print(`${VERSION}\n`);
  else if (values.list) print(`${list(values.json === true)}\n`);
  else {
    using signal = abortOnSignal();
    const options = await settings(values, args);
    if (values.probe) {
      await showDevice(values, options, signal);
      return 0;
    }
    return exitCode(await playAndRecord(options, signal));
  }
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    Deno.stderr.writeSync(encoder.encode(`${error.message}\n`));
    Deno.exitCode = error.kind === "usage" ? 2 : 3;
  }
}
