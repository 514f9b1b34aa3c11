import type { DmaAnswer, Step } from "../harness/case.ts";
import {
  answerDma,
  anyError,
  awaitDma,
  disconnect,
  dmaMap,
  expect,
  reconnect,
  reply,
  sigterm,
  writeGuest,
} from "../harness/steps.ts";
import { Errno } from "../harness/wire/errno.ts";
import { deviceHasNotRead, mark } from "./device_dma.ts";
import {
  along,
  EACH_WAY,
  mayMove,
  moves,
  onTwin,
  READS,
  starts,
  type Way,
  WRITES,
} from "./dma_ways.ts";
import { blocks } from "./guest_blocks.ts";
import { indexes } from "./indexes.ts";
import type { Row } from "./row.ts";

// What a server asks of its client is answered as the specification says, or not quite.

const GUEST = blocks(0);
const MAPPED: readonly Step[] = [dmaMap(GUEST), expect(reply())];
const READ_BOTH = [READS, onTwin(READS)];
const WRITE_BOTH = [WRITES, onTwin(WRITES)];

function placed(seed: number) {
  return { address: GUEST.address + 0x20n, bytes: mark(seed) };
}

const good: Row[] = WRITE_BOTH.flatMap((way) => [
  along({
    way,
    id: "answered-with-16-bytes",
    title: `Answers DMA_WRITE with 16 bytes${way.where}`,
    clause: "sdma-write-reply-16",
    steps: (device) => [...MAPPED, ...moves(way, device, placed(200))],
  }),
  along({
    way,
    id: "answered-ten-times",
    title: `Answers DMA_WRITE with 16 bytes, ten times${way.where}`,
    clause: "sdma-write-reply-16",
    steps: (device) => [
      ...MAPPED,
      ...indexes(10).flatMap((i) => moves(way, device, placed(201 + i))),
    ],
  }),
]);

/** Messages keep no boundaries in a stream. */
const slow: Row[] = EACH_WAY.flatMap((way, at) => [
  ...([
    ["in-its-header", "within its header", "hdr-split-header", [8]],
    ["behind-its-header", "behind its header", "hdr-split-hdr-body", [16]],
    ["in-its-payload", "within its payload", "hdr-split-body", [24]],
    ["in-its-last-bytes", "just before its last bytes", "hdr-split-body", [31, 34]],
  ] as const).map(([id, where, clause, cuts], row) =>
    along({
      way,
      id: `answer-cut-${id}`,
      title: `Sends the answer to ${way.command} in parts, cut ${where}${way.where}`,
      clause,
      steps: (device) => [
        ...MAPPED,
        answerDma({ cuts }),
        // Bytes of its own for each: what an earlier row has left in a buffer does not do.
        ...moves(way, device, placed(231 + 4 * at + row)),
      ],
    })
  ),
  along({
    way,
    id: "answer-byte-by-byte",
    title: `Sends the answer to ${way.command} byte by byte${way.where}`,
    clause: "hdr-byte-by-byte",
    ends: "alive",
    steps: (device) => [
      ...MAPPED,
      answerDma({ cuts: indexes(36).map((i) => i + 1) }),
      ...mayMove(way, device, placed(212)),
    ],
  }),
]);

/** The connection is not at fault, whatever the error says. */
const errors: Row[] = EACH_WAY.flatMap((way) =>
  ([
    ["efault", "EFAULT", Errno.EFAULT],
    ["connreset", "ECONNRESET", Errno.ECONNRESET],
    ["errno-0", "errno 0", 0],
  ] as const).map(([id, name, errno]) =>
    along({
      way,
      id: `answered-with-${id}`,
      title: `Answers ${way.command} with error ${name}${way.where}`,
      clause: "sdma-err-reply",
      steps: (device) => [
        ...MAPPED,
        answerDma({ errno }),
        ...mayMove(way, device, placed(213), [reply(), anyError()]),
      ],
    })
  )
);

const wrongIds: Row[] = EACH_WAY.flatMap((way) => {
  const transfer = placed(214);
  const swapped = transfer.bytes.map((byte) => byte ^ 0xff);
  return [
    along({
      way,
      id: "answered-with-another-id",
      title: `Answers ${way.command} with another message ID and other data${way.where}`,
      clause: "sdma-wrong-id",
      ends: "alive",
      steps: (device) => [
        ...MAPPED,
        ...(way.verb === "read" ? [writeGuest(transfer.address, transfer.bytes)] : []),
        answerDma({ otherId: true }),
        ...mayMove(way, device, transfer),
        // What the stream is worth by now is not asked for.
        ...(way.verb === "read" ? [reconnect(), ...deviceHasNotRead(device, swapped)] : []),
      ],
    }),
    along({
      way,
      id: "answered-with-another-address",
      title: `Answers ${way.command} with the right message ID and another address${way.where}`,
      clause: "sdma-wrong-id",
      ends: "alive",
      steps: (device) => [
        ...MAPPED,
        answerDma({ otherAddress: true }),
        ...mayMove(way, device, placed(215)),
      ],
    }),
  ];
});

/** Answers of a size or count of their own, whatever comes of them. */
function missized(
  clause: Row["clause"],
  ways: readonly Way[],
  table: readonly (readonly [id: string, what: string, answer: DmaAnswer])[],
): Row[] {
  return ways.flatMap((way) =>
    table.map(([id, what, answer]) =>
      along({
        way,
        id: `answered-with-${id}`,
        title: `Answers ${way.command} with ${what}${way.where}`,
        clause,
        ends: "alive",
        steps: (device) => [...MAPPED, answerDma(answer), ...mayMove(way, device, placed(216))],
      })
    )
  );
}

const sizes: Row[] = [
  ...missized("sdma-write-reply-12", WRITE_BOTH, [
    ["12-bytes", "12 bytes, a count of 4", { payloadSize: 12 }],
  ]),
  // A message that is well framed leaves the stream in order.
  ...missized("sdma-write-reply-0", WRITE_BOTH, [
    ["the-header-alone", "the header alone", { payloadSize: 0 }],
  ]).map(({ ends: _, ...row }) => row),
  ...missized("sdma-short-read-data", READ_BOTH, [
    ["the-header-alone", "the header alone", { payloadSize: 0 }],
    ["a-cut-head", "12 bytes and no data", { payloadSize: 12 }],
    ["no-data", "its count and no data", { payloadSize: 16 }],
    ["1-byte-of-data", "its count and 1 byte of data", { payloadSize: 17 }],
    ["count-0", "count 0 and data", { count: 0n }],
    ["count-1", "count 1 and more data", { count: 1n }],
    ["a-larger-count", "a count larger than its data", { count: 0x1000n }],
    ["the-largest-count", "the largest count", { count: 2n ** 64n - 1n }],
  ]),
  ...missized("sdma-reply-too-big", READ_BOTH, [
    ["1-byte-more", "1 byte more than asked for", { payloadSize: 21 }],
    ["4096-bytes-more", "4096 bytes more than asked for", { payloadSize: 20 + 4096 }],
    ["2-mib-more", "2 MiB more than asked for", { payloadSize: 20 + (2 << 20) }],
  ]),
  ...missized("sdma-reply-too-big", WRITE_BOTH, [
    ["data", "the data it brought", { payloadSize: 20 }],
    ["4096-bytes-more", "4096 bytes more than due", { payloadSize: 16 + 4096 }],
  ]),
];

const silence: Row[] = [
  ...EACH_WAY.map((way) =>
    along({
      way,
      id: "never-answered",
      title: `Leaves without an answer to ${way.command}${way.where}`,
      clause: "sdma-no-answer",
      ends: "alive",
      steps: (device) => [
        ...MAPPED,
        answerDma({ never: true }),
        ...starts(way, device, placed(217)),
        awaitDma(),
        disconnect(),
      ],
    })
  ),
  ...EACH_WAY.map((way) =>
    along({
      way,
      id: "never-answered-and-sigterm",
      title: `Sends SIGTERM to the server that waits for the answer to ${way.command}${way.where}`,
      clause: "sdma-no-answer",
      needs: ["second-server"],
      ends: "alive",
      steps: (device) => [
        ...MAPPED,
        answerDma({ never: true }),
        ...starts(way, device, placed(217)),
        awaitDma(),
        sigterm(),
      ],
    })
  ),
];

/** How DMA_READ and DMA_WRITE are answered. */
export const dmaAnswers: readonly Row[] = [
  ...good,
  ...slow,
  ...errors,
  ...wrongIds,
  ...sizes,
  ...silence,
];
