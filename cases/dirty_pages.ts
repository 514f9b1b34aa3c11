import type { DmaRequest, Outcome, ReplyDemands, Send, Step } from "../harness/case.ts";
import { anyError, deviceFeature, expect, reply } from "../harness/steps.ts";
import { Feature, FeatureFlag, PAGE } from "../harness/wire/constants.ts";
import {
  DeviceFeature,
  FeatureLoggingControl,
  FeatureLoggingReport,
  LoggingRange,
} from "../harness/wire/messages.ts";
import { u64 } from "../harness/wire/struct.ts";

/** Address and size of a stretch of guest memory. */
export interface GuestRange {
  readonly address: bigint;
  readonly size: bigint;
}

/** Bytes before the bitmap of a report. */
export const REPORT_HEAD: number = DeviceFeature.size + FeatureLoggingReport.size;

/** SET of DMA_LOGGING_START for these ranges, or for all of guest memory. */
export function startLogging(
  given: {
    readonly pageSize?: bigint;
    readonly ranges?: readonly GuestRange[];
    readonly numRanges?: number;
  } = {},
): Send {
  return control(Feature.DMA_LOGGING_START, given);
}

/** SET of DMA_LOGGING_STOP: `start` gives it the data of a start. */
export function stopMessage(data: "none" | "start"): Send {
  if (data === "start") return control(Feature.DMA_LOGGING_STOP, {});
  return deviceFeature({ flags: FeatureFlag.SET | Feature.DMA_LOGGING_STOP });
}

/** Ends logging in both forms, of which a server may know one; how it answers is for a row of its own. */
export function stopLogging(): Step[] {
  return (["none", "start"] as const).flatMap((data) => [
    stopMessage(data),
    expect(reply(), anyError()),
  ]);
}

function control(
  feature: number,
  { pageSize = BigInt(PAGE), ranges = [], numRanges = ranges.length }:
    & Parameters<
      typeof startLogging
    >[0]
    & object,
): Send {
  const message = deviceFeature({
    flags: FeatureFlag.SET | feature,
    argsz: DeviceFeature.size + FeatureLoggingControl.size + ranges.length * LoggingRange.size,
    data: FeatureLoggingControl.encode({ pageSize, numRanges }),
  });
  const tail = ranges.map(({ address, size }) =>
    LoggingRange.encode({ iova: address, length: size })
  );
  return { ...message, payload: [...message.payload, ...tail] };
}

/** Bytes of the bitmap for a range. */
export function bitmapSize({ size }: GuestRange, pageSize = BigInt(PAGE)): number {
  const pages = (size + pageSize - 1n) / pageSize;
  return 8 * Number((pages + 63n) / 64n);
}

/** GET of DMA_LOGGING_REPORT, with room for the whole bitmap unless `argsz` says otherwise. */
export function report(
  range: GuestRange,
  { pageSize = BigInt(PAGE), argsz }: {
    readonly pageSize?: bigint;
    readonly argsz?: number;
  } = {},
): Send {
  return deviceFeature({
    flags: FeatureFlag.GET | Feature.DMA_LOGGING_REPORT,
    argsz: argsz ?? REPORT_HEAD + bitmapSize(range, pageSize),
    data: FeatureLoggingReport.encode({ iova: range.address, length: range.size, pageSize }),
  });
}

/** A report of the right size for the range. */
export function reported(range: GuestRange, pageSize = BigInt(PAGE)): Outcome {
  return reply({}, { payloadSize: REPORT_HEAD + bitmapSize(range, pageSize) });
}

/** Bytes that the device has written. */
export interface Written {
  readonly address: bigint;
  readonly count: number;
}

/**
 * Exactly the pages that the device has written have their bits set, as far as the page size tells that the server
 * chose in its reply to the start, which is saved as `started`. What the device wrote by DMA_WRITE need not be
 * logged: the client has carried it out itself.
 */
export function dirty(
  range: GuestRange,
  written: readonly Written[],
  { pageSize = BigInt(PAGE), byMessage = [] }: {
    readonly pageSize?: bigint;
    readonly byMessage?: readonly DmaRequest[];
  } = {},
): ReplyDemands {
  const touches = (from: bigint, size: bigint) =>
    written.some(({ address, count }) => address < from + size && address + BigInt(count) > from);
  return {
    wants: `a bitmap with exactly the pages set that the device has written, of ${pageSize} bytes`,
    check: ({ payload }, saved) => {
      const size = REPORT_HEAD + bitmapSize(range, pageSize);
      if (payload.byteLength !== size) return `a payload of ${payload.byteLength} bytes`;
      const granule = chosenPageSize(saved.get("started"), pageSize);
      const set = bitmapOf(payload);
      for (let page = 0; page < set.length; page++) {
        const from = range.address + BigInt(page) * pageSize;
        const inside = from < range.address + range.size;
        const owed = inside && touches(from, pageSize) && byMessage.length === 0;
        if (owed && !set[page]) return `page ${page} clear`;
        const allowed = inside && touches(from - from % granule, granule);
        if (!allowed && set[page]) return `page ${page} set`;
      }
      return undefined;
    },
  };
}

/** Pages are logged together when the server chose larger ones than are reported. */
function chosenPageSize(started: Uint8Array | undefined, pageSize: bigint): bigint {
  if (started === undefined || started.byteLength < FeatureLoggingControl.size) return pageSize;
  const chosen = FeatureLoggingControl.decode(started).pageSize;
  return chosen > pageSize ? chosen : pageSize;
}

/** Page `p` is bit `p % 64` of word `p / 64`. */
function bitmapOf(payload: Uint8Array): readonly boolean[] {
  const bitmap = payload.slice(REPORT_HEAD);
  const view = new DataView(bitmap.buffer);
  const words = Array.from(
    { length: Math.floor(bitmap.byteLength / u64.size) },
    (_, i) => u64.get(view, i * u64.size),
  );
  return words.flatMap((word) =>
    Array.from({ length: 64 }, (_, bit) => (word >> BigInt(bit) & 1n) === 1n)
  );
}
