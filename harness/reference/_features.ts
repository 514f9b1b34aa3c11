import { Command, FeatureFlag } from "../wire/constants.ts";
import { DeviceFeature } from "../wire/messages.ts";
import type { RawClient } from "./_raw_client.ts";
import { concat } from "./message.ts";

const { GET, SET } = FeatureFlag;

/** DEVICE_FEATURE, with room for 4 KiB. */
export function featureRequest(flags: number, data: Uint8Array = new Uint8Array()): Uint8Array {
  return concat(DeviceFeature.encode({ argsz: 4096, flags }), data);
}

/** GET of a feature. */
export async function getFeature(
  client: RawClient,
  index: number,
  data?: Uint8Array,
): Promise<Uint8Array> {
  const { payload } = await client.succeed(
    Command.DEVICE_FEATURE,
    featureRequest(GET | index, data),
  );
  return payload.slice(DeviceFeature.size);
}

/** SET of a feature: the data of the reply. */
export async function setFeature(
  client: RawClient,
  index: number,
  data?: Uint8Array,
): Promise<Uint8Array> {
  const { payload } = await client.succeed(
    Command.DEVICE_FEATURE,
    featureRequest(SET | index, data),
  );
  return payload.slice(DeviceFeature.size);
}

/** A use of a feature that is refused: the error number. */
export async function failFeature(
  client: RawClient,
  flags: number,
  data?: Uint8Array,
): Promise<number> {
  return await client.fail(Command.DEVICE_FEATURE, featureRequest(flags, data));
}
