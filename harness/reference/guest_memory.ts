import { DmaMapFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import type { DmaRegion, DmaTable } from "./dma_table.ts";
import { Refusal } from "./refusal.ts";

/** Moves bytes by DMA_READ and DMA_WRITE messages. */
export interface MessageDma {
  /** Asks the client for bytes of a region without mapping. */
  read(address: bigint, count: number): Promise<Uint8Array>;
  /** Hands bytes to the client for a region without mapping. */
  write(address: bigint, data: Uint8Array): Promise<void>;
}

/** A part of a transfer that lies in one region. */
interface Piece {
  readonly region: DmaRegion;
  readonly address: bigint;
  /** Where the part begins within the transfer. */
  readonly at: number;
  readonly count: number;
}

/** Guest memory as the device sees it: through mappings where there are some, by messages elsewhere. */
export class GuestMemory {
  readonly #table: DmaTable;
  readonly #messages: MessageDma;
  readonly #onWrite: (address: bigint, count: number) => void;

  /** Looks up addresses in `table`, and says what it is about to write. */
  constructor(
    table: DmaTable,
    messages: MessageDma,
    onWrite: (address: bigint, count: number) => void,
  ) {
    this.#table = table;
    this.#messages = messages;
    this.#onWrite = onWrite;
  }

  /** Reads; throws `Refusal` before anything is moved when a byte is not there or not readable. */
  async read(address: bigint, count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (const piece of this.#pieces(address, count, DmaMapFlag.READ)) {
      const { region: { mapping, address: base } } = piece;
      const part = mapping
        ? mapping.read(Number(piece.address - base), piece.count)
        : await this.#messages.read(piece.address, piece.count);
      bytes.set(part, piece.at);
    }
    return bytes;
  }

  /** Writes; throws `Refusal` before anything is moved when a byte is not there or not writable. */
  async write(address: bigint, data: Uint8Array): Promise<void> {
    for (const piece of this.#pieces(address, data.byteLength, DmaMapFlag.WRITE)) {
      const { region: { mapping, address: base } } = piece;
      const part = data.subarray(piece.at, piece.at + piece.count);
      this.#onWrite(piece.address, piece.count);
      if (mapping) mapping.write(Number(piece.address - base), part.slice());
      else await this.#messages.write(piece.address, part);
    }
  }

  #pieces(start: bigint, count: number, flag: number): Piece[] {
    const pieces: Piece[] = [];
    for (let at = 0; at < count;) {
      const address = start + BigInt(at);
      const region = this.#table.at(address);
      if (region === undefined) throw new Refusal(Errno.EFAULT);
      if ((region.flags & flag) === 0) throw new Refusal(Errno.EACCES);
      const left = region.address + region.size - address;
      const part = left < count - at ? Number(left) : count - at;
      pieces.push({ region, address, at, count: part });
      at += part;
    }
    return pieces;
  }
}
