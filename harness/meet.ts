import { ask } from "./ask.ts";
import { checkProfile } from "./check_profile.ts";
import type { DeviceFacts, FeatureFacts } from "./device_facts.ts";
import { learnDevice, learnFeatures, versionFacts } from "./learn.ts";
import { learnIoFds } from "./learn_io_fds.ts";
import { learnTwin } from "./learn_twin.ts";
import type { DeviceProfile } from "./profile.ts";
import type { Stage, StageOptions } from "./stage.ts";
import { getInfo } from "./steps.ts";
import { claimsConventions } from "./target.ts";

/**
 * Meets the server: learns what the device is, and how the server lives.
 *
 * @throws {HarnessError} of kind `start` when the server cannot be started or never answers, of kind `usage` when
 * the device has not what the profile names.
 */
export async function meet(
  stage: Stage,
  options: StageOptions & { readonly profile: DeviceProfile },
): Promise<DeviceFacts> {
  const { connection, reply } = await stage.first();
  const device = await learnDevice(connection, versionFacts(reply), {
    timeoutMs: options.timeoutMs,
    profile: options.profile,
    localProcess: stage.probe(connection) !== undefined,
    conventions: claimsConventions(stage.target),
    startable: stage.target.kind === "command",
  }).catch((error) => {
    connection[Symbol.dispose]();
    throw error;
  });
  checkProfile(device);
  await stage.learnLife(connection, options.profile.life);
  const known = await learnIoFds(stage, await learnTwin(stage, device));
  return { ...known, life: stage.life, features: await meetFeatures(stage, options.timeoutMs) };
}

/** On a connection of its own: some servers do not outlive the question. */
async function meetFeatures(stage: Stage, timeoutMs: number): Promise<FeatureFacts> {
  const connection = await stage.negotiated();
  const features = await learnFeatures(connection, timeoutMs);
  const usable = !connection.ended &&
    typeof await ask(connection, getInfo(), timeoutMs) !== "string";
  if (usable) stage.share(connection);
  else {
    connection[Symbol.dispose]();
    await stage.replace();
  }
  return features;
}
