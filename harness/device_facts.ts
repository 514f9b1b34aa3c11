import type { DeviceProfile } from "./profile.ts";
import { PciRegion, RegionCapId } from "./wire/constants.ts";
import type { SubRegion } from "./wire/io_fds.ts";
import type { RegionCap } from "./wire/region_caps.ts";
import type { Capabilities } from "./wire/version_json.ts";

/** What a server says of one region. */
export interface RegionFacts {
  readonly index: number;
  /** RegionFlag bits. */
  readonly flags: number;
  /** Bytes. */
  readonly size: bigint;
  /** Where the region begins in its file. */
  readonly offset: bigint;
  /** Bytes that the whole information takes. */
  readonly argsz: number;
  readonly caps: readonly RegionCap[];
  /** Descriptors that came with the whole information. */
  readonly fdCount: number;
}

/** What a server says of one interrupt index. */
export interface IrqFacts {
  readonly index: number;
  /** IrqFlag bits. */
  readonly flags: number;
  readonly count: number;
}

/** What a server says of DEVICE_FEATURE. */
export interface FeatureFacts {
  /** Feature indexes that answered PROBE without error. */
  readonly supported: readonly number[];
  /** MigrationFlag bits; 0 without migration. */
  readonly migrationFlags: number;
}

/** What a server says of the sub-regions of one region. */
export interface IoFdsFacts {
  readonly index: number;
  /** Bytes that the whole answer takes. */
  readonly argsz: number;
  readonly count: number;
  /** As far as they can be told apart. */
  readonly subRegions: readonly SubRegion[];
}

/** How a server lives: serves one client after another, exits after each, or stays without serving. */
export type Life = "unknown" | "stays" | "exits" | "abandons";

/** What is known about the server and its device before the first case. */
export interface DeviceFacts {
  readonly major: number;
  readonly minor: number;
  readonly capabilities: Capabilities;
  /** Names of the capabilities that the reply names, known or not. */
  readonly capabilityNames: readonly string[];
  /** DeviceFlag bits. */
  readonly flags: number;
  readonly numRegions: number;
  readonly numIrqs: number;
  /** Regions that answered, by index. */
  readonly regions: readonly RegionFacts[];
  /** Interrupt indexes that answered. */
  readonly irqs: readonly IrqFacts[];
  readonly features: FeatureFacts;
  /** Whether more servers can be started like this one. */
  readonly startable: boolean;
  /** Regions for which DEVICE_GET_REGION_IO_FDS answered without error. */
  readonly ioFds: readonly IoFdsFacts[];
  /** How the server lives, as its first client has seen. */
  readonly life: Life;
  /** Whether /proc of the server's process can be read. */
  readonly localProcess: boolean;
  /** Whether the program claims the backend program conventions: its command line follows them. */
  readonly conventions: boolean;
  readonly profile: DeviceProfile;
}

/** The first region for which `test` holds. Throws `RangeError` when there is none: the row lacks a need. */
export function regionWhere(
  device: DeviceFacts,
  test: (region: RegionFacts) => boolean,
): RegionFacts {
  const region = device.regions.find(test);
  if (region === undefined) {
    throw new RangeError("Cannot find such a region: the case lacks a need");
  }
  return region;
}

/** PCI configuration space of the device. */
export function configRegion(device: DeviceFacts): RegionFacts {
  return regionWhere(device, (region) => region.index === PciRegion.CONFIG);
}

/** Whether all these RegionFlag bits are set. */
export function hasFlags(region: RegionFacts, flags: number): boolean {
  return (region.flags & flags) === flags;
}

/** Areas that may be mapped: those of the sparse capability, or the whole region. */
export function mappableAreas(region: RegionFacts): { offset: bigint; size: bigint }[] {
  const sparse = region.caps.find((cap) => cap.id === RegionCapId.SPARSE_MMAP);
  return [...(sparse?.areas ?? [{ offset: 0n, size: region.size }])];
}
