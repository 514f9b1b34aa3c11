import { EventFd } from "../../posix/event_fd.ts";
import { waitNow } from "../../posix/poll.ts";
import { linkTarget } from "../../posix/proc.ts";
import { Command, IrqFlag, PciIrq, SetIrqsFlag } from "../../wire/constants.ts";
import { Header, SetIrqs } from "../../wire/messages.ts";
import type { Channel } from "../channel.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Message } from "../message.ts";
import { diesIf, onKind } from "./irq_tools.ts";
import { die, hang } from "./tools.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD } = SetIrqsFlag;
const { ACTION_MASK, ACTION_UNMASK, ACTION_TRIGGER } = SetIrqsFlag;
const BIND = DATA_EVENTFD | ACTION_TRIGGER;
/** An interrupt of MSI-X that the device can be made to raise. */
const RAISED = 3;

/** A server whose MSI-X interrupts can be masked. */
function maskable(hooks: () => Hooks): () => Hooks {
  return () => ({
    tune: ({ irqs }) => void (irqs[PciIrq.MSIX]!.flags |= IrqFlag.MASKABLE),
    ...hooks(),
  });
}

/** Faults in masking interrupts (catalogue 2.7). */
const masking: readonly Fault[] = [
  {
    id: "irq-mask-bools-ignored",
    clause: "irqset-mask-bool",
    text: "Interrupts of MSI-X can be masked, and masking by bools masks the whole range.",
    hooks: maskable(
      onKind(DATA_BOOL | ACTION_MASK, (_, { payload }) => void payload.fill(1, SetIrqs.size)),
    ),
  },
  {
    id: "irq-mask-without-effect",
    clause: "irqset-mask-effect",
    text: "Masking an interrupt does nothing.",
    hooks: onKind(DATA_NONE | ACTION_MASK, () => ({})),
  },
  {
    id: "irq-unmask-without-effect",
    clause: "irqset-mask-effect",
    text: "Interrupts of MSI-X can be masked, and stay so.",
    hooks: maskable(onKind(DATA_NONE | ACTION_UNMASK, () => ({}))),
  },
  {
    id: "irq-mask-unmaskable-dies",
    clause: "irqset-mask-none",
    text: "Masking an interrupt of MSI-X, of which none can be masked, kills the server.",
    hooks: onKind(
      DATA_NONE | ACTION_MASK,
      ({ index, count }) => index === PciIrq.MSIX && count > 0 ? die() : undefined,
    ),
  },
];

function isFull({ fds }: Message): boolean {
  return fds.some((fd) =>
    linkTarget(`/proc/self/fd/${fd.number}`).includes("eventfd") &&
    !waitNow(fd, "writable", 0)
  );
}

/** Reads as many bools as `count` says, whatever the size of the message. */
function leavesBools(channel: Channel): void {
  const body = channel.body.bind(channel);
  const start = Header.size + SetIrqs.size;
  channel.body = async (message) => {
    const { command, msgSize } = message;
    if (command !== Command.DEVICE_SET_IRQS || msgSize <= start) return await body(message);
    message.msgSize = start;
    await body(message);
    const { payload } = message;
    const { flags, count } = SetIrqs.decode(payload);
    const size = (flags & DATA_BOOL) !== 0 ? Math.min(count, msgSize - start) : msgSize - start;
    if (size === 0) return;
    message.msgSize = Header.size + size;
    await body(message);
    message.payload = concat(payload, message.payload);
  };
}

/** The device signals the eventfd that was bound last, unbound or not. */
function raisesUnbound(): Hooks {
  let bound: EventFd | undefined;
  const keep = (eventFd?: EventFd) => {
    bound?.[Symbol.dispose]();
    bound = eventFd;
  };
  return {
    connect({ guest, interrupts }) {
      guest.raise = (index, subIndex) => {
        if (index === PciIrq.MSIX && subIndex === RAISED) bound?.add(1n);
        else interrupts.raise(index, subIndex);
      };
    },
    ...onKind(BIND, ({ index, start }, { fds }) => {
      if (index !== PciIrq.MSIX || start !== RAISED || !fds[0]) return;
      keep(EventFd.adopt(fds[0].duplicate()));
    })(),
    disconnect: () => keep(),
  };
}

/** Faults in signalling, and in what is left behind (catalogue 2.7). */
const signalling: readonly Fault[] = [
  {
    id: "irq-full-eventfd-hangs",
    clause: "irqset-fd-saturated",
    text: "Triggering an eventfd that is full hangs.",
    hooks: () => {
      let isBound = false;
      return {
        connect: () => void (isBound = false),
        async request(request) {
          if (request.command !== Command.DEVICE_SET_IRQS) return;
          if (isBound) await hang();
          isBound = isFull(request);
        },
      };
    },
  },
  {
    id: "irq-full-eventfd-dies",
    clause: "irqset-fd-saturated",
    text: "Binding an eventfd that is full kills the server.",
    hooks: diesIf((_, request) => isFull(request)),
  },
  {
    id: "irq-bools-beyond-count-stay",
    clause: "irqset-bool-long",
    text: "Bools beyond the count are taken for the next message.",
    hooks: () => ({ connect: ({ channel }) => leavesBools(channel) }),
  },
  {
    id: "irq-unbound-still-raised",
    clause: "irqset-unbind-all-nofd",
    text: "An interrupt that the device raises is signalled after it was unbound.",
    hooks: raisesUnbound,
  },
];

/** Faults of DEVICE_SET_IRQS in masking and signalling. */
export const irqMaskingFaults: readonly Fault[] = [...masking, ...signalling];
