import type { Mapping } from "../posix/memory.ts";

/** Guest memory that the client has mapped. */
export interface DmaRegion {
  readonly address: bigint;
  /** Bytes. */
  readonly size: bigint;
  /** DmaMapFlag bits. */
  readonly flags: number;
  /** Absent where the client came without a descriptor: then access is by messages. */
  readonly mapping?: Mapping;
}

/** The DMA regions of one client, disjoint. */
export class DmaTable implements Disposable {
  #regions: DmaRegion[] = [];

  /** How many there are. */
  get count(): number {
    return this.#regions.length;
  }

  /** All of them, in the order of their mapping. */
  get regions(): readonly DmaRegion[] {
    return this.#regions;
  }

  /** Whether a region shares a byte with `address` to `address + size`. */
  overlaps(address: bigint, size: bigint): boolean {
    return this.#regions.some((region) =>
      address < region.address + region.size && region.address < address + size
    );
  }

  /** Takes a region, and its mapping. */
  add(region: DmaRegion): void {
    this.#regions.push(region);
  }

  /** The region of exactly this extent. */
  find(address: bigint, size: bigint): DmaRegion | undefined {
    return this.#regions.find((region) => region.address === address && region.size === size);
  }

  /** The region that holds the byte at `address`. */
  at(address: bigint): DmaRegion | undefined {
    return this.#regions.find((region) =>
      address >= region.address && address < region.address + region.size
    );
  }

  /** Forgets a region and unmaps it. */
  remove(region: DmaRegion): void {
    this.#regions = this.#regions.filter((other) => other !== region);
    region.mapping?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const region of this.#regions) region.mapping?.[Symbol.dispose]();
    this.#regions = [];
  }
}
