import type { Reply, Step } from "../harness/case.ts";
import {
  anyError,
  atMost,
  expect,
  regionRead,
  regionWrite,
  reply,
  saved,
} from "../harness/steps.ts";
import { RegionAccess } from "../harness/wire/messages.ts";
import { regionBoundsCases } from "./region_access_bounds.ts";
import { regionCountCases } from "./region_access_counts.ts";
import { CONFIG, LINE, type Place, READABLE, WRITABLE } from "./region_places.ts";
import type { Row, RowSuite } from "./row.ts";
import { writeAndRestore } from "./write_and_restore.ts";

const HEAD = RegionAccess.size;

const PATTERN = Uint8Array.of(0xa5, 0x5a, 0xc3, 0x3c, 0x99, 0x66, 0x0f, 0xf0);
const WIDTHS = [1, 2, 4, 8].map((count) => ({ offset: 0, count }));
const ODD_ACCESSES = [
  { offset: 1, count: 2 },
  { offset: 1, count: 3 },
  { offset: 0, count: 5 },
  { offset: 2, count: 4 },
  { offset: 3, count: 5 },
];

/** An access within the first 8 bytes of a place. */
type Access = Readonly<{ offset: number; count: number }>;

function countedData({ fields, data }: Reply): string | undefined {
  const { count } = fields;
  return count === data.byteLength ? undefined : `count ${count} with ${data.byteLength} bytes`;
}

function readEach({ region, offset }: Place, accesses: readonly Access[]): Step[] {
  return accesses.flatMap((access) => [
    regionRead({ region, offset: offset + BigInt(access.offset), count: access.count }),
    expect(reply(), anyError()),
  ]);
}

/** The first 8 bytes of a place, in the width that every device takes. */
function halves({ region, offset }: Place) {
  return ["low", "high"].map((name, i) => ({
    name,
    place: { region, offset: offset + BigInt(4 * i), count: 4 },
    pattern: PATTERN.subarray(4 * i, 4 * i + 4),
  }));
}

function saveHalves(place: Place): Step[] {
  return halves(place).flatMap(({ name, place }) => [
    regionRead(place),
    expect(reply({}, { save: name })),
  ]);
}

function putBackHalves(place: Place): Step[] {
  return halves(place).map(({ name, place }) => regionWrite({ ...place, data: saved(name) }));
}

function writeEach(place: Place, accesses: readonly Access[]): Step[] {
  return [
    ...saveHalves(place),
    ...accesses.flatMap((access) => [
      regionWrite({
        region: place.region,
        offset: place.offset + BigInt(access.offset),
        data: PATTERN.subarray(0, access.count),
      }),
      expect(reply(), anyError()),
    ]),
    ...putBackHalves(place),
    expect(reply()),
    expect(reply()),
  ];
}

/** Writes 8 bytes at once, which a device may refuse, and reads them in halves. */
function writeEight(place: Place, i: number): Step[] {
  const { region, offset } = place;
  const taken = `taken ${i}`;
  return [
    ...saveHalves(place),
    regionWrite({ region, offset, data: PATTERN }),
    ...halves(place).map((half) => regionRead(half.place)),
    ...putBackHalves(place),
    expect(reply({}, { save: taken }), anyError()),
    ...halves(place).map(({ pattern }) =>
      expect(reply({}, {
        wants: `data ${pattern.toHex()}`,
        check: ({ data }, values) =>
          !values.has(taken) || data.toHex() === pattern.toHex() ? undefined : data.toHex(),
      }))
    ),
    expect(reply()),
    expect(reply()),
  ];
}

const basic: readonly Row[] = [
  ...[CONFIG, READABLE].map(({ id, title, needs, of }): Row => ({
    id: `read-${id}`,
    title: `Reads 4 bytes at offset 0 and 4 of ${title}`,
    clause: "rd-basic",
    needs,
    steps: (device) =>
      of(device).flatMap(({ region, offset }) =>
        [offset, offset + 4n].flatMap((at) => [
          regionRead({ region, offset: at, count: 4 }),
          expect(reply({ offset: at, region, count: 4 }, { payloadSize: HEAD + 4 })),
        ])
      ),
  })),
  ...[LINE, WRITABLE].map(({ id, title, needs, of }): Row => ({
    id: `write-${id}`,
    title: `Writes ${title} with what stands there`,
    clause: "wr-basic",
    needs,
    steps: (device) =>
      of(device).flatMap(({ region, offset, size }) => {
        const place = { region, offset, count: Math.min(size, 4) };
        return [
          regionRead(place),
          expect(reply({}, { save: "old" })),
          regionWrite({ ...place, data: saved("old") }),
          expect(reply(place, { payloadSize: HEAD })),
        ];
      }),
  })),
  ...[CONFIG, READABLE].map(({ id, title, needs, of }): Row => ({
    id: `count-of-reads-${id}`,
    title: `Reads 1 to 64 bytes of ${title}`,
    clause: "rd-count-le",
    needs,
    steps: (device) =>
      of(device).flatMap(({ region, offset, size }) =>
        [1, 2, 4, 8, 16, 64].filter((count) => count <= size).flatMap((count) => [
          regionRead({ region, offset, count }),
          expect(
            reply({ count: atMost(count) }, { wants: "as many bytes of data", check: countedData }),
            anyError(),
          ),
        ])
      ),
  })),
  {
    id: "read-back",
    title: `Writes 4 bytes of ${WRITABLE.title} and reads them`,
    clause: "rw-readback",
    needs: WRITABLE.needs,
    steps: (device) =>
      WRITABLE.of(device).flatMap(({ region, offset }) =>
        writeAndRestore({
          place: { region, offset, count: 4 },
          data: PATTERN.subarray(0, 4),
          written: [reply()],
          seen: [reply({}, { data: PATTERN.subarray(0, 4) })],
        })
      ),
  },
  {
    id: "read-back-8",
    title: `Writes 8 bytes of ${WRITABLE.title} and reads them, where the device takes 8 bytes`,
    clause: "rw-readback",
    needs: WRITABLE.needs,
    steps: (device) => WRITABLE.of(device).flatMap(writeEight),
  },
];

const widths: readonly Row[] = [
  ...[CONFIG, READABLE].flatMap(({ id, title, needs, of }): Row[] => [
    {
      id: `read-widths-${id}`,
      title: `Reads 1, 2, 4 and 8 bytes of ${title}`,
      clause: "rw-1-2-4-8",
      needs,
      steps: (device) => of(device).flatMap((place) => readEach(place, WIDTHS)),
    },
    {
      id: `read-unaligned-${id}`,
      title: `Reads ${title} at odd offsets and widths`,
      clause: "rw-unaligned",
      needs,
      steps: (device) => of(device).flatMap((place) => readEach(place, ODD_ACCESSES)),
    },
  ]),
  {
    id: "write-widths-memory",
    title: `Writes 1, 2, 4 and 8 bytes of ${WRITABLE.title}`,
    clause: "rw-1-2-4-8",
    needs: WRITABLE.needs,
    steps: (device) => WRITABLE.of(device).flatMap((place) => writeEach(place, WIDTHS)),
  },
  {
    id: "write-unaligned-memory",
    title: `Writes ${WRITABLE.title} at odd offsets and widths`,
    clause: "rw-unaligned",
    needs: WRITABLE.needs,
    steps: (device) => WRITABLE.of(device).flatMap((place) => writeEach(place, ODD_ACCESSES)),
  },
];

/** Cases about REGION_READ and REGION_WRITE. */
export const regionAccessSuite: RowSuite = {
  id: "region-access",
  title: "REGION_READ and REGION_WRITE",
  cases: [...basic, ...regionBoundsCases, ...regionCountCases, ...widths],
};
