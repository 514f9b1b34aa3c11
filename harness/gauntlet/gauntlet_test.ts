import { assert, assertEquals } from "@std/assert";
import { parse } from "npm:junit2json@4.0.0";
import { flawsOf } from "./flaws.ts";
import { BEHAVIOURS } from "./mod.ts";
import { canMount, type Trial, trial } from "./trial.ts";
import { type Expected, TRIALS } from "./trials.ts";

/** Trials at the same time. */
const AT_ONCE = 2;

/** Readers of JUnit files find all cases. */
async function junitFlaws({ behaviour, reports, cases }: Trial): Promise<string[]> {
  const xml = reports.get("junit.xml");
  if (xml === undefined) return [];
  try {
    const report = await parse(new TextDecoder().decode(xml));
    const suites = report && "testsuite" in report ? report.testsuite ?? [] : [];
    const count = suites.flatMap(({ testcase }) => testcase ?? []).length;
    return count === cases.length ? [] : [`${behaviour}: junit.xml has ${count} cases`];
  } catch (error) {
    return [`${behaviour}: junit.xml: ${(error as Error).message}`];
  }
}

/** Plays several at once: most of the time they wait. */
async function playAll(rows: readonly Expected[]): Promise<string[]> {
  const honest = await trial("honest");
  const left = rows.values();
  const flaws: string[] = [];
  const worker = async () => {
    for (const row of left) {
      const one = await trial(row.behaviour, row.options);
      flaws.push(...flawsOf(one, row, honest), ...await junitFlaws(one));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return flaws;
}

Deno.test("no hostile server holds, breaks or soils the harness", async () => {
  const mountable = await canMount();
  // deno-lint-ignore no-console
  if (!mountable) console.warn("no disk is filled: mounting one is not permitted here");
  const rows = TRIALS.filter(({ options }) => mountable || options?.diskBytes === undefined);
  assertEquals(await playAll(rows), []);
});

Deno.test("each behaviour has a name of its own, and those that are played exist", () => {
  const ids = new Set(BEHAVIOURS.map(({ id }) => id));
  assertEquals(ids.size, BEHAVIOURS.length);
  assertEquals(TRIALS.filter(({ behaviour }) => !ids.has(behaviour)), []);
  assert(new Set(TRIALS.map(({ behaviour }) => behaviour)).size >= 40);
});
