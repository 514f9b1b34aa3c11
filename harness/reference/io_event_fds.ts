import { EventFd } from "../posix/event_fd.ts";
import type { Fd } from "../posix/fd.ts";
import { SystemError } from "../posix/libc.ts";
import type { Region } from "./device.ts";
import type { Guest } from "./memory.ts";
import type { IoEventFdSettings } from "./settings.ts";

/** Signals that come faster than they are looked at become one; more than so many of them do. */
const MOST_AT_ONCE = 64;

/** An eventfd that stands for a write to a register. */
interface Line extends IoEventFdSettings {
  readonly region: Region;
  readonly eventFd: EventFd;
}

/** The eventfds that a client can signal in place of register writes, made when it asks for them. */
export class IoEventFds implements Disposable {
  #lines: Line[] = [];

  /** All descriptors that have been made. */
  get fds(): readonly Fd[] {
    return this.#lines.map(({ eventFd }) => eventFd.fd);
  }

  /** The descriptors of a region, in the order of its settings. */
  of(region: Region): readonly Fd[] {
    if (!this.#lines.some((line) => line.region === region)) this.#make(region);
    return this.#lines.filter((line) => line.region === region).map(({ eventFd }) => eventFd.fd);
  }

  /** Does the writes that have been signalled. */
  async carryOut(guest: Guest): Promise<void> {
    for (const { region, eventFd, offset, size, datamatch = 0n } of this.#lines) {
      const data = new Uint8Array(BigUint64Array.of(datamatch).buffer, 0, size);
      for (let left = take(eventFd); left > 0; left--) {
        await region.memory.write(offset, data, guest);
      }
    }
  }

  [Symbol.dispose](): void {
    for (const { eventFd } of this.#lines) eventFd[Symbol.dispose]();
    this.#lines = [];
  }

  #make(region: Region): void {
    using made = new DisposableStack();
    const lines = (region.ioEventFds ?? []).map((settings) => ({
      ...settings,
      region,
      eventFd: made.use(new EventFd()),
    }));
    made.move();
    this.#lines.push(...lines);
  }
}

function take(eventFd: EventFd): number {
  try {
    const signals = eventFd.read();
    return signals > MOST_AT_ONCE ? MOST_AT_ONCE : Number(signals);
  } catch (error) {
    // The client, who holds it too, was faster.
    if (error instanceof SystemError) return 0;
    throw error;
  }
}
