import { Feature as FeatureIndex, FeatureFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { DeviceFeature } from "../wire/messages.ts";
import { loggingReport, loggingStart, loggingStop } from "./logging_commands.ts";
import { concat, type Message, type Outcome, sizedHead } from "./message.ts";
import { deviceStateFeature, migrationFeature } from "./migration_commands.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

const { GET, SET, PROBE } = FeatureFlag;
const INDEX_MASK = 0xffff;

/** What DEVICE_FEATURE does for one feature; a method that is absent is not supported. */
export interface Feature {
  /** Whether the device has it. */
  readonly supported: (session: Session) => boolean;
  /** Takes the data of the request, and returns those of the reply. */
  readonly get?: (data: Uint8Array, session: Session, room: number) => Uint8Array;
  /** Takes the data of the request, and returns those of the reply: the same, as a rule. */
  readonly set?: (data: Uint8Array, session: Session) => Uint8Array;
}

const FEATURES: Readonly<Record<number, Feature>> = {
  [FeatureIndex.MIGRATION]: migrationFeature,
  [FeatureIndex.MIG_DEVICE_STATE]: deviceStateFeature,
  [FeatureIndex.DMA_LOGGING_START]: loggingStart,
  [FeatureIndex.DMA_LOGGING_STOP]: loggingStop,
  [FeatureIndex.DMA_LOGGING_REPORT]: loggingReport,
};

/** DEVICE_FEATURE. */
export function deviceFeature(request: Message, session: Session): Outcome {
  const { argsz, flags } = sizedHead(request, DeviceFeature);
  const known = INDEX_MASK | GET | SET | PROBE;
  const feature = FEATURES[flags & INDEX_MASK];
  if ((flags & ~known) !== 0 || !feature?.supported(session)) throw new Refusal(Errno.EINVAL);
  const gets = (flags & GET) !== 0;
  const sets = (flags & SET) !== 0;
  if ((gets && !feature.get) || (sets && !feature.set)) throw new Refusal(Errno.EINVAL);
  if ((flags & PROBE) !== 0) return { payload: request.payload };
  if (gets === sets) throw new Refusal(Errno.EINVAL);
  const data = request.payload.subarray(DeviceFeature.size);
  if (sets) return set(feature, request, session);
  const answer = feature.get!(data, session, argsz - DeviceFeature.size);
  const full = DeviceFeature.size + answer.byteLength;
  if (argsz < full) throw new Refusal(Errno.EINVAL);
  return { payload: concat(DeviceFeature.encode({ argsz: full, flags }), answer) };
}

function set(feature: Feature, { payload }: Message, session: Session): Outcome {
  const { argsz } = DeviceFeature.decode(payload);
  if (argsz < payload.byteLength) throw new Refusal(Errno.EINVAL);
  const answer = feature.set!(payload.subarray(DeviceFeature.size), session);
  return { payload: concat(payload.subarray(0, DeviceFeature.size), answer) };
}
