import { DeviceFlag, IrqFlag, MigrationFlag, RegionFlag } from "../wire/constants.ts";
import { Register } from "./registers.ts";

const { READ, WRITE, MMAP } = RegionFlag;

/** Part of a region that the client may map. */
export interface Area {
  readonly offset: number;
  readonly size: number;
}

/** A register write that the client can have done by signalling an eventfd. */
export interface IoEventFdSettings {
  readonly offset: number;
  readonly size: number;
  /** The value that is written, and the only one that the eventfd stands for; absent for any. */
  readonly datamatch?: bigint;
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
  /** Registers with eventfds. */
  ioEventFds?: IoEventFdSettings[];
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
  /** MigrationFlag bits; 0 for a device that cannot be migrated. */
  migrationFlags: number;
  /** Whether the pages that the device writes can be logged. */
  dmaLogging: boolean;
  regions: RegionSettings[];
  irqs: IrqSettings[];
}

/** What the register IRQ_RAISE takes for interrupt 3 of MSI-X. */
const MSIX_3 = 0x2_0003n;

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
      write_multiple: true,
    },
    twinSocket: true,
    maxDataXferSize: 1_048_576,
    maxDmaMaps: 64,
    pageSize: 4096n,
    deviceFlags: DeviceFlag.RESET | DeviceFlag.PCI,
    migrationFlags: MigrationFlag.STOP_COPY | MigrationFlag.PRE_COPY,
    dmaLogging: true,
    regions: [
      {
        ...region(0x1000, READ | WRITE),
        ioEventFds: [
          { offset: Register.IRQ_RAISE, size: 4, datamatch: MSIX_3 },
          { offset: Register.DOORBELL, size: 4 },
        ],
      },
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
