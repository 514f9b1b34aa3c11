import type { DeviceFacts } from "../device_facts.ts";
import { Feature, FeatureFlag } from "../wire/constants.ts";
import { DeviceFeature, FeatureLoggingControl, FeatureLoggingReport } from "../wire/messages.ts";
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
import type { Message } from "./message.ts";
import { METHODS, type MigrationModel } from "./migration_model.ts";

const { GET, SET, PROBE } = FeatureFlag;
const INDEX_MASK = 0xffff;
const HEAD = DeviceFeature.size;

/** Methods of each feature. */
const METHODS_OF: Readonly<Record<number, number>> = {
  [Feature.MIGRATION]: GET,
  [Feature.MIG_DEVICE_STATE]: GET | SET,
  [Feature.DMA_LOGGING_START]: SET,
  [Feature.DMA_LOGGING_STOP]: SET,
  [Feature.DMA_LOGGING_REPORT]: GET,
};

/** Features that are known to nobody. */
const UNKNOWN: readonly number[] = [0, 99, 0xffff];

/** Features of the device, by DEVICE_FEATURE. */
export class FeatureModel {
  readonly #supported: readonly number[];
  readonly #migration: MigrationModel;
  #logging: "on" | "off" | "unknown" = "off";

  constructor({ features }: DeviceFacts, migration: MigrationModel) {
    this.#supported = features.supported;
    this.#migration = migration;
  }

  /** Whether DMA may be logged: what can be mapped meanwhile is the server's affair. */
  get mayLog(): boolean {
    return this.#logging !== "off";
  }

  /** Something may have switched logging on or off. */
  doubt(): void {
    this.#logging = "unknown";
  }

  /** Whether logging outlives the client is left open. */
  reconnected(): void {
    if (this.#logging !== "off") this.#logging = "unknown";
  }

  /** What is owed for a DEVICE_FEATURE. */
  feature(message: Message): Expectation {
    const flags = Number(message.fields.flags ?? 0) >>> 0;
    const [index, methods] = [flags & INDEX_MASK, flags & METHODS];
    if ((flags & ~(INDEX_MASK | METHODS)) !== 0) return this.#open(index, "feat-reserved-flags");
    if (UNKNOWN.includes(index)) {
      return methods === 0 ? either("feat-no-op") : refused("feat-unknown-index");
    }
    const of = METHODS_OF[index];
    if (of === undefined || !this.#supported.includes(index)) {
      return this.#open(index, "feat-probe-any");
    }
    const argsz = Number(message.fields.argsz ?? 0);
    if ((methods & PROBE) !== 0) return probe(message, argsz, methods & ~PROBE & ~of);
    if (methods === 0) return this.#open(index, "feat-no-op");
    if (methods === (GET | SET)) return refused("feat-get-and-set", this.#doubtful(index));
    if ((methods & of) === 0) return refused("feat-wrong-method", this.#doubtful(index));
    return this.#carriedOut(message, index, argsz, methods);
  }

  #carriedOut(message: Message, index: number, argsz: number, methods: number): Expectation {
    const needed = methods === GET ? HEAD + 16 : HEAD + message.data.byteLength;
    const odd = argsz < needed || (methods === GET && message.data.byteLength > 0);
    if (index === Feature.MIG_DEVICE_STATE && methods === SET) {
      const owed = this.#migration.setState(message);
      return odd || message.data.byteLength > 8 ? loosened(owed) : owed;
    }
    if (index === Feature.MIGRATION || index === Feature.MIG_DEVICE_STATE) {
      const owed = index === Feature.MIGRATION
        ? this.#migration.getFlags()
        : this.#migration.getState();
      // A reply cut short has no state to look at.
      return odd ? either("feat-get-argsz-small") : owed;
    }
    if (index === Feature.DMA_LOGGING_REPORT) return this.#report(message, argsz);
    return this.#switch(message, index);
  }

  #switch(message: Message, index: number): Expectation {
    const start = index === Feature.DMA_LOGGING_START;
    const follow = (outcome: Outcome) => {
      if (outcome === "success") this.#logging = start ? "on" : "off";
      else if (outcome === "unknown" || !start) this.#logging = "unknown";
    };
    if (start && message.data.byteLength < FeatureLoggingControl.size) {
      return refused("feat-set-nodata", { follow });
    }
    return either(start ? "log-start-basic" : "log-stop", { follow });
  }

  #report(message: Message, argsz: number): Expectation {
    if (message.data.byteLength < FeatureLoggingReport.size) return refused("feat-report-nodata");
    if (this.#logging === "off") return refused("log-report-not-started");
    const { length, pageSize } = FeatureLoggingReport.decode(message.data);
    if (pageSize === 0n || (pageSize & (pageSize - 1n)) !== 0n) {
      return refused("log-report-pgsize-pow2");
    }
    const bitmap = 8n * ceil(ceil(length, pageSize), 64n);
    const whole = BigInt(HEAD + FeatureLoggingReport.size) + bitmap;
    const check = ({ payload }: SuccessReply) => checkBitmap(payload, whole, length, pageSize);
    return either("log-report-basic", BigInt(argsz) >= whole ? { check } : {});
  }

  /** A command of which the specification says nothing; should it be carried out, nobody knows what it did. */
  #open(index: number, clause: string): Expectation {
    return either(clause, this.#doubtful(index));
  }

  #doubtful(index: number): Partial<Expectation> {
    return {
      follow: (outcome) => {
        if (outcome === "error") return;
        if (index === Feature.MIG_DEVICE_STATE) this.#migration.doubt();
        if (index >= Feature.DMA_LOGGING_START) this.#logging = "unknown";
      },
    };
  }
}

function probe(message: Message, argsz: number, missing: number): Expectation {
  if (missing !== 0) return refused("feat-probe-get-set");
  const owed = succeeds("feat-probe-echo", {
    check: ({ payload }) =>
      demand("feat-probe-echo", "flags", flagsOf(payload), message.fields.flags ?? 0),
  });
  return argsz === HEAD && message.data.byteLength === 0 ? owed : loosened(owed);
}

function flagsOf(payload: Uint8Array): number {
  return payload.byteLength < HEAD ? -1 : DeviceFeature.decode(payload).flags;
}

/** A report has as many bits as the range has pages, and none beyond. */
function checkBitmap(
  payload: Uint8Array,
  whole: bigint,
  length: bigint,
  pageSize: bigint,
): Breach | undefined {
  const size = demand("log-report-basic", "payload bytes", BigInt(payload.byteLength), whole);
  if (size !== undefined) return size;
  const pages = Number(ceil(length, pageSize));
  const bitmap = payload.subarray(HEAD + FeatureLoggingReport.size);
  for (let bit = pages; bit < bitmap.byteLength * 8; bit++) {
    const clear = (bitmap[bit >> 3]! & (1 << (bit & 7))) === 0;
    const breach = demandThat(clear, "log-report-bits-outside", `${pages} bits`, `bit ${bit} set`);
    if (breach !== undefined) return breach;
  }
  return undefined;
}

function ceil(value: bigint, unit: bigint): bigint {
  return (value + unit - 1n) / unit;
}
