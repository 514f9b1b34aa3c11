import type { Send, Step } from "../harness/case.ts";
import { interruptIndexes } from "../harness/interrupt_facts.ts";
import { noReply, onlyFirst } from "../harness/mutate.ts";
import {
  answerDma,
  awaitDma,
  countDescriptors,
  disconnect,
  dmaMap,
  dmaUnmap,
  eventfd,
  expect,
  getInfo,
  memory,
  reconnect,
  regionRead,
  regionWrite,
  reply,
  sameDescriptors,
  saved,
  secondClient,
  setIrqs,
  together,
} from "../harness/steps.ts";
import { PAGE, PciRegion } from "../harness/wire/constants.ts";
import { Header } from "../harness/wire/messages.ts";
import { mark } from "./device_dma.ts";
import { along, EACH_WAY, starts } from "./dma_ways.ts";
import { backed, BLOCK, blocks } from "./guest_blocks.ts";
import { BIND, binds } from "./interrupts.ts";
import { INTERRUPT_LINE } from "./pci_registers.ts";
import type { Row } from "./row.ts";

const BURST = 1000;
const CYCLES = 100;

const unfinished: Row[] = ([
  ["dma-map", "DMA_MAP with a descriptor", 24, dmaMap({ fds: [memory(PAGE)] })],
  ["set-irqs", "DEVICE_SET_IRQS with an eventfd", 10, setIrqs({ flags: BIND, fds: [eventfd()] })],
  [
    "region-write",
    "REGION_WRITE",
    2000,
    regionWrite({ region: PciRegion.CONFIG, data: new Uint8Array(PAGE) }),
  ],
] satisfies [string, string, number, Send][]).map(([id, what, size, message]) => ({
  id: `leaves-within-${id}`,
  title: `Leaves when ${size} bytes of the payload of ${what} are sent`,
  clause: "disc-mid-message",
  ends: "alive",
  steps: [onlyFirst(message, Header.size + size), disconnect()],
}));

const leavesUnread: Row = {
  id: "leaves-within-message-and-replies",
  title: "Leaves within a message while a hundred replies are under way",
  clause: "disc-mid-message",
  ends: "alive",
  steps: [
    together(...Array.from({ length: 100 }, () => getInfo())),
    onlyFirst(dmaMap(), Header.size + 8),
    disconnect(),
  ],
};

const inDma: Row[] = EACH_WAY.flatMap((way) => {
  const transfer = { address: blocks(0).address, bytes: mark(70) };
  const common = { way, clause: "disc-mid-dma" as const };
  return [
    along({
      ...common,
      id: "while-client-leaves",
      title: `Leaves while the server waits for the reply to ${way.command}${way.where}`,
      ends: "alive",
      steps: (device) => [
        dmaMap(blocks(0)),
        expect(reply()),
        answerDma({ never: true }),
        ...starts(way, device, transfer),
        awaitDma(),
        disconnect(),
      ],
    }),
    along({
      ...common,
      id: "while-client-leaves-counted",
      title: `Leaves while the server waits for a ${way.command} reply${way.where}, and counts`,
      needs: ["two-dma-maps", "serves-next-client", "local-process"],
      // Counted where there is no twin socket, as at the end: its descriptor would make up for one that is leaked.
      before: [countDescriptors()],
      steps: (device) => [
        dmaMap(blocks(0)),
        expect(reply()),
        dmaMap(backed(2)),
        expect(reply()),
        answerDma({ never: true }),
        ...starts(way, device, transfer),
        awaitDma(),
        reconnect(),
        sameDescriptors(),
      ],
    }),
  ];
});

const unanswered: Row[] = [
  {
    id: "leaves-behind-no-reply",
    title: `Sends ${BURST} commands with No_reply, and leaves`,
    clause: "disc-pending-noreply",
    ends: "alive",
    steps: [together(...Array.from({ length: BURST }, () => noReply(getInfo()))), disconnect()],
  },
  {
    id: "leaves-behind-no-reply-writes",
    title: `Writes the interrupt line back ${BURST} times with No_reply, and leaves`,
    clause: "disc-pending-noreply",
    needs: ["writable-config"],
    ends: "alive",
    steps: [
      regionRead(INTERRUPT_LINE),
      expect(reply({}, { save: "line" })),
      together(...Array.from({ length: BURST }, () => noReply(writesLine()))),
      disconnect(),
    ],
  },
  {
    id: "leaves-behind-no-reply-map",
    title: "Maps, unmaps and maps a region with No_reply, and leaves",
    clause: "disc-pending-noreply",
    ends: "alive",
    steps: [
      noReply(dmaMap(backed(0))),
      noReply(dmaUnmap(blocks(0))),
      noReply(dmaMap(backed(0))),
      disconnect(),
    ],
  },
];

function writesLine(): Send {
  return regionWrite({ ...INTERRUPT_LINE, data: saved("line") });
}

const cycles: Row[] = [
  {
    id: "hundred-clients",
    title: `Comes, maps, binds an interrupt and leaves, ${CYCLES} times, and counts`,
    clause: "disc-100-cycles",
    needs: ["serves-next-client", "local-process"],
    steps: (device) => {
      const irq = interruptIndexes(device)[0];
      const session = (): Step[] => [
        reconnect(),
        dmaMap({ ...blocks(0), fds: [memory(BLOCK, { name: "guest" })] }),
        expect(reply()),
        ...(irq === undefined ? [] : binds(irq.index, 0)),
      ];
      const sessions = (count: number) => Array.from({ length: count }, session).flat();
      return [
        ...sessions(10),
        reconnect(),
        countDescriptors(),
        ...sessions(CYCLES),
        reconnect(),
        sameDescriptors(),
      ];
    },
  },
];

/** The first client goes on as if it were alone. */
function goesOn(): Step[] {
  return [dmaMap(backed(0)), expect(reply()), getInfo(), expect(reply()), ...unmaps()];
}

function unmaps(): Step[] {
  return [dmaUnmap(blocks(0)), expect(reply())];
}

const secondClients: Row[] = [
  {
    id: "second-waits",
    title: "Goes on and leaves while a second client waits",
    clause: "disc-second-client",
    ends: "alive",
    steps: [
      secondClient("connects"),
      ...goesOn(),
      secondClient("proposes"),
      ...goesOn(),
      disconnect(),
      secondClient("waits"),
      secondClient("leaves"),
    ],
  },
  {
    id: "second-comes-to-regions",
    title: "Goes on with a mapped region while a second client waits",
    clause: "disc-second-client",
    ends: "alive",
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      secondClient("connects"),
      secondClient("proposes"),
      getInfo(),
      expect(reply()),
      ...unmaps(),
      disconnect(),
      secondClient("waits"),
      secondClient("leaves"),
    ],
  },
  {
    id: "ten-others-come-and-go",
    title: "Goes on while ten other clients connect and leave",
    clause: "disc-second-client",
    steps: [
      ...Array.from({ length: 10 }, () => [
        secondClient("connects"),
        secondClient("proposes"),
        secondClient("leaves"),
      ]).flat(),
      ...goesOn(),
    ],
  },
];

/** Clients that leave in the middle of something, that come and go, and that meet others. */
export const leavingCases: readonly Row[] = [
  ...unfinished,
  leavesUnread,
  ...inDma,
  ...unanswered,
  ...cycles,
  ...secondClients,
];
