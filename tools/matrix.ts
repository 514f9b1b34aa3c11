// Plays cases against faults of the reference server and tells which cases fail.
//
// deno run -A tools/matrix.ts [fault…]            against these faults, or all: writes harness/reference/matrix.json
// deno run -A tools/matrix.ts all I/N [fault…]    a share of that, to standard output: one JSON line for each fault
// deno run -A tools/matrix.ts spot I/N [fault…]   the same with a few cases for each fault
// deno run -A tools/matrix.ts --weakest           plays nothing: the size of the matrix, and the cases that one fault fails

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
const TIMEOUT_MS = 1500;
/** Failures after which a fault has been noticed well enough: the broadest ones fail hundreds of cases. */
export const ENOUGH = 25;
/** Cases of a spot check that must fail, and others that must not. */
const SPOT = { failing: 2, others: 12 };

/** Suites of the most or the slowest cases: played only against faults of their clauses. */
const SLOW: ReadonlySet<string> = new Set([
  "program",
  "migration",
  "dma-access",
  "dma-logging",
  "disconnection",
  "qemu-client",
]);

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

/** The cases about the clause that a fault breaks. */
function ownCases(fault: Fault): string[] {
  return SUITES.flatMap((suite) =>
    suite.cases.filter(({ clause }) => clause === fault.clause).map(({ id }) => `${suite.id}/${id}`)
  );
}

/** Cases that fail by this fault: those about its own clause first, then others, as many as are enough. */
async function allFailedBy(fault: Fault): Promise<string[]> {
  const own = await failedBy(fault.id, ownCases(fault));
  const others = await failedBy(fault.id, suitesFor(fault).map(({ id }) => id));
  return [...new Set([...own, ...others])];
}

/**
 * The cases that a spot check plays against a fault: some that it fails, and a sample of the others. Of the others
 * nothing is known where it fails more than enough.
 */
export function spotCases(fault: Fault, failing: readonly string[]): string[] {
  const others = failing.length >= ENOUGH ? [] : suitesFor(fault)
    .flatMap((suite) => suite.cases.map((row) => `${suite.id}/${row.id}`))
    .filter((id) => !failing.includes(id));
  // Any fixed shuffle will do, as long as each fault has its own.
  let seed = [...fault.id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const sample = Array.from({ length: others.length === 0 ? 0 : SPOT.others }, () => {
    seed = (seed * 1_664_525 + 1_013_904_223) >>> 0;
    return others[seed % others.length]!;
  });
  return [...new Set([...failing.slice(0, SPOT.failing), ...sample])];
}

/** Plays faults, all of them by default, in processes of their own, and gathers which cases failed. */
export async function playFaults(
  mode: "all" | "spot",
  only: readonly string[] = [],
): Promise<Matrix> {
  const shares = navigator.hardwareConcurrency;
  const outputs = await Promise.all(
    Array.from({ length: shares }, async (_, i) => {
      const args = [
        "run",
        "--allow-all",
        import.meta.filename!,
        mode,
        `${i + 1}/${shares}`,
        ...only,
      ];
      const command = new Deno.Command(Deno.execPath(), { args, stderr: "inherit" });
      const { stdout, success } = await command.output();
      if (!success) throw new Error(`Cannot play share ${i + 1} of ${shares}`);
      return new TextDecoder().decode(stdout);
    }),
  );
  const lines = outputs.join("").trim().split("\n").map((line) => JSON.parse(line));
  return Object.fromEntries(lines.map(({ fault, failed }) => [fault, failed]));
}

async function failedBy(fault: string, patterns: readonly string[]): Promise<string[]> {
  const profile = await Deno.readTextFile(`${ROOT}harness/reference/profile.json`);
  const argv = [Deno.execPath(), "run", "--allow-all", REFERENCE, `--fault=${fault}`];
  const failed: string[] = [];
  const enough = new AbortController();
  await play(
    selectCases(SUITES, patterns),
    { kind: "command", argv: [...argv, "--socket-path={socket}"] },
    {
      timeoutMs: TIMEOUT_MS,
      startMs: 20_000,
      graceMs: 500,
      profile: parseProfile(profile, "profile.json"),
      clauses: CLAUSES,
      replay: false,
      keepGoing: true,
      leaks: false, // the matrix is about what cases notice, not what is looked at behind each
      signal: enough.signal,
    },
    {
      caseFinished({ id, verdict }) {
        if (verdict === "fail" || verdict === "error") failed.push(id);
        if (failed.length === ENOUGH) enough.abort();
      },
    },
  );
  return failed;
}

async function printShare(mode: string, share: string, only: readonly string[]): Promise<void> {
  const [index = 1, count = 1] = share.split("/").map(Number);
  const matrix = mode === "spot" ? await readMatrix() : {};
  const faults = FAULTS.filter(({ id }) => only.length === 0 || only.includes(id));
  for (const fault of faults.filter((_, i) => i % count === index - 1)) {
    const failed = mode === "spot"
      ? await failedBy(fault.id, spotCases(fault, matrix[fault.id] ?? []))
      : await allFailedBy(fault);
    const line = JSON.stringify({ fault: fault.id, failed });
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  }
}

/** The faults that there are, in their order, with what was found now or stands in the table already. */
async function update(found: Matrix): Promise<void> {
  const known = await readMatrix().catch((): Matrix => ({}));
  const matrix = FAULTS.map(({ id }) => [id, found[id] ?? known[id] ?? []]);
  await Deno.writeTextFile(TABLE, `${JSON.stringify(Object.fromEntries(matrix), undefined, 2)}\n`);
}

/** The size of a matrix, and the cases that no more than one fault fails, each with that fault. */
export function weakest(matrix: Matrix): string {
  const faultsOf = new Map<string, string[]>(
    SUITES.flatMap((suite) => suite.cases.map(({ id }) => [`${suite.id}/${id}`, []])),
  );
  for (const [fault, failed] of Object.entries(matrix)) {
    for (const id of failed) faultsOf.get(id)?.push(fault);
  }
  const weak = [...faultsOf].filter(([, faults]) => faults.length <= 1);
  const pairs = [...faultsOf.values()].reduce((sum, faults) => sum + faults.length, 0);
  return [
    `${faultsOf.size} cases, ${Object.keys(matrix).length} faults, ${pairs} failures`,
    `${weak.length} cases that one fault fails at most:`,
    ...weak.map(([id, faults]) => `  ${id}  ${faults[0] ?? "none"}`),
  ].map((line) => `${line}\n`).join("");
}

if (import.meta.main) {
  const [mode = "", share = "", ...only] = Deno.args;
  if (mode === "--weakest") {
    Deno.stdout.writeSync(new TextEncoder().encode(weakest(await readMatrix())));
  } else if (share.includes("/")) await printShare(mode, share, only);
  else await update(await playFaults("all", Deno.args));
}
