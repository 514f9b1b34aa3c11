import type { Scratch } from "../profile.ts";
import { Command } from "../wire/constants.ts";
import { RegionWrite } from "../wire/messages.ts";
import { drawIndex } from "./draw.ts";
import type { Arbitrary, FastCheck } from "./fast_check.ts";
import type { Ground } from "./ground.ts";
import { FOLLOWED } from "./memory_model.ts";
import { type Message, message } from "./message.ts";

interface Access {
  readonly region: number;
  readonly offset: bigint;
  readonly count: number;
}

/** Draws a REGION_READ where reading has no side effect, or where it must fail. */
export function drawRead(fc: FastCheck, ground: Ground): Arbitrary<Message> {
  return drawAccess(fc, ground.readable, ground).map((access) =>
    message(Command.REGION_READ, { ...access })
  );
}

/** Draws a REGION_WRITE to scratch memory, or where it must fail. */
export function drawWrite(fc: FastCheck, ground: Ground): Arbitrary<Message> {
  return fc.record({
    access: drawAccess(fc, ground.scratch, ground),
    data: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    missing: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1),
  }).map(({ access, data, missing }) => {
    // No more is sent than can be: what lies beyond is missing.
    const size = Math.max(0, Math.min(access.count - missing, FOLLOWED));
    const bytes = Uint8Array.from({ length: size }, (_, i) => data[i & 7]! ^ (i >> 3));
    return message(Command.REGION_WRITE, { ...access }, { data: bytes });
  });
}

/** Draws a REGION_WRITE_MULTI of a few writes. */
export function drawWriteMulti(fc: FastCheck, ground: Ground): Arbitrary<Message> {
  const entry = fc.tuple(
    drawAccess(fc, ground.scratch, ground),
    fc.bigInt(0n, (1n << 64n) - 1n),
  );
  return fc.record({
    entries: fc.array(entry, { maxLength: 4, size: "max" }),
    wrCnt: fc.constantFrom(0n, 0n, 0n, 0n, 1n, -1n, 1n << 61n, (1n << 61n) + 1n),
  }).map(({ entries, wrCnt }) => {
    const writes = entries.map(([access, data]) => RegionWrite.encode({ ...access, data }));
    const all = new Uint8Array(writes.length * RegionWrite.size);
    writes.forEach((write, i) => all.set(write, i * RegionWrite.size));
    const told = BigInt(writes.length) + wrCnt;
    return message(Command.REGION_WRITE_MULTI, { wrCnt: told < 0n ? 0n : told }, { data: all });
  });
}

/** Draws a place inside one of the areas, or one that no device has. */
function drawAccess(
  fc: FastCheck,
  areas: readonly Scratch[],
  ground: Ground,
): Arbitrary<Access> {
  const outside = drawOutside(fc, ground);
  if (areas.length === 0) return outside;
  const inside = fc.record({
    area: fc.constantFrom(...areas),
    place: fc.nat(FOLLOWED - 1),
    count: fc.constantFrom(4, 4, 4, 4, 1, 2, 8, 3, 0, 64, 256, FOLLOWED),
    aligned: fc.constantFrom(true, true, true, false),
  }).map(({ area, place, count, aligned }) => {
    const size = Math.min(count, area.size);
    // Half of the places are among the first few, so that reads meet writes.
    const room = Math.min(area.size, (place & 1) === 0 ? 64 : FOLLOWED) - size;
    const at = room <= 0 ? 0 : (place >> 1) % (room + 1);
    return {
      region: area.region,
      offset: BigInt(area.offset + (aligned ? at & ~3 : at)),
      count: size,
    };
  });
  return fc.oneof({ weight: 5, arbitrary: inside }, { weight: 1, arbitrary: outside });
}

/** Accesses that a server must refuse, or cut off at the end of the region. */
function drawOutside(fc: FastCheck, { device }: Ground): Arbitrary<Access> {
  const regions = new Map(device.regions.map(({ index, size }) => [index, size]));
  return fc.record({
    region: drawIndex(fc, device.numRegions),
    place: fc.constantFrom("end", "over-end", "wrap", "large"),
    count: fc.constantFrom(4, 1, 8),
  }).map(({ region, place, count }) => {
    const size = regions.get(region) ?? 0n;
    if (place === "wrap") return { region, offset: (1n << 64n) - 1n, count: Math.max(count, 2) };
    if (place === "large") {
      return { region, offset: 0n, count: device.capabilities.maxDataXferSize + 1 };
    }
    // Only what is all outside does nothing to a device that we know little of.
    return { region, offset: size + (place === "end" ? 0n : BigInt(count)), count };
  });
}
