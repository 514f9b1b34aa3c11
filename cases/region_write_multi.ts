import type { Send, Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import { noReply } from "../harness/mutate.ts";
import {
  anyError,
  atMost,
  closed,
  expect,
  nothing,
  oneOf,
  onlyIf,
  regionRead,
  regionWrite,
  regionWriteMulti,
  reply,
  saved,
} from "../harness/steps.ts";
import { RegionWrite, RegionWriteMulti } from "../harness/wire/messages.ts";
import { indexes } from "./indexes.ts";
import { transferLimit } from "./region_places.ts";
import type { Row, RowSuite } from "./row.ts";
import { type Cell, onScratch, pattern } from "./scratch.ts";

/** As many writes as the client of QEMU puts into one message. */
const MOST = 200;
/** One bit more than fits: 24 times this is 24 in 64 bits. */
const WRAPS_TO_ONE = 2n ** 61n + 1n;

/** One write of a message. */
function entry({ region, offset }: Pick<Cell, "region" | "offset">, bytes: Uint8Array) {
  const eight = new Uint8Array(8);
  eight.set(bytes);
  const data = new BigUint64Array(eight.buffer)[0]!;
  return { region, offset, count: bytes.byteLength, data };
}

function holds(cell: Cell, n: number): Step[] {
  return [regionRead(cell), expect(reply({}, { data: pattern(cell, n) }))];
}

/** A message that changes nothing anywhere. */
const empty = regionWriteMulti([]);

const unsupported: Row[] = [
  {
    id: "not-offered",
    title: "Writes to several regions though the server does not offer it",
    clause: "multi-unsupported",
    needs: ["no-write-multiple"],
    steps: [empty, expect(anyError())],
  },
  {
    id: "not-offered-with-writes",
    title: "Writes 50 times no bytes in one message though the server does not offer it",
    clause: "multi-unsupported",
    needs: ["no-write-multiple"],
    steps: [
      regionWriteMulti(indexes(50).map(() => ({ region: 0, offset: 0n, count: 0 }))),
      expect(anyError()),
    ],
  },
  {
    id: "not-offered-no-reply",
    title: "Writes to several regions with No_reply though the server does not offer it",
    clause: "multi-unsupported",
    needs: ["no-write-multiple"],
    steps: [noReply(empty), expect(nothing())],
  },
];

/** Writes of other sizes, where the device takes one of that size by itself. */
const sizes: Row[] = [1, 2, 8].map((count) => ({
  id: `two-of-${count}-bytes`,
  title: `Writes ${count} bytes of the same memory twice, where the device takes ${count} bytes`,
  clause: "multi-basic",
  needs: ["write-multiple", "wide-scratch"],
  steps: onScratch(({ region, offset }) => {
    const bytes = (n: number) => Uint8Array.from({ length: count }, (_, i) => n + i);
    return [
      regionRead({ region, offset, count }),
      expect(reply({}, { save: "old" }), anyError()),
      onlyIf(
        "old",
        regionWrite({ region, offset, data: bytes(1) }),
        expect(reply({}, { save: "taken" }), anyError()),
        onlyIf(
          "taken",
          regionWriteMulti([
            entry({ region, offset }, bytes(2)),
            entry({ region, offset }, bytes(3)),
          ]),
          expect(reply({ wrCnt: 2 })),
          regionRead({ region, offset, count }),
          expect(reply({}, { data: bytes(3) })),
          regionWrite({ region, offset, count, data: saved("old") }),
          expect(reply()),
        ),
      ),
    ];
  }),
}));

/** Two cells of scratch memory, one behind the other, which get back what they held. */
function onTwoCells(
  steps: (first: Cell, second: Cell) => readonly Step[],
): (device: DeviceFacts) => readonly Step[] {
  return onScratch((cell) => {
    const second = { ...cell, offset: cell.offset + 4n };
    return [
      regionRead(second),
      expect(reply({}, { save: "held behind" })),
      ...steps(cell, second),
      regionWrite({ ...second, data: saved("held behind") }),
      expect(reply()),
    ];
  });
}

const effects: Row[] = [
  {
    id: "two-places",
    title: "Writes 4 bytes of two places, and reads both",
    clause: "multi-basic",
    needs: ["write-multiple", "wide-scratch"],
    steps: onTwoCells((first, second) => [
      regionWriteMulti([entry(first, pattern(first, 1)), entry(second, pattern(second, 2))]),
      expect(reply({ wrCnt: 2 }, { payloadSize: 8 })),
      ...holds(first, 1),
      ...holds(second, 2),
    ]),
  },
  ...sizes,
  {
    id: "same-place-twice",
    title: "Writes the same place twice, and reads it",
    clause: "multi-order",
    needs: ["write-multiple", "scratch"],
    steps: onScratch((cell) => [
      regionWriteMulti([entry(cell, pattern(cell, 3)), entry(cell, pattern(cell, 4))]),
      expect(reply()),
      ...holds(cell, 4),
    ]),
  },
  {
    id: "same-place-many-times",
    title: `Writes the same place up to ${MOST} times in one message, and reads it`,
    clause: "multi-order",
    needs: ["write-multiple", "scratch"],
    steps: onScratch((cell, _, device) => [
      manyWrites(cell, most(device)),
      expect(reply({ wrCnt: most(device) })),
      ...holds(cell, most(device) - 1),
    ]),
  },
  {
    id: "no-reply",
    title: "Writes with No_reply, and reads what was written",
    clause: "multi-noreply",
    needs: ["write-multiple", "scratch"],
    steps: onScratch((cell) => [
      noReply(regionWriteMulti([entry(cell, pattern(cell, 5))])),
      expect(nothing()),
      ...holds(cell, 5),
    ]),
  },
  {
    id: "no-reply-many-times",
    title: `Writes the same place up to ${MOST} times with No_reply, and reads what was written`,
    clause: "multi-noreply",
    needs: ["write-multiple", "scratch"],
    steps: onScratch((cell, _, device) => [
      noReply(manyWrites(cell, most(device))),
      ...holds(cell, most(device) - 1),
    ]),
  },
  {
    id: "no-reply-to-failure",
    title: "Writes to an unknown region with No_reply",
    clause: "multi-noreply",
    needs: ["write-multiple"],
    steps: [noReply(regionWriteMulti([unknownRegion()])), expect(nothing())],
  },
];

/** As many as the server takes in one message. */
function most(device: DeviceFacts): number {
  const room = transferLimit(device) - RegionWriteMulti.size;
  return Math.min(MOST, Math.floor(room / RegionWrite.size));
}

function manyWrites(cell: Cell, count: number): Send {
  const each = Array.from({ length: count }, (_, n) => entry(cell, pattern(cell, n)));
  return regionWriteMulti(each);
}

function unknownRegion() {
  return entry({ region: 0xffff_ffff, offset: 0n }, new Uint8Array(4));
}

const failures: Row[] = [
  ...[9, 0xffff_ffff].flatMap((count): Row[] => [
    {
      id: `count-${count}`,
      title: `Writes ${count} bytes, for which an entry has no room`,
      clause: "multi-count-gt-8",
      needs: ["write-multiple", "scratch"],
      steps: onScratch((cell) => [
        regionWriteMulti([{ ...entry(cell, pattern(cell, 6)), count }]),
        expect(anyError(), reply({ wrCnt: 0 }), closed()),
      ]),
    },
    {
      id: `count-${count}-behind-another`,
      title: `Writes 4 bytes, and then ${count}, for which an entry has no room`,
      clause: "multi-count-gt-8",
      needs: ["write-multiple", "scratch"],
      steps: onScratch((cell) => [
        regionWriteMulti([
          entry(cell, pattern(cell, 6)),
          { ...entry(cell, pattern(cell, 7)), count },
        ]),
        expect(anyError(), reply({ wrCnt: atMost(1) }), closed()),
      ]),
    },
  ]),
  ...[2n, 3n, 0xffff_ffffn, WRAPS_TO_ONE, 2n ** 63n, 2n ** 64n - 1n].map((wrCnt): Row => ({
    id: `count-of-writes-${wrCnt}`,
    title: `Claims ${wrCnt} writes in a message that has one`,
    clause: "multi-cnt-lies",
    needs: ["write-multiple", "scratch"],
    steps: onScratch((cell) => [
      regionWriteMulti([entry(cell, pattern(cell, 8))], wrCnt),
      expect(anyError(), closed()),
    ]),
  })),
  ...([
    ["unknown-region", "to an unknown region", () => unknownRegion()],
    [
      "beyond-region",
      "beyond the end of the region",
      (cell: Cell, { regions }: DeviceFacts) => {
        const end = regions.find(({ index }) => index === cell.region)?.size ?? 0n;
        return { ...entry(cell, pattern(cell, 9)), offset: end };
      },
    ],
  ] as const).map(([id, what, bad]): Row => ({
    id: `second-of-three-${id}`,
    title: `Writes three times, the second time ${what}`,
    clause: "multi-partial-fail",
    needs: ["write-multiple", "scratch"],
    steps: onScratch((cell, _, device) => [
      regionWriteMulti([
        entry(cell, pattern(cell, 10)),
        bad(cell, device),
        entry(cell, pattern(cell, 11)),
      ]),
      expect(reply({ wrCnt: oneOf(1, 2) }), anyError()),
    ]),
  })),
  {
    id: "no-writes",
    title: "Writes nothing",
    clause: "multi-zero",
    needs: ["write-multiple"],
    steps: [empty, expect(reply({ wrCnt: 0 }), anyError(), closed())],
  },
];

/** Section REGION_WRITE_MULTI. */
export const regionWriteMultiSuite: RowSuite = {
  id: "region-write-multi",
  title: "REGION_WRITE_MULTI",
  cases: [...unsupported, ...effects, ...failures],
};
