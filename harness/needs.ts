import { type DeviceFacts, hasFlags, mappableAreas, type RegionFacts } from "./device_facts.ts";
import type { Scratch } from "./profile.ts";
import { DeviceFlag, PciIrq, PciRegion, RegionCapId, RegionFlag } from "./wire/constants.ts";

interface NeedDefinition {
  /** Why a case is skipped without it. */
  readonly without: string;
  readonly holds: (device: DeviceFacts) => boolean;
}

const PROFILE = "a device profile can name it (--profile)";

/** Whether reading has no side effect as far as can be told: the region can be mapped, so it is memory. */
export function isMemory(region: RegionFacts): boolean {
  return hasFlags(region, RegionFlag.READ | RegionFlag.MMAP);
}

/** Whether the server gives the region no capabilities: it announces 32 bytes, or clears the CAPS flag. */
export function isPlain(region: RegionFacts): boolean {
  return region.argsz <= 32 || !hasFlags(region, RegionFlag.CAPS);
}

/** Memory of 8 bytes or more that can be read without side effects: named by the profile, or mappable. */
export function readableMemory(device: DeviceFacts): Scratch[] {
  return memoryWith(device, RegionFlag.READ);
}

/** The same that can also be written and put back. */
export function writableMemory(device: DeviceFacts): Scratch[] {
  return memoryWith(device, RegionFlag.READ | RegionFlag.WRITE);
}

function memoryWith(device: DeviceFacts, flags: number): Scratch[] {
  const mappable = device.regions
    .filter((region) => isMemory(region) && hasFlags(region, flags))
    .flatMap((region) =>
      mappableAreas(region).slice(0, 1).map(({ offset, size }) => ({
        region: region.index,
        offset: Number(offset),
        size: Number(size),
      }))
    );
  return [...device.profile.scratch ?? [], ...mappable].filter(({ size }) => size >= 8);
}

function hasRegion(test: (region: RegionFacts) => boolean) {
  return (device: DeviceFacts) => device.regions.some(test);
}

function isBar(region: RegionFacts): boolean {
  return region.index <= PciRegion.BAR5;
}

function isConfig(flags: number) {
  return (device: DeviceFacts) =>
    (device.flags & DeviceFlag.PCI) !== 0 &&
    device.regions.some((r) => r.index === PciRegion.CONFIG && r.size >= 64n && hasFlags(r, flags));
}

function irqCount(device: DeviceFacts, index: number): number {
  return device.irqs.find((irq) => irq.index === index)?.count ?? 0;
}

function isSparse(region: RegionFacts): boolean {
  return region.caps.some((cap) => cap.id === RegionCapId.SPARSE_MMAP);
}

/** A fact of the device or server that a case cannot do without. */
export type Need =
  | "config"
  | "writable-config"
  | "extended-config"
  | "pci"
  | "bar"
  | "empty-bar"
  | "empty-region"
  | "plain-region"
  | "caps-region"
  | "sparse-region"
  | "mappable-region"
  | "mappable-writable-region"
  | "region-without-read"
  | "region-without-write"
  | "readable-memory"
  | "writable-memory"
  | "large-writable-memory"
  | "device-specific-region"
  | "wide-bar"
  | "reset"
  | "no-reset"
  | "msix"
  | "max-dma-maps<=4096"
  | "announced-max-dma-maps"
  | "local-process"
  | "scratch"
  | "device-dma-read"
  | "device-dma-write";

const TABLE: Readonly<Record<Need, NeedDefinition>> = {
  "config": {
    without: "the device has no PCI configuration region that can be read",
    holds: isConfig(RegionFlag.READ),
  },
  "writable-config": {
    without: "the device has no PCI configuration region that can be written",
    holds: isConfig(RegionFlag.READ | RegionFlag.WRITE),
  },
  "extended-config": {
    without: "the PCI configuration region has no extended part",
    holds: hasRegion((r) => r.index === PciRegion.CONFIG && r.size >= 4096n),
  },
  "pci": {
    without: "the device does not say that it is a PCI device",
    holds: (device) => (device.flags & DeviceFlag.PCI) !== 0,
  },
  "bar": {
    without: "no BAR of the device has a size",
    holds: hasRegion((r) => isBar(r) && r.size > 0n),
  },
  "empty-bar": {
    without: "all BARs of the device have a size",
    holds: hasRegion((r) => isBar(r) && r.size === 0n),
  },
  "empty-region": {
    without: "all regions of the device have a size",
    holds: hasRegion((r) => r.size === 0n),
  },
  "plain-region": {
    without: "all regions of the device have capabilities",
    holds: hasRegion(isPlain),
  },
  "caps-region": {
    without: "no region of the device has capabilities",
    holds: hasRegion((r) => r.argsz > 32),
  },
  "sparse-region": {
    without: "no region of the device has a sparse mmap capability",
    holds: hasRegion(isSparse),
  },
  "mappable-region": {
    without: "no region of the device can be mapped",
    holds: hasRegion((r) => hasFlags(r, RegionFlag.MMAP)),
  },
  "mappable-writable-region": {
    without: "no region of the device can be both mapped and written",
    holds: hasRegion((r) => isMemory(r) && hasFlags(r, RegionFlag.WRITE)),
  },
  "region-without-read": {
    without: "all regions of the device can be read",
    holds: hasRegion((r) => r.size > 0n && !hasFlags(r, RegionFlag.READ)),
  },
  "region-without-write": {
    without: "all regions of the device can be written",
    holds: hasRegion((r) =>
      r.size > 0n && hasFlags(r, RegionFlag.READ) && !hasFlags(r, RegionFlag.WRITE)
    ),
  },
  "readable-memory": {
    without: `no memory of the device is known that can be read without side effects: ${PROFILE}`,
    holds: (device) => readableMemory(device).length > 0,
  },
  "writable-memory": {
    without: `no memory of the device is known that can be written and put back: ${PROFILE}`,
    holds: (device) => writableMemory(device).length > 0,
  },
  "large-writable-memory": {
    without: "no writable memory of the device is as large as max_data_xfer_size",
    holds: (device) =>
      writableMemory(device).some(({ size }) => size >= device.capabilities.maxDataXferSize),
  },
  "device-specific-region": {
    without: "the device has no regions beyond those of PCI",
    holds: (device) => device.numRegions > PciRegion.COUNT,
  },
  "wide-bar": {
    without: "no BAR of the device is followed by one without a size (as for a 64-bit BAR)",
    holds: (device) =>
      device.regions.some(({ index, size }) =>
        index < PciRegion.BAR5 && size > 0n &&
        device.regions.every((r) => r.index !== index + 1 || r.size === 0n)
      ),
  },
  "reset": {
    without: "the device does not support DEVICE_RESET",
    holds: (device) => (device.flags & DeviceFlag.RESET) !== 0,
  },
  "no-reset": {
    without: "the device supports DEVICE_RESET",
    holds: (device) => (device.flags & DeviceFlag.RESET) === 0,
  },
  "msix": {
    without: "the device has no MSI-X",
    holds: (device) => irqCount(device, PciIrq.MSIX) > 0,
  },
  "max-dma-maps<=4096": {
    without: "the server announces more than 4096 DMA maps",
    holds: (device) => device.capabilities.maxDmaMaps <= 4096,
  },
  "announced-max-dma-maps": {
    without: "the server does not announce max_dma_maps",
    holds: (device) => device.capabilityNames.includes("max_dma_maps"),
  },
  "local-process": {
    without: "the process of the server cannot be seen from here",
    holds: (device) => device.localProcess,
  },
  "scratch": {
    without: `no scratch memory of the device is known: ${PROFILE}`,
    holds: (device) => (device.profile.scratch ?? []).length > 0,
  },
  "device-dma-read": {
    without: `nothing is known that makes the device read guest memory: ${PROFILE}`,
    holds: (device) => device.profile.dmaRead !== undefined,
  },
  "device-dma-write": {
    without: `nothing is known that makes the device write guest memory: ${PROFILE}`,
    holds: (device) => device.profile.dmaWrite !== undefined,
  },
};

/** Why the case must be skipped on this device, or nothing when all its needs are met. */
export function unmetNeed(device: DeviceFacts, needs: readonly Need[]): string | undefined {
  const unmet = needs.find((need) => !TABLE[need].holds(device));
  return unmet === undefined ? undefined : TABLE[unmet].without;
}
