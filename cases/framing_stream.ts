import type { Send, Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import { onlyFirst, patchHeader, splitAt } from "../harness/mutate.ts";
import {
  anyError,
  closed,
  countDescriptors,
  disconnect,
  dmaMap,
  dmaUnmap,
  expect,
  getInfo,
  getIrqInfo,
  getRegionInfo,
  memory,
  reconnect,
  regionRead,
  reply,
  sameDescriptors,
  shutdownWrite,
  together,
} from "../harness/steps.ts";
import { PAGE } from "../harness/wire/constants.ts";
import { DeviceInfo, Header } from "../harness/wire/messages.ts";
import { clients } from "./clients.ts";
import { ANYTHING, wholeConfig } from "./framing_samples.ts";
import { VENDOR_ID } from "./pci_registers.ts";
import type { Row } from "./row.ts";

const INFO_SIZE = Header.size + DeviceInfo.size;

const pieces: readonly Row[] = [
  {
    id: "body-later",
    title: "Sends a header, and its body when the header has been read",
    clause: "hdr-split-hdr-body",
    steps: [splitAt(getInfo(), Header.size), expect(reply())],
  },
  {
    id: "body-later-with-descriptor",
    title: "Sends a header with a descriptor, and its body when the header has been read",
    clause: "hdr-split-hdr-body",
    steps: [splitAt(dmaMap({ fds: [memory(PAGE)] }), Header.size), expect(reply())],
  },
  ...[17, 24, 31].map((cut): Row => ({
    id: `body-cut-at-${cut}`,
    title: `Sends the first ${cut} bytes of a message, and the rest when they have been read`,
    clause: "hdr-split-body",
    steps: [splitAt(getInfo(), cut), expect(reply())],
  })),
  {
    id: "body-in-three-pieces",
    title: "Sends a message in three pieces, all cut in its body",
    clause: "hdr-split-body",
    steps: [splitAt(dmaMap(), Header.size + 8, Header.size + 24), expect(reply())],
  },
  ...[1, 8, 15].map((cut): Row => ({
    id: `header-cut-at-${cut}`,
    title: `Sends the first ${cut} bytes of a header, and the rest when they have been read`,
    clause: "hdr-split-header",
    steps: [splitAt(getInfo(), cut), expect(reply())],
  })),
  {
    id: "byte-by-byte",
    title: "Sends a message byte by byte",
    clause: "hdr-byte-by-byte",
    ends: "alive",
    steps: [
      splitAt(getInfo(), ...Array.from({ length: INFO_SIZE - 1 }, (_, i) => i + 1)),
      expect(...ANYTHING),
    ],
  },
];

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function atOnce(messages: readonly Send[]): Step[] {
  return [together(...messages), ...messages.map(() => expect(reply(), anyError()))];
}

const coalesced: readonly Row[] = [
  {
    id: "twenty-commands-at-once",
    title: "Sends twenty commands in one piece",
    clause: "hdr-coalesced",
    steps: atOnce(times(20, () => getInfo())),
  },
  {
    id: "different-commands-at-once",
    title: "Sends commands of different sizes in one piece",
    clause: "hdr-coalesced",
    steps: atOnce([
      dmaMap(),
      getInfo(),
      getRegionInfo(),
      dmaUnmap(),
      getIrqInfo(),
    ]),
  },
];

/** A message of 100 bytes of which the body ends early. */
const HALF_SENT = onlyFirst(patchHeader(getInfo(), { msgSize: 100 }), Header.size + 10);

const leaving: readonly Row[] = [
  {
    id: "leaves-within-body",
    title: "Leaves when 10 of 84 bytes of a body are sent",
    clause: "hdr-truncated-then-close",
    ends: "alive",
    steps: [HALF_SENT, disconnect()],
  },
  {
    id: "leaves-within-header",
    title: "Leaves when half of a header is sent",
    clause: "hdr-truncated-then-close",
    ends: "alive",
    steps: [onlyFirst(getInfo(), Header.size / 2), disconnect()],
  },
  {
    id: "leaves-behind-header",
    title: "Leaves when a header and no body is sent",
    clause: "hdr-truncated-then-close",
    ends: "alive",
    steps: [onlyFirst(getInfo(), Header.size), disconnect()],
  },
  ...[
    { part: "header", size: Header.size / 2 },
    { part: "body", size: Header.size + 10 },
  ].map(({ part, size }): Row => ({
    id: `leaves-descriptor-within-${part}`,
    title: `Leaves when a descriptor and a part of a ${part} are sent, and counts descriptors`,
    clause: "hdr-truncated-then-close",
    needs: ["local-process"],
    steps: [
      countDescriptors(),
      onlyFirst(dmaMap({ fds: [memory(PAGE)] }), size),
      reconnect(),
      sameDescriptors(),
    ],
  })),
  {
    id: "half-close",
    title: "Shuts down its sending side",
    clause: "hdr-half-close",
    steps: [shutdownWrite(), expect(closed())],
  },
  {
    id: "half-close-behind-command",
    title: "Sends a command and shuts down its sending side",
    clause: "hdr-half-close",
    steps: [
      getInfo(),
      shutdownWrite(),
      expect(reply(), anyError(), closed()),
      expect(closed()),
    ],
  },
  {
    id: "half-close-within-message",
    title: "Shuts down its sending side within a message",
    clause: "hdr-half-close",
    ends: "alive",
    steps: [HALF_SENT, shutdownWrite(), expect(closed(), anyError())],
  },
  {
    id: "leaves-without-reading",
    title: "Sends a command and leaves without reading the reply",
    clause: "hdr-client-rst-on-reply",
    ends: "alive",
    steps: [getInfo(), disconnect()],
  },
  {
    id: "leaves-without-reading-hundred",
    title: "Sends a hundred commands and leaves without reading a reply",
    clause: "hdr-client-rst-on-reply",
    ends: "alive",
    steps: [together(...times(100, () => getInfo())), disconnect()],
  },
  {
    id: "leaves-without-reading-each-time",
    title: "Connects, sends ten commands and leaves, again and again",
    clause: "hdr-client-rst-on-reply",
    ends: "alive",
    steps: (device) =>
      times(clients(device, 10), () => [reconnect(), together(...times(10, () => getInfo()))])
        .flat(),
  },
];

const SLOW_READS = 500;

function sameIds(device: DeviceFacts): Step {
  const { count } = wholeConfig(device);
  return expect(
    reply({ count }, {
      payloadSize: 16 + count,
      wants: "the same IDs as before",
      check: ({ data }, saved) => {
        const ids = data.subarray(0, VENDOR_ID.count).toHex();
        return ids === saved.get("ids")?.toHex() ? undefined : `IDs ${ids}`;
      },
    }),
  );
}

const slow: readonly Row[] = [
  {
    id: "slow-reader",
    title: `Sends ${SLOW_READS} reads of the configuration space, and only then reads the replies`,
    clause: "hdr-slow-reader",
    needs: ["config"],
    steps: (device) => [
      regionRead(VENDOR_ID),
      expect(reply({}, { save: "ids" })),
      together(...times(SLOW_READS, () => regionRead(wholeConfig(device)))),
      ...times(SLOW_READS, () => sameIds(device)),
    ],
  },
];

/** Messages cut, run together and left behind. */
export const streamCases: readonly Row[] = [...pieces, ...coalesced, ...leaving, ...slow];
