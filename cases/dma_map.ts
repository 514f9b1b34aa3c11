import {
  dmaMap,
  dmaUnmap,
  expect,
  memory,
  readGuest,
  readMemory,
  reply,
  writeGuest,
  writeMemory,
} from "../harness/steps.ts";
import { DmaMapFlag } from "../harness/wire/constants.ts";
import { deviceReads, deviceWrites, mark } from "./device_dma.ts";
import { dmaMapLimits } from "./dma_map_limits.ts";
import { dmaMapOverlaps } from "./dma_map_overlap.ts";
import { dmaMapRobustness } from "./dma_map_robustness.ts";
import { backed, BLOCK, blocks } from "./guest_blocks.ts";
import type { Row, RowSuite } from "./row.ts";

const { READ } = DmaMapFlag;
const ABOVE_4_GIB = 0x1_0000_0000n;
/** Where in a block the device reads or writes: not at its start, so that no offset can be lost. */
const INSIDE = 0x100;

const withDescriptor: Row[] = [
  {
    id: "with-descriptor",
    title: "Maps a region with a descriptor",
    clause: "dma-map-fd",
    steps: [
      dmaMap({ ...blocks(0), fds: [memory(BLOCK)] }),
      expect(reply({}, { payloadSize: 0 })),
    ],
  },
  {
    id: "with-descriptor-above-4-gib",
    title: "Maps two regions with descriptors whose addresses differ only above 32 bits",
    clause: "dma-map-fd",
    needs: ["two-dma-maps"],
    steps: [
      dmaMap({ ...blocks(0), fds: [memory(BLOCK)] }),
      expect(reply()),
      dmaMap({ ...blocks(0), address: blocks(0).address + ABOVE_4_GIB, fds: [memory(BLOCK)] }),
      expect(reply()),
    ],
  },
  {
    id: "with-descriptor-read-by-device",
    title: "Maps a region with a descriptor and makes the device read from it",
    clause: "dma-map-fd",
    needs: ["device-dma-read"],
    steps: (device) => [
      dmaMap({ ...blocks(0), fds: [memory(BLOCK, { name: "guest" })] }),
      expect(reply()),
      writeMemory("guest", INSIDE, mark(1)),
      ...deviceReads(device, { address: blocks(0).address + BigInt(INSIDE), bytes: mark(1) }),
    ],
  },
  {
    id: "with-descriptor-written-by-device",
    title: "Maps a region with a descriptor and makes the device write to it",
    clause: "dma-map-fd",
    needs: ["device-dma-write"],
    steps: (device) => [
      dmaMap({ ...blocks(0), fds: [memory(BLOCK, { name: "guest" })] }),
      expect(reply()),
      ...deviceWrites(device, { address: blocks(0).address + BigInt(INSIDE), bytes: mark(2) }),
      readMemory("guest", INSIDE, mark(2)),
    ],
  },
];

const withoutDescriptor: Row[] = [
  {
    id: "without-descriptor",
    title: "Maps a region without a descriptor",
    clause: "dma-map-nofd",
    steps: [dmaMap(blocks(0)), expect(reply())],
  },
  {
    id: "without-descriptor-read-only",
    title: "Maps a region without a descriptor that is only readable",
    clause: "dma-map-nofd",
    steps: [dmaMap({ ...blocks(0), flags: READ }), expect(reply())],
  },
  {
    id: "without-descriptor-read-by-device",
    title: "Maps a region without a descriptor and makes the device read from it",
    clause: "dma-map-nofd",
    needs: ["device-dma-read"],
    steps: (device) => {
      const address = blocks(0).address + BigInt(INSIDE);
      return [
        dmaMap(blocks(0)),
        expect(reply()),
        writeGuest(address, mark(3)),
        ...deviceReads(device, { address, bytes: mark(3) }),
      ];
    },
  },
  {
    id: "without-descriptor-written-by-device",
    title: "Maps a region without a descriptor and makes the device write to it",
    clause: "dma-map-nofd",
    needs: ["device-dma-write"],
    steps: (device) => {
      const address = blocks(0).address + BigInt(INSIDE);
      return [
        dmaMap(blocks(0)),
        expect(reply()),
        ...deviceWrites(device, { address, bytes: mark(4) }),
        readGuest(address, mark(4)),
      ];
    },
  },
];

const fileOffset: Row[] = [
  {
    id: "file-offset",
    title: "Maps a region that starts one block into its file",
    clause: "dma-map-offset",
    steps: [
      dmaMap({ ...blocks(0), offset: BigInt(BLOCK), fds: [memory(2 * BLOCK)] }),
      expect(reply()),
    ],
  },
  {
    id: "file-offset-read-by-device",
    title: "Maps a region that starts one block into its file and makes the device read from it",
    clause: "dma-map-offset",
    needs: ["device-dma-read"],
    steps: (device) => [
      dmaMap({
        ...blocks(0),
        offset: BigInt(BLOCK),
        fds: [memory(2 * BLOCK, { name: "guest" })],
      }),
      expect(reply()),
      writeMemory("guest", INSIDE, mark(5)),
      writeMemory("guest", BLOCK + INSIDE, mark(6)),
      ...deviceReads(device, { address: blocks(0).address + BigInt(INSIDE), bytes: mark(6) }),
    ],
  },
  {
    id: "file-offset-written-by-device",
    title: "Maps a region that starts one block into its file and makes the device write to it",
    clause: "dma-map-offset",
    needs: ["device-dma-write"],
    steps: (device) => [
      dmaMap({
        ...blocks(0),
        offset: BigInt(BLOCK),
        fds: [memory(2 * BLOCK, { name: "guest" })],
      }),
      expect(reply()),
      ...deviceWrites(device, { address: blocks(0).address + BigInt(INSIDE), bytes: mark(7) }),
      readMemory("guest", BLOCK + INSIDE, mark(7)),
      readMemory("guest", INSIDE, new Uint8Array(mark(7).byteLength)),
    ],
  },
];

const readOnly: Row[] = [
  {
    id: "read-only-descriptor",
    title: "Maps a readable region with a read-only descriptor",
    clause: "dma-map-readonly",
    steps: [
      dmaMap({ ...blocks(0), flags: READ, fds: [memory(BLOCK, { readOnly: true })] }),
      expect(reply()),
    ],
  },
  {
    id: "read-only-descriptor-read-by-device",
    title: "Maps a readable region with a read-only descriptor and makes the device read from it",
    clause: "dma-map-readonly",
    needs: ["device-dma-read"],
    steps: (device) => [
      dmaMap({
        ...blocks(0),
        flags: READ,
        fds: [memory(BLOCK, { name: "guest", readOnly: true })],
      }),
      expect(reply()),
      writeMemory("guest", INSIDE, mark(8)),
      ...deviceReads(device, { address: blocks(0).address + BigInt(INSIDE), bytes: mark(8) }),
    ],
  },
];

const afterUnmap: Row[] = [
  {
    id: "same-range-after-unmap",
    title: "Maps a range again after it was unmapped",
    clause: "dma-map-after-unmap",
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      dmaUnmap(blocks(0)),
      expect(reply()),
      dmaMap(backed(0)),
      expect(reply()),
    ],
  },
  {
    id: "other-descriptor-after-unmap",
    title: "Maps a range with another descriptor after it was unmapped",
    clause: "dma-map-after-unmap",
    steps: [
      dmaMap({ ...blocks(0), fds: [memory(BLOCK)] }),
      expect(reply()),
      dmaUnmap(blocks(0)),
      expect(reply()),
      dmaMap({ ...blocks(0), fds: [memory(BLOCK)] }),
      expect(reply()),
    ],
  },
  {
    id: "larger-range-after-unmap",
    title: "Maps a range that contains one which was unmapped",
    clause: "dma-map-after-unmap",
    steps: [
      dmaMap(backed(1)),
      expect(reply()),
      dmaUnmap(blocks(1)),
      expect(reply()),
      dmaMap(backed(0, 3)),
      expect(reply()),
    ],
  },
  {
    id: "other-descriptor-after-unmap-written-by-device",
    title: "Makes the device write to a range that was unmapped and mapped again with another file",
    clause: "dma-map-after-unmap",
    needs: ["device-dma-write"],
    steps: (device) => [
      dmaMap({ ...blocks(0), fds: [memory(BLOCK, { name: "first" })] }),
      expect(reply()),
      dmaUnmap(blocks(0)),
      expect(reply()),
      dmaMap({ ...blocks(0), fds: [memory(BLOCK, { name: "second" })] }),
      expect(reply()),
      ...deviceWrites(device, { address: blocks(0).address, bytes: mark(9) }),
      readMemory("second", 0, mark(9)),
    ],
  },
];

const sameFile: Row[] = [
  {
    id: "two-regions-of-one-file",
    title: "Maps two regions of one file and unmaps them one after the other",
    clause: "dma-map-same-fd-many",
    needs: ["two-dma-maps"],
    steps: [
      ...twoOfOneFile(),
      dmaUnmap(blocks(0)),
      expect(reply()),
      dmaUnmap(blocks(2)),
      expect(reply()),
    ],
  },
  {
    id: "two-regions-of-one-file-written-by-device",
    title: "Maps two regions of one file, unmaps one and makes the device write to the other",
    clause: "dma-map-same-fd-many",
    needs: ["two-dma-maps", "device-dma-write"],
    steps: (device) => [
      ...twoOfOneFile(),
      dmaUnmap(blocks(0)),
      expect(reply()),
      ...deviceWrites(device, { address: blocks(2).address, bytes: mark(10) }),
      readMemory("guest", BLOCK, mark(10)),
    ],
  },
];

function twoOfOneFile() {
  const file = memory(2 * BLOCK, { name: "guest" });
  return [
    dmaMap({ ...blocks(0), fds: [file] }),
    expect(reply()),
    dmaMap({ ...blocks(2), offset: BigInt(BLOCK), fds: [file] }),
    expect(reply()),
  ];
}

/** Section DMA_MAP. */
export const dmaMapSuite: RowSuite = {
  id: "dma-map",
  title: "DMA_MAP",
  cases: [
    ...withDescriptor,
    ...withoutDescriptor,
    ...fileOffset,
    ...readOnly,
    ...dmaMapOverlaps,
    ...afterUnmap,
    ...sameFile,
    ...dmaMapLimits,
    ...dmaMapRobustness,
  ],
};
