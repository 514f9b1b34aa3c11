// Plays cases against the legal oddities of the reference server and tells which cases take offence.
//
// deno run -A tools/freedoms.ts [--spot] [--together=K] [--random=N] [--seed=S] [freedom or a+b+c…]
//   the complete default run against each freedom, or those named, and N random combinations: prints a table
//   --together: K freedoms in each run, which is faster
//   --spot: only the cases that the tests play

import { CLAUSES, SUITES } from "../cases/mod.ts";
import { HarnessError } from "../harness/harness_error.ts";
import { parseProfile } from "../harness/parse_profile.ts";
import type { DeviceProfile } from "../harness/profile.ts";
import type { Freedom } from "../harness/reference/freedom.ts";
import { FREEDOMS } from "../harness/reference/freedoms/mod.ts";
import type { CaseResult } from "../harness/results.ts";
import { play } from "../harness/run.ts";
import { selectCases } from "../harness/select.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const REFERENCE = `${ROOT}harness/reference/main.ts`;
/** The machine has so many processors for a server and its client each. */
const AT_ONCE = 2;
const TIMEOUT_MS = 5000;
/** Freedoms in a random combination. */
const COMBINED = { least: 2, most: 8 };
/** Levels at which a failure counts in the default run. */
const LEVELS: ReadonlySet<string> = new Set(["must", "robust"]);

/** Cases of a spot check; a server that waits, or serves one client only, takes long over each of them. */
const SPOT = { cases: 60, ofSlow: 6 };
/** Cases that take long by themselves. */
const LONG: readonly string[] = [
  "dma-map/map-and-unmap-thousands-of-times",
  "program/foreground",
];
/** Conversations about much at once: played against every freedom. */
const CORE: readonly string[] = [
  "framing/message-id-1",
  "framing/flags",
  "qemu-client/regions-in-two-steps",
  "qemu-client/maps-in-a-burst",
];

/** Freedoms that act together. */
export type Combination = readonly Freedom[];

/** What a run against a combination came to. */
export interface Run {
  readonly name: string;
  readonly passed: number;
  readonly skipped: number;
  /** Failures at levels that do not count. */
  readonly warnings: readonly CaseResult[];
  /** Failures that count, and errors. */
  readonly alarms: readonly CaseResult[];
  /** Set when not even the device could be learnt. */
  readonly refused?: string;
}

/** As it is written on a command line of ours. */
export function nameOf(combination: Combination): string {
  return combination.map(({ id }) => id).join("+");
}

/** Numbers below a limit that any seed gives again. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}

/** Combinations that any seed gives again; of each kind there is one freedom at most. */
export function randomCombinations(count: number, seed: number): Combination[] {
  const below = randomNumbers(seed);
  return Array.from({ length: count }, () => {
    const size = COMBINED.least + below(COMBINED.most - COMBINED.least + 1);
    const chosen: Freedom[] = [];
    while (chosen.length < size) {
      const freedom = FREEDOMS[below(FREEDOMS.length)]!;
      const isNew = chosen.every((one) =>
        one !== freedom && (freedom.kind === undefined || one.kind !== freedom.kind)
      );
      if (isNew) chosen.push(freedom);
    }
    return FREEDOMS.filter((freedom) => chosen.includes(freedom));
  });
}

/** All freedoms, several at once: each group has room for `size` that do not exclude each other. */
export function grouped(size: number): Combination[] {
  const groups: Freedom[][] = [];
  for (const freedom of FREEDOMS) {
    const group = groups.find((one) => one.length < size && goesWith(freedom, one));
    if (group !== undefined) group.push(freedom);
    else groups.push([freedom]);
  }
  // Slow ones last: they do not hold up the others.
  return groups.sort(([a], [b]) => Number(isAlone(a!)) - Number(isAlone(b!)));
}

function isAlone({ kind, delayMs }: Freedom): boolean {
  return kind === "life" || delayMs !== undefined;
}

/** What ends or delays the server is not mixed with others: it would hide them, or take too long. */
function goesWith(freedom: Freedom, others: Combination): boolean {
  return ![freedom, ...others].some(isAlone) &&
    others.every((one) =>
      one !== freedom && (freedom.kind === undefined || one.kind !== freedom.kind)
    );
}

/** The profile of the reference server without what a device with these freedoms lacks. */
export function profileFor(whole: DeviceProfile, combination: Combination): DeviceProfile {
  const lacks = combination.flatMap(({ lacks }) => lacks ?? []);
  const scratch = lacks.flatMap((one) => one.scratch ?? []);
  const interrupts = lacks.flatMap((one) => one.interrupts ?? []);
  const { dmaRead, dmaWrite, reset, ...rest } = whole;
  return {
    ...rest,
    scratch: whole.scratch?.filter(({ region }) => !scratch.includes(region)) ?? [],
    interrupts: whole.interrupts?.filter(({ index }) => !interrupts.includes(index)) ?? [],
    ...(lacks.some(({ dma }) => dma) || !dmaRead || !dmaWrite ? {} : { dmaRead, dmaWrite }),
    ...(lacks.some(({ reset }) => reset) || !reset ? {} : { reset }),
  };
}

/** Plays the cases that the patterns name, all by default, against one combination. */
export async function playFreedoms(
  combination: Combination,
  patterns: readonly string[] = [],
): Promise<Run> {
  const whole = parseProfile(
    await Deno.readTextFile(`${ROOT}harness/reference/profile.json`),
    "profile.json",
  );
  const words = combination.map(({ id }) => `--freedom=${id}`);
  const argv = [Deno.execPath(), "run", "--allow-all", REFERENCE, ...words];
  const name = nameOf(combination);
  try {
    const { results } = await play(
      selectCases(SUITES, patterns),
      { kind: "command", argv: [...argv, "--socket-path={socket}"] },
      {
        timeoutMs: TIMEOUT_MS,
        startMs: 20_000,
        graceMs: 1000,
        profile: profileFor(whole, combination),
        clauses: CLAUSES,
      },
    );
    return { name, ...counted(results) };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { name, passed: 0, skipped: 0, warnings: [], alarms: [], refused: error.message };
  }
}

function counted(results: readonly CaseResult[]): Omit<Run, "name"> {
  const failed = results.filter(({ verdict }) => verdict === "fail");
  const counts = ({ clause }: CaseResult) => LEVELS.has(clause.level);
  return {
    passed: results.filter(({ verdict }) => verdict === "pass").length,
    skipped: results.filter(({ skip }) => skip?.kind === "need").length,
    warnings: failed.filter((result) => !counts(result)),
    alarms: results.filter((result) =>
      result.verdict === "error" || result.skip?.kind === "not-run" ||
      (result.verdict === "fail" && counts(result))
    ),
  };
}

/** One line for each case that took offence. */
export function alarmTexts({ name, alarms, warnings, refused }: Run): string[] {
  const text = (word: string) => ({ id, failure, skip }: CaseResult) =>
    `  ${word} ${id}: expected ${failure?.expected.join(" or ") ?? "to be played"}; ` +
    `saw ${failure?.seen ?? skip?.text}`;
  return [
    ...(refused === undefined ? [] : [`  ${name}: ${refused}`]),
    ...alarms.map(text("ALARM")),
    ...warnings.map(text("warning")),
  ];
}

/** The cases of a spot check: some that are about much, and a sample of the suites that the freedoms name. */
export function spotCases(combination: Combination): string[] {
  const suites = new Set(combination.flatMap((freedom) => freedom.suites));
  const isSlow = combination.some(isAlone);
  const named = SUITES.filter(({ id }) => suites.has(id))
    .flatMap((suite) => suite.cases.map((row) => `${suite.id}/${row.id}`))
    .filter((id) => !LONG.includes(id));
  const seed = [...nameOf(combination)].reduce((sum, one) => sum * 31 + one.charCodeAt(0) >>> 0, 7);
  const sample = shuffled(named, seed).slice(0, isSlow ? SPOT.ofSlow : SPOT.cases);
  return [...new Set([...isSlow ? [] : CORE, ...sample])];
}

function shuffled<T>(all: readonly T[], seed: number): T[] {
  const below = randomNumbers(seed);
  return all.map((one) => [below(1e9), one] as const).sort(([a], [b]) => a - b).map(([, one]) =>
    one
  );
}

/** Does the work of each, a few at a time. */
export async function each<T, R>(
  all: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...all.entries()];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results[next[0]] = await work(next[1]);
    }
  }));
  return results;
}

function combinationNamed(name: string): Combination {
  return name.split("+").map((id) => {
    const freedom = FREEDOMS.find((one) => one.id === id);
    if (freedom === undefined) throw new Error(`Cannot find the freedom ${id}`);
    return freedom;
  });
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function main(words: readonly string[]): Promise<number> {
  const option = (name: string, byDefault: number) =>
    Number(words.find((word) => word.startsWith(`--${name}=`))?.split("=")[1] ?? byDefault);
  const isSpot = words.includes("--spot");
  const named = words.filter((word) => !word.startsWith("--")).map(combinationNamed);
  const combinations = [
    ...(named.length > 0 ? named : grouped(option("together", 1))),
    ...randomCombinations(option("random", named.length > 0 ? 0 : 10), option("seed", 1)),
  ];
  print("passed  skipped  warnings  alarms  freedom");
  const runs = await each(combinations, async (combination) => {
    const run = await playFreedoms(combination, isSpot ? spotCases(combination) : []);
    const { passed, skipped, warnings, alarms, name } = run;
    const columns = [[passed, 6], [skipped, 9], [warnings.length, 10], [alarms.length, 8]] as const;
    print(columns.map(([value, width]) => `${value}`.padStart(width)).join("") + `  ${name}`);
    for (const line of alarmTexts(run)) print(line);
    return run;
  });
  return runs.some((run) => run.alarms.length > 0 || run.refused !== undefined) ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
