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
  return [
    ...fillDevice(device, bytes),
    ...startWriting(device, address, bytes.byteLength),
    expect(reply()),
  ];
}

/** The device reads guest memory, and finds these bytes there. */
export function deviceReads(device: DeviceFacts, { address, bytes }: Transfer): Step[] {
  return [
    ...startReading(device, address, bytes.byteLength),
    expect(reply()),
    ...deviceHolds(device, bytes),
  ];
}

/** The device is told to write these bytes to guest memory, whatever comes of it. */
export function deviceMayWrite(device: DeviceFacts, { address, bytes }: Transfer): Step[] {
  return [
    ...fillDevice(device, bytes),
    ...startWriting(device, address, bytes.byteLength),
    expect(...WHATEVER),
  ];
}

/** The device is told to read guest memory, whatever comes of it. */
export function deviceMayRead(device: DeviceFacts, address: bigint): Step[] {
  return [...startReading(device, address, mark(0).byteLength), expect(...WHATEVER)];
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

/** The device reads guest memory from now on; the reply to the write that starts it is owed to the row. */
export function startReading(device: DeviceFacts, address: bigint, count: number): Step[] {
  return start(known(device.profile.dmaRead), address, count);
}

/** The device writes what it was filled with; the reply to the write that starts it is owed to the row. */
export function startWriting(device: DeviceFacts, address: bigint, count: number): Step[] {
  return start(known(device.profile.dmaWrite), address, count);
}

/** The device gets bytes to write to guest memory, in messages of at most so many. */
export function fillDevice(device: DeviceFacts, bytes: Uint8Array, atMost = MOST): Step[] {
  const buffer = bufferOf(known(device.profile.dmaWrite));
  return parts(bytes, atMost).flatMap(([at, data]) => [
    regionWrite({ ...buffer, offset: buffer.offset + BigInt(at), data }),
    expect(reply()),
  ]);
}

/** The device holds these bytes after it has read guest memory. */
export function deviceHolds(device: DeviceFacts, bytes: Uint8Array, atMost = MOST): Step[] {
  const buffer = bufferOf(known(device.profile.dmaRead));
  return parts(bytes, atMost).flatMap(([at, data]) => [
    regionRead({ ...buffer, offset: buffer.offset + BigInt(at), count: data.byteLength }),
    expect(reply({}, { data })),
  ]);
}

/** What a transfer may end with that does not have to succeed. */
export const WHATEVER: readonly Outcome[] = [reply(), anyError(), closed()];

/** Bytes of the device's buffer that are read or written at once. */
const MOST = 4096;

function parts(bytes: Uint8Array, atMost: number): [at: number, part: Uint8Array][] {
  return Array.from({ length: Math.ceil(bytes.byteLength / atMost) }, (_, i) => [
    i * atMost,
    bytes.subarray(i * atMost, (i + 1) * atMost),
  ]);
}

function known(trigger: DmaTrigger | undefined): DmaTrigger {
  if (trigger === undefined) {
    throw new RangeError("Cannot make the device do DMA: the case lacks a need");
  }
  return trigger;
}

function bufferOf({ buffer }: DmaTrigger): { region: number; offset: bigint } {
  return { region: buffer.region, offset: BigInt(buffer.offset) };
}

/** The writes of the trigger; the last one starts the transfer, and its reply is owed to the row. */
function start(trigger: DmaTrigger, address: bigint, count: number): Step[] {
  const last = trigger.writes.length - 1;
  return trigger.writes.flatMap(({ region, offset, ...register }, i) => {
    const data = registerBytes(register, address, count);
    const write = regionWrite({ region, offset: BigInt(offset), data });
    return i === last ? [write] : [write, expect(reply())];
  });
}

/** What is written to a register; those of PCI devices are little-endian on every machine. */
export function registerBytes(
  { size, value }: Pick<RegisterWrite, "size" | "value">,
  address: bigint,
  count: number,
): Uint8Array {
  const bytes = new Uint8Array(8);
  const number = value === "address" ? address : BigInt(value === "count" ? count : value);
  new DataView(bytes.buffer).setBigUint64(0, number, true);
  return bytes.subarray(0, size);
}
