import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { CLAUSES, SUITES } from "../cases/mod.ts";
import type { DeviceProfile } from "../harness/profile.ts";
import { libc } from "../harness/posix/libc.ts";
import { FREEDOMS } from "../harness/reference/freedoms/mod.ts";
import {
  alarmTexts,
  type Combination,
  each,
  grouped,
  nameOf,
  playFreedoms,
  profileFor,
  randomCombinations,
  spotCases,
} from "./freedoms.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

/** Freedoms that are played together. */
const TOGETHER = 8;

Deno.test("every freedom names a clause and suites that there are", () => {
  const suites = new Set(SUITES.map(({ id }) => id));
  for (const freedom of FREEDOMS) {
    assert(freedom.clause in CLAUSES, `${freedom.id}: ${freedom.clause}`);
    for (const suite of freedom.suites) assert(suites.has(suite), `${freedom.id}: ${suite}`);
  }
});

Deno.test("grouped() has every freedom once, and randomCombinations() gives the same for a seed", () => {
  const ids = grouped(TOGETHER).flat().map(({ id }) => id);
  assertEquals(ids.toSorted(), FREEDOMS.map(({ id }) => id).toSorted());
  assertEquals(randomCombinations(5, 7).map(nameOf), randomCombinations(5, 7).map(nameOf));
  assertNotEquals(randomCombinations(5, 7).map(nameOf), randomCombinations(5, 8).map(nameOf));
  for (const combination of [...grouped(TOGETHER), ...randomCombinations(50, 7)]) {
    const kinds = combination.flatMap(({ kind }) => kind ?? []);
    assertEquals(new Set(kinds).size, kinds.length, nameOf(combination));
  }
});

Deno.test("profileFor() leaves out what the device lacks", () => {
  const buffer = { region: 0, offset: 0 };
  const whole: DeviceProfile = {
    life: "stays",
    scratch: [{ region: 0, offset: 0, size: 8 }, { region: 1, offset: 0, size: 8 }],
    interrupts: [{ index: 0, subIndex: 0, writes: [] }, { index: 2, subIndex: 0, writes: [] }],
    dmaRead: { maxCount: 4, buffer, writes: [] },
    dmaWrite: { maxCount: 4, buffer, writes: [] },
    reset: [],
  };
  const named = (...ids: string[]) => FREEDOMS.filter(({ id }) => ids.includes(id));
  assertEquals(profileFor(whole, named("minor-0")), whole);
  assertEquals(
    profileFor(whole, named("bars-empty", "irqs-few", "device-without-dma", "no-reset")),
    {
      life: "stays",
      scratch: [{ region: 0, offset: 0, size: 8 }],
      interrupts: [{ index: 2, subIndex: 0, writes: [] }],
    },
  );
});

/** What takes offence at these combinations; on a busy machine it counts when it comes twice. */
async function alarms(combinations: readonly Combination[]): Promise<string[]> {
  const playAll = (some: readonly Combination[]) =>
    each(some, async (one) => ({ one, run: await playFreedoms(one, spotCases(one)) }));
  const isOffended = ({ run }: Awaited<ReturnType<typeof playAll>>[number]) =>
    run.alarms.length > 0 || run.refused !== undefined || run.passed === 0;
  const suspects = (await playAll(combinations)).filter(isOffended).map(({ one }) => one);
  const offended = (await playAll(suspects)).filter(isOffended);
  return offended.flatMap(({ run }) => [run.name, ...alarmTexts(run)]);
}

Deno.test("no case takes offence at a freedom: a spot check", async () => {
  assertEquals(await alarms(grouped(TOGETHER)), []);
});

Deno.test("no case takes offence at freedoms that meet at random: a spot check", async () => {
  assertEquals(await alarms(randomCombinations(10, 1)), []);
});
