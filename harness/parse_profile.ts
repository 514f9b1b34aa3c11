import { HarnessError } from "./harness_error.ts";
import type { DeviceProfile } from "./profile.ts";

type Keyed = Record<string, unknown>;

const U32 = 0xffff_ffff;
/** As much as is moved at once by the cases that tell bytes apart. */
const LEAST_DMA = 4;

/**
 * Reads a profile, as `profile.schema.json` describes it. Throws `HarnessError` of kind `usage` that names the
 * place of a mistake.
 */
export function parseProfile(text: string, name: string): DeviceProfile {
  try {
    const profile = object(JSON.parse(text), "the top level", [], [
      "$schema",
      "life",
      "scratch",
      "interrupts",
      "dmaRead",
      "dmaWrite",
      "reset",
    ]);
    if (has(profile, "$schema") && typeof profile.$schema !== "string") {
      throw wrong("$schema", "a text", profile.$schema);
    }
    if (has(profile, "life")) oneOf(profile, "", "life", ["stays", "exits"]);
    if (has(profile, "scratch")) each(profile.scratch, "scratch", 0, scratch);
    if (has(profile, "interrupts")) each(profile.interrupts, "interrupts", 0, interrupt);
    if (has(profile, "dmaRead")) trigger(profile.dmaRead, "dmaRead");
    if (has(profile, "dmaWrite")) trigger(profile.dmaWrite, "dmaWrite");
    if (has(profile, "reset")) each(profile.reset, "reset", 0, write);
    return profile;
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    const reason = error.message.replace(/\s+/g, " "); // a SyntaxError quotes lines of the file
    throw new HarnessError("usage", `Cannot use the device profile ${name}: ${reason}`);
  }
}

function scratch(value: unknown, at: string): void {
  const entry = object(value, at, ["region", "offset", "size"]);
  place(entry, at);
  integer(entry, at, "size", 1);
}

function interrupt(value: unknown, at: string): void {
  const entry = object(value, at, ["index", "subIndex", "writes"]);
  integer(entry, at, "index", 0, U32);
  integer(entry, at, "subIndex", 0, U32);
  each(entry.writes, `${at}.writes`, 1, write);
}

function trigger(value: unknown, at: string): void {
  const entry = object(value, at, ["maxCount", "buffer", "writes"]);
  integer(entry, at, "maxCount", LEAST_DMA);
  place(object(entry.buffer, `${at}.buffer`, ["region", "offset"]), `${at}.buffer`);
  each(entry.writes, `${at}.writes`, 1, (one, at) => write(one, at, ["address", "count"]));
}

function write(value: unknown, at: string, placeholders: readonly unknown[] = []): void {
  const entry = object(value, at, ["region", "offset", "size", "value"]);
  place(entry, at);
  oneOf(entry, at, "size", [1, 2, 4, 8]);
  if (placeholders.includes(entry.value)) return;
  integer(entry, at, "value", 0, entry.size === 8 ? undefined : 256 ** Number(entry.size) - 1);
}

function place(entry: Keyed, at: string): void {
  integer(entry, at, "region", 0, U32);
  integer(entry, at, "offset", 0);
}

function each(
  value: unknown,
  place: string,
  least: number,
  check: (entry: unknown, at: string) => void,
): void {
  if (!Array.isArray(value)) throw wrong(place, "a list", value);
  if (value.length < least) throw new RangeError(`${place} must not be empty`);
  value.forEach((entry, i) => check(entry, `${place}[${i}]`));
}

/** An object with all of `keys`, perhaps some of `optional`, and no other. */
function object(
  value: unknown,
  at: string,
  keys: readonly string[],
  optional: readonly string[] = [],
): Keyed {
  const known = [...keys, ...optional];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RangeError(`${at} must be an object with ${known.join(", ")}`);
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new RangeError(`${at} has the unknown key ${unknown}: known are ${known.join(", ")}`);
  }
  const missing = keys.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) throw new RangeError(`${at} lacks the key ${missing}`);
  return value as Keyed;
}

function has(value: Keyed, key: string): boolean {
  return Object.hasOwn(value, key);
}

function integer(value: Keyed, at: string, key: string, min: number, max?: number): void {
  const number = value[key];
  const most = max ?? Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(number) && Number(number) >= min && Number(number) <= most) return;
  const range = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
  throw wrong(`${at}.${key}`, `an integer ${range}`, number);
}

function oneOf(value: Keyed, at: string, key: string, values: readonly unknown[]): void {
  if (values.includes(value[key])) return;
  const texts = values.map((one) => JSON.stringify(one));
  const wanted = `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
  throw wrong(at === "" ? key : `${at}.${key}`, wanted, value[key]);
}

function wrong(place: string, wanted: string, seen: unknown): RangeError {
  return new RangeError(`${place} must be ${wanted}: it is ${JSON.stringify(seen)}`);
}
