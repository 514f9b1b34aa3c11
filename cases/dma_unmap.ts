import {
  anyError,
  countDescriptors,
  dmaMap,
  dmaUnmap,
  expect,
  memory,
  memoryReleased,
  readMemory,
  reply,
  sameDescriptors,
  writeMemory,
} from "../harness/steps.ts";
import { DmaUnmap } from "../harness/wire/messages.ts";
import {
  deviceHasNotRead,
  deviceMayRead,
  deviceMayWrite,
  deviceReads,
  mark,
} from "./device_dma.ts";
import { dmaUnmapRobustness } from "./dma_unmap_robustness.ts";
import { backed, BLOCK, blocks } from "./guest_blocks.ts";
import type { Row, RowSuite } from "./row.ts";

const ABOVE_4_GIB = 0x1_0000_0000n;
const high = { ...blocks(0), address: blocks(0).address + ABOVE_4_GIB };
const GUEST = memory(BLOCK, { name: "guest" });

const exact: Row[] = [
  {
    id: "mapped-range-without-descriptor",
    title: "Unmaps a region without a descriptor",
    clause: "dma-unmap-exact",
    steps: [dmaMap(blocks(0)), expect(reply()), dmaUnmap(blocks(0)), expect(reply())],
  },
  {
    id: "mapped-range",
    title: "Unmaps a region with a descriptor",
    clause: "dma-unmap-exact",
    steps: [
      dmaMap({ ...blocks(0), fds: [GUEST] }),
      expect(reply()),
      dmaUnmap(blocks(0)),
      expect(reply()),
    ],
  },
  {
    id: "one-of-three",
    title: "Maps three regions that touch and unmaps them, the middle one first",
    clause: "dma-unmap-exact",
    needs: ["three-dma-maps"],
    steps: [
      ...[0, 1, 2].flatMap((at) => [dmaMap(backed(at)), expect(reply())]),
      ...[1, 0, 2].flatMap((at) => [dmaUnmap(blocks(at)), expect(reply())]),
    ],
  },
];

const echo: Row[] = ([
  ["returns-the-entry", "Unmaps a region and looks at the reply", blocks(0)],
  ["returns-the-entry-above-4-gib", "Unmaps a region above 4 GiB and looks at the reply", high],
] as const).map(([id, title, range]) => ({
  id,
  title,
  clause: "dma-unmap-echo",
  steps: [
    dmaMap({ ...range, fds: [GUEST] }),
    expect(reply()),
    dmaUnmap(range),
    expect(reply({ argsz: DmaUnmap.size, flags: 0, ...range }, { payloadSize: DmaUnmap.size })),
  ],
}));

const unknown: Row[] = [
  {
    id: "nothing-mapped",
    title: "Unmaps a range while nothing is mapped",
    clause: "dma-unmap-unknown",
    steps: [dmaUnmap(blocks(0)), expect(anyError())],
  },
  {
    id: "range-beside-a-mapped-one",
    title: "Unmaps a range that touches a mapped one",
    clause: "dma-unmap-unknown",
    steps: [dmaMap(backed(0)), expect(reply()), dmaUnmap(blocks(1)), expect(anyError())],
  },
  {
    id: "address-that-differs-above-32-bits",
    title: "Unmaps a range 4 GiB above a mapped one",
    clause: "dma-unmap-unknown",
    steps: [dmaMap(backed(0)), expect(reply()), dmaUnmap(high), expect(anyError())],
  },
  {
    id: "same-range-twice",
    title: "Unmaps the same region twice",
    clause: "dma-unmap-twice",
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      dmaUnmap(blocks(0)),
      expect(reply()),
      dmaUnmap(blocks(0)),
      expect(anyError()),
    ],
  },
];

const parts: Row[] = ([
  ["first-part", "the first part", blocks(0)],
  ["middle-part", "a part in the middle", blocks(1, 2)],
  ["last-part", "the last part", blocks(3)],
  ["all-but-the-last-byte", "all but the last byte", {
    address: blocks(0).address,
    size: blocks(0, 4).size - 1n,
  }],
] as const).map(([id, what, range]) => ({
  id,
  title: `Unmaps ${what} of a region, and then the region`,
  clause: "dma-unmap-partial",
  steps: [
    dmaMap(backed(0, 4)),
    expect(reply()),
    dmaUnmap(range),
    expect(anyError()),
    dmaUnmap(blocks(0, 4)),
    expect(reply()),
  ],
}));

const supersets: Row[] = ([
  ["longer-to-the-end", "a range that begins with a region and is longer", [1], blocks(1, 2)],
  ["longer-from-the-start", "a range that ends with a region and is longer", [1], blocks(0, 2)],
  ["longer-on-both-sides", "a range that contains a region", [1], blocks(0, 3)],
  ["two-that-touch", "two regions that touch at once", [0, 1], blocks(0, 2)],
  ["two-with-a-gap", "two regions and the gap between them at once", [0, 2], blocks(0, 3)],
  ["whole-address-space", "2^64 - 1 bytes at once", [0, 2], { address: 0n, size: 2n ** 64n - 1n }],
] as const).map(([id, what, mapped, range]) => ({
  id,
  title: `Unmaps ${what}, and then what is mapped`,
  clause: "dma-unmap-superset",
  needs: mapped.length > 1 ? ["two-dma-maps"] : [],
  steps: [
    ...mapped.flatMap((at) => [dmaMap(backed(at)), expect(reply())]),
    dmaUnmap(range),
    expect(anyError()),
    ...mapped.flatMap((at) => [dmaUnmap(blocks(at)), expect(reply())]),
  ],
}));

const releases: Row[] = [
  {
    id: "releases-the-file",
    title: "Unmaps a region and looks for its file in the server",
    clause: "dma-unmap-releases-fd",
    needs: ["local-process"],
    steps: [
      countDescriptors(),
      dmaMap({ ...blocks(0), fds: [GUEST] }),
      expect(reply()),
      dmaUnmap(blocks(0)),
      expect(reply()),
      memoryReleased("guest"),
      sameDescriptors(),
    ],
  },
  {
    id: "releases-a-file-mapped-twice",
    title: "Unmaps two regions of one file and looks for the file in the server",
    clause: "dma-unmap-releases-fd",
    needs: ["two-dma-maps", "local-process"],
    steps: [
      ...[0, 2].flatMap((at) => [dmaMap({ ...blocks(at), fds: [GUEST] }), expect(reply())]),
      ...[0, 2].flatMap((at) => [dmaUnmap(blocks(at)), expect(reply())]),
      memoryReleased("guest"),
    ],
  },
];

const noAccess: Row[] = [
  {
    id: "device-writes-after-unmap",
    title: "Unmaps a region and makes the device write to it",
    clause: "dma-unmap-before-reply",
    needs: ["device-dma-write"],
    steps: (device) => [
      dmaMap({ ...blocks(0), fds: [GUEST] }),
      expect(reply()),
      dmaUnmap(blocks(0)),
      expect(reply()),
      ...deviceMayWrite(device, { address: blocks(0).address, bytes: mark(20) }),
      readMemory("guest", 0, new Uint8Array(mark(20).byteLength)),
    ],
  },
  {
    id: "device-reads-after-unmap",
    title: "Unmaps a region and makes the device read from it",
    clause: "dma-unmap-before-reply",
    needs: ["two-dma-maps", "device-dma-read"],
    steps: (device) => [
      dmaMap({ ...blocks(0), fds: [GUEST] }),
      expect(reply()),
      dmaMap({ ...blocks(1), fds: [memory(BLOCK, { name: "other" })] }),
      expect(reply()),
      writeMemory("guest", 0, mark(21)),
      writeMemory("other", 0, mark(22)),
      ...deviceReads(device, { address: blocks(1).address, bytes: mark(22) }),
      dmaUnmap(blocks(0)),
      expect(reply()),
      ...deviceMayRead(device, blocks(0).address),
      ...deviceHasNotRead(device, mark(21)),
    ],
  },
];

/** Section DMA_UNMAP. */
export const dmaUnmapSuite: RowSuite = {
  id: "dma-unmap",
  title: "DMA_UNMAP",
  cases: [
    ...exact,
    ...echo,
    ...unknown,
    ...parts,
    ...supersets,
    ...releases,
    ...noAccess,
    ...dmaUnmapRobustness,
  ],
};
