import type { Outcome, Step } from "../harness/case.ts";
import { interruptCount, raisedInterrupts } from "../harness/interrupt_facts.ts";
import {
  anyError,
  atMost,
  connect,
  countDescriptors,
  deviceFeature,
  disconnect,
  dmaMap,
  dmaRequests,
  dmaUnmap,
  eventfd,
  expect,
  getInfo,
  leftServer,
  memory,
  memoryReleased,
  readMemory,
  reconnect,
  regionRead,
  regionWrite,
  reply,
  sameDescriptors,
  setIrqs,
  signalled,
  socketClosed,
  version,
} from "../harness/steps.ts";
import { Feature, FeatureFlag, PAGE } from "../harness/wire/constants.ts";
import {
  DeviceFeature,
  FeatureLoggingControl,
  FeatureLoggingReport,
  LoggingRange,
} from "../harness/wire/messages.ts";
import { parseVersionJson } from "../harness/wire/version_json.ts";
import { deviceMayWrite, mark } from "./device_dma.ts";
import { leavingCases } from "./disconnection_leaving.ts";
import { limitedTo } from "./dma_requests.ts";
import { along, moves, ON_MAIN, pattern as bytesFor } from "./dma_ways.ts";
import { backed, BLOCK, blocks } from "./guest_blocks.ts";
import { indexes } from "./indexes.ts";
import { BIND, binds, deviceRaises, lineSilent, mayTrigger, onInterrupts } from "./interrupts.ts";
import type { Row, RowSuite } from "./row.ts";
import { onScratch, pattern } from "./scratch.ts";

const survival: Row[] = [
  {
    id: "leaves-idle",
    title: "Leaves without having done anything",
    clause: "disc-server-survives",
    steps: [reconnect(), getInfo(), expect(reply()), disconnect(), leftServer("ends-well")],
  },
  {
    id: "leaves-with-dma-regions",
    title: "Leaves with two mapped regions, one of them with a descriptor",
    clause: "disc-server-survives",
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      dmaMap(blocks(2)),
      expect(reply(), anyError()),
      disconnect(),
      leftServer("ends-well"),
    ],
  },
  {
    id: "leaves-with-interrupt",
    title: "Leaves with a bound interrupt",
    clause: "disc-server-survives",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => [...binds(index, 0), disconnect(), leftServer("ends-well")]),
  },
  {
    id: "next-client",
    title: "Leaves, and comes back",
    clause: "disc-reconnect",
    needs: ["lives-on"],
    steps: [reconnect(), getInfo(), expect(reply()), disconnect(), leftServer("serves-next")],
  },
  {
    id: "next-client-ten-times",
    title: "Leaves, and comes back, ten times",
    clause: "disc-reconnect",
    needs: ["serves-next-client"],
    steps: indexes(10).flatMap(() => [reconnect(), getInfo(), expect(reply())]),
  },
];

const regions: Row[] = [
  {
    id: "region-of-last-client",
    title: "Unmaps and maps what was mapped when the last client left",
    clause: "disc-dma-cleared",
    needs: ["serves-next-client"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      reconnect(),
      dmaUnmap(blocks(0)),
      expect(anyError()),
      dmaMap(backed(0)),
      expect(reply()),
    ],
  },
  {
    id: "larger-region-than-last-client",
    title: "Maps a region that contains one which was mapped when the last client left",
    clause: "disc-dma-cleared",
    needs: ["serves-next-client"],
    steps: [dmaMap(backed(1)), expect(reply()), reconnect(), dmaMap(backed(0, 3)), expect(reply())],
  },
  {
    id: "region-of-last-client-written-by-device",
    title: "Makes the device write to what was mapped when the last client left",
    clause: "disc-dma-cleared",
    needs: ["serves-next-client", "device-dma-write"],
    steps: (device) => [
      dmaMap({ ...blocks(0), fds: [memory(BLOCK, { name: "left" })] }),
      expect(reply()),
      reconnect(),
      ...deviceMayWrite(device, { address: blocks(0).address, bytes: mark(60) }),
      readMemory("left", 0, new Uint8Array(4)),
    ],
  },
  {
    id: "file-of-last-client",
    title: "Looks for the memory files of the last client in the server",
    clause: "disc-dma-fd-closed",
    needs: ["two-dma-maps", "serves-next-client", "local-process"],
    steps: [
      ...["first", "second"].flatMap((name, at) => [
        dmaMap({ ...blocks(2 * at), fds: [memory(BLOCK, { name })] }),
        expect(reply()),
      ]),
      reconnect(),
      memoryReleased("first"),
      memoryReleased("second"),
    ],
  },
  {
    id: "regions-of-last-client-counted",
    title: "Counts the server's descriptors before and after a client with four mapped regions",
    clause: "disc-dma-fd-closed",
    needs: ["four-dma-maps", "serves-next-client", "local-process"],
    steps: [
      countDescriptors(),
      ...indexes(4).flatMap((at) => [dmaMap(backed(2 * at)), expect(reply())]),
      reconnect(),
      sameDescriptors(),
    ],
  },
];

const interrupts: Row[] = [
  {
    id: "interrupt-of-last-client",
    title: "Triggers the interrupt that was bound when the last client left",
    clause: "disc-irq-cleared",
    needs: ["serves-next-client", "interrupt"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0),
      reconnect(),
      ...mayTrigger(index, 0),
      lineSilent(0),
    ]),
  },
  {
    id: "interrupt-of-last-client-raised-by-device",
    title: "Makes the device raise the interrupts that were bound when the last client left",
    clause: "disc-irq-cleared",
    needs: ["serves-next-client", "device-interrupt"],
    steps: (device) =>
      raisedInterrupts(device).slice(0, 1).flatMap((interrupt) => [
        setIrqs({
          flags: BIND,
          index: interrupt.index,
          start: interrupt.subIndex,
          fds: [eventfd("left")],
        }),
        expect(reply()),
        reconnect(),
        ...deviceRaises(interrupt),
        signalled("left", 0),
      ]),
  },
  {
    id: "interrupts-of-last-client-counted",
    title: "Counts the server's descriptors before and after a client with bound interrupts",
    clause: "disc-irq-cleared",
    needs: ["serves-next-client", "local-process", "interrupt"],
    steps: onInterrupts(({ index }, device) => [
      countDescriptors(),
      ...binds(index, ...indexes(Math.min(interruptCount(device, index), 8))),
      reconnect(),
      sameDescriptors(),
    ]),
  },
];

const state: Row[] = [
  {
    id: "scratch-of-last-client",
    title: "Writes scratch memory, leaves, comes back and reads it",
    clause: "disc-state-kept",
    needs: ["serves-next-client", "scratch"],
    steps: onScratch((cell) => [
      regionWrite({ ...cell, data: pattern(cell, 61) }),
      expect(reply()),
      reconnect(),
      regionRead(cell),
      expect(reply({}, { data: pattern(cell, 61) })),
    ]),
  },
];

const AGREED = { max_msg_fds: 8, max_data_xfer_size: 1 << 20 };
const LIMIT = 16;

function proposes(capabilities: object, outcome: Outcome, minor = 1): Step[] {
  return [version({ minor, json: { capabilities } }), expect(outcome)];
}

const limits: Row[] = [
  {
    id: "lower-minor-than-last-client",
    title: "Proposes version 0.1, leaves, proposes 0.0, leaves, and proposes 0.1 again",
    clause: "disc-limits-renegotiated",
    begins: "connected",
    needs: ["serves-next-client"],
    steps: [
      ...proposes(AGREED, reply({ minor: atMost(1) }), 1),
      connect(),
      ...proposes(AGREED, reply({ minor: 0 }), 0),
      connect(),
      ...proposes(AGREED, reply({ minor: atMost(1) }), 1),
    ],
  },
  {
    id: "no-twin-socket-after-twin-socket",
    title: "Agrees on a twin socket, leaves, and proposes a version without one",
    clause: "disc-limits-renegotiated",
    begins: "connected",
    needs: ["serves-next-client", "twin-socket"],
    steps: [
      ...proposes({ ...AGREED, twin_socket: { supported: true } }, reply()),
      connect(),
      ...proposes(
        AGREED,
        reply({}, {
          fdCount: 0,
          wants: "no twin socket",
          check: ({ data }) => {
            const parsed = parseVersionJson(data);
            return parsed.ok && parsed.capabilities.twinSocket.supported ? "one" : undefined;
          },
        }),
      ),
    ],
  },
  ...ON_MAIN.map((way) =>
    along({
      way,
      id: "after-client-with-larger-limit",
      title: `Comes back with max_data_xfer_size ${LIMIT}, and makes the device ${way.verb}`,
      clause: "disc-limits-renegotiated",
      needs: ["serves-next-client"],
      large: true,
      steps: (device) => {
        const transfer = { address: blocks(0).address, bytes: bytesFor(62, 64) };
        return [
          connect(),
          ...proposes({ ...AGREED, max_data_xfer_size: LIMIT }, reply()),
          dmaMap(blocks(0)),
          expect(reply()),
          ...moves(way, device, transfer, LIMIT),
          dmaRequests(limitedTo(LIMIT, transfer)),
        ];
      },
    })
  ),
];

const GRANULE = BigInt(PAGE);
/** One bit for each page of a block, in whole words. */
const BITMAP = 8 * Math.ceil(BLOCK / PAGE / 64);

const logging: Row[] = [
  {
    id: "logging-of-last-client",
    title: "Asks for a report of the DMA logging that the last client had started",
    clause: "disc-logging-cleared",
    needs: ["serves-next-client", "dma-logging"],
    steps: () => {
      const { address: iova, size: length } = blocks(0);
      const report = FeatureLoggingReport.encode({ iova, length, pageSize: GRANULE });
      return [
        dmaMap(backed(0)),
        expect(reply()),
        deviceFeature({
          flags: Feature.DMA_LOGGING_START | FeatureFlag.SET,
          data: joined(
            FeatureLoggingControl.encode({ pageSize: GRANULE, numRanges: 1 }),
            LoggingRange.encode({ iova, length }),
          ),
        }),
        expect(reply(), anyError()),
        reconnect(),
        deviceFeature({
          flags: Feature.DMA_LOGGING_REPORT | FeatureFlag.GET,
          argsz: DeviceFeature.size + report.byteLength + BITMAP,
          data: report,
        }),
        expect(
          anyError(),
          reply({}, { payloadSize: DeviceFeature.size + report.byteLength + BITMAP }),
        ),
      ];
    },
  },
];

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const twin: Row[] = [
  {
    id: "twin-socket-of-last-client",
    title: "Agrees on a twin socket, and closes the main one",
    clause: "disc-twin-closed",
    begins: "connected",
    needs: ["twin-socket"],
    steps: [
      ...proposes(
        { ...AGREED, twin_socket: { supported: true } },
        reply({}, { save: "twin", saveFds: "twin" }),
      ),
      disconnect(),
      socketClosed("twin", "fdIndex"),
    ],
  },
];

/** Section Client Disconnection, and what outlives a client. */
export const disconnectionSuite: RowSuite = {
  id: "disconnection",
  title: "Disconnection",
  cases: [
    ...survival,
    ...regions,
    ...interrupts,
    ...state,
    ...limits,
    ...logging,
    ...twin,
    ...leavingCases,
  ],
};
