import { ask } from "./ask.ts";
import type { Reply, Send } from "./case.ts";
import type { Connection } from "./connection.ts";
import type { DeviceFacts, FeatureFacts, IrqFacts, RegionFacts } from "./device_facts.ts";
import { HarnessError } from "./harness_error.ts";
import type { DeviceProfile } from "./profile.ts";
import { deviceFeature, getInfo, getIrqInfo, getRegionInfo } from "./steps.ts";
import { Feature, FeatureFlag } from "./wire/constants.ts";
import { DeviceFeature, FeatureMigration } from "./wire/messages.ts";
import { walkRegionCaps } from "./wire/region_caps.ts";
import { type Capabilities, parseVersionJson } from "./wire/version_json.ts";

/** A server may claim millions; nobody has them. */
const MAX_ASKED = 256;
const MAX_ARGSZ = 1 << 20;
/** What holds until `learnFeatures`. */
const NO_FEATURES: FeatureFacts = { supported: [], migrationFlags: 0 };

/** What VERSION told. */
export interface VersionFacts {
  readonly major: number;
  readonly minor: number;
  readonly capabilities: Capabilities;
  readonly capabilityNames: readonly string[];
}

/** Reads the reply to VERSION; data that cannot be understood count as absent: their case says so. */
export function versionFacts(reply: Reply): VersionFacts {
  const parsed = parseVersionJson(reply.data);
  const nothing = parseVersionJson(new Uint8Array());
  const { capabilities, json } = (parsed.ok ? parsed : nothing) as typeof parsed & { ok: true };
  return {
    major: Number(reply.fields.major ?? 0),
    minor: Number(reply.fields.minor ?? 0),
    capabilities,
    capabilityNames: Object.keys(json.capabilities ?? {}),
  };
}

/**
 * Asks the device for all that can be asked. A region or interrupt that is refused is left out: that is for
 * cases to judge. Throws `HarnessError` of kind `start` when GET_INFO itself has no answer.
 */
export async function learnDevice(
  connection: Connection,
  version: VersionFacts,
  options: {
    timeoutMs: number;
    profile: DeviceProfile;
    localProcess: boolean;
    conventions?: boolean;
    startable: boolean;
  },
): Promise<DeviceFacts> {
  // One that is silent once will be silent as often as it is asked, and late replies would be misread.
  let silent = false;
  const question = async (message: Send) => {
    if (silent) return "not asked";
    const asked = performance.now();
    const answer = await ask(connection, message, options.timeoutMs);
    silent = typeof answer === "string" && performance.now() - asked >= options.timeoutMs;
    return answer;
  };
  const info = await question(getInfo());
  if (typeof info === "string") {
    throw new HarnessError("start", `Cannot learn what the device is: GET_INFO gave ${info}`);
  }
  const { flags = 0, numRegions = 0, numIrqs = 0 } = info.fields;
  return {
    ...version,
    flags: Number(flags),
    numRegions: Number(numRegions),
    numIrqs: Number(numIrqs),
    regions: await learnEach(Number(numRegions), (index) => learnRegion(question, index)),
    irqs: await learnEach(Number(numIrqs), (index) => learnIrq(question, index)),
    features: NO_FEATURES,
    ioFds: [],
    life: "unknown",
    startable: options.startable,
    localProcess: options.localProcess,
    conventions: options.conventions ?? false,
    profile: options.profile,
  };
}

/**
 * Asks which features the device has. Some servers end the connection over a command that they do not know:
 * they have none, and the connection is no good for anything else.
 */
export async function learnFeatures(
  connection: Connection,
  timeoutMs: number,
): Promise<FeatureFacts> {
  const question = async (message: Send) => await ask(connection, message, timeoutMs);
  const supported: number[] = [];
  for (let index = 1; index <= Feature.DMA_LOGGING_REPORT && !connection.ended; index++) {
    const asked = performance.now();
    const answer = await question(deviceFeature({ flags: FeatureFlag.PROBE | index }));
    if (typeof answer !== "string") supported.push(index);
    else if (performance.now() - asked >= timeoutMs) break; // it will not answer the others either
  }
  if (!supported.includes(Feature.MIGRATION)) return { supported, migrationFlags: 0 };
  const size = DeviceFeature.size + FeatureMigration.size;
  const flags = FeatureFlag.GET | Feature.MIGRATION;
  const answer = await question(deviceFeature({ flags, argsz: size }));
  const known = typeof answer !== "string" && answer.data.byteLength >= FeatureMigration.size;
  const migrationFlags = known ? Number(FeatureMigration.decode(answer.data).flags & 0xffn) : 0;
  return { supported, migrationFlags };
}

type Question = (message: Send) => Promise<Reply | string>;

async function learnEach<T>(
  count: number,
  learn: (index: number) => Promise<T | undefined>,
): Promise<T[]> {
  const learnt: T[] = [];
  for (let index = 0; index < Math.min(count, MAX_ASKED); index++) {
    const one = await learn(index);
    if (one !== undefined) learnt.push(one);
  }
  return learnt;
}

async function learnRegion(question: Question, index: number): Promise<RegionFacts | undefined> {
  const first = await question(getRegionInfo({ index }));
  if (typeof first === "string" || first.fields.argsz === undefined) return undefined;
  const argsz = Number(first.fields.argsz);
  const whole = regionFacts(index, argsz, first);
  if (argsz <= 32 || argsz > MAX_ARGSZ) return whole;
  const more = await question(getRegionInfo({ index, argsz }));
  return typeof more === "string" ? whole : regionFacts(index, argsz, more);
}

function regionFacts(index: number, argsz: number, reply: Reply): RegionFacts {
  const { flags = 0, size = 0n, offset = 0n, capOffset = 0 } = reply.fields;
  return {
    index,
    flags: Number(flags),
    size: BigInt(size),
    offset: BigInt(offset),
    argsz,
    caps: walkRegionCaps(reply.payload, Number(capOffset)).caps,
    fdCount: reply.fdCount,
  };
}

async function learnIrq(question: Question, index: number): Promise<IrqFacts | undefined> {
  const reply = await question(getIrqInfo({ index }));
  if (typeof reply === "string") return undefined;
  const { flags = 0, count = 0 } = reply.fields;
  return { index, flags: Number(flags), count: Number(count) };
}
