import type { DeviceFacts, IrqFacts } from "./device_facts.ts";
import {
  interruptCount,
  interruptIndexes,
  interruptIndexesWith,
  ioFdInterrupts,
  raisedInterrupts,
} from "./interrupt_facts.ts";
import type { NeedDefinition } from "./needs.ts";
import { DeviceFlag, IrqFlag, PciIrq } from "./wire/constants.ts";

const HINT = "a device profile can name it (--profile)";

function atLeast(count: number) {
  return (device: DeviceFacts) => (interruptIndexes(device)[0]?.count ?? 0) >= count;
}

function hasIndexWith(flags: number, test: (irq: IrqFacts) => boolean = () => true) {
  return (device: DeviceFacts) => interruptIndexesWith(device, flags).some(test);
}

function hasPciIrq(index: number) {
  return (device: DeviceFacts) =>
    (device.flags & DeviceFlag.PCI) !== 0 && interruptCount(device, index) > 0;
}

/** A fact of the device's interrupts that a case cannot do without. */
export type InterruptNeed =
  | "interrupt"
  | "two-interrupts"
  | "five-interrupts"
  | "two-interrupt-indexes"
  | "empty-interrupt-index"
  | "maskable-interrupt"
  | "noresize-interrupt"
  | "error-interrupt"
  | "request-interrupt"
  | "device-interrupt"
  | "maskable-device-interrupt"
  | "io-fd-interrupt";

/** How these needs are met. */
export const INTERRUPT_NEEDS: Readonly<Record<InterruptNeed, NeedDefinition>> = {
  "interrupt": {
    without: "the device has no interrupts",
    holds: atLeast(1),
  },
  "two-interrupts": {
    without: "the device has no two interrupts of the same index",
    holds: atLeast(2),
  },
  "five-interrupts": {
    without: "the device has no five interrupts of the same index",
    holds: atLeast(5),
  },
  "two-interrupt-indexes": {
    without: "the device has interrupts of one index only",
    holds: (device) => interruptIndexes(device).length >= 2,
  },
  "empty-interrupt-index": {
    without: "all interrupt indexes of the device have interrupts",
    holds: ({ irqs }) => irqs.some(({ count }) => count === 0),
  },
  "maskable-interrupt": {
    without: "no interrupt of the device is maskable",
    holds: hasIndexWith(IrqFlag.MASKABLE),
  },
  "noresize-interrupt": {
    without: "the device has no two interrupts of an index that cannot be resized",
    holds: hasIndexWith(IrqFlag.NORESIZE, ({ count }) => count >= 2),
  },
  "error-interrupt": {
    without: "the device has no interrupt ERR",
    holds: hasPciIrq(PciIrq.ERR),
  },
  "request-interrupt": {
    without: "the device has no interrupt REQ",
    holds: hasPciIrq(PciIrq.REQ),
  },
  "device-interrupt": {
    without: `nothing is known that makes the device raise an interrupt: ${HINT}`,
    holds: (device) => raisedInterrupts(device).length > 0,
  },
  "maskable-device-interrupt": {
    without: `nothing is known that makes the device raise a maskable interrupt: ${HINT}`,
    holds: (device) => raisedInterrupts(device, IrqFlag.MASKABLE).length > 0,
  },
  "io-fd-interrupt": {
    without: `no eventfd of a sub-region stands for a write that raises an interrupt: ${HINT}`,
    holds: (device) => ioFdInterrupts(device).length > 0,
  },
};
