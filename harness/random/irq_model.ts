import type { DeviceFacts, IrqFacts } from "../device_facts.ts";
import { interruptIndexes } from "../interrupt_facts.ts";
import { IrqFlag, SetIrqsFlag } from "../wire/constants.ts";
import { IrqInfo, SetIrqs } from "../wire/messages.ts";
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

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD, ACTION_TRIGGER } = SetIrqsFlag;
const DATA = DATA_NONE | DATA_BOOL | DATA_EVENTFD;
const ACTION = SetIrqsFlag.ACTION_MASK | SetIrqsFlag.ACTION_UNMASK | ACTION_TRIGGER;

/** What is bound to an interrupt: the number of an eventfd, nothing, or nobody can tell. */
type Binding = number | "none" | "unknown";

/** What was signalled of each eventfd since it was last asked. */
export type TakeSignals = (eventfd: number) => bigint;

/** Which eventfds are bound to which interrupts, by DEVICE_SET_IRQS. */
export class IrqModel {
  readonly #device: DeviceFacts;
  /** Indexes whose interrupts are ordinary ones. */
  readonly #ordinary: readonly number[];
  readonly #bindings = new Map<number, Binding[]>();
  /** Indexes with interrupts that may be masked. */
  readonly #masked = new Set<number>();

  constructor(device: DeviceFacts) {
    this.#device = device;
    this.#ordinary = interruptIndexes(device).map(({ index }) => index);
  }

  /** A new client has nothing bound. */
  clear(): void {
    this.#bindings.clear();
    this.#masked.clear();
  }

  /** Something happened of which the specification does not say whether bindings outlive it. */
  doubt(): void {
    for (const { index, count } of this.#device.irqs) this.#forget(index, 0, count);
  }

  /** What is owed for a DEVICE_GET_IRQ_INFO. */
  info(message: Message): Expectation {
    const index = Number(message.fields.index ?? 0);
    if (index >= this.#device.numIrqs) return refused("irqinfo-oob");
    if (Number(message.fields.argsz ?? 0) < IrqInfo.size) return either("irqinfo-argsz-small");
    const known = this.#device.irqs.find((irq) => irq.index === index);
    if (known === undefined) return either("irqinfo-each");
    const owed = succeeds("irqinfo-each", { check: (reply) => checkInfo(reply, known) });
    const { flags = 0, count = 0 } = message.fields;
    return flags === 0 && count === 0 ? owed : loosened(owed);
  }

  /** What is owed for a DEVICE_SET_IRQS. */
  set(message: Message, signals: TakeSignals): Expectation {
    const { flags, index, start, count } = valuesOf(message);
    const irq = this.#device.irqs.find((one) => one.index === index);
    if (index >= this.#device.numIrqs) return refused("irqset-index-oob");
    const wrong = wrongFlags(flags);
    if (wrong !== undefined) return refused(wrong);
    const follow = (outcome: Outcome) =>
      outcome === "error" || this.#forget(index, start, Math.max(count, 1));
    if (irq === undefined || irq.count === 0) {
      return either("irqset-disable-empty-index", { follow });
    }
    if (count === 0) return this.#setNone(message, irq);
    if (start + count > irq.count) return refused(rangeClause(start, count, irq.count), { follow });
    const owed = loosenedForOddities(message, irq, this.#setRange(message, irq, signals));
    return this.#ordinary.includes(index) ? owed : loosened(owed);
  }

  #setNone(message: Message, irq: IrqFacts): Expectation {
    const { flags, index, start } = valuesOf(message);
    const disables = (flags & (DATA | ACTION)) === (DATA_NONE | ACTION_TRIGGER) && start === 0;
    const follow = (outcome: Outcome) => {
      if (outcome === "error") return;
      this.#doubtOthers(index);
      if (disables && outcome === "success") this.#put(index, 0, irq.count, () => "none");
      else this.#forget(index, 0, irq.count);
    };
    if (!disables) return either("irqset-count0-other", { follow });
    return loosenedForOddities(message, irq, succeeds("irqset-disable-index", { follow }));
  }

  #setRange(message: Message, irq: IrqFacts, signals: TakeSignals): Expectation {
    const { flags, index, start, count } = valuesOf(message);
    if ((flags & DATA) === DATA_BOOL && message.data.byteLength < count) {
      return refused("irqset-bool-short");
    }
    if ((flags & ACTION) !== ACTION_TRIGGER) {
      return either("irqset-mask-none", {
        follow: (outcome) => outcome === "error" || this.#masked.add(index),
      });
    }
    if ((flags & DATA) === DATA_EVENTFD) return this.#bind(message, irq);
    const chosen = Array.from({ length: count }, (_, i) => start + i)
      .filter((_, i) => (flags & DATA) === DATA_NONE || message.data[i] !== 0);
    return this.#trigger(index, chosen, (flags & DATA) === DATA_NONE, signals);
  }

  #bind({ fds, fields }: Message, { index }: IrqFacts): Expectation {
    const { start, count } = valuesOf({ fields });
    const follow = (outcome: Outcome) => {
      if (outcome === "error") return;
      this.#doubtOthers(index);
      const certain = outcome === "success" && (fds.length === 0 || fds.length === count);
      this.#put(index, start, count, (i) => {
        const fd = fds[i];
        if (!certain || (fd !== undefined && fd.kind !== "eventfd")) return "unknown";
        return fd === undefined ? "none" : fd.number;
      });
    };
    if (fds.length === 0) {
      const clause = start > 0 ? "irqset-unbind-one-mid" : "irqset-unbind-all-nofd";
      return succeeds(clause, { follow });
    }
    if (fds.length < count) return refused("irqset-fds-fewer", { follow });
    if (fds.length > count) return either("irqset-fds-more", { follow });
    if (fds.some(({ kind }) => kind !== "eventfd")) {
      return either("irqset-fd-wrong-type", { follow });
    }
    if (fds.length > this.#device.capabilities.maxMsgFds) {
      return either("fd-over-max-msg-fds", { follow });
    }
    return succeeds(start > 0 ? "irqset-bind-offset" : "irqset-bind-one", { follow });
  }

  #trigger(
    index: number,
    chosen: readonly number[],
    none: boolean,
    signals: TakeSignals,
  ): Expectation {
    const bindings = chosen.map((subIndex) => this.#binding(index, subIndex));
    const bound = bindings.every((binding) => typeof binding === "number");
    const clause = none ? "irqset-trigger-none" : "irqset-trigger-bool";
    const check = () => this.#checkSignals(index, chosen, clause, signals);
    this.#takeSignals(signals);
    // Not every index has every combination; for those that can be bound the specification's example triggers so.
    return none && bound && this.#ordinary.includes(index)
      ? succeeds(clause, { check })
      : either(bound ? clause : "irqset-trigger-unbound", { check });
  }

  /** Interrupts of before are not of this command. */
  #takeSignals(signals: TakeSignals): void {
    for (const bindings of this.#bindings.values()) {
      for (const binding of bindings) if (typeof binding === "number") signals(binding);
    }
  }

  /** Each eventfd of the index is signalled as often as it is bound to a chosen interrupt. */
  #checkSignals(
    index: number,
    chosen: readonly number[],
    clause: string,
    signals: TakeSignals,
  ): Breach | undefined {
    const bindings = this.#bindings.get(index) ?? [];
    // What masking does to the client's own triggers is left open.
    if (this.#masked.has(index) || !this.#ordinary.includes(index)) return undefined;
    if (bindings.includes("unknown")) return undefined;
    for (const eventfd of new Set(bindings)) {
      if (typeof eventfd !== "number") continue;
      const wanted = chosen.filter((subIndex) => bindings[subIndex] === eventfd).length;
      const breach = demand(
        clause,
        `eventfd ${eventfd} signalled`,
        signals(eventfd),
        BigInt(wanted),
      );
      if (breach !== undefined) return breach;
    }
    return undefined;
  }

  #binding(index: number, subIndex: number): Binding {
    return this.#bindings.get(index)?.[subIndex] ?? "none";
  }

  /** Only one index is in use at a time on most devices: others may have lost what they had. */
  #doubtOthers(index: number): void {
    for (const [other, bindings] of this.#bindings) {
      if (other !== index) bindings.fill("unknown");
    }
  }

  #forget(index: number, start: number, count: number): void {
    this.#put(index, start, count, () => "unknown");
  }

  #put(index: number, start: number, count: number, binding: (i: number) => Binding): void {
    const irq = this.#device.irqs.find((one) => one.index === index);
    if (irq === undefined) return;
    let bindings = this.#bindings.get(index);
    if (bindings === undefined) {
      this.#bindings.set(index, bindings = Array.from({ length: irq.count }, () => "none"));
    }
    for (let i = 0; i < count && start + i < irq.count; i++) bindings[start + i] = binding(i);
  }
}

function valuesOf({ fields }: Pick<Message, "fields">) {
  const { argsz = 0, flags = 0, index = 0, start = 0, count = 0 } = fields;
  return {
    argsz: Number(argsz),
    flags: Number(flags),
    index: Number(index),
    start: Number(start),
    count: Number(count),
  };
}

function wrongFlags(flags: number): string | undefined {
  const [data, action] = [flags & DATA, flags & ACTION];
  if (data === 0) return "irqset-no-data-flag";
  if (action === 0) return "irqset-no-action-flag";
  if ((data & (data - 1)) !== 0) return "irqset-two-data";
  return (action & (action - 1)) !== 0 ? "irqset-two-action" : undefined;
}

function rangeClause(start: number, count: number, max: number): string {
  if (start + count > 0xffff_ffff) return "irqset-range-wrap";
  return start >= max ? "irqset-start-oob" : "irqset-range-oob";
}

function loosenedForOddities(
  message: Message,
  irq: IrqFacts,
  expectation: Expectation,
): Expectation {
  const { argsz, flags } = valuesOf(message);
  const bools = (flags & DATA) === DATA_BOOL ? valuesOf(message).count : 0;
  const usual = argsz === SetIrqs.size + bools && (flags & ~(DATA | ACTION)) === 0 &&
    message.data.byteLength === bools &&
    (message.fds.length === 0 || (flags & DATA) === DATA_EVENTFD) &&
    (irq.flags & IrqFlag.EVENTFD) !== 0 && (irq.flags & IrqFlag.NORESIZE) === 0;
  return usual ? expectation : loosened(expectation);
}

function checkInfo({ payload }: SuccessReply, known: IrqFacts): Breach | undefined {
  if (payload.byteLength !== IrqInfo.size) {
    return demand("irqinfo-argsz-large", "payload bytes", payload.byteLength, IrqInfo.size);
  }
  const { argsz, flags, index, count } = IrqInfo.decode(payload);
  return demand("irqinfo-each", "argsz", argsz, IrqInfo.size) ??
    demand("irqinfo-each", "index", index, known.index) ??
    demandThat(
      flags === known.flags && count === known.count,
      "irqinfo-each",
      `flags ${known.flags} and count ${known.count}, as before`,
      `flags ${flags} and count ${count}`,
    );
}
