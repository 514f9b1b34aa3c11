import type { DeviceFacts } from "./device_facts.ts";
import {
  DeviceFlag,
  Feature,
  IrqFlag,
  MigrationFlag,
  PciIrq,
  PciRegion,
  RegionFlag,
} from "./wire/constants.ts";

/** What a server says of itself, in words, by topic. */
export function factTexts(device: DeviceFacts): Record<string, string> {
  const { capabilities, capabilityNames } = device;
  const regions = device.regions.filter((region) => region.size > 0n);
  const irqs = device.irqs.filter((irq) => irq.count > 0);
  return {
    "Protocol": `${device.major}.${device.minor}`,
    "Capabilities": capabilityNames.length === 0 ? "none announced" : capabilityNames.join(", "),
    "Limits": `max_msg_fds ${capabilities.maxMsgFds}, ` +
      `max_data_xfer_size ${capabilities.maxDataXferSize}, ` +
      `max_dma_maps ${capabilities.maxDmaMaps}, pgsizes 0x${capabilities.pgsizes.toString(16)}`,
    "Device": `${flagNames(device.flags, DeviceFlag)}, ` +
      `${device.numRegions} regions, ${device.numIrqs} interrupt types`,
    "Regions": regions.map((region) =>
      `${regionName(region.index)} ${region.size} bytes ${flagNames(region.flags, RegionFlag)}`
    ).join("; "),
    "Interrupts": irqs.map((irq) =>
      `${irqName(irq.index)} ${irq.count} ${flagNames(irq.flags, IrqFlag)}`
    ).join("; "),
    "Features": featuresText(device),
    "Extensions": extensionsText(device),
    "Program": device.conventions
      ? "claims the backend program conventions"
      : "does not claim the backend program conventions: their cases are skipped",
  };
}

/** Features of DEVICE_FEATURE, and what migration can do. */
export function featuresText({ features }: DeviceFacts): string {
  const names = features.supported.map((index) =>
    Object.entries(Feature).find(([, i]) => i === index)?.[0] ?? `feature ${index}`
  );
  if (names.length === 0) return "none";
  return `${names.join(", ")}; migration ${flagNames(features.migrationFlags, MigrationFlag)}`;
}

function extensionsText({ capabilities, ioFds }: DeviceFacts): string {
  const used = ioFds.filter(({ count }) => count > 0)
    .map(({ index, count }) => `${count} for ${regionName(index)}`);
  const ioRegions = used.length === 0 ? "" : ` (${used.join(", ")})`;
  const texts = [
    capabilities.twinSocket.supported ? ["twin socket"] : [],
    capabilities.writeMultiple ? ["REGION_WRITE_MULTI"] : [],
    ioFds.length > 0 ? [`DEVICE_GET_REGION_IO_FDS${ioRegions}`] : [],
  ];
  return texts.flat().join(", ") || "none";
}

/** Name of a region of a PCI device: `BAR0`. */
export function regionName(index: number): string {
  if (index <= PciRegion.BAR5) return `BAR${index}`;
  return Object.entries(PciRegion).find(([name, i]) => i === index && name !== "COUNT")?.[0] ??
    `region ${index}`;
}

/** Name of an interrupt index of a PCI device: `MSIX`. */
export function irqName(index: number): string {
  return Object.entries(PciIrq).find(([name, i]) => i === index && name !== "COUNT")?.[0] ??
    `interrupt ${index}`;
}

/** Names of the bits that are set: `READ|WRITE`. */
export function flagNames(flags: number, bits: Readonly<Record<string, number>>): string {
  const names = Object.entries(bits).filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
  return names.length === 0 ? "no flags" : names.join("|");
}
