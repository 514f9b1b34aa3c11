import type { Step } from "../harness/case.ts";
import type { RegionFacts } from "../harness/device_facts.ts";
import { atMost, between, bits, expect, getRegionInfo, reply } from "../harness/steps.ts";
import { PAGE, PciRegion, RegionCapId, RegionFlag } from "../harness/wire/constants.ts";
import {
  RegionCapHeader,
  RegionInfo,
  SparseArea,
  SparseMmapCap,
} from "../harness/wire/messages.ts";
import { type RegionCapWalk, walkRegionCaps } from "../harness/wire/region_caps.ts";
import type { Row } from "./row.ts";

const SPARSE_HEAD = RegionCapHeader.size + SparseMmapCap.size;

type Area = Readonly<{ offset: bigint; size: bigint }>;

/** Whether the server announces more than the 32 bytes of every region info. */
function hasCaps(region: RegionFacts): boolean {
  return region.argsz > RegionInfo.size;
}

/** What is wrong with the capabilities of a whole region info, or nothing. */
interface CapsCheck {
  readonly wants: string;
  readonly flaw: (
    walk: RegionCapWalk,
    info: {
      readonly payload: Uint8Array;
      readonly capOffset: number;
      readonly region: RegionFacts;
    },
  ) => string | undefined;
}

/** Asks for each whole region info and looks at its capabilities. */
function inspect(regions: readonly RegionFacts[], { wants, flaw }: CapsCheck): Step[] {
  return regions.flatMap((region) => [
    getRegionInfo({ index: region.index, argsz: region.argsz }),
    expect(reply({}, {
      wants,
      check: ({ payload, fields }) => {
        const capOffset = Number(fields.capOffset ?? 0);
        const seen = flaw(walkRegionCaps(payload, capOffset), { payload, capOffset, region });
        return seen === undefined ? undefined : `${seen} in region ${region.index}`;
      },
    })),
  ]);
}

function inspectAreas(
  regions: readonly RegionFacts[],
  wants: string,
  flaw: (areas: readonly Area[], region: RegionFacts) => string | undefined,
): Step[] {
  return inspect(regions, {
    wants,
    flaw: ({ caps }, { region }) => flaw(caps.flatMap((cap) => cap.areas ?? []), region),
  });
}

/** A sparse mmap capability that reaches into what follows it. */
function overlongSparse(
  { caps, flaw }: RegionCapWalk,
  { payload, capOffset }: { readonly payload: Uint8Array; readonly capOffset: number },
): string | undefined {
  // In order, since there may be a hundred thousand.
  const inOrder = caps.toSorted((a, b) => a.at - b.at);
  for (const [i, { at, areas }] of inOrder.entries()) {
    const follows = Math.min(payload.byteLength, inOrder[i + 1]?.at ?? payload.byteLength);
    const end = at + SPARSE_HEAD + (areas?.length ?? 0) * SparseArea.size;
    if (areas !== undefined && end > follows) return `${areas.length} areas up to byte ${end}`;
  }
  const cut = caps.at(-1)?.next ?? capOffset;
  if (flaw === undefined || caps.some((cap) => cap.at === cut)) return undefined;
  if (cut + RegionCapHeader.size > payload.byteLength) return undefined;
  return RegionCapHeader.decode(payload, cut).id === RegionCapId.SPARSE_MMAP ? flaw : undefined;
}

function outOfBounds(areas: readonly Area[], region: RegionFacts): string | undefined {
  const bad = areas.find(({ offset, size }) => size === 0n || offset + size > region.size);
  return bad === undefined ? undefined : areaText(bad);
}

function unaligned(areas: readonly Area[], region: RegionFacts): string | undefined {
  const page = BigInt(PAGE);
  const bad = areas.find(({ offset, size }) =>
    (region.offset + offset) % page !== 0n || size % page !== 0n
  );
  return bad === undefined ? undefined : `${areaText(bad)}, file offset ${region.offset},`;
}

function overlapping(areas: readonly Area[]): string | undefined {
  const sorted = areas.toSorted((a, b) => a.offset < b.offset ? -1 : 1);
  const bad = sorted.find(({ offset }, i) => {
    const before = sorted[i - 1];
    return before !== undefined && before.offset + before.size > offset;
  });
  return bad === undefined ? undefined : areaText(bad);
}

function areaText({ offset, size }: Area): string {
  return `an area of ${size} bytes at offset 0x${offset.toString(16)}`;
}

/** Where the whole info shows capabilities, the cut one announces their size. */
function compareArgsz({ index, argsz }: RegionFacts): Step[] {
  const whole = `capabilities of region ${index}`;
  return [
    getRegionInfo({ index, argsz: Math.max(argsz, PAGE) }),
    expect(reply({ flags: bits({ set: RegionFlag.CAPS }) }, { save: whole }), reply()),
    getRegionInfo({ index }),
    expect(reply({}, {
      payloadSize: atMost(RegionInfo.size),
      wants: "the argsz of the whole info",
      check: ({ fields }, values) => {
        const caps = values.get(whole);
        const full = caps === undefined ? fields.argsz : RegionInfo.size + caps.byteLength;
        return fields.argsz === full ? undefined : `argsz ${fields.argsz}, not ${full},`;
      },
    })),
  ];
}

const truncated: readonly Row[] = [
  {
    id: "capabilities-with-argsz-32",
    title: "Asks for every region with room for 32 bytes, and for all",
    clause: "reg-trunc-argsz",
    steps: (device) => device.regions.flatMap(compareArgsz),
  },
  ...[33, 40, 48].map((argsz): Row => ({
    id: `capabilities-with-argsz-${argsz}`,
    title: `Asks with argsz ${argsz} where there are capabilities`,
    clause: "reg-trunc-payload-bound",
    needs: ["caps-region"],
    steps: (device) =>
      device.regions.filter(hasCaps).flatMap(({ index }) => [
        getRegionInfo({ index, argsz }),
        expect(reply({}, { payloadSize: atMost(argsz) })),
      ]),
  })),
  {
    id: "capabilities-with-one-byte-less",
    title: "Asks with one byte less than the capabilities need",
    clause: "reg-trunc-payload-bound",
    needs: ["caps-region"],
    steps: (device) =>
      device.regions.filter(hasCaps).flatMap(({ index, argsz }) => [
        getRegionInfo({ index, argsz: argsz - 1 }),
        expect(reply({}, { payloadSize: atMost(argsz - 1) })),
      ]),
  },
  ...[32, 40].map((room): Row => ({
    id: `flags-with-argsz-${room}`,
    title: `Compares the CAPS flag with cap_offset, with argsz ${room}`,
    clause: "reg-trunc-flags",
    needs: ["caps-region"],
    steps: (device) =>
      device.regions.filter(hasCaps).flatMap(({ index, argsz }) => [
        getRegionInfo({ index, argsz: room }),
        expect(
          reply({ flags: bits({ clear: RegionFlag.CAPS }), capOffset: 0 }),
          reply({
            flags: bits({ set: RegionFlag.CAPS }),
            capOffset: between(RegionInfo.size, argsz),
          }),
        ),
      ]),
  })),
];

const chain: readonly Row[] = [
  {
    id: "whole-capabilities",
    title: "Asks again with the argsz that the server announced",
    clause: "reg-full-caps",
    needs: ["caps-region"],
    steps: (device) =>
      device.regions.filter(hasCaps).flatMap(({ index, argsz }) => [
        getRegionInfo({ index, argsz }),
        expect(reply({
          argsz,
          flags: bits({ set: RegionFlag.CAPS }),
          capOffset: between(RegionInfo.size, argsz - RegionCapHeader.size),
        }, { payloadSize: argsz })),
      ]),
  },
  {
    id: "alignment-of-capabilities",
    title: "Looks at the alignment of capabilities",
    clause: "reg-caps-aligned",
    needs: ["caps-region"],
    steps: (device) =>
      inspect(device.regions.filter(hasCaps), {
        wants: "capabilities at multiples of 8",
        flaw: ({ caps }) => {
          const bad = caps.find((cap) => cap.at % 8 !== 0);
          return bad === undefined ? undefined : `a capability at offset ${bad.at}`;
        },
      }),
  },
  {
    id: "chain-of-capabilities",
    title: "Follows the chain of capabilities",
    clause: "reg-caps-chain",
    needs: ["caps-region"],
    steps: (device) =>
      inspect(device.regions.filter(hasCaps), {
        wants: "a chain that ends within the payload",
        // Areas that do not fit have a case of their own.
        flaw: (walk, info) => overlongSparse(walk, info) === undefined ? walk.flaw : undefined,
      }),
  },
  {
    id: "device-specific-type",
    title: "Looks for the type of every region beyond those that PCI defines",
    clause: "reg-type-cap",
    needs: ["device-specific-region"],
    steps: (device) =>
      inspect(device.regions.filter((r) => r.index >= PciRegion.COUNT), {
        wants: "a type capability",
        flaw: ({ caps }) =>
          caps.some((cap) => cap.id === RegionCapId.TYPE) ? undefined : "no type capability",
      }),
  },
];

const sparse: readonly Row[] = [
  {
    id: "sparse-version",
    title: "Looks at the version of sparse mmap capabilities",
    clause: "reg-sparse-version",
    needs: ["sparse-region"],
    steps: (device) =>
      inspect(device.regions.filter(hasCaps), {
        wants: "sparse mmap capabilities of version 1",
        flaw: ({ caps }) => {
          const bad = caps.find((c) => c.id === RegionCapId.SPARSE_MMAP && c.version !== 1);
          return bad === undefined ? undefined : `version ${bad.version}`;
        },
      }),
  },
  {
    id: "sparse-count",
    title: "Looks whether the areas of sparse mmap capabilities fit",
    clause: "reg-sparse-nr",
    needs: ["caps-region"],
    steps: (device) =>
      inspect(device.regions.filter(hasCaps), {
        wants: "all areas before the next capability or the end",
        flaw: overlongSparse,
      }),
  },
  {
    id: "sparse-bounds",
    title: "Looks whether sparse mmap areas lie within their region",
    clause: "reg-sparse-bounds",
    needs: ["sparse-region"],
    steps: (device) =>
      inspectAreas(device.regions.filter(hasCaps), "areas within the region", outOfBounds),
  },
  {
    id: "sparse-alignment",
    title: "Looks whether sparse mmap areas consist of whole pages",
    clause: "reg-sparse-page-aligned",
    needs: ["sparse-region"],
    steps: (device) =>
      inspectAreas(device.regions.filter(hasCaps), "areas of whole pages", unaligned),
  },
  {
    id: "sparse-overlap",
    title: "Looks whether sparse mmap areas overlap",
    clause: "reg-sparse-disjoint",
    needs: ["sparse-region"],
    steps: (device) =>
      inspectAreas(device.regions.filter(hasCaps), "areas that do not overlap", overlapping),
  },
];

/** Cases about the capabilities of a region. */
export const regionCapsCases: readonly Row[] = [...truncated, ...chain, ...sparse];
