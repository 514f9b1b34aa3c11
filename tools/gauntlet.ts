// Plays the suite against hostile servers, and prints what came of it.
//
// deno run -A tools/gauntlet.ts              the behaviours that the tests play
// deno run -A tools/gauntlet.ts pattern…     behaviours by their names or globs on them; '*' is all of them

import { flawsOf } from "../harness/gauntlet/flaws.ts";
import { BEHAVIOURS } from "../harness/gauntlet/mod.ts";
import { type Trial, trial } from "../harness/gauntlet/trial.ts";
import { type Expected, TRIALS } from "../harness/gauntlet/trials.ts";

/** Trials at the same time. */
const AT_ONCE = 2;

/** A behaviour that the tests do not play has no expectation. */
type Row = Pick<Expected, "behaviour"> & Partial<Expected>;

function rows(patterns: readonly string[]): Row[] {
  if (patterns.length === 0) return [...TRIALS];
  const tests = patterns.map((pattern) =>
    new RegExp(`^${pattern.split("*").map(RegExp.escape).join(".*")}$`)
  );
  const ids = BEHAVIOURS.map(({ id }) => id).filter((id) => tests.some((test) => test.test(id)));
  return ids.flatMap((id): Row[] => {
    const known = TRIALS.filter(({ behaviour }) => behaviour === id);
    return known.length > 0 ? known : [{ behaviour: id }];
  });
}

/** `8 pass, 2 fail: no reply`, or the line that says why nothing was played. */
function cameTo({ cases, errors }: Trial): string {
  if (cases.length === 0) return errors.trim();
  const counts = Object.groupBy(cases, ({ verdict }) => verdict);
  const verdicts = Object.entries(counts).map(([verdict, of]) => `${of!.length} ${verdict}`);
  const first = cases.find(({ failure }) => failure !== undefined)?.failure?.seen;
  return [verdicts.join(", "), first].filter(Boolean).join(": ");
}

function line(one: Trial): string {
  const left = one.processes.length + one.left.length + (one.held?.mappings.length ?? 0);
  const mebibytes = one.held === undefined ? "?" : `${Math.round(one.held.peakBytes / 2 ** 20)}`;
  return [
    one.behaviour.padEnd(34),
    String(one.code).padStart(4),
    one.seconds.toFixed(1).padStart(5),
    String(left).padStart(4),
    mebibytes.padStart(4),
    cameTo(one).slice(0, 110),
  ].join(" ");
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) {
  const honest = await trial("honest");
  print(`${"behaviour".padEnd(34)} exit  secs left  MiB came to`);
  const left = rows(Deno.args).values();
  let flawed = false;
  const worker = async () => {
    for (const { behaviour, code, says = "", options } of left) {
      const one = await trial(behaviour, options);
      print(line(one));
      const flaws = code === undefined ? [] : flawsOf(one, { behaviour, code, says }, honest);
      for (const flaw of flaws) print(`  ✗ ${flaw}`);
      flawed ||= flaws.length > 0;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  Deno.exitCode = flawed ? 1 : 0;
}
