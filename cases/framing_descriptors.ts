import type { Descriptor, Send, Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import { patchHeader, splitAt, truncate, withFds } from "../harness/mutate.ts";
import {
  command,
  countDescriptors,
  dmaMap,
  eventfd,
  expect,
  getInfo,
  memory,
  reconnect,
  sameDescriptors,
} from "../harness/steps.ts";
import { PAGE } from "../harness/wire/constants.ts";
import { Header } from "../harness/wire/messages.ts";
import { ANYTHING, sample, UNKNOWN_COMMAND } from "./framing_samples.ts";
import type { Row } from "./row.ts";

/** Descriptors that one message can carry on Linux. */
const MOST_FDS = 253;

const THREE = [eventfd(), memory(PAGE), eventfd()];

/** As many as asked, all of one file. */
function sameFile(count: number): Descriptor[] {
  return new Array<Descriptor>(count).fill(memory(PAGE, { name: "file" }));
}

const unexpected: readonly Row[] = [
  {
    id: "one-descriptor-get-info",
    title: "Asks for the device information with a descriptor",
    clause: "fd-unexpected-closed",
    steps: [withFds(getInfo(), eventfd()), expect(...ANYTHING)],
  },
  ...[
    "get-info",
    "get-region-info",
    "get-region-io-fds",
    "get-irq-info",
    "set-irqs",
    "dma-unmap",
    "region-read",
    "region-write",
    "device-feature",
  ].map((id): Row => {
    const { does, needs = [], before = [], message } = sample(id);
    return {
      id: `three-descriptors-${id}`,
      title: `${does} with three descriptors, and counts those of the server`,
      clause: "fd-unexpected-closed",
      needs: [...needs, "local-process"],
      steps: [
        ...before,
        message, // once without: a server may open descriptors of its own at the first time
        expect(...ANYTHING),
        countDescriptors(),
        withFds(message, ...THREE),
        expect(...ANYTHING),
        sameDescriptors(),
      ],
    };
  }),
];

/** The server holds no more than before, whether or not it goes on with the connection. */
function keepsNone(message: Send): Step[] {
  return [countDescriptors(), message, expect(...ANYTHING), reconnect(), sameDescriptors()];
}

const refused: readonly Row[] = [
  {
    id: "descriptors-with-unknown-command",
    title: "Sends descriptors with an unknown command, and counts those of the server",
    clause: "fd-unexpected-on-error",
    needs: ["local-process"],
    steps: keepsNone(withFds(command(UNKNOWN_COMMAND, new Uint8Array(8)), ...THREE)),
  },
  {
    id: "descriptors-with-short-payload",
    title: "Sends descriptors with a payload that is too short, and counts those of the server",
    clause: "fd-unexpected-on-error",
    needs: ["local-process"],
    steps: keepsNone(withFds(truncate(dmaMap(), 16), ...THREE)),
  },
  {
    id: "descriptors-with-message-size-15",
    title: "Sends descriptors with a message size of 15, and counts those of the server",
    clause: "fd-unexpected-on-error",
    needs: ["local-process"],
    steps: keepsNone(withFds(patchHeader(truncate(getInfo(), 0), { msgSize: 15 }), ...THREE)),
  },
];

function overMax(device: DeviceFacts): number {
  return Math.min(device.capabilities.maxMsgFds + 1, MOST_FDS);
}

const tooMany: readonly Row[] = [
  {
    id: "over-max-msg-fds-get-info",
    title: "Asks for the device information with more descriptors than max_msg_fds",
    clause: "fd-over-max-msg-fds",
    steps: (device) => [withFds(getInfo(), ...sameFile(overMax(device))), expect(...ANYTHING)],
  },
  {
    id: "over-max-msg-fds-dma-map",
    title: "Maps a region with more descriptors than max_msg_fds",
    clause: "fd-over-max-msg-fds",
    steps: (device) => [dmaMap({ fds: sameFile(overMax(device)) }), expect(...ANYTHING)],
  },
  {
    id: "over-max-msg-fds-counted",
    title: "Sends more descriptors than max_msg_fds, and counts those of the server",
    clause: "fd-over-max-msg-fds",
    needs: ["local-process"],
    steps: (device) => keepsNone(dmaMap({ fds: sameFile(overMax(device)) })),
  },
  {
    id: "most-descriptors",
    title: `Maps a region with ${MOST_FDS} descriptors`,
    clause: "fd-253",
    steps: [dmaMap({ fds: sameFile(MOST_FDS) }), expect(...ANYTHING)],
  },
  {
    id: "most-descriptors-counted",
    title: `Maps a region with ${MOST_FDS} descriptors, and counts those of the server`,
    clause: "fd-253",
    needs: ["local-process"],
    steps: keepsNone(dmaMap({ fds: sameFile(MOST_FDS) })),
  },
];

const LATE: Send = { ...splitAt(dmaMap({ fds: [memory(PAGE)] }), Header.size), fdsAtCut: 1 };

const late: readonly Row[] = [
  {
    id: "descriptor-with-body",
    title: "Sends the descriptor of a region with the body instead of the header",
    clause: "fd-late",
    steps: [LATE, expect(...ANYTHING)],
  },
  {
    id: "descriptor-with-body-counted",
    title: "Sends a descriptor with the body, and counts those of the server",
    clause: "fd-late",
    needs: ["local-process"],
    steps: keepsNone(LATE),
  },
];

/** Descriptors where none are wanted, or too many of them. */
export const descriptorCases: readonly Row[] = [...unexpected, ...refused, ...tooMany, ...late];
