import { HarnessError } from "./harness_error.ts";
import type { DeviceProfile } from "./profile.ts";

type Keyed = Record<string, unknown>;

/** Reads a profile. Throws `HarnessError` of kind `usage` that names the place of a mistake. */
export function parseProfile(text: string, name: string): DeviceProfile {
  try {
    const profile = object(parseJson(text), "the top level", [
      "scratch",
      "interrupts",
      "dmaRead",
      "dmaWrite",
      "reset",
    ]);
    each(profile.scratch, "scratch", (entry, at) => {
      numbers(object(entry, at, ["region", "offset", "size"]), at, ["region", "offset", "size"]);
    });
    each(profile.interrupts, "interrupts", (entry, at) => {
      const interrupt = object(entry, at, ["index", "subIndex", "writes"]);
      numbers(interrupt, at, ["index", "subIndex"]);
      writes(interrupt.writes, `${at}.writes`);
    });
    trigger(profile.dmaRead, "dmaRead");
    trigger(profile.dmaWrite, "dmaWrite");
    writes(profile.reset, "reset");
    return profile;
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    throw new HarnessError("usage", `Cannot use the device profile ${name}: ${error.message}`);
  }
}

function parseJson(text: string): unknown {
  return JSON.parse(text);
}

function trigger(value: unknown, at: string): void {
  if (value === undefined) return;
  const trigger = object(value, at, ["maxCount", "buffer", "writes"]);
  numbers(trigger, at, ["maxCount"]);
  const buffer = object(trigger.buffer, `${at}.buffer`, ["region", "offset"]);
  numbers(buffer, `${at}.buffer`, ["region", "offset"]);
  writes(trigger.writes, `${at}.writes`, ["address", "count"]);
}

function writes(value: unknown, place: string, placeholders: readonly unknown[] = []): void {
  each(value, place, (entry, at) => {
    const write = object(entry, at, ["region", "offset", "size", "value"]);
    numbers(write, at, ["region", "offset"]);
    if (![1, 2, 4, 8].includes(write.size as number)) {
      throw new RangeError(`${at}.size must be 1, 2, 4 or 8: it is ${JSON.stringify(write.size)}`);
    }
    if (!placeholders.includes(write.value)) numbers(write, at, ["value"]);
  });
}

function each(value: unknown, place: string, check: (entry: unknown, at: string) => void): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) throw new RangeError(`${place} must be a list`);
  value.forEach((entry, i) => check(entry, `${place}[${i}]`));
}

function object(value: unknown, at: string, keys: readonly string[]): Keyed {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RangeError(`${at} must be an object with ${keys.join(", ")}`);
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown === undefined) return value as Keyed;
  throw new RangeError(`${at} has the unknown key ${unknown}: known are ${keys.join(", ")}`);
}

function numbers(value: Keyed, at: string, keys: readonly string[]): void {
  for (const key of keys) {
    const number = value[key];
    if (Number.isSafeInteger(number) && (number as number) >= 0) continue;
    const seen = JSON.stringify(number) ?? "missing";
    throw new RangeError(`${at}.${key} must be a non-negative integer: it is ${seen}`);
  }
}
