import type { Expect, Send, Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import type { Need } from "../harness/needs.ts";
import {
  answerDma,
  anyError,
  awaitDma,
  closed,
  closeTwin,
  command,
  dmaMap,
  dmaRequests,
  dmaUnmap,
  expect,
  getInfo,
  getIrqInfo,
  getRegionInfo,
  reply,
  together,
  writeGuest,
} from "../harness/steps.ts";
import { mark, type Transfer, WHATEVER } from "./device_dma.ts";
import { onlyOn } from "./dma_requests.ts";
import {
  along,
  EACH_WAY,
  hasMoved,
  mayMove,
  moves,
  ON_TWIN,
  starts,
  type Way,
} from "./dma_ways.ts";
import { backed, blocks } from "./guest_blocks.ts";
import { indexes } from "./indexes.ts";
import type { Row } from "./row.ts";

// Commands of both sides are under way at once, on one socket or on two.

const GUEST = blocks(0);
const UNDEFINED_COMMAND = 99;

/** Guest memory without a descriptor, with the bytes that are to be read. */
function prepared({ verb }: Way, { address, bytes }: Transfer): Step[] {
  const fill = verb === "read" ? [writeGuest(address, bytes)] : [];
  return [dmaMap(GUEST), expect(reply()), ...fill];
}

/** Starts a transfer, and sends commands behind it in the same send. */
function startsTogether(
  way: Way,
  device: DeviceFacts,
  transfer: Transfer,
  ...commands: Send[]
): Step[] {
  const steps = starts(way, device, transfer);
  const last = steps.at(-1);
  if (last?.step !== "send") throw new RangeError("Cannot start DMA by anything but a command");
  return [...steps.slice(0, -1), together(last, ...commands)];
}

interface Meanwhile {
  readonly id: string;
  readonly what: string;
  readonly needs?: readonly Need[];
  /** Sent behind the command that starts the transfer. */
  readonly behind?: readonly Send[];
  /** Sent when the server has asked, before it has its answer. */
  readonly first?: Send;
  /** What comes once the transfer has been answered. */
  readonly answers: readonly Expect[];
}

const OK = expect(reply());

const MEANWHILE: readonly Meanwhile[] = [
  { id: "with-command-behind", what: "a command behind it", behind: [getInfo()], answers: [OK] },
  {
    id: "with-ten-commands-behind",
    what: "ten commands behind it",
    behind: indexes(10).map((i) => i % 2 ? getInfo() : getIrqInfo()),
    answers: indexes(10).map(() => OK),
  },
  {
    id: "with-refusal-behind",
    what: "an undefined command behind it",
    behind: [command(UNDEFINED_COMMAND), getInfo()],
    answers: [expect(anyError()), OK],
  },
  {
    id: "with-command-before-answer",
    what: "a command before the answer",
    first: getRegionInfo(),
    answers: [OK],
  },
  {
    id: "with-map-before-answer",
    what: "a DMA_MAP before the answer",
    needs: ["two-dma-maps"],
    first: dmaMap(backed(2)),
    answers: [OK],
  },
  {
    id: "with-commands-around",
    what: "a command behind it and one before the answer",
    behind: [getInfo()],
    first: getRegionInfo(),
    answers: [OK, OK],
  },
];

const meanwhile: Row[] = EACH_WAY.flatMap((way) =>
  MEANWHILE.map(({ id, what, needs = [], behind = [], first, answers }, i) => {
    const transfer = { address: GUEST.address + 8n, bytes: mark(220 + i) };
    return along({
      way,
      id,
      title: `Makes the device ${way.verb} guest memory with ${what}${way.where}`,
      clause: way.socket === "twin" ? "sdma-twin-concurrent" : "sdma-interleave",
      needs,
      steps: (device) => [
        ...prepared(way, transfer),
        ...(first === undefined ? [] : [answerDma({ first })]),
        ...starts(way, device, transfer),
        ...behind,
        OK,
        ...answers,
        ...hasMoved(way, device, transfer),
      ],
    });
  })
);

const inOneSend: Row[] = EACH_WAY.map((way) => {
  const transfer = { address: GUEST.address + 8n, bytes: mark(226) };
  return along({
    way,
    id: "with-command-in-one-send",
    title: `Makes the device ${way.verb} guest memory with a command in one send${way.where}`,
    clause: way.socket === "twin" ? "sdma-twin-concurrent" : "sdma-interleave",
    steps: (device) => [
      ...prepared(way, transfer),
      ...startsTogether(way, device, transfer, getInfo()),
      OK,
      OK,
      ...hasMoved(way, device, transfer),
    ],
  });
});

const sameId: Row[] = EACH_WAY.map((way) => {
  const transfer = { address: GUEST.address + 8n, bytes: mark(227) };
  return along({
    way,
    id: "with-same-id-before-answer",
    title: `Sends a command with the message ID of ${way.command} before its answer${way.where}`,
    clause: "id-s2c-namespace",
    steps: (device) => [
      ...prepared(way, transfer),
      answerDma({ first: getRegionInfo(), firstTakesItsId: true }),
      ...starts(way, device, transfer),
      OK,
      OK,
      ...hasMoved(way, device, transfer),
    ],
  });
});

const twinPath: Row[] = ON_TWIN.flatMap((way) => {
  const transfer = { address: GUEST.address + 8n, bytes: mark(228) };
  return [
    along({
      way,
      id: "path",
      title: `Makes the device ${way.verb} guest memory with a twin socket agreed on`,
      clause: "sdma-twin-path",
      steps: (device) => [
        dmaMap(GUEST),
        OK,
        ...moves(way, device, transfer),
        dmaRequests(onlyOn("twin")),
      ],
    }),
    along({
      way,
      id: "path-again",
      title: `Makes the device ${way.verb} again when a twin socket was used by other commands`,
      clause: "sdma-twin-path",
      steps: (device) => [
        dmaMap(GUEST),
        OK,
        ...moves(way, device, transfer),
        dmaUnmap(GUEST),
        OK,
        getInfo(),
        OK,
        dmaMap(GUEST),
        OK,
        ...moves(way, device, { ...transfer, bytes: mark(229) }),
        dmaRequests(onlyOn("twin")),
      ],
    }),
  ];
});

const twinCloses: Row[] = ON_TWIN.flatMap((way) => {
  const transfer = { address: GUEST.address + 8n, bytes: mark(230) };
  return [
    along({
      way,
      id: "after-close-of-twin",
      title: `Closes the twin socket and makes the device ${way.verb} guest memory`,
      clause: "sdma-twin-close",
      ends: "alive",
      steps: (device) => [
        dmaMap(GUEST),
        OK,
        closeTwin(),
        ...mayMove(way, device, transfer).map(orClosed),
        getInfo(),
        expect(reply(), anyError(), closed()),
      ],
    }),
    along({
      way,
      id: "during-close-of-twin",
      title: `Closes the twin socket when ${way.command} has come`,
      clause: "sdma-twin-close",
      ends: "alive",
      steps: (device) => [
        dmaMap(GUEST),
        OK,
        answerDma({ never: true }),
        ...starts(way, device, transfer),
        awaitDma(),
        closeTwin(),
        expect(...WHATEVER),
        getInfo(),
        expect(reply(), anyError(), closed()),
      ],
    }),
  ];
});

/** A server may close at any time once its twin socket is gone. */
function orClosed(step: Step): Step {
  return step.step === "expect" ? expect(...step.outcomes, closed()) : step;
}

/** Commands of both sides at once, and the twin socket. */
export const dmaConcurrency: readonly Row[] = [
  ...meanwhile,
  ...inOneSend,
  ...sameId,
  ...twinPath,
  ...twinCloses,
];
