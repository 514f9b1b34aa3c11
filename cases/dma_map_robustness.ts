import type { Descriptor, Outcome, Send, Step } from "../harness/case.ts";
import {
  anyError,
  closed,
  countDescriptors,
  dmaMap,
  dmaUnmap,
  expect,
  memory,
  onlyIf,
  reply,
  sameDescriptors,
  truncateMemory,
} from "../harness/steps.ts";
import { DmaMapFlag, PAGE } from "../harness/wire/constants.ts";
import type { ClauseId } from "./clauses/mod.ts";
import { deviceMayRead, deviceMayWrite, mark } from "./device_dma.ts";
import { backed, BLOCK, blocks } from "./guest_blocks.ts";
import type { Row } from "./row.ts";

const { READ, WRITE } = DmaMapFlag;
const TIB = 1n << 40n;
const TOP_PAGE = { address: 0xffff_ffff_ffff_f000n, size: BigInt(PAGE) };

type Given = NonNullable<Parameters<typeof dmaMap>[0]>;

const withAndWithoutDescriptor: Row[] = ([
  ["dma-map-writeonly", "write-only", "Maps a region that is only writeable", { flags: WRITE }],
  ["dma-map-noperm", "no-permission", "Maps a region without any permission", { flags: 0 }],
  ["dma-map-flags-unknown", "flag-bit-4", "Maps with flag bit 4", { flags: 0x13 }],
  ["dma-map-flags-unknown", "flag-bit-31", "Maps with flag bit 31", { flags: 0x8000_0003 }],
  ["dma-map-argsz-small", "argsz-0", "Maps with argsz 0", { argsz: 0 }],
  ["dma-map-argsz-small", "argsz-31", "Maps with argsz 31", { argsz: 31 }],
  ["dma-map-argsz-large", "argsz-64", "Maps with argsz 64", { argsz: 64 }],
  ["dma-map-argsz-large", "argsz-huge", "Maps with argsz 0xffffffff", { argsz: 0xffff_ffff }],
  ["dma-map-pgsizes", "odd-address", "Maps from an odd address", { address: 0x10_0001n }],
  ["dma-map-pgsizes", "one-byte", "Maps a single byte", { size: 1n }],
  ["dma-map-pgsizes", "page-and-byte", "Maps a page and a byte", { size: 4097n }],
] satisfies [ClauseId, string, string, Given][]).flatMap(([clause, id, title, given]) => [
  {
    id: `${id}-with-descriptor`,
    title: `${title}, with a descriptor`,
    clause,
    steps: mapsOrNot(dmaMap({ ...given, fds: [memory(BLOCK)] }), closed()),
  },
  {
    id: `${id}-without-descriptor`,
    title: `${title}, without a descriptor`,
    clause,
    steps: mapsOrNot(dmaMap(given), closed()),
  },
]);

/** A map that may be refused; if it was, nothing of it is there. */
function mapsOrNot(map: Send, ...permitted: readonly Outcome[]): Step[] {
  return [
    map,
    expect(anyError({ save: "refused" }), reply(), ...permitted),
    onlyIf("refused", dmaMap(backed(0)), expect(reply())),
  ];
}

const single: Row[] = ([
  [
    "dma-map-offset-unaligned",
    "file-offset-1",
    "Maps a region that starts 1 byte into its file",
    dmaMap({ offset: 1n, fds: [memory(BLOCK)] }),
  ],
  [
    "dma-map-nofd-offset",
    "file-offset-without-descriptor",
    "Maps a region with a file offset but without a descriptor",
    dmaMap({ offset: BigInt(PAGE) }),
  ],
  [
    "dma-map-ro-fd-rw",
    "writeable-with-read-only-descriptor",
    "Maps a writeable region with a read-only descriptor",
    dmaMap({ fds: [memory(PAGE, { readOnly: true })] }),
  ],
  [
    "dma-map-two-fds",
    "two-descriptors",
    "Maps a region with two descriptors",
    dmaMap({ fds: [memory(PAGE), memory(PAGE)] }),
  ],
  [
    "dma-map-huge",
    "half-of-the-address-space",
    "Maps 2^63 bytes without a descriptor",
    dmaMap({ address: 0n, size: 1n << 63n }),
  ],
  [
    "dma-map-huge",
    "whole-address-space",
    "Maps 2^64 - 1 bytes without a descriptor",
    dmaMap({ address: 0n, size: (1n << 64n) - 1n }),
  ],
  [
    "dma-map-huge-fd",
    "8-tib-of-a-small-file",
    "Maps 8 TiB of a file of one page",
    dmaMap({ address: 0n, size: 8n * TIB, fds: [memory(PAGE)] }),
  ],
  [
    "dma-map-huge-fd",
    "1-pib-of-a-small-file",
    "Maps 1 PiB of a file of one page",
    dmaMap({ address: 0n, size: 1024n * TIB, fds: [memory(PAGE)] }),
  ],
  [
    "dma-map-beyond-eof",
    "size-beyond-end-of-file",
    "Maps two blocks of a file of one",
    dmaMap({ ...blocks(0, 2), fds: [memory(BLOCK)] }),
  ],
  [
    "dma-map-beyond-eof",
    "file-offset-beyond-end-of-file",
    "Maps a region that starts behind the end of its file",
    dmaMap({ ...blocks(0), offset: BigInt(2 * BLOCK), fds: [memory(BLOCK)] }),
  ],
] satisfies [ClauseId, string, string, Send][]).map(([clause, id, title, map]) => ({
  id,
  title,
  clause,
  steps: mapsOrNot(map, closed()),
}));

/** A map that may be refused; if it was not, the region can be unmapped like any other. */
const refusedOrUnmapped: Row[] = ([
  ["dma-map-unsupported-dma", "map-and-unmap", "a region, on a device with or without DMA", {}],
  ["dma-map-zero-size", "size-0-without-descriptor", "0 bytes without a descriptor", { size: 0n }],
  [
    "dma-map-zero-size",
    "size-0-with-descriptor",
    "0 bytes with a descriptor",
    { size: 0n, fds: [memory(PAGE)] },
  ],
  ["dma-map-top-page", "last-page-of-the-address-space", "the last page below 2^64", TOP_PAGE],
  [
    "dma-map-offset-negative",
    "file-offset-of-2-to-the-63",
    "a region at file offset 2^63",
    { offset: 1n << 63n, fds: [memory(PAGE)] },
  ],
  [
    "dma-map-offset-negative",
    "last-page-of-file-offsets",
    "a region at file offset 2^64 - 4096",
    { offset: TOP_PAGE.address, fds: [memory(PAGE)] },
  ],
] satisfies [ClauseId, string, string, Given][]).map(([clause, id, what, given]) => ({
  id,
  title: `Maps ${what}, and unmaps it`,
  clause,
  steps: [
    dmaMap(given),
    expect(anyError(), reply({}, { save: "taken" }), closed()),
    dmaUnmap(rangeOf(given)),
    expect(
      reply(),
      anyError({
        wants: "as the region was not mapped",
        check: (_, saved) => saved.has("taken") ? "an error, though it was mapped" : undefined,
      }),
      closed(),
    ),
  ],
}));

function rangeOf({ address, size }: Given): Given {
  return { ...(address === undefined ? {} : { address }), ...(size === undefined ? {} : { size }) };
}

const wraps: Row[] = [[], [memory(PAGE)]].map((fds: Descriptor[]) => ({
  id: `wraps-around-${fds.length === 0 ? "without" : "with"}-descriptor`,
  title: "Maps two pages from the last page of the address space on, and then another region",
  clause: "dma-map-wrap",
  steps: [
    dmaMap({ address: TOP_PAGE.address, size: 2n * TOP_PAGE.size, fds }),
    expect(anyError(), reply(), closed()),
    dmaMap(backed(0)),
    expect(reply(), closed()),
    dmaUnmap(blocks(0)),
    expect(reply(), closed()),
  ],
}));

const OTHER_KINDS = ["pipe", "null-device", "directory", "socket"] as const;
const otherKinds: readonly Descriptor[] = [
  { kind: "eventfd" },
  ...OTHER_KINDS.map((kind) => ({ kind })),
];

const descriptors: Row[] = [
  ...otherKinds.map((descriptor) => ({
    id: `descriptor-of-kind-${descriptor.kind}`,
    title: `Maps a region with a descriptor that is no memory: ${descriptor.kind}`,
    clause: "dma-map-fd-pipe",
    steps: mapsOrNot(dmaMap({ fds: [descriptor] }), closed()),
  } satisfies Row)),
  {
    id: "descriptors-of-other-kinds-closed",
    title: "Counts the server's descriptors after maps with descriptors that are no memory",
    clause: "dma-map-fd-pipe",
    needs: ["local-process"],
    steps: [
      countDescriptors(),
      ...otherKinds.flatMap((fd) => mapsAndUnmaps(fd)),
      sameDescriptors(),
    ],
  },
  {
    id: "second-descriptor-closed",
    title: "Counts the server's descriptors after a map with two",
    clause: "dma-map-two-fds",
    needs: ["local-process"],
    steps: [countDescriptors(), ...mapsAndUnmaps(memory(PAGE), memory(PAGE)), sameDescriptors()],
  },
];

function mapsAndUnmaps(...fds: readonly Descriptor[]): Step[] {
  return [
    dmaMap({ fds }),
    expect(anyError(), reply(), closed()),
    dmaUnmap(),
    expect(anyError(), reply(), closed()),
  ];
}

const extension: Row[] = ([["mmap", 0x4], ["file-io", 0x8]] as const).map(([name, flag]) => ({
  id: `${name}-flag-without-descriptor`,
  title: `Maps a region without a descriptor with the ${name} flag of an extension`,
  clause: "dma-map-ext-mmap-nofd",
  steps: mapsOrNot(dmaMap({ flags: READ | WRITE | flag })),
}));

const LOST = { address: blocks(1).address, bytes: mark(12) };

const lostMemory: Row[] = [
  {
    id: "device-reads-beyond-end-of-file",
    title: "Makes the device read a part of a region that lies beyond the end of its file",
    clause: "dma-map-beyond-eof",
    needs: ["device-dma-read"],
    steps: (device) => [
      dmaMap({ ...blocks(0, 2), fds: [memory(BLOCK)] }),
      expect(anyError(), reply()),
      ...deviceMayRead(device, LOST.address),
    ],
  },
  {
    id: "device-writes-beyond-end-of-file",
    title: "Makes the device write to a part of a region that lies beyond the end of its file",
    clause: "dma-map-beyond-eof",
    needs: ["device-dma-write"],
    steps: (device) => [
      dmaMap({ ...blocks(0, 2), fds: [memory(BLOCK)] }),
      expect(anyError(), reply()),
      ...deviceMayWrite(device, LOST),
    ],
  },
  {
    id: "device-reads-after-truncation",
    title: "Cuts the file of a region to nothing and makes the device read from the region",
    clause: "dma-map-truncate-later",
    needs: ["device-dma-read"],
    steps: (device) => [...mapsAndTruncates(), ...deviceMayRead(device, LOST.address)],
  },
  {
    id: "device-writes-after-truncation",
    title: "Cuts the file of a region to nothing and makes the device write to the region",
    clause: "dma-map-truncate-later",
    needs: ["device-dma-write"],
    steps: (device) => [...mapsAndTruncates(), ...deviceMayWrite(device, LOST)],
  },
];

function mapsAndTruncates(): Step[] {
  return [
    dmaMap({ ...blocks(0, 2), fds: [memory(2 * BLOCK, { name: "guest", sealed: false })] }),
    expect(reply(), anyError()),
    truncateMemory("guest", 0),
  ];
}

/** Maps that the specification does not speak of. */
export const dmaMapRobustness: readonly Row[] = [
  ...withAndWithoutDescriptor,
  ...single,
  ...refusedOrUnmapped,
  ...wraps,
  ...descriptors,
  ...extension,
  ...lostMemory,
];
