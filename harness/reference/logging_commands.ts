import { Errno } from "../wire/errno.ts";
import { FeatureLoggingControl, FeatureLoggingReport, LoggingRange } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import { bitmapSize, type LoggedRange } from "./dma_log.ts";
import type { Feature } from "./feature_commands.ts";
import { concat } from "./message.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

const ADDRESS_SPACE = 1n << 64n;
/** Larger pages would call too much dirty that is not. */
const MAX_PAGE = 1n << 21n;

const supported = ({ settings }: Session) => settings.dmaLogging;

/** Feature DMA_LOGGING_START. */
export const loggingStart: Feature = {
  supported,
  set(data, { dmaLog, settings }) {
    if (data.byteLength < FeatureLoggingControl.size) throw new Refusal(Errno.EINVAL);
    const control = FeatureLoggingControl.decode(data);
    const ranges = readRanges(data, control);
    if (dmaLog.started) throw new Refusal(Errno.EINVAL);
    const pageSize = choosePageSize(control.pageSize, settings.pageSize);
    dmaLog.start(pageSize, ranges);
    const answer = FeatureLoggingControl.encode({ ...control, pageSize });
    return concat(answer, data.subarray(FeatureLoggingControl.size));
  },
};

/** Feature DMA_LOGGING_STOP. Some clients send the data of the start, others none. */
export const loggingStop: Feature = {
  supported,
  set(data, { dmaLog }) {
    dmaLog.stop();
    return data;
  },
};

/** Feature DMA_LOGGING_REPORT. */
export const loggingReport: Feature = {
  supported,
  get(data, session, room) {
    if (data.byteLength < FeatureLoggingReport.size) throw new Refusal(Errno.EINVAL);
    const report = FeatureLoggingReport.decode(data);
    const { iova, length, pageSize } = report;
    if (!session.dmaLog.started || !isPowerOfTwo(pageSize)) throw new Refusal(Errno.EINVAL);
    checkRange({ iova, length });
    const size = FeatureLoggingReport.size + bitmapSize(length, pageSize);
    const limit = Math.min(session.settings.maxDataXferSize, session.client.maxDataXferSize);
    // Before the bitmap is made: nobody could take one of any size.
    if (size > room || size > limit) throw new Refusal(Errno.EINVAL);
    const bitmap = session.dmaLog.take({ iova, length }, pageSize);
    return concat(FeatureLoggingReport.encode(report), bitmap);
  },
};

function readRanges(
  data: Uint8Array,
  { numRanges }: Decoded<typeof FeatureLoggingControl>,
): LoggedRange[] {
  const { size } = FeatureLoggingControl;
  if (data.byteLength !== size + numRanges * LoggingRange.size) throw new Refusal(Errno.EINVAL);
  const ranges = Array.from(
    { length: numRanges },
    (_, i) => LoggingRange.decode(data, size + i * LoggingRange.size),
  );
  ranges.forEach(checkRange);
  return ranges;
}

function checkRange({ iova, length }: LoggedRange): void {
  if (length === 0n || iova + length > ADDRESS_SPACE) throw new Refusal(Errno.EINVAL);
}

/** The page size of a start is a hint. */
function choosePageSize(hint: bigint, smallest: bigint): bigint {
  if (!isPowerOfTwo(hint) || hint < smallest) return smallest;
  return hint < MAX_PAGE ? hint : MAX_PAGE;
}

function isPowerOfTwo(value: bigint): boolean {
  return value !== 0n && (value & (value - 1n)) === 0n;
}
