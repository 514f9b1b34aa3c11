// Plays the suite against hostile servers, and prints what came of it.
//
// deno run -A tools/gauntlet.ts [behaviour…]   a behaviour, or a glob on behaviours; default: all of them

import { BEHAVIOURS } from "../harness/gauntlet/mod.ts";
import { type Trial, trial } from "../harness/gauntlet/trial.ts";
import { TRIALS } from "../harness/gauntlet/trials.ts";

/** Trials at the same time. */
const AT_ONCE = 2;

function selected(patterns: readonly string[]): string[] {
  const ids = BEHAVIOURS.map(({ id }) => id);
  if (patterns.length === 0) return ids;
  const tests = patterns.map((pattern) =>
    new RegExp(`^${pattern.split("*").map(RegExp.escape).join(".*")}$`)
  );
  return ids.filter((id) => tests.some((test) => test.test(id)));
}

/** `8 pass, 2 fail`, or the line that says why nothing was played. */
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
    one.behaviour.padEnd(36),
    String(one.code).padStart(4),
    one.seconds.toFixed(1).padStart(5),
    String(left).padStart(4),
    mebibytes.padStart(4),
    cameTo(one).slice(0, 110),
  ].join(" ");
}

if (import.meta.main) {
  const ids = selected(Deno.args).values();
  console.log(`${"behaviour".padEnd(36)} exit  secs left  MiB came to`); // deno-lint-ignore no-console
  const worker = async () => {
    for (const id of ids) {
      const options = TRIALS.find(({ behaviour }) => behaviour === id)?.options;
      console.log(line(await trial(id, options))); // deno-lint-ignore no-console
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
