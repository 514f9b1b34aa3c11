import type { Send, Step } from "../harness/case.ts";
import {
  configRegion,
  type DeviceFacts,
  hasFlags,
  mappableAreas,
  type RegionFacts,
} from "../harness/device_facts.ts";
import { extend } from "../harness/mutate.ts";
import { isMemory, type Need } from "../harness/needs.ts";
import {
  anyError,
  atMost,
  closed,
  expect,
  regionRead,
  regionWrite,
  remarkable,
  reply,
  saved,
} from "../harness/steps.ts";
import { RegionFlag } from "../harness/wire/constants.ts";
import { RegionAccess } from "../harness/wire/messages.ts";
import type { Row } from "./row.ts";
import { writeAndRestore } from "./write_and_restore.ts";

const ALL_ONES = 0xffff_ffff;
const LAST_ADDRESS = 0xffff_ffff_ffff_ffffn;
const PATTERN = Uint8Array.of(0xa5, 0x5a, 0xc3, 0x3c, 0x99, 0x66, 0x0f, 0xf0);

function isReadable(region: RegionFacts): boolean {
  return region.size > 0n && hasFlags(region, RegionFlag.READ);
}

function isReadOnly(region: RegionFacts): boolean {
  return isReadable(region) && !hasFlags(region, RegionFlag.WRITE);
}

/** Memory up to its last byte. */
function endsInMemory(region: RegionFacts): boolean {
  return isMemory(region) && region.size >= 4n &&
    mappableAreas(region).some(({ offset, size }) => offset + size === region.size);
}

/** Regions whose last bytes can be written and put back. */
function writableEnds(device: DeviceFacts): RegionFacts[] {
  return device.regions.filter((region) =>
    endsInMemory(region) && hasFlags(region, RegionFlag.WRITE)
  );
}

/** One access of each kind; where it reaches is wrong, so that no device takes it. */
const ACCESSES: readonly {
  readonly id: string;
  readonly title: string;
  readonly access: (place: { region: number; offset?: bigint; count?: number }) => Send;
}[] = [
  { id: "read", title: "Reads", access: regionRead },
  {
    id: "write",
    title: "Writes",
    access: ({ count = 4, ...place }) => regionWrite({ ...place, data: new Uint8Array(count) }),
  },
];
/** Regions of which no more than the end is touched. */
const ENDS: readonly {
  readonly id: string;
  readonly title: string;
  readonly read: Need;
  readonly readable: (device: DeviceFacts) => readonly RegionFacts[];
  readonly write: Need;
  readonly writable: (device: DeviceFacts) => readonly RegionFacts[];
}[] = [
  {
    id: "config",
    title: "the PCI configuration space",
    read: "config",
    readable: (device) => [configRegion(device)],
    write: "writable-config",
    writable: (device) => [configRegion(device)],
  },
  {
    id: "memory",
    title: "every region that can be mapped",
    read: "mappable-region",
    readable: (device) => device.regions.filter(endsInMemory),
    write: "mappable-writable-region",
    writable: writableEnds,
  },
];

/** Writes 8 bytes of which the last 4 are too many; the first 4 may be taken by a reply, not by an error. */
function writeAcross({ index, size }: RegionFacts): Step[] {
  const place = { region: index, offset: size - 4n };
  const taken = `written to region ${index}`;
  return [
    regionRead(place),
    expect(reply({}, { save: "old" })),
    regionWrite({ ...place, data: PATTERN }),
    regionRead(place),
    regionWrite({ ...place, data: saved("old"), count: 4 }),
    expect(anyError(), reply({ count: atMost(4) }, { save: taken }), closed()),
    expect(reply({}, {
      wants: "the old bytes after an error",
      check: ({ data }, values) => {
        const old = values.get("old") ?? new Uint8Array();
        const same = old.every((byte, i) => byte === data[i]);
        return same || values.has(taken) ? undefined : `${data.toHex()} instead of ${old.toHex()}`;
      },
    })),
    expect(reply(), anyError()),
  ];
}

const ends: readonly Row[] = ENDS.flatMap((
  { id, title, read, readable, write, writable },
): Row[] => [
  {
    id: `read-last-byte-${id}`,
    title: `Reads the last byte of ${title}`,
    clause: "rd-last-byte",
    needs: [read],
    steps: (device) =>
      readable(device).flatMap((region) => [
        regionRead({ region: region.index, offset: region.size - 1n, count: 1 }),
        id === "config" ? expect(reply({ count: 1 })) : expect(reply({ count: 1 }), anyError()),
      ]),
  },
  {
    id: `read-across-end-${id}`,
    title: `Reads a byte on each side of the end of ${title}`,
    clause: "rd-past-end",
    needs: [read],
    steps: (device) =>
      readable(device).flatMap((region) => [
        regionRead({ region: region.index, offset: region.size - 1n, count: 2 }),
        expect(
          anyError(),
          reply({ count: atMost(1) }, { payloadSize: atMost(RegionAccess.size + 1) }),
          closed(),
        ),
      ]),
  },
  {
    id: `write-behind-end-${id}`,
    title: `Writes behind the end of ${title}`,
    clause: "wr-past-end",
    needs: [write],
    steps: (device) =>
      writable(device).flatMap((region) => [
        regionWrite({ region: region.index, offset: region.size, data: Uint8Array.of(0) }),
        expect(anyError(), reply({ count: 0 }), closed()),
      ]),
  },
]);

const beyond: readonly Row[] = [
  {
    id: "read-behind-end",
    title: "Reads behind the end of every region",
    clause: "rd-past-end",
    steps: (device) =>
      device.regions.filter(isReadable).flatMap((region) => [
        regionRead({ region: region.index, offset: region.size, count: 1 }),
        expect(anyError(), reply({ count: 0 }, { payloadSize: RegionAccess.size }), closed()),
      ]),
  },
  {
    id: "read-offset-4-gib",
    title: "Reads 4 GiB behind the start of every smaller region",
    clause: "rd-past-end",
    steps: (device) =>
      device.regions.filter((r) => isReadable(r) && r.size <= 1n << 32n).flatMap((region) => [
        regionRead({ region: region.index, offset: 1n << 32n }),
        expect(anyError(), reply({ count: 0 }, { payloadSize: RegionAccess.size }), closed()),
      ]),
  },
  {
    id: "write-across-end-config",
    title: "Writes 4 bytes on each side of the end of the PCI configuration space",
    clause: "wr-past-end",
    needs: ["writable-config"],
    steps: (device) => {
      const { index, size } = configRegion(device);
      const place = { region: index, offset: size - 4n };
      return [
        regionRead(place),
        expect(reply({}, { save: "old" })),
        // What stands there, as nobody knows what other values would do.
        extend(regionWrite({ ...place, data: saved("old"), count: 8 }), 4),
        expect(anyError(), reply({ count: atMost(4) }), closed()),
        regionRead(place),
        expect(reply({}, { data: saved("old") })),
      ];
    },
  },
  {
    id: "write-across-end-memory",
    title: "Writes 4 bytes on each side of the end of every region that can be mapped",
    clause: "wr-past-end",
    needs: ["mappable-writable-region"],
    steps: (device) => writableEnds(device).flatMap(writeAcross),
  },
];

const wrapping: readonly Row[] = [
  { id: "last-byte", offset: LAST_ADDRESS, count: 2 },
  { id: "last-4-bytes", offset: LAST_ADDRESS - 3n, count: 8 },
].flatMap(({ id, offset, count }): Row[] => [
  {
    id: `read-wrapping-${id}`,
    title: `Reads ${count} bytes at offset 0x${offset.toString(16)} of every region`,
    clause: "rw-offset-wrap",
    steps: (device) =>
      device.regions.filter(isReadable).flatMap((region) => [
        regionRead({ region: region.index, offset, count }),
        expect(anyError(), closed()),
      ]),
  },
  {
    id: `write-wrapping-${id}`,
    title: `Writes ${count} bytes at offset 0x${offset.toString(16)} of configuration and memory`,
    clause: "rw-offset-wrap",
    needs: ["writable-config"],
    steps: (device) =>
      [configRegion(device), ...writableEnds(device)].flatMap((region) => [
        regionWrite({ region: region.index, offset, data: new Uint8Array(count) }),
        expect(anyError(), closed()),
      ]),
  },
]);

const missing: readonly Row[] = ACCESSES.flatMap(({ id, title, access }): Row[] => [
  {
    id: `${id}-region-num-regions`,
    title: `${title} the region behind the last one`,
    clause: "rw-region-oob",
    steps: (device) => [access({ region: device.numRegions }), expect(anyError(), closed())],
  },
  ...[0x7fff_ffff, ALL_ONES].map((region): Row => ({
    id: `${id}-region-${region}`,
    title: `${title} region ${region}`,
    clause: "rw-region-oob",
    steps: [access({ region }), expect(anyError(), closed())],
  })),
  {
    id: `${id}-empty-region`,
    title: `${title} every region of size 0`,
    clause: "rw-region-size0",
    needs: ["empty-region"],
    steps: (device) =>
      device.regions.filter((region) => region.size === 0n).flatMap((region) => [
        access({ region: region.index }),
        expect(anyError(), closed()),
      ]),
  },
]);

const flags: readonly Row[] = [
  {
    id: "read-without-flag",
    title: "Reads every region that lacks the READ flag",
    clause: "rd-noread-region",
    needs: ["region-without-read"],
    steps: (device) =>
      device.regions.filter((region) => region.size > 0n && !isReadable(region)).flatMap(
        (region) => [regionRead({ region: region.index }), expect(anyError(), closed())],
      ),
  },
  {
    id: "write-without-flag",
    title: "Writes every region that lacks the WRITE flag",
    clause: "wr-readonly-region",
    needs: ["region-without-write"],
    steps: (device) =>
      device.regions.filter(isReadOnly).flatMap((region) =>
        writeAndRestore({
          place: {
            region: region.index,
            offset: mappableAreas(region)[0]?.offset ?? 0n,
            count: 4,
          },
          data: PATTERN.subarray(0, 4),
          written: [anyError(), remarkable(reply(), "the write is answered without error")],
          seen: [reply({}, { data: saved("old") })],
        })
      ),
  },
];

/** Cases about accesses out of bounds, to regions that are not there, or against their flags. */
export const regionBoundsCases: readonly Row[] = [
  ...ends,
  ...beyond,
  ...wrapping,
  ...missing,
  ...flags,
];
