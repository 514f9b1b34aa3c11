import { linkTarget } from "../../posix/proc.ts";
import { PciIrq, SetIrqsFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { SetIrqs } from "../../wire/messages.ts";
import type { Fault } from "../fault.ts";
import { acceptsIf, diesIf, isInside, lineCount, onKind, onSet } from "./irq_tools.ts";
import { die, patch } from "./tools.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD, ACTION_TRIGGER } = SetIrqsFlag;
const DATA = DATA_NONE | DATA_BOOL | DATA_EVENTFD;
const ACTION = SetIrqsFlag.ACTION_MASK | SetIrqsFlag.ACTION_UNMASK | ACTION_TRIGGER;

function bitCount(bits: number): number {
  return bits.toString(2).replaceAll("0", "").length;
}

/** Faults of DEVICE_SET_IRQS in what is checked (catalogue 2.7). */
export const irqCheckFaults: readonly Fault[] = [
  {
    id: "irq-start-unchecked",
    clause: "irqset-start-oob",
    text: "A start behind the last interrupt is accepted.",
    hooks: acceptsIf((set, _, session) => set.count > 0 && set.start >= lineCount(set, session)),
  },
  {
    id: "irq-range-unchecked",
    clause: "irqset-range-oob",
    text: "A range that ends behind the last interrupt is accepted.",
    hooks: acceptsIf((set, _, session) => {
      const lines = lineCount(set, session);
      return set.start < lines && set.start + set.count > lines;
    }),
  },
  {
    id: "irq-range-cut",
    clause: "irqset-range-oob",
    text: "Of a range that ends behind the last interrupt those that there are count.",
    hooks: onSet((set, request, session) => {
      const lines = lineCount(set, session);
      if (set.start >= lines || set.start + set.count <= lines) return;
      const count = lines - set.start;
      patch(request, SetIrqs, { count });
      request.fds.splice(count).forEach((fd) => fd[Symbol.dispose]());
    }),
  },
  {
    id: "irq-range-wraps",
    clause: "irqset-range-wrap",
    text: "A range of which the end wraps around 32 bits is accepted.",
    hooks: acceptsIf(({ start, count }) => start + count > 0xffff_ffff),
  },
  {
    id: "irq-set-type-5-exists",
    clause: "irqset-index-oob",
    text: "An index behind the last interrupt type is accepted.",
    hooks: acceptsIf(({ index }) => index >= 5),
  },
  {
    id: "irq-no-data-accepted",
    clause: "irqset-no-data-flag",
    text: "Flags without a DATA bit are accepted.",
    hooks: acceptsIf(({ flags }) => (flags & DATA) === 0),
  },
  {
    id: "irq-no-action-accepted",
    clause: "irqset-no-action-flag",
    text: "Flags without an ACTION bit are accepted.",
    hooks: acceptsIf(({ flags }) => (flags & ACTION) === 0),
  },
  {
    id: "irq-two-data-accepted",
    clause: "irqset-two-data",
    text: "Flags with several DATA bits are accepted.",
    hooks: acceptsIf(({ flags }) => bitCount(flags & DATA) > 1),
  },
  {
    id: "irq-two-actions-accepted",
    clause: "irqset-two-action",
    text: "Flags with several ACTION bits are accepted.",
    hooks: acceptsIf(({ flags }) => bitCount(flags & ACTION) > 1),
  },
  {
    id: "irq-bools-missing-accepted",
    clause: "irqset-bool-short",
    text: "Bools that are missing count as false.",
    hooks: onKind(
      DATA_BOOL | ACTION_TRIGGER,
      ({ count }, { payload }) => payload.byteLength < 20 + count ? {} : undefined,
    ),
  },
  {
    id: "irq-fds-missing-accepted",
    clause: "irqset-fds-fewer",
    text: "Less eventfds than count says are accepted.",
    hooks: acceptsIf((set, { fds }, session) =>
      fds.length > 0 && fds.length < set.count && isInside(set, session)
    ),
  },
  {
    id: "irq-fds-missing-leak",
    clause: "irqset-fds-fewer",
    text: "Eventfds that are refused because they are too few stay open.",
    hooks: onSet(({ count }, { fds }) => {
      if (fds.length < count) fds.forEach((fd) => void fd.duplicate().release());
    }),
  },
  {
    id: "irq-error-count-2",
    clause: "irqset-err-req-count2",
    text: "Two interrupts of the error type are accepted.",
    hooks: acceptsIf(({ index, count }) => index === PciIrq.ERR && count === 2),
  },
  {
    id: "irq-wrong-fd-dies",
    clause: "irqset-fd-wrong-type",
    text: "A descriptor that is no eventfd kills the server.",
    hooks: diesIf((_, { fds }) =>
      fds.some(({ number }) => !linkTarget(`/proc/self/fd/${number}`).includes("eventfd"))
    ),
  },
  {
    id: "irq-unbound-trigger-dies",
    clause: "irqset-trigger-unbound",
    text: "A trigger before anything was bound kills the server.",
    hooks: () => {
      let isBound = false;
      return {
        connect: () => void (isBound = false),
        ...onSet((set, { fds, payload }, session) => {
          isBound ||= fds.length > 0;
          const isTrigger = set.flags === (DATA_NONE | ACTION_TRIGGER) ||
            set.flags === (DATA_BOOL | ACTION_TRIGGER) && payload.byteLength >= 20 + set.count;
          if (!isBound && isTrigger && set.count > 0 && isInside(set, session)) die();
        })(),
      };
    },
  },
  {
    id: "irq-mask-refused",
    clause: "irqset-mask-none",
    text: "An interrupt that can be masked cannot be masked.",
    hooks: onSet(({ flags }) =>
      (flags & ACTION & ~ACTION_TRIGGER) !== 0 ? { errno: Errno.EINVAL } : undefined
    ),
  },
];
