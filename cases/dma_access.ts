import type { DmaDemands, Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import {
  answerDma,
  anyError,
  dmaMap,
  dmaRequests,
  dmaUnmap,
  expect,
  memory,
  readGuest,
  reply,
  version,
  writeGuest,
} from "../harness/steps.ts";
import { DEFAULTS, DmaMapFlag, PAGE } from "../harness/wire/constants.ts";
import { mark, type Transfer } from "./device_dma.ts";
import { dmaAnswers } from "./dma_answers.ts";
import { dmaConcurrency } from "./dma_concurrency.ts";
import {
  FORGET,
  limitedTo,
  notAskedFor,
  NOTHING_ASKED,
  type Range,
  wellFramed,
  wellLaidOut,
  within,
} from "./dma_requests.ts";
import {
  along,
  EACH_WAY,
  mayMove,
  moves,
  ON_MAIN,
  ON_TWIN,
  onTwin,
  pattern,
  READS,
  type Way,
  WRITES,
} from "./dma_ways.ts";
import { BLOCK, blocks } from "./guest_blocks.ts";
import type { Row, RowSuite } from "./row.ts";

const ABOVE_4_GIB = 0x1_0000_0000n;
const [FIRST, SECOND, THIRD] = [blocks(0), blocks(1), blocks(2)] as const;

/** Maps without a descriptor: the device has no other way than to ask. */
function mapped(...ranges: readonly Range[]): Step[] {
  return ranges.flatMap((range) => [dmaMap(range), expect(reply())]);
}

function endOf({ address, size }: Range): bigint {
  return address + size;
}

/** Transfers that succeed, within one region. */
const inside: Row[] = ON_MAIN.flatMap((way) =>
  ([
    ["first-bytes", "the first bytes", FIRST, FIRST.address],
    ["last-bytes", "the last bytes", FIRST, endOf(FIRST) - 4n],
    [
      "bytes-above-4-gib",
      "bytes above 4 GiB",
      { ...FIRST, address: FIRST.address + ABOVE_4_GIB },
      FIRST.address + ABOVE_4_GIB + 0x100n,
    ],
  ] as const).map(([id, what, region, address], i) =>
    along({
      way,
      id,
      title: `Makes the device ${way.verb} ${what} of a region without a descriptor`,
      clause: "sdma-only-mapped",
      steps: (device) => [
        ...mapped(region),
        ...moves(way, device, { address, bytes: mark(100 + i) }),
        dmaRequests(within(region)),
      ],
    })
  )
);

/** Transfers that reach where nothing is mapped, or from one region into the next. */
const across: Row[] = ON_MAIN.flatMap((way) =>
  ([
    ["over-the-end", "over the end of a region", [FIRST], endOf(FIRST) - 2n],
    ["over-the-start", "over the start of a region", [SECOND], SECOND.address - 2n],
    ["between-regions", "between two regions", [FIRST, THIRD], SECOND.address],
    ["into-a-hole", "from a region into a hole", [FIRST, THIRD], endOf(FIRST) - 2n],
    ["out-of-a-hole", "from a hole into a region", [FIRST, THIRD], THIRD.address - 2n],
    ["into-the-next-region", "over two adjacent regions", [FIRST, SECOND], endOf(FIRST) - 2n],
    ["without-regions", "where nothing is mapped", [], FIRST.address],
    ["beyond-2-to-64", "over the end of the address space", [FIRST], 2n ** 64n - 2n],
    ["4-gib-above", "4 GiB above a region", [FIRST], FIRST.address + ABOVE_4_GIB],
  ] as const).map(([id, what, ranges, address], i) =>
    along({
      way,
      id,
      title: `Makes the device ${way.verb} ${what}, without descriptors`,
      clause: "sdma-only-mapped",
      needs: ranges.length > 1 ? ["two-dma-maps"] : [],
      steps: (device) => [
        ...mapped(...ranges),
        ...mayMove(way, device, { address, bytes: mark(110 + i) }),
        dmaRequests(within(...ranges)),
        // No transfer is about these bytes: what would be lost elsewhere is not to land here.
        ...(way.verb === "write" && ranges.some((range) => range === FIRST)
          ? [readGuest(FIRST.address, new Uint8Array(4))]
          : []),
      ],
    })
  )
);

const permissions: Row[] = [
  ...[WRITES, onTwin(WRITES)].map((way) =>
    along({
      way,
      id: "to-read-only-region",
      title: `Makes the device write to a region that is only readable${way.where}`,
      clause: "sdma-perm",
      steps: (device) => [
        dmaMap({ ...FIRST, flags: DmaMapFlag.READ }),
        expect(reply()),
        writeGuest(FIRST.address, mark(120)),
        ...mayMove(way, device, { address: FIRST.address, bytes: mark(121) }),
        dmaRequests(notAskedFor(way, FIRST)),
        readGuest(FIRST.address, mark(120)),
      ],
    })
  ),
  along({
    way: WRITES,
    id: "into-read-only-region",
    title: "Makes the device write over the end of a region into one that is only readable",
    clause: "sdma-perm",
    needs: ["two-dma-maps"],
    steps: (device) => [
      ...mapped(FIRST),
      dmaMap({ ...SECOND, flags: DmaMapFlag.READ }),
      expect(reply()),
      ...mayMove(WRITES, device, { address: SECOND.address - 2n, bytes: mark(122) }),
      dmaRequests(notAskedFor(WRITES, SECOND)),
    ],
  }),
  ...[READS, onTwin(READS)].map((way) =>
    along({
      way,
      id: "of-write-only-region",
      title: `Makes the device read from a region that is only writeable${way.where}`,
      clause: "sdma-perm",
      steps: (device) => [
        dmaMap({ ...FIRST, flags: DmaMapFlag.WRITE }),
        expect(reply(), anyError()),
        ...mayMove(way, device, { address: FIRST.address, bytes: mark(123) }),
        dmaRequests(notAskedFor(way, FIRST)),
      ],
    })
  ),
];

const layouts: Row[] = EACH_WAY.flatMap((way) => {
  const transfer = { address: FIRST.address + 0x100n, bytes: mark(130) };
  const steps = (demands: DmaDemands) => (device: DeviceFacts) => [
    ...mapped(FIRST),
    ...moves(way, device, transfer),
    dmaRequests(demands),
  ];
  return [
    along({
      way,
      id: "header",
      title: `Looks at the header of ${way.command}${way.where}`,
      clause: "sdma-header",
      steps: steps(wellFramed(way)),
    }),
    along({
      way,
      id: "payload",
      title: `Looks at the payload of ${way.command}${way.where}`,
      clause: "sdma-count-width",
      steps: steps(wellLaidOut(transfer)),
    }),
  ];
});

/** What is moved lies between bytes that must stay. */
const sizes: Row[] = ON_MAIN.flatMap((way) =>
  ([
    ["1-byte", "1 byte", 1, 0x101],
    ["3-bytes", "3 bytes at an odd address", 3, 0x103],
    ["over-a-page", "4 bytes across two pages", 4, PAGE - 2],
    ["64-bytes", "64 bytes across two pages", 64, 2 * PAGE - 31],
    ["all-it-can", "as much as it can at once", Infinity, 0x800],
  ] as const).map(([id, what, wanted, offset], i) =>
    along({
      way,
      id,
      title: `Makes the device ${way.verb} ${what}, and looks at each byte`,
      clause: "sdma-count-width",
      large: wanted > 4,
      steps: (device) => {
        const transfer = transferOf(way, device, {
          address: FIRST.address + BigInt(offset),
          count: Math.min(wanted, BLOCK - 0x1000),
          seed: 140 + i,
        });
        return [
          ...mapped(FIRST),
          ...moves(way, device, transfer),
          dmaRequests(wellLaidOut(transfer)),
          ...(way.verb === "write" ? untouched(transfer) : []),
        ];
      },
    })
  )
);

/** Nothing was written just before the transfer, nor just behind it. */
function untouched({ address, bytes }: Transfer): Step[] {
  const end = address + BigInt(bytes.byteLength);
  return [address - 64n, end].map((from) => readGuest(from, new Uint8Array(64)));
}

function transferOf(
  { verb }: Way,
  { profile }: DeviceFacts,
  { address, count, seed }: { address: bigint; count: number; seed: number },
): Transfer {
  const { maxCount = 0 } = (verb === "read" ? profile.dmaRead : profile.dmaWrite) ?? {};
  return { address, bytes: pattern(seed, Math.min(count, maxCount)) };
}

/** The device moves 64 bytes for a client that takes fewer at a time. */
const limits: Row[] = [
  ...ON_MAIN.flatMap((way) => [8, 16, 48, 63, 64].map((limit) => ({ way, limit }))),
  ...ON_TWIN.map((way) => ({ way, limit: 48 })),
].map(({ way, limit }) =>
  along({
    way,
    id: `in-parts-of-${limit}`,
    title: `Makes the device ${way.verb} 64 bytes with max_data_xfer_size ${limit}${way.where}`,
    clause: "sdma-max-xfer",
    capabilities: { max_msg_fds: 8, max_data_xfer_size: limit },
    large: true,
    steps: (device) => {
      const transfer = { address: FIRST.address + 0x10n, bytes: pattern(150 + limit, 64) };
      return [
        ...mapped(FIRST),
        ...moves(way, device, transfer, limit),
        dmaRequests(limitedTo(limit, transfer)),
      ];
    },
  })
);

const LARGE = { address: FIRST.address, size: 0x20_0000n };

/** The client says nothing of how much it takes. */
const noLimits: Row[] = ON_MAIN.flatMap((way) =>
  ([
    ["without-version-data", "without version data", undefined],
    ["without-limit", "without max_data_xfer_size", { capabilities: { max_msg_fds: 8 } }],
  ] as const).map(([id, what, json], i): Row => ({
    ...along({
      way,
      id,
      title: `Proposes a version ${what}, and makes the device ${way.verb} all it can`,
      clause: "sdma-xfer-default",
      steps: (device) => {
        const most = { address: LARGE.address, count: Number(LARGE.size) - BLOCK, seed: 230 + i };
        const transfer = transferOf(way, device, most);
        return [
          version(json === undefined ? {} : { json }),
          expect(reply()),
          ...mapped(LARGE),
          ...moves(way, device, transfer),
          dmaRequests(limitedTo(DEFAULTS.maxDataXferSize, transfer)),
        ];
      },
    }),
    begins: "connected",
  }))
);

const afterUnmap: Row[] = EACH_WAY.flatMap((way, i) => {
  const transfer = { address: FIRST.address, bytes: mark(160 + i) };
  const again = { ...transfer, bytes: mark(164 + i) };
  return [
    along({
      way,
      id: "after-unmap",
      title: `Unmaps a region that the device has used, makes it ${way.verb} again${way.where}`,
      clause: "sdma-after-unmap",
      steps: (device) => [
        ...mapped(FIRST),
        ...moves(way, device, transfer),
        dmaUnmap(FIRST),
        expect(reply()),
        dmaRequests(FORGET),
        ...mayMove(way, device, again),
        dmaRequests(NOTHING_ASKED),
      ],
    }),
    along({
      way,
      id: "after-unmap-of-another",
      title: `Unmaps one of two regions, makes the device ${way.verb} in both${way.where}`,
      clause: "sdma-after-unmap",
      needs: ["two-dma-maps"],
      steps: (device) => [
        ...mapped(FIRST, SECOND),
        dmaUnmap(FIRST),
        expect(reply()),
        ...moves(way, device, { ...transfer, address: SECOND.address }),
        ...mayMove(way, device, again),
        dmaRequests(within(SECOND)),
      ],
    }),
  ];
});

/** Parts of the transfer are still to come when the unmap is sent; it ends, or breaks off. */
const duringTransfer: Row[] = ON_TWIN.map((way, i) =>
  along({
    way,
    id: "while-unmapped",
    title: `Unmaps a region while the device ${way.verb}s from or to it in parts${way.where}`,
    clause: "sdma-after-unmap",
    capabilities: { max_msg_fds: 8, max_data_xfer_size: 16 },
    large: true,
    steps: (device) => [
      ...mapped(FIRST),
      answerDma({ first: dmaUnmap(FIRST) }),
      ...mayMove(way, device, { address: FIRST.address, bytes: pattern(170 + i, 64) }, [
        reply(),
        anyError(),
      ]),
      expect(reply()),
      dmaRequests(FORGET),
      ...mayMove(way, device, { address: FIRST.address, bytes: mark(172 + i) }),
      dmaRequests(NOTHING_ASKED),
    ],
  })
);

/** The device may use the file, or ask. */
const withDescriptor: Row[] = EACH_WAY.map((way, i) =>
  along({
    way,
    id: "with-descriptor",
    title: `Makes the device ${way.verb} in a region with a descriptor${way.where}`,
    clause: "sdma-fd-direct",
    large: true,
    steps: (device) => {
      const transfer = { address: FIRST.address + BigInt(PAGE) - 31n, bytes: pattern(180 + i, 64) };
      return [
        dmaMap({ ...FIRST, fds: [memory(BLOCK, { name: "guest" })] }),
        expect(reply()),
        ...moves(way, device, transfer),
        dmaRequests(within(FIRST)),
        ...(way.verb === "write" ? untouched(transfer) : []),
      ];
    },
  })
);

const withoutReply: Row[] = [WRITES, onTwin(WRITES)].map((way, i) =>
  along({
    way,
    id: "that-wants-no-reply",
    title: `Leaves DMA_WRITE without an answer where it wants none${way.where}`,
    clause: "sdma-noreply-bit",
    steps: (device) => [
      ...mapped(FIRST),
      ...moves(way, device, { address: FIRST.address, bytes: mark(190 + i) }),
      ...moves(way, device, { address: FIRST.address, bytes: mark(192 + i) }),
    ],
  })
);

/** Sections DMA_READ and DMA_WRITE: what the server asks of its client, and what it makes of the answers. */
export const dmaAccessSuite: RowSuite = {
  id: "dma-access",
  title: "DMA_READ, DMA_WRITE",
  cases: [
    ...inside,
    ...across,
    ...permissions,
    ...layouts,
    ...sizes,
    ...limits,
    ...noLimits,
    ...dmaAnswers,
    ...dmaConcurrency,
    ...withDescriptor,
    ...afterUnmap,
    ...duringTransfer,
    ...withoutReply,
  ],
};
