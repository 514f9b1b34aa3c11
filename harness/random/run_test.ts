import { assert, assertEquals } from "@std/assert";
import { libc } from "../posix/libc.ts";
import { FEW, referenceServer } from "./_reference.ts";
import { type FastCheck, loadFastCheck } from "./fast_check.ts";
import { parseReplay, replayText } from "./replay_file.ts";
import { type Kind, playRandom, playReplay, type RandomOptions } from "./run.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const fc: FastCheck = await loadFastCheck();

async function huntFault(fault: string, kind: Kind, options: Partial<RandomOptions>) {
  return await playRandom(fc, kind, referenceServer(fault), { ...FEW, ...options });
}

Deno.test("playRandom() finds nothing wrong with the reference server", async () => {
  const hunted = await playRandom(fc, "random", referenceServer(), FEW);
  assertEquals(hunted.found, []);
  assertEquals(hunted.conversations, FEW.count);
  assert(hunted.commands > 40 * FEW.count, `${hunted.commands} commands`);
});

Deno.test("playRandom() finds nothing wrong when it fuzzes the reference server", async () => {
  const hunted = await playRandom(fc, "fuzz", referenceServer(), {
    ...FEW,
    count: 20,
    commands: 20,
  });
  assertEquals(hunted.found, []);
  assertEquals(hunted.commands, 400);
});

const FAULTS: readonly (readonly [fault: string, clause: string, steps: number])[] = [
  ["map-again-accepted", "dma-map-overlap-exact", 2],
  ["unmap-part-accepted", "dma-unmap-partial", 2],
  ["irq-trigger-fires-all", "irqset-trigger-none", 3],
  ["write-4-lost", "rw-readback", 2],
];

for (const [fault, clause, steps] of FAULTS) {
  Deno.test(`playRandom() finds ${fault}, makes it short, and plays it again`, async () => {
    const { found } = await huntFault(fault, "random", { count: 40, most: 1 });
    const one = found.find(({ finding }) => finding.clause === clause);
    assert(one !== undefined, JSON.stringify(found.map(({ finding }) => finding)));
    assert(one.again, "it does not fail again");
    assert(one.acts.length <= steps, JSON.stringify(one.acts.length));
    const replay = parseReplay(replayText("random", FEW.seed, one));
    const again = await playReplay(replay, referenceServer(fault), FEW);
    assertEquals(again?.clause, clause);
    assertEquals(await playReplay(replay, referenceServer(), FEW), undefined);
  });
}

const FUZZED: readonly (readonly [fault: string, kind: string])[] = [
  ["size-below-16-dies", "crash"],
  ["unwanted-fds-leak", "leak"],
  ["count-0-hangs", "no-reply"],
  ["extra-payload-not-drained", "mismatch"],
];

for (const [fault, kind] of FUZZED) {
  Deno.test(`playRandom() finds ${fault} by mutated messages, and plays it again`, async () => {
    const options = {
      count: 300,
      commands: 5,
      timeoutMs: 500,
      most: 1,
      shrinkMs: kind === "leak" ? 12_000 : 4000,
    };
    const { found } = await huntFault(fault, "fuzz", options);
    const one = found.find(({ finding }) => finding.kind === kind);
    assert(one !== undefined, JSON.stringify(found.map(({ finding }) => finding)));
    assert(one.again, "it does not fail again");
    assert(one.acts.length <= 3, `${one.acts.length} messages`);
    const replay = parseReplay(replayText("fuzz", FEW.seed, one));
    const again = await playReplay(replay, referenceServer(fault), { ...FEW, timeoutMs: 500 });
    assertEquals(again?.kind, kind);
  });
}
