import type { Send } from "./case.ts";
import { dmaUnmap, setIrqs } from "./steps.ts";
import { Command, FeatureFlag, SetIrqsFlag } from "./wire/constants.ts";
import { DeviceFeature, DmaMap, DmaUnmap, SetIrqs } from "./wire/messages.ts";

/** With more to put back, a new connection is quicker. */
const MOST_RANGES = 16;

/** Commands that may change what outlives the row on its connection. */
const STATEFUL: ReadonlySet<number> = new Set([
  Command.VERSION,
  Command.DMA_MAP,
  Command.DMA_UNMAP,
  Command.DEVICE_SET_IRQS,
  Command.DEVICE_RESET,
  Command.DEVICE_FEATURE,
  Command.MIG_DATA_READ,
  Command.MIG_DATA_WRITE,
]);

/** What commands have left behind on a connection, and how to put it back. */
export class Traces {
  /** Something that cannot be put back. */
  lasting = false;
  /** A command was sent that may have changed something, even if it was refused. */
  stateful = false;
  readonly #mapped: { readonly address: bigint; readonly size: bigint }[] = [];
  readonly #interrupts = new Set<number>();

  /** Follows a command that is sent. */
  sent(command: number): void {
    if (STATEFUL.has(command)) this.stateful = true;
  }

  /** Follows a command that was not refused. */
  follow(command: number, payload: Uint8Array): void {
    switch (command) {
      case Command.DMA_MAP:
        return this.#map(payload);
      case Command.DMA_UNMAP:
        return this.#unmap(payload);
      case Command.DEVICE_SET_IRQS:
        return this.#set(payload);
      case Command.DEVICE_FEATURE:
        // A message that is cut may be taken for anything.
        if (payload.byteLength < DeviceFeature.size) this.lasting = true;
        else if (DeviceFeature.decode(payload).flags & FeatureFlag.SET) this.lasting = true;
        return;
      case Command.VERSION:
      case Command.MIG_DATA_READ:
      case Command.MIG_DATA_WRITE:
        this.lasting = true;
    }
  }

  /** Commands after which nothing is left; none are needed when nothing is, nothing where it cannot be done. */
  undo(): readonly Send[] | undefined {
    if (this.lasting || this.#mapped.length > MOST_RANGES) return undefined;
    const flags = SetIrqsFlag.DATA_NONE | SetIrqsFlag.ACTION_TRIGGER;
    return [
      ...this.#mapped.map((range) => dmaUnmap(range)),
      ...[...this.#interrupts].map((index) => setIrqs({ flags, index, count: 0 })),
    ];
  }

  #map(payload: Uint8Array): void {
    if (payload.byteLength < DmaMap.size) {
      this.lasting = true;
      return;
    }
    const { address, size } = DmaMap.decode(payload);
    this.#mapped.push({ address, size });
  }

  #unmap(payload: Uint8Array): void {
    if (payload.byteLength < DmaUnmap.size) {
      this.lasting = true;
      return;
    }
    const { address, size } = DmaUnmap.decode(payload);
    const at = this.#mapped.findIndex((one) => one.address === address && one.size === size);
    if (at < 0) this.lasting = true;
    else this.#mapped.splice(at, 1);
  }

  #set(payload: Uint8Array): void {
    if (payload.byteLength < SetIrqs.size) {
      this.lasting = true;
      return;
    }
    const { flags, index } = SetIrqs.decode(payload);
    // What is masked stays so, whatever is bound.
    if ((flags & SetIrqsFlag.ACTION_TRIGGER) === 0) this.lasting = true;
    else this.#interrupts.add(index);
  }
}
