import type { DeviceFacts, IrqFacts } from "./device_facts.ts";
import type { InterruptTrigger } from "./profile.ts";
import { DeviceFlag, IoEventFdFlag, IoFdType, IrqFlag, PciIrq } from "./wire/constants.ts";

/** Indexes whose interrupts take eventfds, the largest first; those of PCI for errors and requests are special. */
export function interruptIndexes(device: DeviceFacts): IrqFacts[] {
  const pci = (device.flags & DeviceFlag.PCI) !== 0;
  return device.irqs
    .filter(({ index, flags, count }) =>
      count > 0 && (flags & IrqFlag.EVENTFD) !== 0 &&
      !(pci && (index === PciIrq.ERR || index === PciIrq.REQ))
    )
    .toSorted((a, b) => b.count - a.count || a.index - b.index);
}

/** The same with all of these IrqFlag bits set. */
export function interruptIndexesWith(device: DeviceFacts, flags: number): IrqFacts[] {
  return interruptIndexes(device).filter((irq) => (irq.flags & flags) === flags);
}

/** How many interrupts the device has of an index. */
export function interruptCount(device: DeviceFacts, index: number): number {
  return device.irqs.find((irq) => irq.index === index)?.count ?? 0;
}

/** Interrupts of the device itself, as the profile tells, whose index has all of these IrqFlag bits. */
export function raisedInterrupts(device: DeviceFacts, flags = 0): InterruptTrigger[] {
  const indexes = interruptIndexesWith(device, flags).map(({ index }) => index);
  return (device.profile.interrupts ?? []).filter(({ index }) => indexes.includes(index));
}

/** A sub-region whose eventfd does what a write does that raises an interrupt. */
export interface IoFdInterrupt {
  /** Index of the region. */
  readonly region: number;
  readonly argsz: number;
  /** Which descriptor of the reply it is. */
  readonly fdIndex: number;
  readonly interrupt: InterruptTrigger;
}

/** Sub-regions that match the one write of the profile that raises an interrupt, value and all. */
export function ioFdInterrupts(device: DeviceFacts): IoFdInterrupt[] {
  return raisedInterrupts(device).flatMap((interrupt) => {
    const [write, ...others] = interrupt.writes;
    if (write === undefined || others.length > 0) return [];
    return device.ioFds.flatMap(({ index: region, argsz, subRegions }) =>
      subRegions.filter(({ type, flags, offset, size, datamatch }) =>
        type === IoFdType.IOEVENTFD && (flags & IoEventFdFlag.DATAMATCH) !== 0 &&
        region === write.region && offset === BigInt(write.offset) &&
        size === BigInt(write.size) && datamatch.toString() === String(write.value)
      ).map(({ fdIndex }) => ({ region, argsz, fdIndex, interrupt }))
    );
  });
}
