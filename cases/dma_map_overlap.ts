import type { Descriptor } from "../harness/case.ts";
import {
  anyError,
  dmaMap,
  dmaUnmap,
  error,
  expect,
  memory,
  readMemory,
  reply,
} from "../harness/steps.ts";
import { DmaMapFlag } from "../harness/wire/constants.ts";
import { Errno } from "../harness/wire/errno.ts";
import { deviceWrites, mark } from "./device_dma.ts";
import { backed, BLOCK, blocks, smallestPage } from "./guest_blocks.ts";
import type { Row } from "./row.ts";

const { EEXIST } = Errno;
const FILE = memory(2 * BLOCK, { name: "guest" });
const OTHER_FILE = memory(2 * BLOCK, { name: "other" });

const exact: Row[] = [
  {
    id: "same-range-twice",
    title: "Maps the same range of the same file twice",
    clause: "dma-map-overlap-exact",
    steps: [
      dmaMap({ ...blocks(0), fds: [FILE] }),
      expect(reply()),
      dmaMap({ ...blocks(0), fds: [FILE] }),
      expect(error(EEXIST)),
    ],
  },
  {
    id: "same-range-twice-without-descriptor",
    title: "Maps the same range twice without a descriptor",
    clause: "dma-map-overlap-exact",
    steps: [dmaMap(blocks(0)), expect(reply()), dmaMap(blocks(0)), expect(error(EEXIST))],
  },
  {
    id: "same-range-twice-with-others-between",
    title: "Maps a range again after two other ranges were mapped",
    clause: "dma-map-overlap-exact",
    needs: ["three-dma-maps"],
    steps: [
      dmaMap({ ...blocks(2), fds: [FILE] }),
      expect(reply()),
      dmaMap(backed(4)),
      expect(reply()),
      dmaMap(backed(0)),
      expect(reply()),
      dmaMap({ ...blocks(2), fds: [FILE] }),
      expect(error(EEXIST)),
    ],
  },
];

interface Backing {
  readonly flags?: number;
  readonly offset?: bigint;
  readonly fds?: readonly Descriptor[];
}

const exactOtherwiseBacked: Row[] = ([
  ["another-descriptor", { fds: [FILE] }, { fds: [OTHER_FILE] }],
  ["another-file-offset", { fds: [FILE] }, { fds: [FILE], offset: BigInt(BLOCK) }],
  ["other-flags", { fds: [FILE] }, { fds: [FILE], flags: DmaMapFlag.READ }],
  ["a-descriptor-only-later", {}, { fds: [FILE] }],
  ["a-descriptor-only-first", { fds: [FILE] }, {}],
] satisfies [string, Backing, Backing][]).map(([what, first, second]) => ({
  id: `same-range-with-${what}`,
  title: `Maps the same range twice, with ${what.replaceAll("-", " ")}`,
  clause: "dma-map-overlap-exact-otherfd",
  steps: [
    dmaMap({ ...blocks(0), ...first }),
    expect(reply()),
    dmaMap({ ...blocks(0), ...second }),
    expect(error(EEXIST)),
  ],
} satisfies Row));

const inside: Row[] = ([
  ["at-the-start-of", blocks(0)],
  ["in-the-middle-of", blocks(1, 2)],
  ["at-the-end-of", blocks(3)],
] as const).map(([where, range]) => ({
  id: `range-${where}-another`,
  title: `Maps a range ${where.replaceAll("-", " ")} a mapped one`,
  clause: "dma-map-overlap-inside",
  steps: [dmaMap(backed(0, 4)), expect(reply()), dmaMap(range), expect(error(EEXIST))],
} satisfies Row));

const superset: Row[] = [
  ...([
    ["longer-range-from-the-same-start", blocks(1, 2)],
    ["longer-range-to-the-same-end", blocks(0, 2)],
    ["longer-range-on-both-sides", blocks(0, 3)],
  ] as const).map(([id, range]) => ({
    id,
    title: `Maps a ${id.replaceAll("-", " ")} of a mapped one`,
    clause: "dma-map-overlap-superset",
    steps: [dmaMap(backed(1)), expect(reply()), dmaMap(range), expect(error(EEXIST))],
  } satisfies Row)),
  {
    id: "range-over-two-others",
    title: "Maps a range that contains two mapped ones and the gap between them",
    clause: "dma-map-overlap-superset",
    needs: ["two-dma-maps"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      dmaMap(backed(2)),
      expect(reply()),
      dmaMap(backed(0, 3)),
      expect(error(EEXIST)),
    ],
  },
];

const mapped = backed(2, 2);
const end = mapped.address + mapped.size;

const headOrTail: Row[] = [
  {
    id: "overlap-of-the-first-block",
    title: "Maps a range that ends in a mapped one",
    clause: "dma-map-overlap-head-tail",
    steps: [dmaMap(mapped), expect(reply()), dmaMap(backed(1, 2)), expect(error(EEXIST))],
  },
  {
    id: "overlap-of-the-last-block",
    title: "Maps a range that begins in a mapped one",
    clause: "dma-map-overlap-head-tail",
    steps: [dmaMap(mapped), expect(reply()), dmaMap(backed(3, 2)), expect(error(EEXIST))],
  },
  {
    id: "overlap-of-the-first-page",
    title: "Maps a range that ends after the first page of a mapped one",
    clause: "dma-map-overlap-head-tail",
    steps: (device) => [
      dmaMap(mapped),
      expect(reply()),
      dmaMap({ address: blocks(1).address, size: BigInt(BLOCK) + smallestPage(device) }),
      expect(error(EEXIST)),
    ],
  },
  {
    id: "overlap-of-the-last-page",
    title: "Maps a range that begins with the last page of a mapped one",
    clause: "dma-map-overlap-head-tail",
    steps: (device) => [
      dmaMap(mapped),
      expect(reply()),
      dmaMap({ address: end - smallestPage(device), size: BigInt(BLOCK) }),
      expect(error(EEXIST)),
    ],
  },
  // A range that is no multiple of a page may be refused for that before the overlap is noticed.
  {
    id: "overlap-of-the-first-byte",
    title: "Maps a range that ends after the first byte of a mapped one",
    clause: "dma-map-overlap-head-tail",
    steps: [
      dmaMap(mapped),
      expect(reply()),
      dmaMap({ address: blocks(1).address, size: BigInt(BLOCK) + 1n }),
      expect(error(EEXIST), anyError()),
    ],
  },
  {
    id: "overlap-of-the-last-byte",
    title: "Maps a range that begins with the last byte of a mapped one",
    clause: "dma-map-overlap-head-tail",
    steps: [
      dmaMap(mapped),
      expect(reply()),
      dmaMap({ address: end - 1n, size: BigInt(BLOCK) + 1n }),
      expect(error(EEXIST), anyError()),
    ],
  },
];

const adjacent: Row[] = [
  {
    id: "ranges-that-touch",
    title: "Maps ranges that end where a mapped one begins and begin where it ends",
    clause: "dma-map-adjacent",
    needs: ["three-dma-maps"],
    steps: [
      dmaMap(backed(1)),
      expect(reply()),
      dmaMap(backed(0)),
      expect(reply()),
      dmaMap(backed(2)),
      expect(reply()),
    ],
  },
  {
    id: "range-that-fills-a-gap",
    title: "Maps a range that exactly fills the gap between two mapped ones",
    clause: "dma-map-adjacent",
    needs: ["three-dma-maps"],
    steps: [
      dmaMap({ ...blocks(0), fds: [FILE] }),
      expect(reply()),
      dmaMap({ ...blocks(2), fds: [OTHER_FILE] }),
      expect(reply()),
      dmaMap(backed(1)),
      expect(reply()),
    ],
  },
];

const keepsOld: Row[] = [
  {
    id: "unmap-after-overlap",
    title: "Unmaps a range after the attempt to map it a second time with another file",
    clause: "dma-map-overlap-keeps-old",
    steps: [
      dmaMap({ ...blocks(0), fds: [FILE] }),
      expect(reply()),
      dmaMap({ ...blocks(0), fds: [OTHER_FILE] }),
      expect(error(EEXIST), anyError(), reply()),
      dmaUnmap(blocks(0)),
      expect(reply()),
    ],
  },
  {
    id: "device-writes-after-overlap",
    title:
      "Makes the device write to a range after the attempt to map a part of it with another file",
    clause: "dma-map-overlap-keeps-old",
    needs: ["device-dma-write"],
    steps: (device) => [
      dmaMap({ ...blocks(0, 2), fds: [FILE] }),
      expect(reply()),
      dmaMap({ ...blocks(1), fds: [OTHER_FILE] }),
      expect(error(EEXIST), anyError()),
      ...deviceWrites(device, { address: blocks(1).address, bytes: mark(11) }),
      readMemory("guest", BLOCK, mark(11)),
    ],
  },
];

/** Ranges that overlap mapped ones, and ranges that only touch them. */
export const dmaMapOverlaps: readonly Row[] = [
  ...exact,
  ...exactOtherwiseBacked,
  ...inside,
  ...superset,
  ...headOrTail,
  ...adjacent,
  ...keepsOld,
];
