import { Command, Feature, FeatureFlag } from "../../wire/constants.ts";
import { DeviceFeature, FeatureDeviceState } from "../../wire/messages.ts";
import type { Hooks } from "../fault.ts";
import { concat, type Message, type Outcome, type Reply } from "../message.ts";
import type { Session } from "../session.ts";
import { onReply, onRequest } from "./tools.ts";

/** Bytes before the data. */
export const HEAD: number = DeviceFeature.size;

/** A DEVICE_FEATURE request, taken apart. */
export interface Use {
  readonly argsz: number;
  readonly flags: number;
  /** One of `Feature`, or none. */
  readonly index: number;
  readonly gets: boolean;
  readonly sets: boolean;
  readonly probes: boolean;
  /** What follows the head. */
  readonly data: Uint8Array;
  readonly request: Message;
  readonly session: Session;
}

function useOf(request: Message, session: Session): Use {
  const { argsz, flags } = DeviceFeature.decode(request.payload);
  return {
    argsz,
    flags,
    index: flags & 0xffff,
    gets: (flags & FeatureFlag.GET) !== 0,
    sets: (flags & FeatureFlag.SET) !== 0,
    probes: (flags & FeatureFlag.PROBE) !== 0,
    data: request.payload.subarray(HEAD),
    request,
    session,
  };
}

/** Sees DEVICE_FEATURE. */
export function onUse(
  act: (use: Use) => Outcome | Promise<Outcome> | void,
): () => Hooks {
  return onRequest(
    Command.DEVICE_FEATURE,
    DeviceFeature,
    (_, request, session) => act(useOf(request, session)),
  );
}

/** Sees the replies to DEVICE_FEATURE that are no error replies. */
export function onAnswer(change: (reply: Reply, use: Use) => void): () => Hooks {
  return onReply(
    Command.DEVICE_FEATURE,
    (reply, request, session) => change(reply, useOf(request, session)),
  );
}

/** Success, with the payload of the request. */
export function echo({ request }: Pick<Use, "request">): Outcome {
  return { payload: request.payload };
}

/** Success of a GET. */
export function answer({ flags }: Pick<Use, "flags">, data: Uint8Array): Outcome {
  const argsz = HEAD + data.byteLength;
  return { payload: concat(DeviceFeature.encode({ argsz, flags }), data) };
}

/** The state that a SET asks for; undefined for any other use. */
export function stateAsked({ index, sets, gets, probes, data }: Use): number | undefined {
  if (index !== Feature.MIG_DEVICE_STATE || !sets || gets || probes) return undefined;
  if (data.byteLength < FeatureDeviceState.size) return undefined;
  return FeatureDeviceState.decode(data).deviceState;
}

/** Sees each SET of a state: which is asked for, and which the device is in. */
export function onSetState(
  act: (to: number, from: number, use: Use) => Outcome | void,
): () => Hooks {
  return onUse((use) => {
    const to = stateAsked(use);
    return to === undefined ? undefined : act(to, use.session.device.migration.state, use);
  });
}

/** Whether this is a GET of the device state. */
export function getsState({ index, gets, sets, probes }: Use): boolean {
  return index === Feature.MIG_DEVICE_STATE && gets && !sets && !probes;
}
