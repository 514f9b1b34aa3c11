import { HarnessError } from "./harness_error.ts";

/** A part of the cases of a run, for one of several machines. */
export interface Shard {
  /** From 1 to `count`. */
  readonly index: number;
  /** How many shards there are. */
  readonly count: number;
  /** Milliseconds that cases took before, by id, so that all shards take about as long. Default: all take as long. */
  readonly times?: ReadonlyMap<string, number>;
}

/**
 * The cases of one shard: a run of neighbours, so that few suites are set up twice. Each case is in exactly one
 * shard, no shard is empty as long as there are as many cases, and none takes longer than its fair share and the
 * longest case together.
 */
export function shard<T extends { readonly id: string }>(
  cases: readonly T[],
  { index, count, times = new Map() }: Shard,
): T[] {
  const before = [0];
  for (const weight of weights(cases, times)) before.push(before.at(-1)! + weight);
  const cuts = [0];
  for (let i = 1; i <= index; i++) {
    const cut = i === count ? cases.length : nearest(before, before.at(-1)! * i / count);
    // As many cases stay behind as there are shards to come, and each shard gets one.
    const most = Math.max(cases.length - (count - i), 0);
    cuts.push(Math.max(Math.min(cut, most), Math.min(cuts.at(-1)! + 1, cases.length)));
  }
  return cases.slice(cuts[index - 1], cuts[index]);
}

/** The cases that are to be played: all, or those of a shard. Throws `HarnessError` of kind `usage` for an empty shard. */
export function takeShard<T extends { readonly id: string }>(
  cases: readonly T[],
  part: Shard | undefined,
): readonly T[] {
  if (part === undefined) return cases;
  const { count } = part;
  if (count <= cases.length) return shard(cases, part);
  throw new HarnessError(
    "usage",
    `Cannot make ${count} shards: the number of selected cases is ${cases.length}`,
  );
}

/** A case that was not measured counts as the middle one of the others. */
function weights(
  cases: readonly { readonly id: string }[],
  times: ReadonlyMap<string, number>,
): number[] {
  const known = cases.flatMap(({ id }) => times.get(id) ?? []).toSorted((a, b) => a - b);
  const byDefault = known[known.length >> 1] || 1;
  return cases.map(({ id }) => times.get(id) ?? byDefault);
}

/** Index of the sum that comes nearest to a share. */
function nearest(sums: readonly number[], share: number): number {
  const above = sums.findIndex((sum) => sum >= share);
  const below = above - 1;
  return below >= 0 && share - sums[below]! < sums[above]! - share ? below : above;
}
