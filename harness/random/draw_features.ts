import { Command, DeviceState, Feature, FeatureFlag } from "../wire/constants.ts";
import {
  DeviceFeature,
  FeatureDeviceState,
  FeatureLoggingControl,
  FeatureLoggingReport,
  LoggingRange,
  MigData,
} from "../wire/messages.ts";
import { mostly } from "./draw.ts";
import type { Arbitrary, FastCheck } from "./fast_check.ts";
import type { Ground } from "./ground.ts";
import { type Message, message } from "./message.ts";

const { GET, SET, PROBE } = FeatureFlag;
const { RUNNING, STOP, STOP_COPY, RESUMING, PRE_COPY } = DeviceState;
const HEAD = DeviceFeature.size;

/** Draws a DEVICE_FEATURE. */
export function drawFeature(fc: FastCheck, { device }: Ground): Arbitrary<Message> {
  const { supported } = device.features;
  const odd = { weight: 2, arbitrary: drawOddFeature(fc) };
  if (!supported.includes(Feature.MIG_DEVICE_STATE)) return fc.oneof(odd);
  const states = { weight: 6, arbitrary: drawState(fc) };
  if (!supported.includes(Feature.DMA_LOGGING_START)) return fc.oneof(states, odd);
  return fc.oneof(states, odd, { weight: 2, arbitrary: drawLogging(fc) });
}

/** Any feature with any method; none of it carries data. */
function drawOddFeature(fc: FastCheck): Arbitrary<Message> {
  return fc.record({
    index: fc.constantFrom(1, 2, 6, 7, 8, 0, 99, 0xffff),
    methods: fc.constantFrom(PROBE, PROBE | GET, PROBE | SET, GET, SET, GET | SET, 0),
    argsz: fc.constantFrom(HEAD, HEAD + 8, HEAD - 1, 4096),
    reserved: mostly(fc, 0, 0x8_0000),
  }).map(({ index, methods, argsz, reserved }) =>
    message(Command.DEVICE_FEATURE, { argsz, flags: methods | index | reserved })
  );
}

function drawState(fc: FastCheck): Arbitrary<Message> {
  const known = [RUNNING, RUNNING, RUNNING, RUNNING, STOP, STOP_COPY, RESUMING, PRE_COPY];
  return fc.record({
    get: fc.constantFrom(true, false, false),
    // Rather often back to RUNNING: elsewhere, hardly anything must work.
    state: fc.constantFrom<number>(...known, 0, 5, 7, 8, 99),
    argsz: mostly(fc, 0, -1, 100),
  }).map(({ get, state, argsz }) => {
    const flags = (get ? GET : SET) | Feature.MIG_DEVICE_STATE;
    const fields = { argsz: HEAD + FeatureDeviceState.size + argsz, flags };
    if (get) return message(Command.DEVICE_FEATURE, fields);
    const data = FeatureDeviceState.encode({ deviceState: state });
    return message(Command.DEVICE_FEATURE, fields, { data });
  });
}

const PAGE_SIZES = [4096n, 4096n, 4096n, 65536n, 2048n, 3000n, 0n] as const;

function drawLogging(fc: FastCheck): Arbitrary<Message> {
  return fc.record({
    what: fc.constantFrom("start", "stop", "report", "report"),
    page: fc.bigInt(0n, 11n),
    pages: fc.bigInt(1n, 3n),
    pageSize: fc.constantFrom<bigint>(...PAGE_SIZES),
    ranges: fc.nat(2),
    lies: mostly(fc, 0, 0xffff_ff00),
  }).map(({ what, page, pages, pageSize, ranges, lies }) => {
    const [iova, length] = [0x10_0000n + page * 4096n, pages * 4096n];
    if (what === "report") {
      const flags = GET | Feature.DMA_LOGGING_REPORT;
      const data = FeatureLoggingReport.encode({ iova, length, pageSize });
      return message(Command.DEVICE_FEATURE, { argsz: 4096, flags }, { data });
    }
    if (what === "stop") {
      const flags = SET | Feature.DMA_LOGGING_STOP;
      return message(Command.DEVICE_FEATURE, { argsz: HEAD, flags });
    }
    const head = FeatureLoggingControl.encode({ pageSize, numRanges: ranges + lies });
    const data = new Uint8Array([
      ...head,
      ...Array.from({ length: ranges }, (_, i) => [
        ...LoggingRange.encode({ iova: iova + BigInt(i) * length, length }),
      ]).flat(),
    ]);
    const flags = SET | Feature.DMA_LOGGING_START;
    return message(Command.DEVICE_FEATURE, { argsz: HEAD + data.byteLength, flags }, { data });
  });
}

/** Draws a MIG_DATA_READ or MIG_DATA_WRITE. */
export function drawMigrationData(fc: FastCheck, { device }: Ground): Arbitrary<Message> {
  return fc.record({
    read: fc.boolean(),
    size: fc.constantFrom(64, 1, 0, 4096, device.capabilities.maxDataXferSize + 1),
    argsz: mostly(fc, 0, -1, 64),
    lies: mostly(fc, 0, 1, -1),
    byte: fc.nat(255),
  }).map(({ read, size, argsz, lies, byte }) => {
    if (read) {
      return message(Command.MIG_DATA_READ, { argsz: MigData.size + size + argsz, size });
    }
    const data = new Uint8Array(Math.min(size, 4096)).fill(byte);
    const told = Math.max(0, data.byteLength + lies);
    const fields = { argsz: MigData.size + data.byteLength + argsz, size: told };
    return message(Command.MIG_DATA_WRITE, { ...fields, argsz: Math.max(0, fields.argsz) }, {
      data,
    });
  });
}
