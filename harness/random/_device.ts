import type { DeviceFacts } from "../device_facts.ts";
import { DeviceFlag, IrqFlag, MigrationFlag, RegionFlag } from "../wire/constants.ts";
import { type Ground, groundOf } from "./ground.ts";

const READ_WRITE = RegionFlag.READ | RegionFlag.WRITE;

/** A device to draw for, and to ask the model about, without a server. */
export const DEVICE: DeviceFacts = {
  major: 0,
  minor: 1,
  capabilities: {
    maxMsgFds: 8,
    maxDataXferSize: 1 << 20,
    maxDmaMaps: 16,
    pgsizes: 4096n,
    twinSocket: { supported: false },
    writeMultiple: true,
  },
  capabilityNames: [],
  flags: DeviceFlag.RESET | DeviceFlag.PCI,
  numRegions: 9,
  numIrqs: 5,
  regions: Array.from({ length: 9 }, (_, index) => ({
    index,
    flags: index === 0 || index === 7 ? READ_WRITE : 0,
    size: index === 0 || index === 7 ? 4096n : 0n,
    offset: 0n,
    argsz: 32,
    caps: [],
    fdCount: 0,
  })),
  irqs: [1, 0, 8, 1, 1].map((count, index) => ({ index, count, flags: IrqFlag.EVENTFD })),
  features: {
    supported: [1, 2, 6, 7, 8],
    migrationFlags: MigrationFlag.STOP_COPY | MigrationFlag.PRE_COPY,
  },
  ioFds: [],
  life: "stays",
  startable: true,
  localProcess: true,
  conventions: false,
  profile: { scratch: [{ region: 0, offset: 0, size: 256 }] },
};

/** What of it may be touched. */
export const GROUND: Ground = groundOf(DEVICE);
