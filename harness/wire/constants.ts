/** Command numbers (specification, Commands). */
export const Command = {
  VERSION: 1,
  DMA_MAP: 2,
  DMA_UNMAP: 3,
  DEVICE_GET_INFO: 4,
  DEVICE_GET_REGION_INFO: 5,
  DEVICE_GET_REGION_IO_FDS: 6,
  DEVICE_GET_IRQ_INFO: 7,
  DEVICE_SET_IRQS: 8,
  REGION_READ: 9,
  REGION_WRITE: 10,
  DMA_READ: 11,
  DMA_WRITE: 12,
  DEVICE_RESET: 13,
  REGION_WRITE_MULTI: 15,
  DEVICE_FEATURE: 16,
  MIG_DATA_READ: 17,
  MIG_DATA_WRITE: 18,
} as const;

/** Name of one of the commands. */
export type CommandName = keyof typeof Command;

const NAMES = new Map<number, string>(
  Object.entries(Command).map(([name, number]) => [number, name]),
);

/** Name of a command number, or `command 14` for one that the specification does not define. */
export function commandName(command: number): string {
  return NAMES.get(command) ?? `command ${command}`;
}

/** Bits of the header's flags (specification, Header). Bits 0 to 3 hold the type. */
export const HeaderFlag = { TYPE_MASK: 0xf, NO_REPLY: 0x10, ERROR: 0x20 } as const;

/** Values of the header's type nibble. */
export const MessageType = { COMMAND: 0, REPLY: 1 } as const;

/** DEVICE_GET_INFO flags. */
export const DeviceFlag = { RESET: 0x1, PCI: 0x2 } as const;

/** DEVICE_GET_REGION_INFO flags. */
export const RegionFlag = { READ: 0x1, WRITE: 0x2, MMAP: 0x4, CAPS: 0x8 } as const;

/** Ids of region capabilities. */
export const RegionCapId = { SPARSE_MMAP: 1, TYPE: 2, MSIX_MAPPABLE: 3 } as const;

/** Region indexes of a PCI device (BAR 0 to 5 are 0 to 5). */
export const PciRegion = { BAR0: 0, BAR5: 5, ROM: 6, CONFIG: 7, VGA: 8, COUNT: 9 } as const;

/** Interrupt indexes of a PCI device. */
export const PciIrq = { INTX: 0, MSI: 1, MSIX: 2, ERR: 3, REQ: 4, COUNT: 5 } as const;

/** DEVICE_GET_IRQ_INFO flags. */
export const IrqFlag = { EVENTFD: 0x1, MASKABLE: 0x2, AUTOMASKED: 0x4, NORESIZE: 0x8 } as const;

/** Types of a sub-region of DEVICE_GET_REGION_IO_FDS; shadow ioeventfds are an extension of libvfio-user. */
export const IoFdType = { IOEVENTFD: 0, IOREGIONFD: 1, SHADOW_IOEVENTFD: 2 } as const;

/** Flags of an ioeventfd, as in linux/kvm.h. */
export const IoEventFdFlag = { DATAMATCH: 0x1, PIO: 0x2, VIRTIO_CCW_NOTIFY: 0x8 } as const;

/** Flags of an ioregionfd, as in the proposal for linux/kvm.h. */
export const IoRegionFdFlag = { PIO: 0x1, POSTED_WRITES: 0x2 } as const;

/** DEVICE_SET_IRQS flags: one DATA bit and one ACTION bit. */
export const SetIrqsFlag = {
  DATA_NONE: 0x1,
  DATA_BOOL: 0x2,
  DATA_EVENTFD: 0x4,
  ACTION_MASK: 0x8,
  ACTION_UNMASK: 0x10,
  ACTION_TRIGGER: 0x20,
} as const;

/** DMA_MAP flags. */
export const DmaMapFlag = { READ: 0x1, WRITE: 0x2 } as const;

/** DEVICE_FEATURE flags above the 16 bits of the feature index. */
export const FeatureFlag = { GET: 0x1_0000, SET: 0x2_0000, PROBE: 0x4_0000 } as const;

/** DEVICE_FEATURE indexes. */
export const Feature = {
  MIGRATION: 1,
  MIG_DEVICE_STATE: 2,
  DMA_LOGGING_START: 6,
  DMA_LOGGING_STOP: 7,
  DMA_LOGGING_REPORT: 8,
} as const;

/** Flags of the feature MIGRATION. */
export const MigrationFlag = { STOP_COPY: 0x1, P2P: 0x2, PRE_COPY: 0x4 } as const;

/** States of MIG_DEVICE_STATE. */
export const DeviceState = {
  ERROR: 0,
  STOP: 1,
  RUNNING: 2,
  STOP_COPY: 3,
  RESUMING: 4,
  RUNNING_P2P: 5,
  PRE_COPY: 6,
  PRE_COPY_P2P: 7,
} as const;

/** What holds where a VERSION capability is absent (specification, Version). */
export const DEFAULTS = {
  maxMsgFds: 1,
  maxDataXferSize: 1_048_576,
  maxDmaMaps: 65_535,
  pgsizes: 4096,
} as const;

/** Page that every server must accept, and the unit of most cases, in bytes. */
export const PAGE = 4096;
