import { Errno } from "../wire/errno.ts";
import { SystemError } from "../posix/libc.ts";
import { Refusal } from "./refusal.ts";
import type { Guest, Memory } from "./memory.ts";

/** Where things lie in the register page, which is BAR 0; `profile.json` says the same to the suite. */
export const Register = {
  SCRATCH: 0x00,
  DMA_ADDRESS: 0x40,
  DMA_COUNT: 0x48,
  DMA_COMMAND: 0x4c,
  DMA_STATUS: 0x50,
  IRQ_RAISE: 0x54,
  RESET_COUNT: 0x58,
  DOORBELL: 0x5c,
  DOORBELL_COUNT: 0x60,
  DMA_BUFFER: 0x800,
} as const;

/** Values of DMA_COMMAND, seen from guest memory. */
export const DmaCommand = { READ: 1, WRITE: 2 } as const;

const SCRATCH_SIZE = 0x40;
const DMA_BUFFER_SIZE = 0x400;

/** What can be written: start and size. The rest of the page reads as it is and ignores writes. */
const WRITABLE: readonly (readonly [number, number])[] = [
  [Register.SCRATCH, SCRATCH_SIZE],
  [Register.DMA_ADDRESS, 8],
  [Register.DMA_COUNT, 4],
  [Register.DMA_COMMAND, 4],
  [Register.IRQ_RAISE, 4],
  [Register.DOORBELL, 4],
  [Register.DMA_BUFFER, DMA_BUFFER_SIZE],
];

/** The register page: scratch bytes, a DMA engine with its buffer, a way to raise interrupts, and a doorbell. */
export class RegisterPage implements Memory {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;

  /** Makes a page of `size` bytes, all 0. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  read(offset: number, count: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + count);
  }

  async write(offset: number, data: Uint8Array, guest: Guest): Promise<void> {
    const end = offset + data.byteLength;
    for (const [start, size] of WRITABLE) {
      const from = Math.max(offset, start);
      const to = Math.min(end, start + size);
      if (from < to) this.#bytes.set(data.subarray(from - offset, to - offset), from);
    }
    const touches = (register: number) => offset < register + 4 && end > register;
    if (touches(Register.DMA_COMMAND)) await this.#transfer(guest);
    if (touches(Register.IRQ_RAISE)) this.#raise(guest);
    if (touches(Register.DOORBELL)) this.#count(Register.DOORBELL_COUNT);
  }

  reset(): void {
    const resets = this.#view.getUint32(Register.RESET_COUNT, true);
    this.#bytes.fill(0);
    this.#view.setUint32(Register.RESET_COUNT, resets + 1, true);
  }

  load(bytes: Uint8Array): void {
    this.#bytes.set(bytes);
  }

  #count(register: number): void {
    this.#view.setUint32(register, this.#view.getUint32(register, true) + 1, true);
  }

  async #transfer(guest: Guest): Promise<void> {
    let status = 0;
    try {
      await this.#run(guest);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof SystemError)) throw error;
      status = error.errno;
    }
    this.#view.setUint32(Register.DMA_STATUS, status, true);
  }

  async #run(guest: Guest): Promise<void> {
    const address = this.#view.getBigUint64(Register.DMA_ADDRESS, true);
    const count = this.#view.getUint32(Register.DMA_COUNT, true);
    const command = this.#view.getUint32(Register.DMA_COMMAND, true);
    if (command === 0) return;
    if (count > DMA_BUFFER_SIZE) throw new Refusal(Errno.EINVAL);
    const buffer = this.#bytes.subarray(Register.DMA_BUFFER, Register.DMA_BUFFER + count);
    if (command === DmaCommand.READ) buffer.set(await guest.read(address, count));
    else if (command === DmaCommand.WRITE) await guest.write(address, buffer);
    else throw new Refusal(Errno.EINVAL);
  }

  #raise(guest: Guest): void {
    const value = this.#view.getUint32(Register.IRQ_RAISE, true);
    guest.raise(value >>> 16, value & 0xffff);
  }
}
