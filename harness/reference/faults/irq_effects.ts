import { Command, PciIrq, SetIrqsFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { SetIrqs } from "../../wire/messages.ts";
import type { Fault } from "../fault.ts";
import { diesIf, lineCount, onKind, onSet } from "./irq_tools.ts";
import { onReply, pad, patch } from "./tools.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD, ACTION_TRIGGER } = SetIrqsFlag;

/** Faults of DEVICE_SET_IRQS in binding and firing (catalogue 2.7). */
export const irqEffectFaults: readonly Fault[] = [
  {
    id: "irq-argsz-24-needed",
    clause: "irqset-bind-one",
    text: "Binding an eventfd needs an argsz that counts the descriptor.",
    hooks: onKind(
      DATA_EVENTFD | ACTION_TRIGGER,
      ({ argsz }, { fds }) => argsz < 20 + 4 * fds.length ? { errno: Errno.EINVAL } : undefined,
    ),
  },
  {
    id: "irq-binds-4-at-most",
    clause: "irqset-bind-all",
    text: "More than 4 eventfds in one message are refused.",
    hooks: onSet((_, { fds }) => fds.length > 4 ? { errno: Errno.EINVAL } : undefined),
  },
  {
    id: "irq-start-ignored",
    clause: "irqset-bind-offset",
    text: "Eventfds are bound from 0 on, whatever start says.",
    hooks: onKind(DATA_EVENTFD | ACTION_TRIGGER, (_, request) => {
      if (request.fds.length > 0) patch(request, SetIrqs, { start: 0 });
    }),
  },
  {
    id: "irq-trigger-fires-all",
    clause: "irqset-trigger-none",
    text: "A trigger fires all interrupts of its index.",
    hooks: onKind(DATA_NONE | ACTION_TRIGGER, (set, request, session) => {
      if (set.count > 0) patch(request, SetIrqs, { start: 0, count: lineCount(set, session) });
    }),
  },
  {
    id: "irq-trigger-fires-nothing",
    clause: "irqset-trigger-none",
    text: "A trigger without data fires nothing.",
    hooks: onKind(DATA_NONE | ACTION_TRIGGER, ({ count }) => count > 0 ? {} : undefined),
  },
  {
    id: "irq-fires-twice",
    clause: "irqset-trigger-none",
    text: "A trigger adds 2 to the eventfd.",
    hooks: onKind(DATA_NONE | ACTION_TRIGGER, (set, _, { interrupts }) => {
      if (set.count > 0) interrupts.fire(set.index, set.start);
    }),
  },
  {
    id: "irq-bools-ignored",
    clause: "irqset-trigger-bool",
    text: "A trigger with bools fires the false ones too.",
    hooks: onKind(DATA_BOOL | ACTION_TRIGGER, (_, request) => void request.payload.fill(1, 20)),
  },
  {
    id: "irq-rebind-refused",
    clause: "irqset-rebind",
    text: "The eventfd that was bound first stays bound.",
    hooks: () => {
      const bound = new Set<string>();
      return {
        connect: () => bound.clear(),
        ...onKind(DATA_EVENTFD | ACTION_TRIGGER, ({ index, start, count }, { fds }) => {
          const key = `${index} ${start} ${count}`;
          if (fds.length === 0) bound.clear();
          else if (bound.has(key)) return {};
          else bound.add(key);
          return;
        })(),
      };
    },
  },
  {
    id: "irq-rebind-leaks",
    clause: "irqset-rebind",
    text: "An eventfd that is bound stays open for ever.",
    hooks: onSet((_, { fds }) => fds.forEach((fd) => void fd.duplicate().release())),
  },
  {
    id: "irq-unbind-from-0-only",
    clause: "irqset-unbind-one-mid",
    text: "Unbinding a range that does not begin at 0 ends at count.",
    hooks: onKind(DATA_EVENTFD | ACTION_TRIGGER, ({ start, count }, request) => {
      if (request.fds.length > 0 || start === 0) return;
      if (count <= start) return {};
      return patch(request, SetIrqs, { count: count - start });
    }),
  },
  {
    id: "irq-unbind-ignored",
    clause: "irqset-unbind-all-nofd",
    text: "Unbinding without descriptors does nothing.",
    hooks: onKind(DATA_EVENTFD | ACTION_TRIGGER, (_, { fds }) => fds.length === 0 ? {} : undefined),
  },
  {
    id: "irq-disable-ignored",
    clause: "irqset-disable-index",
    text: "Disabling an index does nothing.",
    hooks: onKind(DATA_NONE | ACTION_TRIGGER, ({ count }) => count === 0 ? {} : undefined),
  },
  {
    id: "irq-disable-empty-refused",
    clause: "irqset-disable-empty-index",
    text: "Disabling an index without interrupts kills the server.",
    hooks: diesIf((set, _, session) =>
      set.count === 0 && set.index === PciIrq.MSI && lineCount(set, session) === 0
    ),
  },
  {
    id: "irq-disable-all",
    clause: "irqset-disable-isolated",
    text: "Disabling INTx unbinds MSI-X too.",
    hooks: onKind(DATA_NONE | ACTION_TRIGGER, ({ index, count }, _, { interrupts }) => {
      if (index === PciIrq.INTX && count === 0) interrupts.disable(PciIrq.MSIX);
    }),
  },
  {
    id: "irq-device-silent",
    clause: "irqset-device-fires",
    text: "An interrupt that the device raises is not signalled.",
    hooks: () => ({ connect: (session) => void (session.guest.raise = () => {}) }),
  },
  {
    id: "irq-reply-with-payload",
    clause: "irqset-bind-one",
    text: "The reply to DEVICE_SET_IRQS has a payload.",
    hooks: onReply(Command.DEVICE_SET_IRQS, (reply) => pad(reply, 20)),
  },
];
