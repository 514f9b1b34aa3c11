import { struct, u16, u32, u64 } from "./struct.ts";

// Each layout is declared once, field by field as in the specification's tables.
// Offsets in comments count from the start of the payload.

/** Header of every message, 16 bytes (specification, Header). */
export const Header = struct({
  msgId: u16, //   0  chosen by the sender of the command, echoed in the reply
  command: u16, // 2  echoed in the reply
  msgSize: u32, // 4  whole message, header included
  flags: u32, //   8  HeaderFlag
  error: u32, //  12  errno, with HeaderFlag.ERROR
});

/** VERSION, both sides; JSON text and its NUL follow. */
export const Version = struct({
  major: u16, // 0
  minor: u16, // 2
});

/** DMA_MAP request. */
export const DmaMap = struct({
  argsz: u32, //   0
  flags: u32, //   4  DmaMapFlag
  offset: u64, //  8  into the file of the descriptor
  address: u64, // 16
  size: u64, //   24
});

/** DMA_UNMAP, both sides. */
export const DmaUnmap = struct({
  argsz: u32, //   0
  flags: u32, //   4
  address: u64, // 8
  size: u64, //   16
});

/** DEVICE_GET_INFO, both sides. */
export const DeviceInfo = struct({
  argsz: u32, //      0
  flags: u32, //      4  DeviceFlag
  numRegions: u32, // 8
  numIrqs: u32, //   12
});

/** DEVICE_GET_REGION_INFO, both sides; capabilities follow in the reply. */
export const RegionInfo = struct({
  argsz: u32, //     0
  flags: u32, //     4  RegionFlag
  index: u32, //     8
  capOffset: u32, // 12 from the start of this struct
  size: u64, //     16
  offset: u64, //   24
});

/** Header of a region capability. */
export const RegionCapHeader = struct({
  id: u16, //      0  RegionCapId
  version: u16, // 2
  next: u32, //    4  from the start of RegionInfo, 0 for the last one
});

/** Sparse mmap capability after its header; `nrAreas` times SparseArea follow. */
export const SparseMmapCap = struct({
  nrAreas: u32, //  0
  reserved: u32, // 4
});

/** One area of the sparse mmap capability. */
export const SparseArea = struct({
  offset: u64, // 0
  size: u64, //   8
});

/** Region type capability after its header. */
export const TypeCap = struct({
  type: u32, //    0
  subtype: u32, // 4
});

/** DEVICE_GET_REGION_IO_FDS, both sides; `count` entries follow in the reply. */
export const RegionIoFds = struct({
  argsz: u32, // 0
  flags: u32, // 4
  index: u32, // 8
  count: u32, // 12
});

/** One entry of DEVICE_GET_REGION_IO_FDS. */
export const RegionIoFd = struct({
  offset: u64, //   0
  size: u64, //     8
  fdIndex: u32, // 16
  type: u32, //    20
  flags: u32, //   24
  padding: u32, // 28
  datamatch: u64, // 32  user_data for an ioregionfd
});

/** DEVICE_GET_IRQ_INFO, both sides. */
export const IrqInfo = struct({
  argsz: u32, // 0
  flags: u32, // 4  IrqFlag
  index: u32, // 8
  count: u32, // 12
});

/** DEVICE_SET_IRQS request; with DATA_BOOL one byte for each sub-index follows. */
export const SetIrqs = struct({
  argsz: u32, // 0
  flags: u32, // 4  SetIrqsFlag
  index: u32, // 8
  start: u32, // 12
  count: u32, // 16
});

/** REGION_READ and REGION_WRITE, both sides; data follow. */
export const RegionAccess = struct({
  offset: u64, // 0
  region: u32, // 8
  count: u32, // 12
});

/** DMA_READ and DMA_WRITE, both sides; data follow. */
export const DmaAccess = struct({
  address: u64, // 0
  count: u64, //   8
});

/** REGION_WRITE_MULTI, both sides; `wrCnt` times RegionWrite follow in the request. */
export const RegionWriteMulti = struct({
  wrCnt: u64, // 0
});

/** One write of REGION_WRITE_MULTI. */
export const RegionWrite = struct({
  offset: u64, // 0
  region: u32, // 8
  count: u32, // 12
  data: u64, //  16  the first `count` bytes count
});

/** DEVICE_FEATURE, both sides; the data of the feature follow. */
export const DeviceFeature = struct({
  argsz: u32, // 0
  flags: u32, // 4  feature index and FeatureFlag
});

/** Data of DEVICE_FEATURE for MIGRATION. */
export const FeatureMigration = struct({
  flags: u64, // 0
});

/** Data of DEVICE_FEATURE for MIG_DEVICE_STATE. */
export const FeatureDeviceState = struct({
  deviceState: u32, // 0
  dataFd: u32, //      4
});

/** Data of DEVICE_FEATURE for DMA_LOGGING_START and DMA_LOGGING_STOP; `numRanges` times LoggingRange follow. */
export const FeatureLoggingControl = struct({
  pageSize: u64, //  0
  numRanges: u32, // 8
  reserved: u32, // 12
});

/** One range of DMA_LOGGING_START. */
export const LoggingRange = struct({
  iova: u64, //   0
  length: u64, // 8
});

/** Data of DEVICE_FEATURE for DMA_LOGGING_REPORT; the bitmap follows in the reply. */
export const FeatureLoggingReport = struct({
  iova: u64, //     0
  length: u64, //   8
  pageSize: u64, // 16
});

/** MIG_DATA_READ and MIG_DATA_WRITE; data follow in the READ reply and the WRITE request. */
export const MigData = struct({
  argsz: u32, // 0
  size: u32, //  4
});
