import type { ReplyDemands, Send, Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import type { Need } from "../harness/needs.ts";
import {
  anyError,
  closed,
  deviceFeature,
  expect,
  loadMigrationData,
  nothing,
  reconnect,
  reply,
  saveMigrationData,
} from "../harness/steps.ts";
import { DeviceState, Feature, FeatureFlag } from "../harness/wire/constants.ts";
import { DeviceFeature, FeatureDeviceState } from "../harness/wire/messages.ts";
import type { ClauseId } from "./clauses/mod.ts";
import { transferLimit } from "./region_places.ts";

/** Name of any state of the wire. */
export type AnyState = keyof typeof DeviceState;

/** A state that a client can set. */
export type State = Exclude<AnyState, "ERROR" | "RUNNING_P2P" | "PRE_COPY_P2P">;

/** What is owed for a SET of one state in another. */
export type Transition =
  & { readonly clause: ClauseId }
  & (
    | { readonly kind: "direct" | "same" | "forbidden" }
    /** The states in between, which the client cannot see. */
    | { readonly kind: "combined"; readonly by: readonly State[] }
  );

const same: Transition = { kind: "same", clause: "mig-noop-same" };

function direct(clause: ClauseId): Transition {
  return { kind: "direct", clause };
}

function combined(...by: readonly State[]): Transition {
  return { kind: "combined", by, clause: "mig-complex-all" };
}

/** The state machine: what is owed in the state of a line for a SET of the state of a column. */
export const TRANSITIONS: Readonly<Record<State, Readonly<Record<State, Transition>>>> = {
  RUNNING: {
    RUNNING: same,
    STOP: direct("mig-arc-running-stop"),
    STOP_COPY: combined("STOP"),
    RESUMING: combined("STOP"),
    PRE_COPY: direct("mig-arc-running-precopy"),
  },
  STOP: {
    RUNNING: direct("mig-arc-stop-running"),
    STOP: same,
    STOP_COPY: direct("mig-arc-stop-stopcopy"),
    RESUMING: direct("mig-arc-stop-resuming"),
    PRE_COPY: combined("RUNNING"),
  },
  STOP_COPY: {
    RUNNING: combined("STOP"),
    STOP: direct("mig-arc-stopcopy-stop"),
    STOP_COPY: same,
    RESUMING: combined("STOP"),
    PRE_COPY: { kind: "forbidden", clause: "mig-arc-stopcopy-precopy" },
  },
  RESUMING: {
    RUNNING: combined("STOP"),
    STOP: direct("mig-arc-resuming-stop"),
    STOP_COPY: combined("STOP"),
    RESUMING: same,
    PRE_COPY: combined("STOP", "RUNNING"),
  },
  PRE_COPY: {
    RUNNING: direct("mig-arc-precopy-running"),
    STOP: combined("RUNNING"),
    STOP_COPY: direct("mig-arc-precopy-stopcopy"),
    RESUMING: combined("RUNNING", "STOP"),
    PRE_COPY: same,
  },
};

/** All states that a client can set. */
export const STATES = Object.keys(TRANSITIONS) as readonly State[];

/** Direct transitions that lead from RUNNING to a state. */
const WAYS: Readonly<Record<State, readonly State[]>> = {
  RUNNING: [],
  STOP: ["STOP"],
  STOP_COPY: ["STOP", "STOP_COPY"],
  RESUMING: ["STOP", "RESUMING"],
  PRE_COPY: ["PRE_COPY"],
};

/** `stop-copy`: a state in the id of a case. */
export function stateId(state: AnyState): string {
  return state.toLowerCase().replaceAll("_", "-");
}

/** What a device has to have for these states. */
export function needsOf(...states: readonly State[]): readonly Need[] {
  return states.includes("PRE_COPY") ? ["migration", "precopy"] : ["migration"];
}

/** SET of a state, or of a number that is none. */
export function setState(state: AnyState | number, given: { readonly argsz?: number } = {}): Send {
  const deviceState = typeof state === "number" ? state : DeviceState[state];
  return deviceFeature({
    flags: FeatureFlag.SET | Feature.MIG_DEVICE_STATE,
    data: FeatureDeviceState.encode({ deviceState }),
    ...given,
  });
}

/** GET of the state. */
export function getState(): Send {
  return deviceFeature({
    flags: FeatureFlag.GET | Feature.MIG_DEVICE_STATE,
    argsz: DeviceFeature.size + FeatureDeviceState.size,
  });
}

/** The reply to a GET tells one of these states. */
export function stateIs(...states: readonly AnyState[]): ReplyDemands {
  return {
    wants: `the state ${states.join(" or ")}`,
    check: ({ data }) => {
      if (data.byteLength < FeatureDeviceState.size) return `${data.byteLength} bytes of data`;
      const { deviceState } = FeatureDeviceState.decode(data);
      if (states.some((state) => DeviceState[state] === deviceState)) return undefined;
      return `the state ${nameOf(deviceState)}`;
    },
  };
}

function nameOf(state: number): string {
  return Object.entries(DeviceState).find(([, value]) => value === state)?.[0] ?? String(state);
}

/** Sets one state after the other. */
export function go(...states: readonly State[]): Step[] {
  return states.flatMap((state) => [setState(state), expect(reply())]);
}

/** Saves the device under a name, on the way from RUNNING to RUNNING. */
export function saveDevice(device: DeviceFacts, name: string): Step[] {
  return [
    ...go("STOP", "STOP_COPY"),
    saveMigrationData(name, { chunk: transferLimit(device) }),
    ...go("STOP", "RUNNING"),
  ];
}

/** Writes all that was saved under a name, in RESUMING. */
export function load(device: DeviceFacts, name: string): Step {
  return loadMigrationData(name, { chunk: transferLimit(device) });
}

/** From RUNNING to a state, by direct transitions; a device in RESUMING has got all its data back. */
export function reach(device: DeviceFacts, state: State): Step[] {
  if (state !== "RESUMING") return go(...WAYS[state]);
  return [...saveDevice(device, "own data"), ...go(...WAYS.RESUMING), load(device, "own data")];
}

/** Back to RUNNING, as other rows want the device: how that is answered is for rows of its own. */
export function leave(): Step[] {
  return [setState("RUNNING"), expect(reply(), anyError())];
}

/** The same after commands that may have ended the connection: the state may have outlived it. */
export function leaveAnyhow(): Step[] {
  return [expect(nothing(), closed()), reconnect(), ...leave()];
}
