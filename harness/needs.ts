import { type DeviceFacts, hasFlags, mappableAreas, type RegionFacts } from "./device_facts.ts";
import { INTERRUPT_NEEDS, type InterruptNeed } from "./interrupt_needs.ts";
import type { Scratch } from "./profile.ts";
import {
  DeviceFlag,
  Feature,
  IoFdType,
  MigrationFlag,
  PciIrq,
  PciRegion,
  RegionCapId,
  RegionFlag,
} from "./wire/constants.ts";

/** How a need is met. */
export interface NeedDefinition {
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

function hasFeatures(...indexes: readonly number[]) {
  return ({ features }: DeviceFacts) => indexes.every((one) => features.supported.includes(one));
}

function hasMigrationFlag(flag: number) {
  return ({ features }: DeviceFacts) => (features.migrationFlags & flag) !== 0;
}

function dmaMaps(word: string, count: number): NeedDefinition {
  return {
    without: `the device has fewer than ${word} DMA windows (max_dma_maps)`,
    holds: ({ capabilities }) => capabilities.maxDmaMaps >= count,
  };
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
  | "intx"
  | "eight-msix"
  | "three-msix"
  | "no-announced-max-msg-fds"
  | "max-dma-maps<=4096"
  | "announced-max-dma-maps"
  | "two-dma-maps"
  | "three-dma-maps"
  | "four-dma-maps"
  | "local-process"
  | InterruptNeed
  | "region-io-fds"
  | "region-without-io-fds"
  | "io-fds"
  | "ioregionfd"
  | "write-multiple"
  | "no-write-multiple"
  | "reset-registers"
  | "lives-on"
  | "serves-next-client"
  | "wide-scratch"
  | "second-server"
  | "migration"
  | "no-migration"
  | "precopy"
  | "no-precopy"
  | "no-p2p"
  | "dma-logging"
  | "conventions"
  | "scratch"
  | "device-dma-read"
  | "device-dma-write"
  | "large-dma-read"
  | "large-dma-write"
  | "twin-socket";

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
    holds: hasRegion((r) =>
      isMemory(r) && hasFlags(r, RegionFlag.WRITE) && mappableAreas(r).length > 0
    ),
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
  "intx": {
    without: "the device has no INTx",
    holds: (device) => irqCount(device, PciIrq.INTX) > 0,
  },
  "eight-msix": {
    without: "the device has fewer than 8 MSI-X interrupts",
    holds: (device) => irqCount(device, PciIrq.MSIX) >= 8,
  },
  "three-msix": {
    without: "the device has fewer than 3 MSI-X interrupts",
    holds: (device) => irqCount(device, PciIrq.MSIX) >= 3,
  },
  "no-announced-max-msg-fds": {
    without: "the server announces max_msg_fds",
    holds: (device) => !device.capabilityNames.includes("max_msg_fds"),
  },
  "max-dma-maps<=4096": {
    without: "the server announces more than 4096 DMA maps",
    holds: (device) => device.capabilities.maxDmaMaps <= 4096,
  },
  "announced-max-dma-maps": {
    without: "the server does not announce max_dma_maps",
    holds: (device) => device.capabilityNames.includes("max_dma_maps"),
  },
  "two-dma-maps": dmaMaps("two", 2),
  "three-dma-maps": dmaMaps("three", 3),
  "four-dma-maps": dmaMaps("four", 4),
  ...INTERRUPT_NEEDS,
  "region-io-fds": {
    without: "the server does not carry out DEVICE_GET_REGION_IO_FDS",
    holds: ({ ioFds }) => ioFds.length > 0,
  },
  "region-without-io-fds": {
    without: "the server names no region without sub-regions",
    holds: ({ ioFds }) => ioFds.some(({ count }) => count === 0),
  },
  "io-fds": {
    without: "no region of the device has sub-regions with descriptors",
    holds: ({ ioFds }) => ioFds.some(({ count }) => count > 0),
  },
  "ioregionfd": {
    without: "no region of the device has an ioregionfd",
    holds: ({ ioFds }) =>
      ioFds.some(({ subRegions }) => subRegions.some(({ type }) => type === IoFdType.IOREGIONFD)),
  },
  "write-multiple": {
    without: "the server does not offer write_multiple",
    holds: ({ capabilities }) => capabilities.writeMultiple,
  },
  "no-write-multiple": {
    without: "the server offers write_multiple",
    holds: ({ capabilities }) => !capabilities.writeMultiple,
  },
  "reset-registers": {
    without: `nothing is known of what DEVICE_RESET does to registers: ${PROFILE}`,
    holds: (device) =>
      (device.flags & DeviceFlag.RESET) !== 0 && (device.profile.reset ?? []).length > 0,
  },
  "wide-scratch": {
    without: `no scratch memory of 8 bytes is known: ${PROFILE}`,
    holds: ({ profile }) => (profile.scratch?.[0]?.size ?? 0) >= 8,
  },
  "lives-on": {
    without: "the server exits when its client leaves",
    holds: ({ life }) => life !== "exits",
  },
  "serves-next-client": {
    without: "the server serves one client only",
    holds: ({ life }) => life === "stays",
  },
  "local-process": {
    without: "the process of the server cannot be seen from here",
    holds: (device) => device.localProcess,
  },
  "second-server": {
    without: "the server was not started by the suite, which therefore cannot start another",
    holds: (device) => device.startable,
  },
  "migration": {
    without: "the device has no migration (features MIGRATION and MIG_DEVICE_STATE)",
    holds: hasFeatures(Feature.MIGRATION, Feature.MIG_DEVICE_STATE),
  },
  "no-migration": {
    without: "the device has migration",
    holds: ({ features }) =>
      !features.supported.includes(Feature.MIGRATION) &&
      !features.supported.includes(Feature.MIG_DEVICE_STATE),
  },
  "precopy": {
    without: "migration of the device has no PRE_COPY",
    holds: hasMigrationFlag(MigrationFlag.PRE_COPY),
  },
  "no-precopy": {
    without: "migration of the device has PRE_COPY",
    holds: (device) => !hasMigrationFlag(MigrationFlag.PRE_COPY)(device),
  },
  "no-p2p": {
    without: "migration of the device has P2P",
    holds: (device) => !hasMigrationFlag(MigrationFlag.P2P)(device),
  },
  "dma-logging": {
    without: "the device has no DMA logging (features DMA_LOGGING_START, _STOP and _REPORT)",
    holds: hasFeatures(
      Feature.DMA_LOGGING_START,
      Feature.DMA_LOGGING_STOP,
      Feature.DMA_LOGGING_REPORT,
    ),
  },
  "conventions": {
    without: "the program does not claim the backend program conventions: " +
      "its command line names the socket by neither --socket-path={socket} nor --fd={fd}",
    holds: (device) => device.conventions,
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
  "large-dma-read": {
    without: `nothing is known that makes the device read 64 bytes of guest memory: ${PROFILE}`,
    holds: (device) => (device.profile.dmaRead?.maxCount ?? 0) >= 64,
  },
  "large-dma-write": {
    without: `nothing is known that makes the device write 64 bytes of guest memory: ${PROFILE}`,
    holds: (device) => (device.profile.dmaWrite?.maxCount ?? 0) >= 64,
  },
  "twin-socket": {
    without: "the server offers no twin socket",
    holds: (device) => device.capabilities.twinSocket.supported,
  },
};

/** Why the case must be skipped on this device, or nothing when all its needs are met. */
export function unmetNeed(device: DeviceFacts, needs: readonly Need[]): string | undefined {
  const unmet = needs.find((need) => !TABLE[need].holds(device));
  return unmet === undefined ? undefined : TABLE[unmet].without;
}
