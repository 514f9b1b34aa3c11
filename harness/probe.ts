import {
  type DeviceFacts,
  hasFlags,
  type Life,
  mappableAreas,
  type RegionFacts,
} from "./device_facts.ts";
import { factTexts, flagNames, irqName, regionName } from "./fact_texts.ts";
import type { DeviceProfile, Scratch } from "./profile.ts";
import { meet } from "./meet.ts";
import { Stage, type StageOptions } from "./stage.ts";
import type { Target } from "./target.ts";
import { DeviceFlag, IrqFlag, PciRegion, RegionFlag } from "./wire/constants.ts";
import { printable } from "./wire/printable.ts";

/** Options of a probe. */
export interface ProbeOptions extends StageOptions {
  readonly profile: DeviceProfile;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/** Areas that are shown of a region; a server may list thousands. */
const MAX_AREAS = 8;
/** Scratch ranges of a profile to start from. */
const MAX_SCRATCH = 64;

const LIVES: Readonly<Record<Life, string>> = {
  unknown: "not known",
  stays: "stays when its client leaves, and serves the next one",
  exits: "exits when its client leaves: it is started again for the next one",
  abandons: "stays when its client leaves, but serves no other: it is started again",
};

/**
 * Asks a server all that can be asked without playing a case.
 *
 * @throws {HarnessError} of kind `start` when the server cannot be started or never answers, of kind `usage` when
 * the device has not what the profile names.
 */
export async function probe(target: Target, options: ProbeOptions): Promise<DeviceFacts> {
  await using stage = new Stage(target, options);
  const stop = () => stage.stop();
  options.signal?.addEventListener("abort", stop);
  using _listening = { [Symbol.dispose]: () => options.signal?.removeEventListener("abort", stop) };
  return await meet(stage, options);
}

/** What was found, for a person. */
export function probeText(device: DeviceFacts): string {
  const topics: Readonly<Record<string, string | readonly string[]>> = {
    ...factTexts(device),
    "Regions": regionLines(device),
    "Interrupts": interruptLines(device),
    "Life": LIVES[device.life],
  };
  const width = Math.max(...Object.keys(topics).map((topic) => topic.length)) + 2;
  return Object.entries(topics).map(([topic, text]) => {
    const lines = typeof text === "string" ? [text] : text.length === 0 ? ["none"] : text;
    return lines.map((line, i) => `${(i === 0 ? topic : "").padEnd(width)}${oneLine(line)}\n`)
      .join("");
  }).join("");
}

function regionLines(device: DeviceFacts): string[] {
  const regions = device.regions.filter(({ size }) => size > 0n);
  return columns(regions.map((region) => {
    const { index, size, flags } = region;
    const mappable = hasFlags(region, RegionFlag.MMAP) ? `mappable ${areasText(region)}` : "";
    return [
      String(index),
      regionName(index),
      `${size} bytes`,
      flagNames(flags, RegionFlag),
      mappable,
    ];
  }));
}

function interruptLines(device: DeviceFacts): string[] {
  const irqs = device.irqs.filter(({ count }) => count > 0);
  return columns(irqs.map(({ index, count, flags }) => [
    String(index),
    irqName(index),
    String(count),
    flagNames(flags, IrqFlag),
  ]));
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => row.map((text, i) => text.padEnd(widths![i]!)).join("  ").trimEnd());
}

function areasText(region: RegionFacts): string {
  const areas = mappableAreas(region);
  if (areas.length === 1 && areas[0]!.size === region.size) return "as a whole";
  const texts = areas.slice(0, MAX_AREAS).map(({ offset, size }) => `${size} bytes at ${offset}`);
  return texts.join(", ") + (areas.length > MAX_AREAS ? ", …" : "");
}

/** The text is the server's own in part. */
function oneLine(text: string): string {
  return printable(new TextEncoder().encode(text));
}

/**
 * A profile to start from: memory that can be mapped and written counts as scratch, as mapping it would make no
 * sense otherwise, but only the vendor knows.
 */
export function startingProfile(device: DeviceFacts): DeviceProfile {
  const { life } = device;
  return {
    ...(life === "stays" || life === "exits" ? { life } : {}),
    scratch: device.regions
      .filter((region) => hasFlags(region, RegionFlag.READ | RegionFlag.WRITE | RegionFlag.MMAP))
      .filter((region) => !isConfig(device, region))
      .flatMap(mappableScratch)
      .slice(0, MAX_SCRATCH),
    interrupts: [],
    reset: [],
  };
}

function isConfig(device: DeviceFacts, { index }: RegionFacts): boolean {
  return (device.flags & DeviceFlag.PCI) !== 0 && index === PciRegion.CONFIG;
}

/** The mappable areas, as far as they lie inside of the region. */
function mappableScratch(region: RegionFacts): Scratch[] {
  const { index, size: all } = region;
  return mappableAreas(region)
    .filter(({ offset, size }) => size > 0n && offset + size <= all)
    .map(({ offset, size }) => ({ region: index, offset: Number(offset), size: Number(size) }))
    .filter(({ offset, size }) => Number.isSafeInteger(offset + size));
}
