import { DeviceState, MigrationFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import type { Device } from "./device.ts";
import {
  blankContents,
  type Contents,
  copyContents,
  decodeParts,
  encodePart,
  PartKind,
} from "./device_state.ts";
import { concat } from "./message.ts";
import { Refusal } from "./refusal.ts";

const { ERROR, STOP, RUNNING, STOP_COPY, RESUMING, PRE_COPY } = DeviceState;

/** More than any device state that was saved here. */
const MAX_WRITTEN = 8 * 1024 * 1024;

/** For each state the direct transition that leads on to another. ERROR is left by a reset only. */
const NEXT: Readonly<Record<number, Readonly<Record<number, number>>>> = {
  [RUNNING]: { [STOP]: STOP, [STOP_COPY]: STOP, [RESUMING]: STOP, [PRE_COPY]: PRE_COPY },
  [STOP]: {
    [RUNNING]: RUNNING,
    [STOP_COPY]: STOP_COPY,
    [RESUMING]: RESUMING,
    [PRE_COPY]: RUNNING,
  },
  [STOP_COPY]: { [STOP]: STOP, [RUNNING]: STOP, [RESUMING]: STOP },
  [RESUMING]: { [STOP]: STOP, [RUNNING]: STOP, [STOP_COPY]: STOP, [PRE_COPY]: STOP },
  [PRE_COPY]: {
    [RUNNING]: RUNNING,
    [STOP_COPY]: STOP_COPY,
    [STOP]: RUNNING,
    [RESUMING]: RUNNING,
  },
};

/** Migration of the device: its state, and the data that are being read or written. */
export class Migration {
  readonly #device: Device;
  readonly #flags: number;
  #state: number = RUNNING;
  /** Data to be read, as far as they have been made; absent outside of PRE_COPY and STOP_COPY. */
  #unread: Uint8Array | undefined;
  /** What the data made so far hold. */
  #known: Contents | undefined;
  #written: Uint8Array[] = [];
  #writtenSize = 0;

  /** Of a device that migrates as `flags`, bits of MigrationFlag, tell. */
  constructor(device: Device, flags: number) {
    this.#device = device;
    this.#flags = flags;
  }

  /** One of DeviceState. */
  get state(): number {
    return this.#state;
  }

  /**
   * Takes the device to a state, over those in between.
   *
   * @throws {Refusal} When no way leads there, or a step fails; the device stays where it got to.
   */
  go(target: number): void {
    if (target === PRE_COPY && (this.#flags & MigrationFlag.PRE_COPY) === 0) {
      throw new Refusal(Errno.EINVAL);
    }
    if (target !== this.#state && NEXT[this.#state]?.[target] === undefined) {
      throw new Refusal(Errno.EINVAL);
    }
    while (this.#state !== target) this.#step(NEXT[this.#state]![target]!);
  }

  /** The next bytes of the device state, at most `size` of them. */
  read(size: number): Uint8Array {
    if (this.#unread === undefined) throw new Refusal(Errno.EINVAL);
    const data = this.#unread.subarray(0, size);
    this.#unread = this.#unread.subarray(data.byteLength);
    return data;
  }

  /** The next bytes of a device state. */
  write(data: Uint8Array): void {
    if (this.#state !== RESUMING) throw new Refusal(Errno.EINVAL);
    if (this.#writtenSize + data.byteLength > MAX_WRITTEN) throw new Refusal(Errno.EFBIG);
    this.#written.push(data.slice());
    this.#writtenSize += data.byteLength;
  }

  /** A device that was reset runs. */
  reset(): void {
    this.#endSession();
    this.#state = RUNNING;
  }

  #step(next: number): void {
    if (this.#state === RESUMING) this.#resume();
    else if (next === PRE_COPY) this.#save(PartKind.EARLY);
    else if (next === STOP_COPY) this.#save(PartKind.LAST);
    else this.#endSession();
    this.#state = next;
  }

  #save(kind: number): void {
    const { regions } = this.#device;
    const now = copyContents(regions);
    const part = encodePart(kind, now, this.#known ?? blankContents(regions));
    this.#unread = concat(this.#unread ?? new Uint8Array(), part);
    this.#known = now;
  }

  #resume(): void {
    const data = concat(...this.#written);
    this.#endSession();
    try {
      this.#device.load(decodeParts(data, this.#device.regions));
    } catch (error) {
      this.#state = ERROR;
      throw error;
    }
  }

  #endSession(): void {
    this.#unread = this.#known = undefined;
    this.#written = [];
    this.#writtenSize = 0;
  }
}
