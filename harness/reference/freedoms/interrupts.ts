import { waitNow } from "../../posix/poll.ts";
import { Command, IrqFlag, PciIrq } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { SetIrqs } from "../../wire/messages.ts";
import { onRequest } from "../faults/tools.ts";
import type { Freedom } from "../freedom.ts";
import type { IrqSettings, Settings } from "../settings.ts";
import { hasBits, refusesIrqsIf } from "./tools.ts";

const { EVENTFD, MASKABLE, AUTOMASKED, NORESIZE } = IrqFlag;

function changes(change: (irqs: IrqSettings[]) => void) {
  return () => ({ tune: ({ irqs }: Settings) => change(irqs) });
}

/** Which interrupts there are (catalogue 2.6). */
const kinds: readonly Freedom[] = [
  {
    id: "irqs-many-msix",
    clause: "irqinfo-count-bounds",
    text: "The device has 2048 interrupts of MSI-X.",
    suites: ["device-set-irqs", "device-get-irq-info", "pci-config"],
    kind: "msix",
    hooks: changes((irqs) => void (irqs[PciIrq.MSIX]!.count = 2048)),
  },
  {
    id: "irqs-few",
    clause: "info-num-irqs",
    text: "The device has three interrupt indexes, and interrupts of MSI-X only.",
    suites: ["device-set-irqs", "device-get-irq-info", "device-get-info", "pci-config"],
    kind: "irqs",
    lacks: { interrupts: [PciIrq.INTX] },
    hooks: changes((irqs) => {
      irqs.length = 3;
      irqs[PciIrq.INTX] = { flags: 0, count: 0 };
    }),
  },
  {
    id: "irqs-indexes-more",
    clause: "info-num-irqs",
    text: "The device has interrupt indexes beyond those of PCI, one with interrupts, one without.",
    suites: ["device-set-irqs", "device-get-irq-info", "device-get-info"],
    kind: "irqs",
    hooks: changes((irqs) =>
      void irqs.push({ flags: EVENTFD | MASKABLE, count: 3 }, { flags: EVENTFD, count: 0 })
    ),
  },
  {
    id: "irqs-all-maskable",
    clause: "irqset-mask-none",
    text: "All interrupts can be masked.",
    suites: ["device-set-irqs", "device-get-irq-info"],
    kind: "maskable",
    hooks: changes((irqs) => irqs.forEach((irq) => void (irq.flags |= MASKABLE))),
  },
  {
    id: "irqs-none-maskable",
    clause: "irqset-mask-none",
    text: "No interrupt can be masked.",
    suites: ["device-set-irqs", "device-get-irq-info", "qemu-client"],
    kind: "maskable",
    hooks: changes((irqs) => irqs.forEach((irq) => void (irq.flags &= ~(MASKABLE | AUTOMASKED)))),
  },
  {
    id: "irqs-msi",
    clause: "irqset-noresize",
    text: "The device has 32 interrupts of MSI, which cannot be bound one after the other.",
    suites: ["device-set-irqs", "device-get-irq-info", "pci-config"],
    hooks: () => ({
      ...changes((irqs) => void (irqs[PciIrq.MSI] = { flags: EVENTFD | NORESIZE, count: 32 }))(),
    }),
  },
  {
    id: "irqs-none",
    clause: "irqinfo-each",
    text: "The device has no interrupts at all.",
    suites: ["device-set-irqs", "device-get-irq-info", "qemu-client", "disconnection"],
    kind: "irqs",
    lacks: { interrupts: [PciIrq.INTX, PciIrq.MSIX] },
    hooks: () => ({
      tune({ irqs, regions }) {
        for (const irq of irqs) Object.assign(irq, { flags: 0, count: 0 });
        regions[0]!.ioEventFds = (regions[0]!.ioEventFds ?? []).slice(1);
      },
    }),
  },
];

/** What DEVICE_SET_IRQS comes to (catalogue 2.7). */
const uses: readonly Freedom[] = [
  {
    id: "irqs-bool-refused",
    clause: "irqset-trigger-bool",
    text: "DEVICE_SET_IRQS refuses DATA_BOOL: not all types support every combination.",
    suites: ["device-set-irqs", "concurrency"],
    hooks: refusesIrqsIf(({ flags }) => hasBits(flags, "DATA_BOOL")),
  },
  {
    id: "irqs-mask-fds-refused",
    clause: "irqset-mask-eventfd",
    text: "DEVICE_SET_IRQS refuses eventfds for MASK and UNMASK.",
    suites: ["device-set-irqs"],
    hooks: refusesIrqsIf(({ flags }) =>
      hasBits(flags, "DATA_EVENTFD") && !hasBits(flags, "ACTION_TRIGGER")
    ),
  },
  {
    id: "irqs-unbound-trigger-refused",
    clause: "irqset-trigger-unbound",
    text: "DEVICE_SET_IRQS refuses to trigger interrupts of an index that nothing is bound to.",
    suites: ["device-set-irqs", "disconnection"],
    hooks: () => {
      const bound = new Set<number>();
      return {
        connect: () => bound.clear(),
        ...onRequest(Command.DEVICE_SET_IRQS, SetIrqs, ({ flags, index, count }, { fds }) => {
          if (hasBits(flags, "DATA_EVENTFD", "ACTION_TRIGGER") && fds.length > 0) bound.add(index);
          const triggers = hasBits(flags, "ACTION_TRIGGER") && !hasBits(flags, "DATA_EVENTFD");
          return triggers && count > 0 && !bound.has(index) ? { errno: Errno.EINVAL } : undefined;
        })(),
      };
    },
  },
  {
    id: "irqs-empty-disable-refused",
    clause: "irqset-disable-empty-index",
    text: "DEVICE_SET_IRQS refuses an index without interrupts, whatever is to be done.",
    suites: ["device-set-irqs"],
    hooks: refusesIrqsIf(({ index }, _, { settings }) => settings.irqs[index]?.count === 0),
  },
  {
    id: "irqs-empty-range-ignored",
    clause: "irqset-count0-other",
    text:
      "DEVICE_SET_IRQS does nothing for a range of no interrupts, and finds nothing wrong with it.",
    suites: ["device-set-irqs"],
    hooks: onRequest(
      Command.DEVICE_SET_IRQS,
      SetIrqs,
      ({ flags, index, start, count }, _, { settings }) => {
        const irqs = settings.irqs[index];
        const isOne = (bits: number) => bits !== 0 && (bits & (bits - 1)) === 0;
        const isGood = isOne(flags & 0x7) && isOne(flags & 0x38) && start < (irqs?.count ?? 0);
        const disables = hasBits(flags, "DATA_NONE", "ACTION_TRIGGER");
        return count === 0 && isGood && !disables ? {} : undefined;
      },
    ),
  },
  {
    id: "irqs-coalesced",
    clause: "irqset-device-fires",
    text: "An interrupt that the client has not taken yet is not signalled again.",
    suites: ["device-set-irqs", "concurrency"],
    hooks: () => ({
      connect({ interrupts }) {
        const bind = interrupts.bind.bind(interrupts);
        interrupts.bind = (index, start, eventFds) => {
          for (const eventFd of eventFds) {
            const add = eventFd.add.bind(eventFd);
            eventFd.add = (value) => waitNow(eventFd.fd, "readable", 0) || add(value);
          }
          bind(index, start, eventFds);
        };
      },
    }),
  },
  {
    id: "irqs-fire-masked",
    clause: "irqset-mask-effect",
    text: "An interrupt that the client triggers itself is signalled though it is masked.",
    suites: ["device-set-irqs"],
    hooks: () => ({
      connect({ interrupts }) {
        const { fire, raise, mask, unmask } = interrupts;
        const masked = new Set<string>();
        let isRaising = false;
        interrupts.mask = (index, subIndex) => {
          masked.add(`${index} ${subIndex}`);
          mask.call(interrupts, index, subIndex);
        };
        interrupts.unmask = (index, subIndex) => {
          masked.delete(`${index} ${subIndex}`);
          unmask.call(interrupts, index, subIndex);
        };
        interrupts.raise = (index, subIndex) => {
          isRaising = true;
          raise.call(interrupts, index, subIndex);
          isRaising = false;
        };
        interrupts.fire = (index, subIndex) => {
          const wasMasked = !isRaising && masked.has(`${index} ${subIndex}`);
          if (wasMasked) unmask.call(interrupts, index, subIndex);
          fire.call(interrupts, index, subIndex);
          if (wasMasked) mask.call(interrupts, index, subIndex);
        };
      },
    }),
  },
];

/** Freedoms in interrupts. */
export const interruptFreedoms: readonly Freedom[] = [...kinds, ...uses];
