/** A stretch of guest memory. */
export interface LoggedRange {
  readonly iova: bigint;
  /** Bytes. */
  readonly length: bigint;
}

const WORD_BITS = 64n;

/** Which pages of guest memory the device has written. */
export class DmaLog {
  readonly #dirty = new Set<bigint>();
  #pageSize: bigint | undefined;
  #ranges: readonly LoggedRange[] = [];

  /** Whether writes are being logged. */
  get started(): boolean {
    return this.#pageSize !== undefined;
  }

  /** Logs from now on, by pages of `pageSize` bytes; without ranges, all memory. */
  start(pageSize: bigint, ranges: readonly LoggedRange[]): void {
    this.#pageSize = pageSize;
    this.#ranges = ranges;
  }

  /** Logs no longer, and forgets. */
  stop(): void {
    this.#pageSize = undefined;
    this.#dirty.clear();
  }

  /** The device writes `count` bytes at `address`. */
  note(address: bigint, count: number): void {
    if (this.#pageSize === undefined || count === 0) return;
    const last = (address + BigInt(count) - 1n) / this.#pageSize;
    for (let page = address / this.#pageSize; page <= last; page++) {
      if (this.#isLogged(page * this.#pageSize)) this.#dirty.add(page);
    }
  }

  /**
   * The bitmap of a range by pages of any size, the first of which begins where the range does;
   * forgets the pages that lie within it.
   */
  take({ iova, length }: LoggedRange, pageSize: bigint): Uint8Array<ArrayBuffer> {
    const bitmap = new BigUint64Array(bitmapSize(length, pageSize) / 8);
    const own = this.#pageSize ?? pageSize;
    const end = iova + length;
    for (const page of this.#dirty) {
      const from = page * own > iova ? page * own : iova;
      const to = (page + 1n) * own < end ? (page + 1n) * own : end;
      if (from >= to) continue;
      const last = (to - iova - 1n) / pageSize;
      for (let bit = (from - iova) / pageSize; bit <= last; bit++) {
        const word = Number(bit / WORD_BITS);
        bitmap[word] = bitmap[word]! | 1n << bit % WORD_BITS;
      }
      if (to - from === own) this.#dirty.delete(page);
    }
    return new Uint8Array(bitmap.buffer);
  }

  #isLogged(start: bigint): boolean {
    if (this.#ranges.length === 0) return true;
    const end = start + this.#pageSize!;
    return this.#ranges.some(({ iova, length }) => start < iova + length && iova < end);
  }
}

/** Bytes of the bitmap for a range, in whole words. */
export function bitmapSize(length: bigint, pageSize: bigint): number {
  const pages = (length + pageSize - 1n) / pageSize;
  return 8 * Number((pages + WORD_BITS - 1n) / WORD_BITS);
}
