import type { Outcome, Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import type { DmaTrigger, RegisterWrite } from "../harness/profile.ts";
import { anyError, closed, expect, regionRead, regionWrite, reply } from "../harness/steps.ts";

/** Bytes that the device moves to or from a guest address, at most `maxCount` of the profile. */
export interface Transfer {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** Four bytes, few enough for any device. Each row has a seed of its own: a buffer outlives a row. */
export function mark(seed: number): Uint8Array {
  return Uint8Array.of(0xa5, seed, 0x5a, 0xff - seed);
}

/** The device writes these bytes to guest memory. */
export function deviceWrites(device: DeviceFacts, { address, bytes }: Transfer): Step[] {
  const trigger = known(device.profile.dmaWrite);
  return [...fillBuffer(trigger, bytes), ...start(trigger, address, bytes.byteLength, [reply()])];
}

/** The device reads guest memory, and finds these bytes there. */
export function deviceReads(device: DeviceFacts, { address, bytes }: Transfer): Step[] {
  const trigger = known(device.profile.dmaRead);
  const count = bytes.byteLength;
  return [
    ...start(trigger, address, count, [reply()]),
    regionRead({ ...bufferOf(trigger), count }),
    expect(reply({}, { data: bytes })),
  ];
}

/** The device is told to write these bytes to guest memory, whatever comes of it. */
export function deviceMayWrite(device: DeviceFacts, { address, bytes }: Transfer): Step[] {
  const trigger = known(device.profile.dmaWrite);
  return [...fillBuffer(trigger, bytes), ...start(trigger, address, bytes.byteLength, WHATEVER)];
}

/** The device is told to read guest memory, whatever comes of it. */
export function deviceMayRead(device: DeviceFacts, address: bigint): Step[] {
  return start(known(device.profile.dmaRead), address, mark(0).byteLength, WHATEVER);
}

/** What the device holds of its last read are not these bytes. */
export function deviceHasNotRead(device: DeviceFacts, bytes: Uint8Array): Step[] {
  const held = (data: Uint8Array) => data.toHex() === bytes.toHex();
  return [
    regionRead({ ...bufferOf(known(device.profile.dmaRead)), count: bytes.byteLength }),
    expect(
      reply({}, {
        wants: "other bytes than those of guest memory",
        check: ({ data }) => held(data) ? `its bytes ${data.toHex()}` : undefined,
      }),
      anyError(),
      closed(),
    ),
  ];
}

const WHATEVER: readonly Outcome[] = [reply(), anyError(), closed()];

function known(trigger: DmaTrigger | undefined): DmaTrigger {
  if (trigger === undefined) {
    throw new RangeError("Cannot make the device do DMA: the case lacks a need");
  }
  return trigger;
}

function bufferOf({ buffer }: DmaTrigger): { region: number; offset: bigint } {
  return { region: buffer.region, offset: BigInt(buffer.offset) };
}

function fillBuffer(trigger: DmaTrigger, bytes: Uint8Array): Step[] {
  return [regionWrite({ ...bufferOf(trigger), data: bytes }), expect(reply())];
}

/** The last write starts the transfer: what it may be answered with is up to the row. */
function start(
  trigger: DmaTrigger,
  address: bigint,
  count: number,
  outcomes: readonly Outcome[],
): Step[] {
  const last = trigger.writes.length - 1;
  return trigger.writes.flatMap(({ region, offset, ...register }, i) => [
    regionWrite({ region, offset: BigInt(offset), data: encode(register, address, count) }),
    expect(...(i === last ? outcomes : [reply()])),
  ]);
}

/** Registers of PCI devices are little-endian on every machine. */
function encode(
  { size, value }: Pick<RegisterWrite, "size" | "value">,
  address: bigint,
  count: number,
): Uint8Array {
  const bytes = new Uint8Array(8);
  const number = value === "address" ? address : BigInt(value === "count" ? count : value);
  new DataView(bytes.buffer).setBigUint64(0, number, true);
  return bytes.subarray(0, size);
}
