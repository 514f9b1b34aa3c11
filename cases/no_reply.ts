import type { Send } from "../harness/case.ts";
import { noReply, truncate } from "../harness/mutate.ts";
import type { Need } from "../harness/needs.ts";
import {
  anyError,
  closed,
  deviceFeature,
  deviceReset,
  dmaMap,
  dmaUnmap,
  expect,
  getInfo,
  getIrqInfo,
  getRegionInfo,
  getRegionIoFds,
  headerOnly,
  migDataRead,
  migDataWrite,
  nothing,
  regionRead,
  regionWrite,
  regionWriteMulti,
  remarkable,
  reply,
  saved,
  setIrqs,
  together,
} from "../harness/steps.ts";
import {
  Command,
  commandName,
  Feature,
  FeatureFlag,
  PciRegion,
  SetIrqsFlag,
} from "../harness/wire/constants.ts";
import { backed, blocks } from "./guest_blocks.ts";
import type { Row } from "./row.ts";
import { onScratch, pattern } from "./scratch.ts";

const UNKNOWN_COMMAND = 19;
const BURST = 1000;
/** Writing back what it holds changes nothing, on any device. */
const interruptLine = { region: PciRegion.CONFIG, offset: 0x3cn, count: 1 };

const writes: Row[] = [
  {
    id: "no-reply-write-to-config",
    title: "Writes the interrupt line back with No_reply",
    clause: "noreply-write",
    needs: ["writable-config"],
    steps: [
      regionRead(interruptLine),
      expect(reply({}, { save: "line" })),
      noReply(regionWrite({ ...interruptLine, data: saved("line") })),
      expect(nothing()),
    ],
  },
  {
    id: "no-reply-write-to-scratch",
    title: "Writes scratch memory with No_reply",
    clause: "noreply-write",
    needs: ["scratch"],
    steps: onScratch((cell) => [
      noReply(regionWrite({ ...cell, data: pattern(cell, 10) })),
      expect(nothing()),
    ]),
  },
];

const effects: Row[] = [
  {
    id: "no-reply-write-then-read",
    title: "Writes with No_reply and reads the new value in the same send",
    clause: "noreply-effect",
    needs: ["scratch"],
    steps: onScratch((cell) => [
      together(noReply(regionWrite({ ...cell, data: pattern(cell, 11) })), regionRead(cell)),
      expect(reply({}, { data: pattern(cell, 11) })),
    ]),
  },
  {
    id: "no-reply-map-then-unmap",
    title: "Maps with No_reply and unmaps without waiting",
    clause: "noreply-effect",
    steps: [noReply(dmaMap(backed(0))), dmaUnmap(blocks(0)), expect(reply())],
  },
  {
    id: "no-reply-burst",
    title: `Writes ${BURST} times with No_reply and reads the last value`,
    clause: "noreply-burst",
    needs: ["scratch"],
    steps: onScratch((cell) => [
      ...Array.from(
        { length: BURST },
        (_, i) => noReply(regionWrite({ ...cell, data: pattern(cell, i % 200) })),
      ),
      regionRead(cell),
      expect(reply({}, { data: pattern(cell, (BURST - 1) % 200) })),
    ]),
  },
];

const failures: Row[] = ([
  [
    "write-to-unknown-region",
    "Writes to a region that is not there",
    regionWrite({ region: 0xffff_ffff, data: new Uint8Array(4) }),
  ],
  [
    "read-of-unknown-region",
    "Reads a region that is not there",
    regionRead({ region: 0xffff_ffff }),
  ],
  ["unknown-region", "Asks for a region that is not there", getRegionInfo({ index: 0xffff_ffff })],
  ["unmap-of-nothing", "Unmaps what is not mapped", dmaUnmap(blocks(0))],
] satisfies [string, string, Send][]).map(([id, title, message]) => ({
  id: `no-reply-${id}`,
  title: `${title}, with No_reply`,
  clause: "noreply-error-silent",
  steps: [noReply(message), expect(nothing())],
}));

const malformed: Row[] = [
  {
    id: "no-reply-short-payload",
    title: "Maps with No_reply and a payload cut after flags",
    clause: "noreply-error-silent",
    steps: [noReply(truncate(dmaMap(), 8)), expect(nothing(), closed())],
  },
  {
    id: "no-reply-unknown-command",
    title: "Sends an unknown command with No_reply",
    clause: "noreply-unknown-cmd",
    steps: [
      noReply(headerOnly(UNKNOWN_COMMAND)),
      expect(
        nothing(),
        remarkable(anyError(), "The server answers an unknown command that asks for no reply."),
        closed(),
      ),
    ],
  },
];

const eachCommand: Row[] = ([
  [getInfo()],
  [getRegionInfo()],
  [getRegionIoFds()],
  [getIrqInfo()],
  [setIrqs({ flags: SetIrqsFlag.DATA_NONE | SetIrqsFlag.ACTION_TRIGGER, count: 0 })],
  [regionRead(interruptLine), "config"],
  [deviceReset(), "reset"],
  [regionWriteMulti([])],
  [deviceFeature({ flags: FeatureFlag.PROBE | FeatureFlag.GET | Feature.MIGRATION })],
  [migDataRead()],
  [migDataWrite(new Uint8Array())],
] satisfies [Send, Need?][]).map(([message, ...needs]) => {
  const name = commandName(message.command);
  return {
    id: `no-reply-${name.toLowerCase().replaceAll("_", "-")}`,
    title: `Sends ${name} with No_reply`,
    clause: "noreply-each-cmd",
    needs,
    steps: [noReply(message), expect(nothing())],
  } satisfies Row;
});

const maps: Row[] = [
  {
    id: "no-reply-dma-map",
    title: `Sends ${commandName(Command.DMA_MAP)} with No_reply, and unmaps the region`,
    clause: "noreply-each-cmd",
    steps: [
      noReply(dmaMap(backed(0))),
      expect(nothing()),
      dmaUnmap(blocks(0)),
      expect(reply()),
    ],
  },
  {
    id: "no-reply-dma-unmap",
    title: "Sends DMA_UNMAP with No_reply, and unmaps the region again",
    clause: "noreply-each-cmd",
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      noReply(dmaUnmap(blocks(0))),
      expect(nothing()),
      dmaUnmap(blocks(0)),
      expect(anyError()),
    ],
  },
];

/** Commands that ask for no reply. */
export const noReplyRows: readonly Row[] = [
  ...writes,
  ...effects,
  ...failures,
  ...malformed,
  ...eachCommand,
  ...maps,
];
