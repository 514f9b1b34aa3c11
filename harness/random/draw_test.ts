import { assertEquals, assertNotEquals } from "@std/assert";
import { GROUND } from "./_device.ts";
import { drawConversation } from "./draw.ts";
import { drawFuzz } from "./draw_fuzz.ts";
import { type Arbitrary, loadFastCheck } from "./fast_check.ts";
import { seedOf } from "./hunt.ts";
import { type Act, actFromJson, actText, actToJson, encode } from "./message.ts";

const fc = await loadFastCheck();

async function drawn(arbitrary: Arbitrary<Act[]>, seed: number): Promise<Act[]> {
  let acts: Act[] = [];
  const property = fc.asyncProperty(arbitrary, (one) => {
    acts = one;
    return Promise.resolve(true);
  });
  await fc.check(property, { seed: seedOf(seed, 0), numRuns: 1 });
  return acts;
}

function bytesOf(act: Act): string {
  return act.act === "send" ? encode(act.message, 1).toHex() : actText(act);
}

const KINDS = [
  ["drawConversation()", () => drawConversation(fc, GROUND, 50)],
  ["drawFuzz()", () => drawFuzz(fc, GROUND, 50)],
] as const;

for (const [name, arbitrary] of KINDS) {
  Deno.test(`${name} draws the same for the same seed, and other things for another`, async () => {
    const acts = await drawn(arbitrary(), 1);
    assertEquals(acts.length, 50);
    assertEquals(await drawn(arbitrary(), 1), acts);
    assertNotEquals(await drawn(arbitrary(), 2), acts);
  });

  Deno.test(`${name} draws what a replay file can hold`, async () => {
    for (let seed = 0; seed < 20; seed++) {
      const acts = await drawn(arbitrary(), seed);
      for (const act of acts) {
        const read = actFromJson(JSON.parse(JSON.stringify(actToJson(act))));
        assertEquals(bytesOf(read), bytesOf(act));
        assertEquals(actText(read), actText(act));
      }
    }
  });
}

Deno.test("drawConversation() draws the same on every machine", async () => {
  const acts = await drawn(drawConversation(fc, GROUND, 50), 1);
  assertEquals(acts.slice(0, 3).map(actText), [
    "DMA_UNMAP (argsz 24, flags 4, address 0x108000, size 4096)",
    "REGION_WRITE_MULTI (wrCnt 3, 48 bytes of data)",
    "DEVICE_SET_IRQS (argsz 24, flags 33, index 2, start 0, count 2)",
  ]);
});
