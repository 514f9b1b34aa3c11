import type { Step } from "../harness/case.ts";
import { extend, patchHeader } from "../harness/mutate.ts";
import {
  anyError,
  closed,
  command,
  countDescriptors,
  dmaMap,
  expect,
  getInfo,
  headerOnly,
  memory,
  nothing,
  readMemory,
  reconnect,
  regionWrite,
  remarkable,
  reply,
  sameDescriptors,
  silence,
} from "../harness/steps.ts";
import { Command, HeaderFlag, MessageType, PAGE } from "../harness/wire/constants.ts";
import { Errno } from "../harness/wire/errno.ts";
import { DmaAccess } from "../harness/wire/messages.ts";
import { ANYTHING } from "./framing_samples.ts";
import type { Row } from "./row.ts";

const GUEST = 0x10_0000n;

const wrongDirection: readonly Row[] = [
  {
    id: "dma-read-from-client",
    title: "Sends DMA_READ, which is a command of the server",
    clause: "hdr-s2c-cmd-from-client",
    steps: [
      command(Command.DMA_READ, DmaAccess.encode({ address: GUEST, count: 4n })),
      expect(...ANYTHING),
    ],
  },
  {
    id: "dma-write-from-client",
    title: "Sends DMA_WRITE, which is a command of the server, for a region that it has mapped",
    clause: "hdr-s2c-cmd-from-client",
    steps: [
      dmaMap({ address: GUEST, fds: [memory(PAGE, { name: "guest" })] }),
      expect(reply(), anyError()),
      command(
        Command.DMA_WRITE,
        DmaAccess.encode({ address: GUEST, count: 4n }),
        Uint8Array.of(1, 2, 3, 4),
      ),
      expect(...ANYTHING),
      readMemory("guest", 0, new Uint8Array(4)),
    ],
  },
];

const WAITS = "waits for gigabytes that were announced and never come";
const HUGE = [0x7fff_ffff, 0xffff_ffff];
/** A server that announces more is not sent a message of that size. */
const MOST_SENT = 16 * 1024 * 1024;

const messageSizes: readonly Row[] = [
  ...[1, 8, 15].map((msgSize): Row => ({
    id: `message-size-${msgSize}`,
    title: `Sends a header with message size ${msgSize}`,
    clause: "hdr-size-lt-16",
    ends: "alive",
    steps: [headerOnly(Command.DEVICE_GET_INFO, { msgSize }), expect(...ANYTHING)],
  })),
  {
    id: "message-size-0",
    title: "Sends a header with message size 0",
    clause: "hdr-size-lt-16",
    ends: "alive",
    steps: [headerOnly(Command.DEVICE_GET_INFO, { msgSize: 0 }), expect(...ANYTHING)],
  },
  {
    id: "message-size-0-replies",
    title: "Sends a header with message size 0, and another command where the server goes on",
    clause: "hdr-size-zero-loop",
    steps: [headerOnly(Command.DEVICE_GET_INFO, { msgSize: 0 }), expect(...ANYTHING)],
  },
  ...HUGE.flatMap((msgSize): Row[] => [
    {
      id: `message-size-${msgSize}-get-info`,
      title: `Sends a header of DEVICE_GET_INFO with message size ${msgSize}`,
      clause: "hdr-size-huge",
      ends: "alive",
      steps: [
        headerOnly(Command.DEVICE_GET_INFO, { msgSize }),
        expect(...ANYTHING, remarkable(silence(), WAITS)),
      ],
    },
    {
      id: `message-size-${msgSize}-region-write`,
      title: `Sends a header of REGION_WRITE with message size ${msgSize}`,
      clause: "hdr-size-huge",
      ends: "alive",
      steps: [
        headerOnly(Command.REGION_WRITE, { msgSize }),
        expect(...ANYTHING, remarkable(silence(), WAITS)),
      ],
    },
  ]),
  {
    id: "message-size-huge-memory",
    title: "Sends headers with message sizes of gigabytes, and looks at the memory of the server",
    clause: "hdr-size-huge",
    needs: ["local-process"],
    steps: [
      countDescriptors(),
      ...HUGE.flatMap((msgSize): Step[] => [
        headerOnly(Command.REGION_WRITE, { msgSize }),
        expect(...ANYTHING, remarkable(silence(), WAITS)),
        reconnect(),
      ]),
      sameDescriptors(),
    ],
  },
  {
    id: "message-size-over-max",
    title: "Writes a byte more than max_data_xfer_size to a region that does not exist",
    clause: "hdr-size-over-max",
    ends: "alive",
    steps: (device) => {
      const size = Math.min(device.capabilities.maxDataXferSize, MOST_SENT) + 1;
      // A server that leaves the data in the stream takes them for headers: these ask for no reply.
      const data = new Uint8Array(size).fill(HeaderFlag.NO_REPLY);
      return [regionWrite({ region: 0xffff_ffff, data }), expect(...ANYTHING)];
    },
  },
];

const REPLY_TO_REPLY = "a reply that answers nothing is answered with an error";
const UNDEFINED_TYPES = Array.from({ length: 14 }, (_, i) => i + 2);

const types: readonly Row[] = [
  ...UNDEFINED_TYPES.map((type): Row => ({
    id: `type-${type}`,
    title: `Sends a header of type ${type}`,
    clause: "hdr-type-2-15",
    steps: [
      headerOnly(Command.DEVICE_GET_INFO, { flags: type }),
      expect(anyError(), closed(), reply(), nothing()),
    ],
  })),
  {
    id: "type-2-with-payload",
    title: "Sends a message of type 2 with its payload",
    clause: "hdr-type-2-15",
    ends: "alive",
    steps: [
      patchHeader(getInfo(), { flags: 2 }),
      expect(anyError(), closed(), reply(), nothing()),
    ],
  },
  ...[
    { id: "unasked-reply", what: "a reply", flags: MessageType.REPLY },
    {
      id: "unasked-error-reply",
      what: "an error reply",
      flags: MessageType.REPLY | HeaderFlag.ERROR,
    },
  ].map(({ id, what, flags }): Row => ({
    id,
    title: `Sends ${what} that answers no command`,
    clause: "hdr-unsolicited-reply",
    steps: [
      headerOnly(Command.DMA_READ, { flags, msgId: 0x4242 }),
      expect(nothing(), closed(), remarkable(anyError(), REPLY_TO_REPLY), reply()),
    ],
  })),
  {
    id: "unasked-reply-with-payload",
    title: "Sends a reply with data that answers no command",
    clause: "hdr-unsolicited-reply",
    ends: "alive",
    steps: [
      patchHeader(
        extend(command(Command.DMA_READ, DmaAccess.encode({ address: GUEST, count: 16n })), 16),
        { flags: MessageType.REPLY, msgId: 0x4242 },
      ),
      expect(nothing(), closed(), remarkable(anyError(), REPLY_TO_REPLY), reply()),
    ],
  },
];

const RESERVED_REFUSED = "fields that are reserved in a command are not ignored";

const reserved: readonly Row[] = [
  ...[0x40, 0x80, 0x100, 0x1_0000, 0x8000_0000, 0xffff_ffc0].map((flags): Row => ({
    id: `reserved-flags-${flags.toString(16)}`,
    title: `Sends a command with the undefined flags 0x${flags.toString(16)}`,
    clause: "hdr-reserved-flags",
    steps: [patchHeader(getInfo(), { flags }), expect(...ANYTHING)],
  })),
  ...[
    { id: "error-bit", what: "the Error bit", header: { flags: HeaderFlag.ERROR } },
    { id: "error-number", what: "an errno", header: { error: Errno.EINVAL } },
    {
      id: "error-bit-and-number",
      what: "the Error bit and an errno",
      header: { flags: HeaderFlag.ERROR, error: Errno.EINVAL },
    },
  ].map(({ id, what, header }): Row => ({
    id: `${id}-in-command`,
    title: `Sends a command with ${what}`,
    clause: "hdr-error-field-in-cmd",
    steps: [
      patchHeader(getInfo(), header),
      expect(reply(), remarkable(anyError(), RESERVED_REFUSED), closed()),
    ],
  })),
];

/** Headers that are wrong, or that hold more than they should. */
export const headerCases: readonly Row[] = [
  ...wrongDirection,
  ...messageSizes,
  ...types,
  ...reserved,
];
