import { EventFd } from "../../posix/event_fd.ts";
import { IrqFlag, PciIrq, SetIrqsFlag } from "../../wire/constants.ts";
import type { Fault } from "../fault.ts";
import { diesIf, onKind, onSet } from "./irq_tools.ts";
import { die } from "./tools.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD, ACTION_TRIGGER } = SetIrqsFlag;
const { ACTION_MASK, ACTION_UNMASK } = SetIrqsFlag;
const HEAD = 20;

/** Faults of DEVICE_SET_IRQS where the specification is silent (catalogue 2.7). */
export const irqOddityFaults: readonly Fault[] = [
  {
    id: "irq-bool-2-dies",
    clause: "irqset-bool-nonone",
    text: "A bool that is neither 0 nor 1 kills the server.",
    hooks: diesIf(({ flags }, { payload }) =>
      (flags & DATA_BOOL) !== 0 && payload.subarray(HEAD).some((byte) => byte > 1)
    ),
  },
  {
    id: "irq-disable-from-1-dies",
    clause: "irqset-count0-start-nonzero",
    text: "Disabling an index from another start than 0 kills the server.",
    hooks: diesIf(({ count, start }) => count === 0 && start > 0),
  },
  {
    id: "irq-count-0-dies",
    clause: "irqset-count0-other",
    text: "A count of 0 kills the server, but where it disables an index.",
    hooks: diesIf(({ flags, count }) => count === 0 && flags !== (DATA_NONE | ACTION_TRIGGER)),
  },
  {
    id: "irq-unknown-set-flag-dies",
    clause: "irqset-reserved-flags",
    text: "An undefined flag of DEVICE_SET_IRQS kills the server.",
    hooks: diesIf(({ flags }) => flags > 0x3f),
  },
  {
    id: "irq-small-argsz-dies",
    clause: "irqset-argsz-small",
    text: "A DEVICE_SET_IRQS with an argsz that does not cover its payload kills the server.",
    hooks: diesIf(({ argsz }, { payload }) => argsz < payload.byteLength && argsz <= HEAD),
  },
  {
    id: "irq-large-argsz-dies",
    clause: "irqset-argsz-large",
    text:
      "A DEVICE_SET_IRQS with an argsz above its payload kills the server, but where bools lack.",
    hooks: diesIf(({ argsz, flags, count }, { payload }) =>
      argsz > payload.byteLength &&
      payload.byteLength >= HEAD + ((flags & DATA_BOOL) !== 0 ? count : 0)
    ),
  },
  {
    id: "irq-bools-beyond-count-die",
    clause: "irqset-bool-long",
    text: "Bools beyond the count kill the server.",
    hooks: diesIf(({ flags, count }, { payload }) =>
      (flags & DATA_BOOL) !== 0 && count > 0 && payload.byteLength > HEAD + count
    ),
  },
  {
    id: "irq-fds-beyond-count-leak",
    clause: "irqset-fds-more",
    text: "Eventfds beyond the count stay open.",
    hooks: onKind(DATA_EVENTFD | ACTION_TRIGGER, ({ count }, { fds }) => {
      for (const fd of fds.slice(count)) if (count > 0) fd.duplicate().release();
    }),
  },
  {
    id: "irq-fds-beyond-count-die",
    clause: "irqset-fds-more",
    text: "Eventfds beyond the count kill the server.",
    hooks: diesIf(({ flags, count }, { fds }) =>
      (flags & DATA_EVENTFD) !== 0 && count > 0 && fds.length > count
    ),
  },
  {
    id: "irq-fds-without-use-leak",
    clause: "irqset-fds-with-none",
    text: "Eventfds that come without DATA_EVENTFD stay open.",
    hooks: onSet(({ flags }, { fds }) => {
      if ((flags & DATA_EVENTFD) === 0) fds.forEach((fd) => void fd.duplicate().release());
    }),
  },
  {
    id: "irq-fds-without-use-die",
    clause: "irqset-fds-with-none",
    text: "Eventfds that come without DATA_EVENTFD kill the server.",
    hooks: diesIf(({ flags }, { fds }) => (flags & DATA_EVENTFD) === 0 && fds.length > 0),
  },
  {
    id: "irq-mask-eventfd-dies",
    clause: "irqset-mask-eventfd",
    text: "An eventfd for masking or unmasking kills the server.",
    hooks: diesIf(({ flags, count }) =>
      (flags & DATA_EVENTFD) !== 0 && (flags & ACTION_TRIGGER) === 0 && count > 0
    ),
  },
  {
    id: "irq-mask-eventfd-bound",
    clause: "irqset-mask-eventfd",
    text: "An eventfd for masking or unmasking takes the place of that of the interrupt.",
    hooks: onSet(({ flags, index, start }, { fds }, { interrupts }) => {
      if ((flags & DATA_EVENTFD) === 0 || (flags & ACTION_TRIGGER) !== 0) return;
      if (fds[0]) interrupts.bind(index, start, [EventFd.adopt(fds[0].duplicate())]);
    }),
  },
  {
    id: "irq-error-mask-dies",
    clause: "irqset-err-req",
    text: "Masking the interrupt for errors or for requests kills the server.",
    hooks: diesIf(({ flags, index }) =>
      (index === PciIrq.ERR || index === PciIrq.REQ) &&
      (flags & (ACTION_MASK | ACTION_UNMASK)) !== 0
    ),
  },
  {
    id: "irq-resize-dies",
    clause: "irqset-noresize",
    text: "There are two MSI interrupts that have to be bound together, else the server dies.",
    hooks: () => ({
      tune({ irqs }) {
        irqs[PciIrq.MSI] = { flags: IrqFlag.EVENTFD | IrqFlag.NORESIZE, count: 2 };
      },
      ...onSet(({ index, start }, { fds }) => {
        if (index === PciIrq.MSI && start > 0 && fds.length > 0) die();
      })(),
    }),
  },
];
