// Plays cases against faults of the reference server and tells which cases fail.
//
// deno run -A tools/matrix.ts             every case against every fault: writes harness/reference/matrix.json
// deno run -A tools/matrix.ts all I/N     a share of that, to standard output: one JSON line for each fault
// deno run -A tools/matrix.ts spot I/N    the same with a few cases for each fault

import { CLAUSES, SUITES } from "../cases/mod.ts";
import type { Suite } from "../harness/case.ts";
import { parseProfile } from "../harness/parse_profile.ts";
import type { Fault } from "../harness/reference/fault.ts";
import { FAULTS } from "../harness/reference/faults/mod.ts";
import { play } from "../harness/run.ts";
import { selectCases } from "../harness/select.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const TABLE = `${ROOT}harness/reference/matrix.json`;
const REFERENCE = `${ROOT}harness/reference/main.ts`;
/** Long enough for a busy machine: a fault that is silent costs it once for each case that notices. */
const TIMEOUT_MS = 2000;
/** Cases of a spot check that must fail, and others that must not. */
const SPOT = { failing: 3, others: 20 };

/** Suites whose cases start servers of their own: played only against faults of their clauses. */
const SLOW: ReadonlySet<string> = new Set(["program", "migration"]);

/** Which cases fail by which fault. */
export type Matrix = Readonly<Record<string, readonly string[]>>;

/** The matrix as the repository has it. */
export async function readMatrix(): Promise<Matrix> {
  return JSON.parse(await Deno.readTextFile(TABLE));
}

/** The suites that are played against a fault. */
function suitesFor(fault: Fault): readonly Suite[] {
  return SUITES.filter((suite) =>
    !SLOW.has(suite.id) || suite.cases.some(({ clause }) => clause === fault.clause)
  );
}

/** The cases that a spot check plays against a fault: some that it fails, and a sample of the others. */
export function spotCases(fault: Fault, failing: readonly string[]): string[] {
  const others = suitesFor(fault)
    .flatMap((suite) => suite.cases.map((row) => `${suite.id}/${row.id}`))
    .filter((id) => !failing.includes(id));
  // Any fixed shuffle will do, as long as each fault has its own.
  let seed = [...fault.id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const sample = Array.from({ length: SPOT.others }, () => {
    seed = (seed * 1_664_525 + 1_013_904_223) >>> 0;
    return others[seed % others.length]!;
  });
  return [...new Set([...failing.slice(0, SPOT.failing), ...sample])];
}

/** Plays every fault in processes of their own, and gathers which cases failed. */
export async function playFaults(mode: "all" | "spot"): Promise<Matrix> {
  const shares = navigator.hardwareConcurrency;
  const outputs = await Promise.all(
    Array.from({ length: shares }, async (_, i) => {
      const args = ["run", "--allow-all", import.meta.filename!, mode, `${i + 1}/${shares}`];
      const command = new Deno.Command(Deno.execPath(), { args, stderr: "inherit" });
      const { stdout, success } = await command.output();
      if (!success) throw new Error(`Cannot play share ${i + 1} of ${shares}`);
      return new TextDecoder().decode(stdout);
    }),
  );
  const lines = outputs.join("").trim().split("\n").map((line) => JSON.parse(line));
  const found = new Map<string, string[]>(lines.map(({ fault, failed }) => [fault, failed]));
  return Object.fromEntries(FAULTS.map(({ id }) => [id, found.get(id) ?? []]));
}

async function failedBy(fault: string, patterns: readonly string[]): Promise<string[]> {
  const profile = await Deno.readTextFile(`${ROOT}harness/reference/profile.json`);
  const argv = [Deno.execPath(), "run", "--allow-all", REFERENCE, `--fault=${fault}`];
  const { results } = await play(
    selectCases(SUITES, patterns),
    { kind: "command", argv: [...argv, "--socket-path={socket}"] },
    {
      timeoutMs: TIMEOUT_MS,
      startMs: 20_000,
      graceMs: 500,
      profile: parseProfile(profile, "profile.json"),
      clauses: CLAUSES,
      replay: false,
    },
  );
  return results
    .filter(({ verdict, skip }) =>
      verdict === "fail" || verdict === "error" || skip?.kind === "not-run"
    )
    .map(({ id }) => id);
}

async function printShare(mode: string, share: string): Promise<void> {
  const [index = 1, count = 1] = share.split("/").map(Number);
  const matrix = mode === "spot" ? await readMatrix() : {};
  for (const fault of FAULTS.filter((_, i) => i % count === index - 1)) {
    const patterns = mode === "spot"
      ? spotCases(fault, matrix[fault.id] ?? [])
      : suitesFor(fault).map(({ id }) => id);
    const line = JSON.stringify({ fault: fault.id, failed: await failedBy(fault.id, patterns) });
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  }
}

if (import.meta.main) {
  const [mode, share] = Deno.args;
  if (mode !== undefined && share !== undefined) await printShare(mode, share);
  else {
    const matrix = await playFaults("all");
    await Deno.writeTextFile(TABLE, `${JSON.stringify(matrix, undefined, 2)}\n`);
  }
}
