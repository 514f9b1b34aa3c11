import { SIGKILL, signalProcess } from "../posix/process.ts";
import { type Held, MEASURE_VARIABLE } from "./measure.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const GAUNTLET = `${ROOT}harness/gauntlet/main.ts`;

/** Few, and each exchange occurs in one of them. */
const CASES: readonly string[] = [
  "device-get-info/basic",
  "device-get-region-info/descriptor-of-mappable-region",
  "device-get-region-info/access-on-both-sides",
  "device-get-irq-info/each-index",
  "device-set-irqs/disable-counted",
  "region-access/read-memory",
  "region-access/write-memory",
  "dma-map/map-and-unmap",
  "device-reset/once",
  "disconnection/next-client",
];

/** How a trial differs from the usual one. */
export interface TrialOptions {
  /** Longest wait of the harness for the server to come up. Default: 20 s. */
  readonly startMs?: number;
  /** Longest wait of the harness for a reply. Default: 2 s, since the machine may be busy. */
  readonly timeoutMs?: number;
  /** Descriptors that the harness and the server may have open. Default: as many as the test. */
  readonly openFiles?: number;
  /** Gives the temporary files a disk of their own with so many bytes. */
  readonly diskBytes?: number;
  /** Which cases are played. Default: some in which each exchange occurs. */
  readonly cases?: readonly string[];
  /** A run that takes longer hangs, and is killed. Default: 60 s. */
  readonly deadlineMs?: number;
}

/** A line of results.jsonl about a case, as far as it is looked at. */
export interface TrialCase {
  readonly id: string;
  readonly verdict: string;
  readonly failure?: { readonly kind: string; readonly seen: string };
}

/** What came of a run of the suite against one behaviour. */
export interface Trial {
  readonly behaviour: string;
  /** `hung` when it had to be killed. */
  readonly code: number | "hung";
  /** The signal that ended it, if one did. */
  readonly signal: string | null;
  readonly seconds: number;
  readonly output: string;
  readonly errors: string;
  /** Contents of the files in the folder of the reports, by their names. */
  readonly reports: ReadonlyMap<string, Uint8Array>;
  readonly cases: readonly TrialCase[];
  /** Absent when it could not be measured: the run did not end by itself. */
  readonly held: Held | undefined;
  /** Processes that were left behind, by their command lines. They are killed now. */
  readonly processes: readonly string[];
  /** Other things left behind. */
  readonly left: readonly string[];
}

/** Plays some cases against a server that behaves so, with the command line as people use it. */
export async function trial(behaviour: string, options: TrialOptions = {}): Promise<Trial> {
  const folder = await Deno.makeTempDir({ prefix: "gauntlet-" });
  try {
    await Deno.mkdir(`${folder}/tmp`);
    const began = performance.now();
    const { code, signal, stdout, stderr } = await play(behaviour, folder, options);
    const seconds = (performance.now() - began) / 1000;
    const processes = await killLeftBehind(folder);
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const reports = await filesIn(`${folder}/out`);
    const held = await readHeld(`${folder}/held.json`);
    const temporary = await Array.fromAsync(Deno.readDir(`${folder}/tmp`));
    return {
      behaviour,
      code: signal === "SIGKILL" ? "hung" : code,
      signal,
      seconds,
      output: text(stdout),
      errors: text(stderr),
      reports,
      cases: casesOf(reports.get("results.jsonl")),
      held,
      processes,
      left: [...held?.temporary ?? [], ...temporary.map(({ name }) => name)],
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function play(
  behaviour: string,
  folder: string,
  { startMs = 20_000, timeoutMs = 2000, deadlineMs = 60_000, cases = CASES, ...limits }:
    TrialOptions,
): Promise<Deno.CommandOutput> {
  const deno = [Deno.execPath(), "run", "--allow-all", "--quiet"];
  const [program = "", ...args] = [
    ...(limits.diskBytes === undefined ? [] : withDisk(limits.diskBytes)),
    ...(limits.openFiles === undefined ? [] : ["prlimit", `--nofile=${limits.openFiles}`]),
    ...deno,
    `--preload=${ROOT}harness/gauntlet/measure.ts`,
    `${ROOT}main.ts`,
    ...cases,
    `--timeout=${timeoutMs}`,
    "--level=must,should,may,robust",
    `--start-timeout=${startMs}`,
    `--out=${folder}/out`,
    "--",
    ...deno,
    GAUNTLET,
    `--behaviour=${behaviour}`,
    "--socket-path={socket}",
  ];
  const child = new Deno.Command(program, {
    args,
    cwd: folder,
    env: {
      TMPDIR: `${folder}/tmp`,
      NO_COLOR: "1",
      [MEASURE_VARIABLE]: `${folder}/held.json`,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
  try {
    return await child.output();
  } finally {
    clearTimeout(timer);
  }
}

/** In a mount namespace of its own: the disk is gone with the last process that sees it. */
function withDisk(bytes: number): string[] {
  const mount = `mount -t tmpfs -o size=${bytes} none "$TMPDIR" && exec "$@"`;
  return ["unshare", "--mount", "sh", "-c", mount, "sh"];
}

/** Whether a process may have a disk of its own: not everybody may mount. */
export async function canMount(): Promise<boolean> {
  const [program = "", ...args] = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"];
  const result = await new Deno.Command(program, { args }).output().catch(() => undefined);
  return result?.success === true;
}

/** Every process of the run has the name of its folder in its environment or its arguments. */
async function killLeftBehind(folder: string): Promise<string[]> {
  const left: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    const pid = Number(name);
    if (!(pid > 1)) continue;
    const [words, environment] = await Promise.all(
      ["cmdline", "environ"].map(async (file) =>
        await Deno.readTextFile(`/proc/${pid}/${file}`).catch(() => "")
      ),
    );
    if (!`${words}${environment}`.includes(folder)) continue;
    left.push(words!.replaceAll("\0", " ").trim());
    signalProcess(pid, SIGKILL);
  }
  return left;
}

async function filesIn(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const { name } of entries) files.set(name, await Deno.readFile(`${folder}/${name}`));
  return files;
}

async function readHeld(path: string): Promise<Held | undefined> {
  const text = await Deno.readTextFile(path).catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

function casesOf(results: Uint8Array | undefined): TrialCase[] {
  const lines = new TextDecoder().decode(results).split("\n").filter((line) => line !== "");
  return lines.flatMap((line) => {
    try {
      const value = JSON.parse(line);
      return typeof value.verdict === "string" ? [value] : [];
    } catch {
      return []; // whoever needs whole lines looks at the file itself
    }
  });
}
