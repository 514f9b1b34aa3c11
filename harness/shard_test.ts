import { assert, assertEquals } from "@std/assert";
import { shard } from "./shard.ts";

/** Numbers from 0 to 1 that are the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

function cases(count: number): { readonly id: string }[] {
  return Array.from({ length: count }, (_, i) => ({ id: `suite/${i}` }));
}

/** Times as they are measured: most cases are quick, a few are slow, some were not measured. */
function measured(ids: readonly { readonly id: string }[], random: () => number) {
  const known = ids.filter(() => random() < 0.9);
  return new Map(known.map(({ id }) => [id, random() < 0.1 ? 3000 * random() : 3 * random()]));
}

function shards<T extends { readonly id: string }>(
  all: readonly T[],
  count: number,
  times?: ReadonlyMap<string, number>,
): T[][] {
  return Array.from(
    { length: count },
    (_, i) => shard(all, { index: i + 1, count, ...(times === undefined ? {} : { times }) }),
  );
}

Deno.test("shard() puts each case into exactly one shard and keeps their order, for any count", () => {
  const random = numbers(1);
  for (let round = 0; round < 300; round++) {
    const all = cases(Math.floor(random() * 60));
    const count = 1 + Math.floor(random() * 70);
    const times = round % 3 === 0 ? undefined : measured(all, random);
    const parts = shards(all, count, times);
    assertEquals(parts.flat(), all);
    const empty = parts.filter((part) => part.length === 0).length;
    assertEquals(empty, Math.max(count - all.length, 0));
  }
});

Deno.test("shard() exceeds the fair share by no more than the longest case", () => {
  const random = numbers(2);
  for (let round = 0; round < 300; round++) {
    const all = cases(1 + Math.floor(random() * 300));
    const count = 1 + Math.floor(random() * 20);
    const times = new Map(all.map(({ id }) => [id, 3000 * random() ** 8]));
    const took = shards(all, count, times)
      .map((part) => part.reduce((sum, { id }) => sum + times.get(id)!, 0));
    const fair = took.reduce((sum, ms) => sum + ms) / count;
    assert(Math.max(...took) <= fair + Math.max(...times.values()) + 1e-6, `${round}: ${took}`);
  }
});

Deno.test("shard() splits evenly where no times are known, and where all are zero", () => {
  const all = cases(10);
  assertEquals(shards(all, 4).map((part) => part.length), [3, 2, 3, 2]);
  const zeros = new Map(all.map(({ id }) => [id, 0]));
  assertEquals(shards(all, 2, zeros).flat(), all);
});

Deno.test("shard() gives a slow case a shard of its own", () => {
  const all = cases(9);
  const times = new Map(all.map(({ id }) => [id, id === "suite/4" ? 1000 : 1]));
  assertEquals(shards(all, 3, times)[1]!.map(({ id }) => id), ["suite/4"]);
});
