import type { Send, Step } from "../harness/case.ts";
import { patchHeader } from "../harness/mutate.ts";
import {
  anyError,
  dmaMap,
  dmaUnmap,
  expect,
  getInfo,
  getIrqInfo,
  getRegionInfo,
  memory,
  memoryReleased,
  readGuest,
  readMemory,
  regionRead,
  regionWrite,
  reply,
  saved,
  together,
  writeGuest,
} from "../harness/steps.ts";
import { PciRegion } from "../harness/wire/constants.ts";
import { deviceReads, deviceWrites, mark } from "./device_dma.ts";
import { backed, BLOCK, blocks } from "./guest_blocks.ts";
import { indexes } from "./indexes.ts";
import { noReplyRows } from "./no_reply.ts";
import type { Row, RowSuite } from "./row.ts";
import { onScratch, pattern } from "./scratch.ts";

const DEPTH = 1000;

/** Of the header of configuration space, all but command and status, which may change by themselves. */
const STEADY = [0x00, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x3c];
const configReads: Send[] = STEADY.map((at) =>
  regionRead({ region: PciRegion.CONFIG, offset: BigInt(at) })
);
const saveConfig: Step[] = configReads.flatMap((read, i) => [
  read,
  expect(reply({}, { save: `register ${i}` })),
]);
const expectConfig: Step[] = configReads.map((_, i) =>
  expect(reply({}, { data: saved(`register ${i}`) }))
);

const order: Row[] = [
  {
    id: "reads-in-one-send",
    title: "Reads configuration registers one by one, and then all of them in one send",
    clause: "pipe-order",
    needs: ["config"],
    steps: [...saveConfig, together(...configReads), ...expectConfig],
  },
  {
    id: "reads-without-waiting",
    title: "Reads configuration registers one by one, and then without waiting for replies",
    clause: "pipe-order",
    needs: ["config"],
    steps: [...saveConfig, ...configReads, ...expectConfig],
  },
  {
    id: "all-regions-in-one-send",
    title: "Asks for all regions and interrupts in one send",
    clause: "pipe-order",
    steps: ({ regions, irqs }) => [
      together(
        ...regions.map(({ index }) => getRegionInfo({ index })),
        ...irqs.map(({ index }) => getIrqInfo({ index })),
      ),
      ...regions.map(({ size }) => expect(reply({ size }))),
      ...irqs.map(({ count }) => expect(reply({ count }))),
    ],
  },
  {
    id: "maps-and-unmaps-without-waiting",
    title: "Maps, unmaps, maps, unmaps and unmaps the same range without waiting for replies",
    clause: "pipe-order",
    steps: [
      dmaMap(backed(0)),
      dmaUnmap(blocks(0)),
      dmaMap(backed(0)),
      dmaUnmap(blocks(0)),
      dmaUnmap(blocks(0)),
      ...indexes(4).map(() => expect(reply())),
      expect(anyError()),
    ],
  },
];

const mixed: Row[] = [
  {
    id: "writes-and-reads-in-one-send",
    title: "Writes, reads, writes and reads the same bytes in one send",
    clause: "pipe-mixed",
    needs: ["scratch"],
    steps: onScratch((cell) => [
      together(
        regionWrite({ ...cell, data: pattern(cell, 1) }),
        regionRead(cell),
        regionWrite({ ...cell, data: pattern(cell, 2) }),
        regionRead(cell),
      ),
      expect(reply()),
      expect(reply({}, { data: pattern(cell, 1) })),
      expect(reply()),
      expect(reply({}, { data: pattern(cell, 2) })),
    ]),
  },
  {
    id: "writes-and-reads-without-waiting",
    title: "Writes, reads, writes and reads the same bytes without waiting for replies",
    clause: "pipe-mixed",
    needs: ["scratch"],
    steps: onScratch((cell) => [
      regionWrite({ ...cell, data: pattern(cell, 3) }),
      regionRead(cell),
      regionWrite({ ...cell, data: pattern(cell, 4) }),
      regionRead(cell),
      expect(reply()),
      expect(reply({}, { data: pattern(cell, 3) })),
      expect(reply()),
      expect(reply({}, { data: pattern(cell, 4) })),
    ]),
  },
];

const depth: Row[] = [
  {
    id: "a-thousand-under-way",
    title: `Sends ${DEPTH} commands before it reads a reply`,
    clause: "pipe-depth",
    steps: () => {
      const all = Array.from({ length: DEPTH }, () => getInfo());
      return [together(...all), ...all.map(() => expect(reply()))];
    },
  },
];

const errors: Row[] = ([
  ["unknown-region", "a region that is not there", getRegionInfo({ index: 0xffff_ffff })],
  ["unknown-interrupt", "an interrupt that is not there", getIrqInfo({ index: 0xffff_ffff })],
  [
    "read-of-unknown-region",
    "a read of a region that is not there",
    regionRead({ region: 0xffff_ffff }),
  ],
  [
    "write-to-unknown-region",
    "a write to a region that is not there",
    regionWrite({ region: 0xffff_ffff, data: new Uint8Array(4) }),
  ],
  ["unmap-of-nothing", "an unmap of what is not mapped", dmaUnmap(blocks(0))],
] satisfies [string, string, Send][]).map(([id, what, bad]) => ({
  id: `${id}-between-others`,
  title: `Sends ${what} between two good commands`,
  clause: "pipe-error-middle",
  steps: [
    together(getInfo(), bad, getInfo()),
    expect(reply()),
    expect(anyError()),
    expect(reply()),
  ],
}));

const NAMES = ["first", "second", "third"] as const;
const threeMaps: readonly Step[] = [
  ...NAMES.map((name, at) => dmaMap({ ...blocks(at), fds: [memory(BLOCK, { name })] })),
  ...NAMES.map(() => expect(reply())),
];

const descriptors: Row[] = [
  {
    id: "three-maps-unmapped-one-by-one",
    title: "Maps three files without waiting, unmaps each and looks for it in the server",
    clause: "pipe-fds",
    needs: ["three-dma-maps", "local-process"],
    steps: [
      ...threeMaps,
      ...[1, 0, 2].flatMap((at) => [
        dmaUnmap(blocks(at)),
        expect(reply()),
        memoryReleased(NAMES[at]!),
      ]),
    ],
  },
  {
    id: "three-maps-written-by-device",
    title: "Maps three files without waiting and makes the device write to each",
    clause: "pipe-fds",
    needs: ["three-dma-maps", "device-dma-write"],
    steps: (device) => [
      ...threeMaps,
      ...NAMES.flatMap((_, at) =>
        deviceWrites(device, { address: blocks(at).address, bytes: mark(30 + at) })
      ),
      ...NAMES.map((name, at) => readMemory(name, 0, mark(30 + at))),
    ],
  },
];

const messageIds: Row[] = [
  {
    id: "same-id-again",
    title: "Sends three commands with the same message ID, one after the other",
    clause: "id-reuse-seq",
    steps: indexes(3).flatMap(() => [patchHeader(getInfo(), { msgId: 7 }), expect(reply())]),
  },
  {
    id: "same-id-at-once",
    title: "Sends twenty commands with the same message ID in one send",
    clause: "id-reuse-concurrent",
    steps: [
      together(...indexes(20).map(() => patchHeader(getInfo(), { msgId: 7 }))),
      ...indexes(20).map(() => expect(reply())),
    ],
  },
  ...[0, 0xffff].map((msgId) => ({
    id: `id-${msgId}`,
    title: `Sends commands with message ID ${msgId}, in one send with others`,
    clause: "id-zero-and-max",
    steps: [
      patchHeader(getInfo(), { msgId }),
      expect(reply()),
      together(getInfo(), patchHeader(getRegionInfo(), { msgId }), getInfo()),
      expect(reply()),
      expect(reply(), anyError()),
      expect(reply()),
    ],
  } satisfies Row)),
  // Servers count their message IDs from 0 or 1: one of them meets ours.
  ...[0, 1].flatMap((msgId) =>
    [
      {
        id: `id-${msgId}-while-device-reads`,
        title: `Makes the device read guest memory by commands with message ID ${msgId}`,
        clause: "id-s2c-namespace",
        needs: ["device-dma-read"],
        steps: (device) => [
          dmaMap(blocks(0)),
          expect(reply()),
          writeGuest(blocks(0).address, mark(40 + msgId)),
          ...withId(msgId, deviceReads(device, { ...blocks(0), bytes: mark(40 + msgId) })),
        ],
      },
      {
        id: `id-${msgId}-while-device-writes`,
        title: `Makes the device write to guest memory by commands with message ID ${msgId}`,
        clause: "id-s2c-namespace",
        needs: ["device-dma-write"],
        steps: (device) => [
          dmaMap(blocks(0)),
          expect(reply()),
          ...withId(msgId, deviceWrites(device, { ...blocks(0), bytes: mark(42 + msgId) })),
          readGuest(blocks(0).address, mark(42 + msgId)),
        ],
      },
    ] satisfies Row[]
  ),
];

function withId(msgId: number, steps: readonly Step[]): Step[] {
  return steps.map((step) => step.step === "send" ? patchHeader(step, { msgId }) : step);
}

/** No_reply, commands under way at once, their order and their message IDs. */
export const concurrencySuite: RowSuite = {
  id: "concurrency",
  title: "Command concurrency",
  cases: [...noReplyRows, ...order, ...mixed, ...depth, ...errors, ...descriptors, ...messageIds],
};
