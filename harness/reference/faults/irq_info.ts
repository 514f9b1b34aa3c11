import { Command, IrqFlag, PciIrq } from "../../wire/constants.ts";
import { IrqInfo } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { Fault, Hooks } from "../fault.ts";
import { die, onReply, onRequest, pad, patch } from "./tools.ts";

type Info = Decoded<typeof IrqInfo>;

function withInfo(change: (info: Info) => Partial<Info>): () => Hooks {
  return onReply(
    Command.DEVICE_GET_IRQ_INFO,
    (reply) => patch(reply, IrqInfo, change(IrqInfo.decode(reply.payload))),
  );
}

function diesIf(test: (info: Info) => boolean): () => Hooks {
  return onRequest(
    Command.DEVICE_GET_IRQ_INFO,
    IrqInfo,
    (info) => test(info) ? die() : undefined,
  );
}

/** One question for each interrupt type. */
const PLAIN = Array.from(
  { length: PciIrq.COUNT },
  (_, index) => IrqInfo.encode({ argsz: IrqInfo.size, index }),
);

/** Faults in DEVICE_GET_IRQ_INFO (catalogue 2.6). */
export const irqInfoFaults: readonly Fault[] = [
  {
    id: "irq-index-0",
    clause: "irqinfo-each",
    text: "DEVICE_GET_IRQ_INFO answers with index 0.",
    hooks: withInfo(() => ({ index: 0 })),
  },
  {
    id: "irq-argsz-20",
    clause: "irqinfo-each",
    text: "DEVICE_GET_IRQ_INFO answers with argsz 20, and 16 bytes.",
    hooks: withInfo(() => ({ argsz: 20 })),
  },
  {
    id: "irq-info-of-20-bytes",
    clause: "irqinfo-each",
    text: "DEVICE_GET_IRQ_INFO answers with 20 bytes.",
    hooks: onReply(Command.DEVICE_GET_IRQ_INFO, (reply) => pad(reply, 20)),
  },
  {
    id: "irq-type-5-exists",
    clause: "irqinfo-oob",
    text: "DEVICE_GET_IRQ_INFO accepts the index behind the last one.",
    hooks: onRequest(
      Command.DEVICE_GET_IRQ_INFO,
      IrqInfo,
      ({ index }, { payload }) => index === 5 ? { payload: payload.slice(0, 16) } : undefined,
    ),
  },
  {
    id: "irq-type-huge-dies",
    clause: "irqinfo-oob",
    text: "DEVICE_GET_IRQ_INFO with an index above 1000 kills the server.",
    hooks: diesIf(({ index }) => index > 1000),
  },
  {
    id: "irq-info-small-argsz-dies",
    clause: "irqinfo-argsz-small",
    text: "DEVICE_GET_IRQ_INFO with an argsz below 16 kills the server.",
    hooks: diesIf(({ argsz }) => argsz < IrqInfo.size),
  },
  {
    id: "irq-info-padded",
    clause: "irqinfo-argsz-large",
    text: "DEVICE_GET_IRQ_INFO answers with as many bytes as argsz says.",
    hooks: onReply(Command.DEVICE_GET_IRQ_INFO, (reply, request) => {
      pad(reply, Math.min(4096, IrqInfo.decode(request.payload).argsz));
    }),
  },
  {
    id: "irq-unknown-flag",
    clause: "irqinfo-flags-known",
    text: "Interrupt flags have bit 4 set.",
    hooks: withInfo(({ flags }) => ({ flags: flags | 0x10 })),
  },
  {
    id: "irq-automasked-only",
    clause: "irqinfo-automasked-implies-maskable",
    text: "INTx is AUTOMASKED, and not MASKABLE.",
    hooks: withInfo(({ index, flags }) =>
      index === PciIrq.INTX ? { flags: flags & ~IrqFlag.MASKABLE } : {}
    ),
  },
  {
    id: "irq-info-nonzero-dies",
    clause: "irqinfo-nonzero-request",
    text: "DEVICE_GET_IRQ_INFO with fields that are not 0 kills the server.",
    hooks: diesIf(({ flags, count }) => flags + count > 0),
  },
  {
    id: "irq-info-of-one-dies",
    clause: "irqinfo-count-bounds",
    text: "A client that asks for one interrupt type, and then for the device, kills the server.",
    hooks: () => {
      let run = 0;
      return {
        connect: () => void (run = 0),
        request({ command, payload }) {
          if (run === 1 && command === Command.DEVICE_GET_INFO) die();
          const isPlain = command === Command.DEVICE_GET_IRQ_INFO &&
            PLAIN.some((question) => question.every((byte, i) => payload[i] === byte));
          run = isPlain ? run + 1 : 0;
        },
      };
    },
  },
];
