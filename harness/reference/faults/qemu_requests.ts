import {
  Command,
  HeaderFlag,
  PciIrq,
  PciRegion,
  RegionFlag,
  SetIrqsFlag,
} from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { RegionAccess, RegionInfo, SetIrqs, Version } from "../../wire/messages.ts";
import { memoryFile } from "../../posix/memory.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Outcome } from "../message.ts";
import { onSet } from "./irq_tools.ts";
import { answersIf } from "./order.ts";
import { isError, mistreats, onReply, pad, patch } from "./tools.ts";

const { ACTION_MASK, ACTION_UNMASK, DATA_EVENTFD, ACTION_TRIGGER } = SetIrqsFlag;
const REFUSED: Outcome = { errno: Errno.EINVAL };

/** Acts on clients of version 0.0 alone, of which QEMU's is one. */
function inVersion00(make: () => Hooks): () => Hooks {
  return () => {
    const { request, reply } = make();
    let minor: number | undefined;
    return {
      connect: () => void (minor = undefined),
      request: (message, session) => minor === 0 ? request?.(message, session) : undefined,
      reply(message, to, session) {
        if (message.command === Command.VERSION && !isError(message)) {
          minor = Version.decode(message.payload).minor;
        }
        return minor === 0 ? reply?.(message, to, session) : undefined;
      },
    };
  };
}

/** Reads of so many bytes bring one more. */
function readsOneMore(count: number): () => Hooks {
  return onReply(Command.REGION_READ, (reply) => {
    if (RegionAccess.decode(reply.payload).count !== count) return;
    patch(reply, RegionAccess, { count: count + 1 });
    pad(reply, reply.payload.byteLength + 1);
  });
}

function refusesBinding(irqIndex: number): () => Hooks {
  return onSet(({ argsz, flags, index }, { fds }) =>
    index === irqIndex && argsz === 20 && fds.length > 0 && (flags & ACTION_TRIGGER) !== 0
      ? REFUSED
      : undefined
  );
}

const onInfo = (change: Parameters<typeof onReply>[1]) =>
  onReply(Command.DEVICE_GET_REGION_INFO, change);

type Row = readonly [id: string, clause: string, text: string, hooks: () => Hooks];

const ROWS: readonly Row[] = [
  [
    "unmap-reply-64",
    "qemu-dma-unmap-size",
    "DMA_UNMAP is answered with 64 bytes",
    onReply(Command.DMA_UNMAP, (reply) => pad(reply, 64)),
  ],
  [
    "region-info-ignores-argsz",
    "qemu-region-two-step",
    "A region info of more than 32 bytes does not heed argsz",
    onInfo((reply, { payload }) => {
      const { argsz } = RegionInfo.decode(payload);
      if (RegionInfo.decode(reply.payload).argsz > argsz) pad(reply, argsz + 32);
    }),
  ],
  [
    "region-info-with-two-fds",
    "qemu-region-two-step",
    "A region info brings its descriptor twice",
    () => {
      const file = memoryFile(0);
      return onInfo((reply) => {
        if (reply.fds.length > 0) reply.fds = [...reply.fds, file];
      })();
    },
  ],
  [
    "cap-offset-16",
    "qemu-region-capoff",
    "The capabilities of a region are said to begin at byte 16",
    onInfo((reply) => {
      const { flags } = RegionInfo.decode(reply.payload);
      if ((flags & RegionFlag.CAPS) !== 0) patch(reply, RegionInfo, { capOffset: 16 });
    }),
  ],
  [
    "config-of-512",
    "qemu-region-config",
    "Configuration space has 512 bytes",
    onInfo((reply) => {
      const { index } = RegionInfo.decode(reply.payload);
      if (index === PciRegion.CONFIG) patch(reply, RegionInfo, { size: 512n });
    }),
  ],
  ...[1, 2, 4].map((count): Row => [
    `read-of-${count}-brings-more`,
    "qemu-rw-count",
    `A REGION_READ of ${count} brings a byte more`,
    readsOneMore(count),
  ]),
  [
    "posted-write-answered",
    "qemu-posted-write",
    "A REGION_WRITE with No_reply is answered",
    answersIf((reply) => reply.command === Command.REGION_WRITE && !isError(reply)),
  ],
  [
    "posted-write-lost",
    "qemu-posted-write",
    "A REGION_WRITE with No_reply is not carried out",
    () => ({
      request: ({ command, flags }) =>
        command === Command.REGION_WRITE && (flags & HeaderFlag.NO_REPLY) !== 0 ? {} : undefined,
    }),
  ],
  [
    "posted-error-answered",
    "qemu-posted-write",
    "A REGION_WRITE with No_reply is answered when it fails",
    answersIf((reply) => reply.command === Command.REGION_WRITE && isError(reply)),
  ],
  [
    "msix-argsz-20-refused",
    "qemu-irq-argsz20",
    "MSI-X is bound with more than 20 as argsz only",
    refusesBinding(PciIrq.MSIX),
  ],
  [
    "intx-argsz-20-refused",
    "qemu-irq-argsz20",
    "INTX is bound with more than 20 as argsz only",
    refusesBinding(PciIrq.INTX),
  ],
  [
    "intx-masking-refused",
    "qemu-irq-intx-unmask-fd",
    "INTX cannot be masked",
    onSet(({ flags, index }) =>
      index === PciIrq.INTX && (flags & ACTION_MASK) !== 0 ? REFUSED : undefined
    ),
  ],
  [
    "intx-unmask-eventfd-twice",
    "qemu-irq-intx-unmask-fd",
    "A DEVICE_SET_IRQS with an eventfd to unmask INTX is answered twice",
    mistreats("twice", ({ command, payload }) => {
      if (command !== Command.DEVICE_SET_IRQS || payload.byteLength < SetIrqs.size) return false;
      const { index, flags } = SetIrqs.decode(payload);
      return index === PciIrq.INTX && flags === (DATA_EVENTFD | ACTION_UNMASK);
    }),
  ],
];

/** Faults that clients of version 0.0 meet, with what QEMU asks for (catalogue 2.18). */
export const qemuRequestFaults: readonly Fault[] = ROWS.map(([id, clause, text, hooks]) => ({
  id: `v00-${id}`,
  clause,
  text: `${text} for a client of version 0.0.`,
  hooks: inVersion00(hooks),
}));
