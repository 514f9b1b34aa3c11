import { Command, DeviceFlag, HeaderFlag } from "../wire/constants.ts";
import { DmaModel } from "./dma_model.ts";
import {
  demand,
  either,
  type Expectation,
  loosened,
  type Outcome,
  refused,
  succeeds,
} from "./expectation.ts";
import { FeatureModel } from "./feature_model.ts";
import type { Ground } from "./ground.ts";
import { IrqModel, type TakeSignals } from "./irq_model.ts";
import { type Limits, MemoryModel } from "./memory_model.ts";
import { headOf, type Message, payloadSize, type Proposal, USUAL_PROPOSAL } from "./message.ts";
import { MigrationModel } from "./migration_model.ts";
import { deviceInfo, regionInfo, regionIoFds } from "./region_model.ts";

/** Commands whose payload may be longer than their fixed part. */
const WITH_DATA: ReadonlySet<number> = new Set([
  Command.VERSION,
  Command.DEVICE_SET_IRQS,
  Command.REGION_WRITE,
  Command.REGION_WRITE_MULTI,
  Command.DEVICE_FEATURE,
  Command.MIG_DATA_WRITE,
]);

/** Commands that take descriptors. */
const WITH_FDS: ReadonlySet<number> = new Set([Command.DMA_MAP, Command.DEVICE_SET_IRQS]);

/** Commands about migration itself, which do not depend on whether the device runs. */
const OF_MIGRATION: ReadonlySet<number> = new Set([
  Command.VERSION,
  Command.DEVICE_FEATURE,
  Command.DEVICE_RESET,
  Command.MIG_DATA_READ,
  Command.MIG_DATA_WRITE,
]);

/** What the specification lets a server do, command by command. */
export class Model {
  readonly dma: DmaModel;
  readonly #ground: Ground;
  readonly #irqs: IrqModel;
  readonly #memory: MemoryModel;
  readonly #migration: MigrationModel;
  readonly #features: FeatureModel;
  readonly #signals: TakeSignals;
  #proposal: Proposal = USUAL_PROPOSAL;

  /** Of a device that has just been started. */
  constructor(ground: Ground, signals: TakeSignals) {
    const { device } = ground;
    this.#ground = ground;
    this.#signals = signals;
    this.dma = new DmaModel(device.capabilities.maxDmaMaps);
    this.#irqs = new IrqModel(device);
    this.#memory = new MemoryModel(ground);
    this.#migration = new MigrationModel(device);
    this.#features = new FeatureModel(device, this.#migration);
  }

  /** Whether the device is known to run. */
  get running(): boolean {
    return this.#migration.running;
  }

  /** Whether DMA may be logged. */
  get mayLog(): boolean {
    return this.#features.mayLog;
  }

  /** A new client is there, with what it has proposed. */
  connected(proposal: Proposal): void {
    this.#proposal = proposal;
    this.dma.clear();
    this.#irqs.clear();
    this.#memory.forget();
    this.#migration.reconnected();
    this.#features.reconnected();
  }

  /** The device may be in any state. */
  doubt(): void {
    this.#doubt("unknown");
  }

  /** What is owed for a command of ours. */
  expect(message: Message): Expectation {
    const { command, fds } = message;
    const size = payloadSize(message);
    const fixed = headOf(command)?.size ?? 0;
    if (size < fixed) {
      const clause = size === 0 ? "hdr-no-payload" : "hdr-short-payload";
      return refused(clause, { follow: (outcome) => this.#doubt(outcome) });
    }
    let owed = this.#owed(message);
    if (size > fixed && !WITH_DATA.has(command)) owed = loosened(owed);
    if (message.payloadSize !== undefined) owed = this.#clipped(owed);
    const fdsFit = WITH_FDS.has(command) &&
      fds.length <= this.#ground.device.capabilities.maxMsgFds;
    if (fds.length > 0 && !fdsFit) owed = loosened(owed);
    return this.running || OF_MIGRATION.has(command) ? owed : loosened(owed);
  }

  #owed(message: Message): Expectation {
    const { device } = this.#ground;
    const maxMsgFds = this.#proposal.maxMsgFds ?? 1;
    switch (message.command) {
      case Command.VERSION:
        return either("ver-twice");
      case Command.DMA_MAP:
        return this.mayLog ? loosened(this.dma.map(message)) : this.dma.map(message);
      case Command.DMA_UNMAP:
        return this.dma.unmap(message);
      case Command.DEVICE_GET_INFO:
        return deviceInfo(message, device);
      case Command.DEVICE_GET_REGION_INFO:
        return regionInfo(message, device, maxMsgFds);
      case Command.DEVICE_GET_REGION_IO_FDS:
        return regionIoFds(message, device);
      case Command.DEVICE_GET_IRQ_INFO:
        return this.#irqs.info(message);
      case Command.DEVICE_SET_IRQS:
        return this.#irqs.set(message, this.#signals);
      case Command.REGION_READ:
        return this.#memory.read(message, this.#limits);
      case Command.REGION_WRITE:
        return this.#memory.write(message, this.#limits);
      case Command.REGION_WRITE_MULTI:
        return this.#multi(message);
      case Command.DEVICE_RESET:
        return this.#reset();
      case Command.DEVICE_FEATURE:
        return this.#mayRestore(this.#features.feature(message));
      case Command.MIG_DATA_READ:
        return this.#migration.readData(message, this.#limits);
      case Command.MIG_DATA_WRITE:
        return this.#migration.writeData(message);
      case Command.DMA_READ:
      case Command.DMA_WRITE:
        return either("hdr-s2c-cmd-from-client");
      default:
        return either("hdr-unknown-cmd-19");
    }
  }

  get #limits(): Limits {
    return {
      server: this.#ground.device.capabilities.maxDataXferSize,
      client: this.#proposal.maxDataXferSize ?? USUAL_PROPOSAL.maxDataXferSize!,
    };
  }

  #multi(message: Message): Expectation {
    if (this.#ground.device.capabilities.writeMultiple) return this.#memory.writeMulti(message);
    return refused("multi-unsupported", {
      follow: (outcome) => outcome === "error" || this.#memory.forget(),
    });
  }

  #reset(): Expectation {
    const owed = succeeds("reset-ok", {
      check: ({ payload }) => demand("reset-ok", "payload bytes", payload.byteLength, 0),
      follow: () => {
        this.#memory.forget();
        this.dma.doubt();
        this.#irqs.doubt();
      },
    });
    const can = (this.#ground.device.flags & DeviceFlag.RESET) !== 0;
    return this.#migration.reset(can ? owed : loosened(owed));
  }

  /** Another state may bring other contents. */
  #mayRestore(owed: Expectation): Expectation {
    const runs = this.running;
    return {
      ...owed,
      follow: (outcome) => {
        owed.follow?.(outcome);
        if (!runs || !this.running) this.#memory.forget();
      },
    };
  }

  /** The payload was not sent as its fields say: what follows from them is not known. */
  #clipped(owed: Expectation): Expectation {
    const { check: _, ...rest } = owed;
    return either(owed.clause, {
      ...rest,
      owed: "either",
      follow: (outcome) => {
        owed.follow?.(outcome === "success" ? "unknown" : outcome);
        this.#doubt(outcome);
      },
    });
  }

  #doubt(outcome: Outcome): void {
    if (outcome === "error") return;
    this.dma.doubt();
    this.#irqs.doubt();
    this.#memory.forget();
    this.#migration.doubt();
    this.#features.doubt();
  }
}

/** Whether no reply is wanted. */
export function isSilent({ header }: Message): boolean {
  return ((header.flags ?? 0) & HeaderFlag.NO_REPLY) !== 0;
}
