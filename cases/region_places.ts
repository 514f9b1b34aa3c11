import { configRegion, type DeviceFacts } from "../harness/device_facts.ts";
import { type Need, readableMemory, writableMemory } from "../harness/needs.ts";
import type { Scratch } from "../harness/profile.ts";
import { DEFAULTS } from "../harness/wire/constants.ts";
import { INTERRUPT_LINE } from "./pci_registers.ts";

/** Bytes that may be read, or written and put back. */
export interface Place {
  readonly region: number;
  readonly offset: bigint;
  /** Bytes. */
  readonly size: number;
}

/** Places of one kind. */
export interface Places {
  readonly id: string;
  readonly title: string;
  readonly needs: readonly Need[];
  readonly of: (device: DeviceFacts) => readonly Place[];
}

/** Safe to read on every device. */
export const CONFIG: Places = {
  id: "config",
  title: "the PCI configuration space",
  needs: ["config"],
  of: (device) => {
    const { index, size } = configRegion(device);
    return [{ region: index, offset: 0n, size: Number(size) }];
  },
};

/** What the profile names, and what can be mapped. */
export const READABLE: Places = {
  id: "memory",
  title: "every memory that can be read without side effects",
  needs: ["readable-memory"],
  of: (device) => readableMemory(device).map(toPlace),
};

/** Safe to write on every device: it holds a number for software. */
export const LINE: Places = {
  id: "interrupt-line",
  title: "the interrupt line register",
  needs: ["writable-config"],
  of: () => [{ ...INTERRUPT_LINE, size: INTERRUPT_LINE.count }],
};

/** What the profile names, and what can be mapped and written. */
export const WRITABLE: Places = {
  id: "memory",
  title: "every memory that can be put back",
  needs: ["writable-memory"],
  of: (device) => writableMemory(device).map(toPlace),
};

function toPlace(scratch: Scratch): Place {
  return { ...scratch, offset: BigInt(scratch.offset) };
}

/** What both sides take in one transfer; the harness announces the default. */
export function transferLimit(device: DeviceFacts): number {
  return Math.min(device.capabilities.maxDataXferSize, DEFAULTS.maxDataXferSize);
}

/** What neither side takes in one transfer. */
export function beyondLimit(device: DeviceFacts): number {
  const limit = Math.max(device.capabilities.maxDataXferSize, DEFAULTS.maxDataXferSize);
  return Math.min(limit + 1, 0xffff_ffff);
}
