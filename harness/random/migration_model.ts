import type { DeviceFacts } from "../device_facts.ts";
import { DeviceState, Feature, FeatureFlag, MigrationFlag } from "../wire/constants.ts";
import { DeviceFeature, FeatureDeviceState, FeatureMigration, MigData } from "../wire/messages.ts";
import {
  type Breach,
  demand,
  demandThat,
  either,
  type Expectation,
  loosened,
  type Outcome,
  refused,
  succeeds,
  type SuccessReply,
} from "./expectation.ts";
import type { Limits } from "./memory_model.ts";
import type { Message } from "./message.ts";

const { ERROR, STOP, RUNNING, STOP_COPY, RESUMING, PRE_COPY } = DeviceState;
const HEAD = DeviceFeature.size;
const LAST_STATE = DeviceState.PRE_COPY_P2P;

/** Migration of the device: its state, and the data of it. */
export class MigrationModel {
  readonly #flags: number;
  readonly #supported: boolean;
  #state: number | undefined = RUNNING;

  constructor({ features }: DeviceFacts) {
    this.#flags = features.migrationFlags;
    this.#supported = features.supported.includes(Feature.MIG_DEVICE_STATE);
  }

  /** Whether the device is known to run: only then does the specification say what other commands do. */
  get running(): boolean {
    return !this.#supported || this.#state === RUNNING;
  }

  /** Whether the device cannot be migrated at all. */
  get absent(): boolean {
    return !this.#supported;
  }

  /** Something may have changed the state. */
  doubt(): void {
    this.#state = undefined;
  }

  /** A device that ran goes on running for the next client. */
  reconnected(): void {
    if (this.#state !== RUNNING) this.#state = undefined;
  }

  /** What is owed for a DEVICE_RESET, as far as migration has a say. */
  reset(owed: Expectation): Expectation {
    if (!this.#supported) return owed;
    const before = this.#state;
    const follow = (outcome: Outcome) => {
      owed.follow?.(outcome);
      const runs = before === RUNNING || (before === ERROR && outcome === "success");
      this.#state = runs ? RUNNING : undefined;
    };
    if (before === ERROR) return { ...owed, clause: "reset-recovers-error", follow };
    return { ...(before === RUNNING ? owed : loosened(owed)), follow };
  }

  /** What is owed for a GET of MIGRATION. */
  getFlags(): Expectation {
    return succeeds("feat-mig-flags", {
      check: ({ payload }) =>
        checkSize(payload, FeatureMigration.size) ??
          demand(
            "feat-mig-flags",
            "flags",
            FeatureMigration.decode(payload, HEAD).flags & 0xffn,
            BigInt(this.#flags),
          ),
    });
  }

  /** What is owed for a GET of MIG_DEVICE_STATE. */
  getState(): Expectation {
    return succeeds("feat-get-argsz-reply", {
      check: ({ payload }) => checkSize(payload, FeatureDeviceState.size) ?? this.#learn(payload),
    });
  }

  #learn(payload: Uint8Array): Breach | undefined {
    const { deviceState } = FeatureDeviceState.decode(payload, HEAD);
    const expected = this.#state;
    this.#state = deviceState <= LAST_STATE ? deviceState : undefined;
    if (expected === undefined) {
      return demandThat(
        deviceState <= LAST_STATE,
        "mig-failed-state-visible",
        "one of the states 0 to 7",
        `state ${deviceState}`,
      );
    }
    return demand("mig-failed-state-visible", "device_state", deviceState, expected);
  }

  /** What is owed for a SET of MIG_DEVICE_STATE. */
  setState(message: Message): Expectation {
    if (message.data.byteLength < FeatureDeviceState.size) {
      return refused("feat-set-nodata", { follow: (outcome) => this.#failed(outcome) });
    }
    const { deviceState: target } = FeatureDeviceState.decode(message.data);
    const from = this.#state;
    const never = this.#neverReached(target, from);
    if (never !== undefined) return refused(never, { follow: (outcome) => this.#failed(outcome) });
    const follow = (outcome: Outcome) => {
      this.#state = outcome === "success" || target === from ? target : undefined;
    };
    const check = ({ payload }: SuccessReply) =>
      demandThat(
        payload.byteLength === HEAD + message.data.byteLength &&
          FeatureDeviceState.decode(payload, HEAD).deviceState === target,
        "mig-set-echo",
        "the payload of the request",
        `${payload.byteLength} bytes: ${payload.subarray(0, 16).toHex()}`,
      );
    const open = from === undefined || from === target || from === ERROR || from === RESUMING ||
      target > LAST_STATE || isP2p(target) || isP2p(from);
    if (open) {
      return either(from === target ? "mig-noop-same" : "mig-resume-garbage", { follow, check });
    }
    return succeeds(arcClause(from, target), { follow, check });
  }

  /** The clause by which a state can never be set. */
  #neverReached(target: number, from: number | undefined): string | undefined {
    if (target === ERROR) return "mig-set-error";
    if (target > LAST_STATE) return "mig-set-invalid";
    if (isP2p(target) && (this.#flags & MigrationFlag.P2P) === 0) return "mig-set-p2p";
    if (target !== PRE_COPY) return undefined;
    if ((this.#flags & MigrationFlag.PRE_COPY) === 0) return "mig-precopy-unsupported";
    return from === STOP_COPY ? "mig-arc-stopcopy-precopy" : undefined;
  }

  #failed(outcome: Outcome): void {
    if (outcome === "success") this.#state = undefined;
  }

  /** What is owed for a MIG_DATA_READ. */
  readData(message: Message, limits: Limits): Expectation {
    if (!this.#supported) return refused("migdata-read-nomig");
    const { argsz = 0, size = 0 } = message.fields;
    const [room, wanted] = [Number(argsz), Number(size)];
    const state = this.#state;
    if (state === RUNNING || state === STOP || state === RESUMING) {
      return refused("migdata-read-state");
    }
    const check = ({ payload }: SuccessReply) => checkData(payload, wanted);
    const usual = state === STOP_COPY && wanted > 0 && room === MigData.size + wanted &&
      wanted <= limits.client && wanted <= limits.server;
    return usual
      ? succeeds("migdata-read-basic", { check })
      : either("migdata-read-argsz-small", { check });
  }

  /** What is owed for a MIG_DATA_WRITE. */
  writeData(message: Message): Expectation {
    if (!this.#supported) return refused("migdata-write-state");
    const size = Number(message.fields.size ?? 0);
    if (size > message.data.byteLength) return refused("migdata-write-size-lie");
    const state = this.#state;
    const other = state !== undefined && state !== RESUMING && state !== ERROR && !isP2p(state);
    if (other) return refused("migdata-write-state");
    // The device may look at what it is given at once.
    return either("migdata-write-basic", {
      check: ({ payload }) => demand("migdata-write-basic", "payload bytes", payload.byteLength, 0),
    });
  }
}

function isP2p(state: number): boolean {
  return state === DeviceState.RUNNING_P2P || state === DeviceState.PRE_COPY_P2P;
}

function arcClause(from: number, to: number): string {
  const name = (state: number) =>
    Object.entries(DeviceState).find(([, value]) => value === state)![0].toLowerCase()
      .replace("_", "");
  const direct = `mig-arc-${name(from)}-${name(to)}`;
  return DIRECT.has(direct) ? direct : "mig-complex-all";
}

const DIRECT: ReadonlySet<string> = new Set([
  "mig-arc-running-stop",
  "mig-arc-stop-running",
  "mig-arc-stop-stopcopy",
  "mig-arc-stopcopy-stop",
  "mig-arc-stop-resuming",
  "mig-arc-resuming-stop",
  "mig-arc-running-precopy",
  "mig-arc-precopy-running",
  "mig-arc-precopy-stopcopy",
]);

/** The reply to a GET: its argsz, and as many bytes. */
function checkSize(payload: Uint8Array, dataSize: number): Breach | undefined {
  const wanted = HEAD + dataSize;
  if (payload.byteLength !== wanted) {
    return demand("feat-get-argsz-reply", "payload bytes", payload.byteLength, wanted);
  }
  return demand("feat-get-argsz-reply", "argsz", DeviceFeature.decode(payload).argsz, wanted);
}

function checkData(payload: Uint8Array, wanted: number): Breach | undefined {
  const bytes = payload.byteLength;
  if (bytes < MigData.size) return demand("migdata-read-msgsize", "payload bytes", bytes, 8);
  const { argsz, size } = MigData.decode(payload);
  return demandThat(
    size <= wanted,
    "migdata-read-basic",
    `a size of at most ${wanted}`,
    `size ${size}`,
  ) ??
    demand("migdata-read-msgsize", "payload bytes", bytes, MigData.size + size) ??
    demand("migdata-read-basic", "argsz", argsz, MigData.size + size);
}

/** Bits of DEVICE_FEATURE flags that say what is to be done. */
export const METHODS: number = FeatureFlag.GET | FeatureFlag.SET | FeatureFlag.PROBE;
