import { type DeviceFacts, hasFlags } from "./device_facts.ts";
import { HarnessError } from "./harness_error.ts";
import type { DmaTrigger, InterruptTrigger, RegisterWrite, Scratch } from "./profile.ts";
import { RegionFlag } from "./wire/constants.ts";

const { READ, WRITE } = RegionFlag;

/** What the profile names must be there. Throws `HarnessError` of kind `usage` that names the first place where it is not. */
export function checkProfile(device: DeviceFacts): void {
  const { scratch = [], interrupts = [], dmaRead, dmaWrite, reset = [] } = device.profile;
  const flaw = firstOf([
    ...scratch.map((one, i) => range(device, `scratch[${i}]`, one, READ | WRITE)),
    ...interrupts.flatMap((one, i) => interrupt(device, `interrupts[${i}]`, one)),
    ...trigger(device, "dmaRead", dmaRead, READ),
    ...trigger(device, "dmaWrite", dmaWrite, WRITE),
    ...reset.map((one, i) => range(device, `reset[${i}]`, one, READ)),
  ]);
  if (flaw !== undefined) throw new HarnessError("usage", `Cannot use the device profile: ${flaw}`);
}

type Flaw = string | undefined;

function firstOf(flaws: readonly Flaw[]): Flaw {
  return flaws.find((flaw) => flaw !== undefined);
}

/** A part of a region that lies inside of it, and may be read or written. */
function range(
  device: DeviceFacts,
  at: string,
  { region: index, offset, size }: Scratch,
  flags: number,
): Flaw {
  const region = device.regions.find((one) => one.index === index);
  if (region === undefined) return `${at} is in region ${index}, which the device does not have`;
  const end = BigInt(offset) + BigInt(size);
  if (end > region.size) {
    return `${at} ends at byte ${end} of region ${index}, which has ${region.size} bytes`;
  }
  const lacking = (["READ", "WRITE"] as const).find((name) => {
    const flag = RegionFlag[name];
    return (flags & flag) !== 0 && !hasFlags(region, flag);
  });
  return lacking && `${at} is in region ${index}, which lacks the flag ${lacking}`;
}

function writes(device: DeviceFacts, at: string, entries: readonly RegisterWrite[]): Flaw[] {
  return entries.map((one, i) => range(device, `${at}.writes[${i}]`, one, WRITE));
}

function interrupt(device: DeviceFacts, at: string, trigger: InterruptTrigger): Flaw[] {
  const { index, subIndex } = trigger;
  const count = device.irqs.find((irq) => irq.index === index)?.count ?? 0;
  const there = subIndex < count
    ? undefined
    : `${at} is interrupt ${subIndex} of index ${index}, of which the device has ${count}`;
  return [there, ...writes(device, at, trigger.writes)];
}

/** `bufferFlags`: what the client does with the buffer. */
function trigger(
  device: DeviceFacts,
  at: string,
  trigger: DmaTrigger | undefined,
  bufferFlags: number,
): Flaw[] {
  if (trigger === undefined) return [];
  const buffer = { ...trigger.buffer, size: trigger.maxCount };
  return [
    range(device, `${at}.buffer`, buffer, bufferFlags),
    ...writes(device, at, trigger.writes),
  ];
}
