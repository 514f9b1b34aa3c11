import { DeviceFlag, IrqFlag, RegionFlag } from "../wire/constants.ts";

const { READ, WRITE, MMAP } = RegionFlag;

/** Part of a region that the client may map. */
export interface Area {
  readonly offset: number;
  readonly size: number;
}

/** How one region is built and announced. */
export interface RegionSettings {
  /** Bytes; 0 for a region that is not there. */
  size: number;
  /** RegionFlag bits without CAPS. */
  flags: number;
  /** Where the region begins in its file. */
  fileOffset: number;
  /** What may be mapped; without it, the whole of a region that may be mapped. */
  areas?: Area[];
}

/** How one interrupt index is announced. */
export interface IrqSettings {
  /** IrqFlag bits. */
  flags: number;
  count: number;
}

/** Numbers that the server announces and checks against. */
export interface Settings {
  major: number;
  /** The highest minor that is spoken. */
  minor: number;
  /** Capabilities of the VERSION reply, twin-socket aside. */
  capabilities: Record<string, unknown>;
  twinSocket: boolean;
  maxDataXferSize: number;
  maxDmaMaps: number;
  pageSize: bigint;
  /** DeviceFlag bits. */
  deviceFlags: number;
  regions: RegionSettings[];
  irqs: IrqSettings[];
}

function region(size: number, flags: number, areas?: Area[]): RegionSettings {
  return { size, flags, fileOffset: 0, ...(areas ? { areas } : {}) };
}

/** The settings of the conforming server. */
export function defaultSettings(): Settings {
  return {
    major: 0,
    minor: 2,
    capabilities: {
      max_msg_fds: 8,
      max_data_xfer_size: 1_048_576,
      max_dma_maps: 64,
      pgsizes: 4096,
    },
    twinSocket: true,
    maxDataXferSize: 1_048_576,
    maxDmaMaps: 64,
    pageSize: 4096n,
    deviceFlags: DeviceFlag.RESET | DeviceFlag.PCI,
    regions: [
      region(0x1000, READ | WRITE),
      { ...region(0x4000, READ | WRITE | MMAP), fileOffset: 0x1000 },
      region(0x1_0000, READ | WRITE | MMAP, [
        { offset: 0x1000, size: 0x1000 },
        { offset: 0x8000, size: 0x2000 },
      ]),
      region(0x1000, READ),
      region(0x20_0000, READ | WRITE),
      region(0, 0),
      region(0, 0),
      region(0x1000, READ | WRITE),
      region(0, 0),
    ],
    irqs: [
      { flags: IrqFlag.EVENTFD | IrqFlag.MASKABLE | IrqFlag.AUTOMASKED, count: 1 },
      { flags: IrqFlag.EVENTFD | IrqFlag.NORESIZE, count: 0 },
      { flags: IrqFlag.EVENTFD, count: 8 },
      { flags: IrqFlag.EVENTFD, count: 1 },
      { flags: IrqFlag.EVENTFD, count: 1 },
    ],
  };
}
