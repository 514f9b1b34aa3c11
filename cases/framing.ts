import type { Outcome, Reply, ReplyDemands, Step } from "../harness/case.ts";
import { extend, patchHeader, truncate } from "../harness/mutate.ts";
import {
  anyError,
  closed,
  command,
  dmaMap,
  dmaUnmap,
  expect,
  getInfo,
  getIrqInfo,
  getRegionInfo,
  headerOnly,
  regionRead,
  remarkable,
  reply,
} from "../harness/steps.ts";
import { commandName, HeaderFlag, MessageType } from "../harness/wire/constants.ts";
import { PAYLOADS } from "../harness/wire/payloads.ts";
import type { ClauseId } from "./clauses/mod.ts";
import { descriptorCases } from "./framing_descriptors.ts";
import { headerCases } from "./framing_headers.ts";
import {
  ANYTHING,
  PROVOCATIONS,
  sample,
  SAMPLES,
  UNKNOWN_COMMAND,
  wholeConfig,
  WITH_PAYLOAD,
} from "./framing_samples.ts";
import { streamCases } from "./framing_stream.ts";
import type { Row, RowSuite } from "./row.ts";

// Whether a command succeeds is for other suites to say: here only its reply is looked at.

const messageIds: readonly Row[] = [
  ...[0, 1, 0x7fff, 0xffff].map((msgId): Row => ({
    id: `message-id-${msgId}`,
    title: `Sends a command with message ID ${msgId}`,
    clause: "hdr-reply-id",
    steps: [patchHeader(getInfo(), { msgId }), expect(reply(), anyError())],
  })),
  {
    id: "message-id-of-error",
    title: "Looks at the message ID of an error reply",
    clause: "hdr-reply-id",
    steps: [
      patchHeader(command(UNKNOWN_COMMAND, new Uint8Array(8)), { msgId: 0xabcd }),
      expect(...ANYTHING),
    ],
  },
];

const WELL_FORMED = [getInfo(), getRegionInfo(), getIrqInfo(), dmaMap(), dmaUnmap()];
const TO_BE_REFUSED = [
  command(UNKNOWN_COMMAND, new Uint8Array(8)),
  dmaUnmap(),
  getRegionInfo({ index: 0xffff_ffff }),
  regionRead({ region: 0xffff_ffff }),
  truncate(getInfo(), 8),
];

/** Asks this of the replies to several commands, and to several that a server has reason to refuse. */
function everyReply(
  { id, looksAt, clause }: { id: string; looksAt: string; clause: ClauseId },
  demands: ReplyDemands = {},
): Row[] {
  const outcomes = [reply({}, demands), anyError(demands)];
  return [
    {
      id,
      title: `Looks at ${looksAt} in the replies to several commands`,
      clause,
      steps: WELL_FORMED.flatMap((message): Step[] => [message, expect(...outcomes)]),
    },
    {
      id: `${id}-of-error`,
      title: `Looks at ${looksAt} in several error replies`,
      clause,
      steps: TO_BE_REFUSED.flatMap((message): Step[] => [message, expect(...outcomes, closed())]),
    },
  ];
}

function isReplyType({ flags }: Reply): string | undefined {
  const type = flags & HeaderFlag.TYPE_MASK;
  return type === MessageType.REPLY ? undefined : `type ${type}`;
}

const echoes: readonly Row[] = [
  ...everyReply({ id: "command", looksAt: "the command number", clause: "hdr-reply-cmd" }),
  ...everyReply(
    { id: "type", looksAt: "the type", clause: "hdr-reply-type" },
    { wants: "type 1", check: isReplyType },
  ),
];

const sizes: readonly Row[] = [
  ...["get-info", "get-region-info", "get-region-io-fds", "get-irq-info", "dma-unmap"].map(
    (id): Row => {
      const { does, before = [], message } = sample(id);
      return {
        id: `size-${id}`,
        title: `${does}, and reads as much as the reply claims to have`,
        clause: "hdr-reply-size",
        steps: [...before, message, expect(reply(), anyError())],
      };
    },
  ),
  {
    id: "size-region-read",
    title: "Reads a region in several lengths, each time as much as the reply claims to have",
    clause: "hdr-reply-size",
    needs: ["config"],
    steps: (device) =>
      [1, 2, 4, 64, wholeConfig(device).count].flatMap((count) => [
        regionRead({ ...wholeConfig(device), count }),
        expect(reply(), anyError()),
      ]),
  },
  {
    id: "size-error",
    title: "Provokes an error, and reads as much as the reply claims to have",
    clause: "hdr-reply-size",
    steps: [truncate(getInfo(), 8), expect(...ANYTHING)],
  },
];

const success: readonly Row[] = [
  ...SAMPLES.map(({ id, does, needs = [], before = [], message }): Row => ({
    id: `error-field-${id}`,
    title: `${does}, and looks at the error field of the reply`,
    clause: "hdr-reply-noerr-clean",
    needs,
    steps: [
      ...before,
      message,
      expect(
        reply({}, {
          wants: "an error field of 0",
          check: ({ error }) => error === 0 ? undefined : `an error field of ${error}`,
        }),
        anyError(),
        closed(),
      ),
    ],
  })),
  {
    id: "flags",
    title: "Looks at all flags of a successful reply",
    clause: "hdr-reply-no-noreply-bit",
    steps: [getInfo(), expect(...onlyFlags(reply, MessageType.REPLY))],
  },
  {
    id: "flags-of-error",
    title: "Looks at all flags of an error reply",
    clause: "hdr-reply-no-noreply-bit",
    steps: [
      command(UNKNOWN_COMMAND, new Uint8Array(8)),
      expect(
        ...onlyFlags((_, demands) => anyError(demands), MessageType.REPLY | HeaderFlag.ERROR),
        closed(),
        reply(),
      ),
    ],
  },
];

/** This outcome with these flags, or a remark. */
function onlyFlags(outcome: typeof reply, expected: number): Outcome[] {
  const text = (flags: number) => `flags 0x${flags.toString(16)}`;
  return [
    outcome({}, {
      wants: text(expected),
      check: ({ flags }) => flags === expected ? undefined : text(flags),
    }),
    remarkable(outcome(), "a reply has flags besides its type and the Error bit"),
  ];
}

/** Asks this of an error reply, if there is one. */
function everyError(prefix: string, clause: ClauseId, demands: ReplyDemands): Row[] {
  return PROVOCATIONS.map(({ id, does, needs = [], before = [], message }): Row => ({
    id: `${prefix}-${id}`,
    title: does,
    clause,
    needs,
    steps: (device) => [
      ...before,
      typeof message === "function" ? message(device) : message,
      expect(anyError(demands), reply(), closed()),
    ],
  }));
}

const errors: readonly Row[] = [
  ...everyError("error-size", "hdr-err-header-only", { payloadSize: 0 }),
  ...everyError("errno", "hdr-errno-positive", {
    wants: "an errno from 0 to 4095",
    check: ({ error }) => error <= 4095 ? undefined : `errno ${error | 0}`,
  }),
];

const answers: readonly Row[] = SAMPLES.map((
  { id, does, needs = [], before = [], message },
): Row => ({
  id: `answer-${id}`,
  title: `${does}, and counts the replies`,
  clause: "hdr-every-cmd-answered",
  needs,
  steps: [...before, message, expect(reply(), anyError())],
}));

const unknownCommands: readonly Row[] = [
  {
    id: "unknown-command-0",
    title: "Sends command 0",
    clause: "hdr-unknown-cmd-0",
    steps: [command(0, new Uint8Array(4)), expect(anyError())],
  },
  {
    id: "unknown-command-14",
    title: "Sends command 14, which older versions of the protocol had",
    clause: "hdr-unknown-cmd-14",
    steps: [command(14, new Uint8Array(32)), expect(anyError(), reply())],
  },
  ...[UNKNOWN_COMMAND, 0xff, 0xffff].map((number): Row => ({
    id: `unknown-command-${number}`,
    title: `Sends command ${number}`,
    clause: "hdr-unknown-cmd-19",
    steps: [command(number, new Uint8Array(8)), expect(anyError())],
  })),
  {
    id: "unknown-command-large",
    title: "Sends an unknown command with a payload of 4096 bytes",
    clause: "hdr-unknown-cmd-19",
    steps: [command(UNKNOWN_COMMAND, new Uint8Array(4096)), expect(anyError())],
  },
  ...[0, 14, UNKNOWN_COMMAND, 0xffff].map((number): Row => ({
    id: `unknown-command-${number}-without-payload`,
    title: `Sends command ${number} without payload`,
    clause: "hdr-unknown-cmd-nobody",
    steps: [headerOnly(number), expect(...ANYTHING)],
  })),
];

function headSize(number: number): number {
  return PAYLOADS.get(number)?.request.head?.size ?? 0;
}

const shortPayloads: readonly Row[] = WITH_PAYLOAD.flatMap(({ id, message }): Row[] => {
  const size = headSize(message.command);
  return [
    {
      id: `no-payload-${id}`,
      title: `Sends ${commandName(message.command)} without payload`,
      clause: "hdr-no-payload",
      steps: [truncate(message, 0), expect(anyError(), closed())],
    },
    ...[1, size / 2, size - 1].map((length): Row => ({
      id: `short-payload-${id}-${length}`,
      title: `Sends ${commandName(message.command)} with a payload of ${length} of ${size} bytes`,
      clause: "hdr-short-payload",
      steps: [truncate(message, length), expect(anyError(), closed())],
    })),
    {
      id: `short-payload-${id}-every-length`,
      title: `Sends ${commandName(message.command)} with every payload of less than ${size} bytes`,
      clause: "hdr-short-payload",
      steps: Array.from({ length: size - 1 }, (_, i) => size - 1 - i)
        .flatMap((length): Step[] => [truncate(message, length), expect(anyError(), closed())]),
    },
  ];
});

const EXTENDED = [
  "dma-map",
  "dma-unmap",
  "get-info",
  "get-region-info",
  "get-region-io-fds",
  "get-irq-info",
  "set-irqs",
  "region-read",
  "device-reset",
];

const longPayloads: readonly Row[] = EXTENDED.flatMap((id) =>
  [4, 16].map((extra): Row => {
    const { does, needs = [], before = [], message } = sample(id);
    return {
      id: `extra-payload-${id}-${extra}`,
      title: `${does}, with ${extra} bytes behind the structure`,
      clause: "hdr-extra-payload",
      needs,
      steps: [...before, extend(message, extra), expect(...ANYTHING)],
    };
  })
);

/** Cases on the header, on message sizes and on the stream that messages travel in. */
export const framingSuite: RowSuite = {
  id: "framing",
  title: "Framing and header",
  cases: [
    ...messageIds,
    ...echoes,
    ...sizes,
    ...success,
    ...errors,
    ...answers,
    ...unknownCommands,
    ...shortPayloads,
    ...longPayloads,
    ...headerCases,
    ...streamCases,
    ...descriptorCases,
  ],
};
