import type { DeviceFacts } from "../device_facts.ts";
import { readableMemory } from "../needs.ts";
import type { Scratch } from "../profile.ts";
import { DeviceFlag, PciRegion, RegionFlag } from "../wire/constants.ts";

/** What of a device conversations may touch. */
export interface Ground {
  readonly device: DeviceFacts;
  /** Where reading has no side effect. */
  readonly readable: readonly Scratch[];
  /** Memory of the profile that may be written and read back. */
  readonly scratch: readonly Scratch[];
}

/** Finds what of a device conversations may touch. */
export function groundOf(device: DeviceFacts): Ground {
  const pci = (device.flags & DeviceFlag.PCI) !== 0;
  const config = device.regions.filter((region) =>
    pci && region.index === PciRegion.CONFIG && (region.flags & RegionFlag.READ) !== 0
  );
  const writable = (index: number) =>
    ((device.regions.find((one) => one.index === index)?.flags ?? 0) & RegionFlag.WRITE) !== 0;
  return {
    device,
    readable: [
      ...readableMemory(device),
      // Of configuration space, the part that every PCI device has.
      ...config.map(({ index, size }) => ({
        region: index,
        offset: 0,
        size: Math.min(64, Number(size)),
      })),
    ],
    scratch: (device.profile.scratch ?? []).filter(({ region }) => writable(region)),
  };
}
