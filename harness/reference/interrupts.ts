import type { EventFd } from "../posix/event_fd.ts";
import { SystemError } from "../posix/libc.ts";
import { PciIrq } from "../wire/constants.ts";
import type { IrqSettings } from "./settings.ts";

/** One interrupt of the device. */
interface Line {
  eventFd?: EventFd;
  masked: boolean;
  /** Fired while masked: delivered when unmasked. */
  pending: boolean;
}

/** What the client has bound to the interrupts of the device. */
export class Interrupts implements Disposable {
  readonly #lines: readonly Line[][];
  /** Descriptors of the MASK and UNMASK actions: kept, for no guest masks anything here. */
  readonly #maskFds = new Map<string, EventFd>();

  /** Makes the lines of every index, unbound. */
  constructor(irqs: readonly IrqSettings[]) {
    this.#lines = irqs.map(({ count }) =>
      Array.from({ length: count }, () => ({ masked: false, pending: false }))
    );
  }

  /** Binds descriptors from `start` on, in place of what was bound there. */
  bind(index: number, start: number, eventFds: readonly EventFd[]): void {
    eventFds.forEach((eventFd, i) => this.#replace(this.#lines[index]![start + i]!, eventFd));
  }

  /** Unbinds a range. */
  unbind(index: number, start: number, count: number): void {
    for (const line of this.#range(index, start, count)) this.#replace(line, undefined);
  }

  /** Unbinds a whole index and unmasks it. */
  disable(index: number): void {
    for (const line of this.#lines[index]!) {
      this.#replace(line, undefined);
      line.masked = line.pending = false;
    }
    for (const action of ["mask", "unmask"] as const) {
      for (let i = 0; i < this.#lines[index]!.length; i++) this.holdMaskFd(action, index, i);
    }
  }

  /** Keeps the descriptor of a MASK or UNMASK action in place of the one before; none lets go. */
  holdMaskFd(
    action: "mask" | "unmask",
    index: number,
    subIndex: number,
    eventFd?: EventFd,
  ): void {
    const key = `${action} ${index} ${subIndex}`;
    this.#maskFds.get(key)?.[Symbol.dispose]();
    if (eventFd) this.#maskFds.set(key, eventFd);
    else this.#maskFds.delete(key);
  }

  /** Signals one interrupt, or notes it while it is masked. */
  fire(index: number, subIndex: number): void {
    const line = this.#lines[index]![subIndex]!;
    if (line.masked) line.pending = true;
    else signal(line.eventFd);
  }

  /** The device raises an interrupt; INTx masks itself until the client has served it. */
  raise(index: number, subIndex: number): void {
    const line = this.#lines[index]?.[subIndex];
    if (line === undefined) return;
    this.fire(index, subIndex);
    if (index === PciIrq.INTX && line.eventFd) line.masked = true;
  }

  /** Masks one interrupt. */
  mask(index: number, subIndex: number): void {
    this.#lines[index]![subIndex]!.masked = true;
  }

  /** Unmasks one interrupt, and delivers what came meanwhile. */
  unmask(index: number, subIndex: number): void {
    const line = this.#lines[index]![subIndex]!;
    line.masked = false;
    if (line.pending) signal(line.eventFd);
    line.pending = false;
  }

  [Symbol.dispose](): void {
    for (const line of this.#lines.flat()) this.#replace(line, undefined);
    for (const eventFd of this.#maskFds.values()) eventFd[Symbol.dispose]();
    this.#maskFds.clear();
  }

  #range(index: number, start: number, count: number): Line[] {
    return this.#lines[index]!.slice(start, start + count);
  }

  #replace(line: Line, eventFd: EventFd | undefined): void {
    line.eventFd?.[Symbol.dispose]();
    if (eventFd) line.eventFd = eventFd;
    else delete line.eventFd;
  }
}

/** A counter that is full has been signalled well enough. */
function signal(eventFd: EventFd | undefined): void {
  try {
    eventFd?.add(1n);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}
