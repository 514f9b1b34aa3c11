import { assertEquals, assertStringIncludes } from "@std/assert";
import { RegionCapHeader, SparseArea, SparseMmapCap, TypeCap } from "./messages.ts";
import { walkRegionCaps } from "./region_caps.ts";

function payload(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from([new Uint8Array(32), ...parts].flatMap((part) => [...part]));
}

const SPARSE = [
  RegionCapHeader.encode({ id: 1, version: 1, next: 64 }),
  SparseMmapCap.encode({ nrAreas: 1 }),
  SparseArea.encode({ offset: 0x1000n, size: 0x2000n }),
];
const TYPE = [
  RegionCapHeader.encode({ id: 2, version: 1 }),
  TypeCap.encode({ type: 3, subtype: 4 }),
];

Deno.test("walkRegionCaps() reads a chain", () => {
  assertEquals(walkRegionCaps(payload(...SPARSE, ...TYPE), 32), {
    caps: [
      { at: 32, id: 1, version: 1, next: 64, areas: [{ offset: 0x1000n, size: 0x2000n }] },
      { at: 64, id: 2, version: 1, next: 0, type: { type: 3, subtype: 4 } },
    ],
  });
  assertEquals(walkRegionCaps(payload(), 0), { caps: [] });
});

const FLAWED: readonly [what: string, capOffset: number, parts: Uint8Array[], flaw: string][] = [
  ["a loop", 32, [RegionCapHeader.encode({ id: 9, next: 32 })], "comes back to offset 32"],
  ["a start in the fixed part", 8, [...TYPE], "offset 8 lies outside"],
  ["a start behind the end", 4096, [...TYPE], "offset 4096 lies outside"],
  ["a next behind the end", 32, [RegionCapHeader.encode({ id: 9, next: 500 })], "offset 500"],
  ["a cut type", 32, [RegionCapHeader.encode({ id: 2 })], "type and subtype are cut off"],
  ["a cut area count", 32, [RegionCapHeader.encode({ id: 1 })], "nrAreas is cut off"],
  [
    "more areas than bytes",
    32,
    [RegionCapHeader.encode({ id: 1 }), SparseMmapCap.encode({ nrAreas: 0xffff_ffff })],
    "4294967295 areas do not fit",
  ],
];

for (const [what, capOffset, parts, flaw] of FLAWED) {
  Deno.test(`walkRegionCaps() ends at ${what}`, () => {
    assertStringIncludes(walkRegionCaps(payload(...parts), capOffset).flaw ?? "", flaw);
  });
}
