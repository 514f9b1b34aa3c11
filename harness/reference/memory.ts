/** What a device asks of the client's side of the world. */
export interface Guest {
  /** Reads guest memory; refused where the client has mapped nothing readable. */
  read(address: bigint, count: number): Promise<Uint8Array>;
  /** Writes guest memory; refused where the client has mapped nothing writable. */
  write(address: bigint, data: Uint8Array): Promise<void>;
  /** Raises an interrupt; one that does not exist is passed over. */
  raise(index: number, subIndex: number): void;
}

/** What lies behind a region. Bounds were checked. */
export interface Memory {
  /** Lends the bytes, until the next write. */
  read(offset: number, count: number): Uint8Array;
  /** Writes; what the device does because of it is done when this returns. */
  write(offset: number, data: Uint8Array, guest: Guest): void | Promise<void>;
  /** Puts back what a device reset puts back. */
  reset(): void;
  /** Puts back what was read when the device was saved; what can never change stays as it is. */
  load(bytes: Uint8Array): void;
}

/** Memory without meaning: what is written is read. A device reset leaves it alone. */
export class PlainMemory implements Memory {
  readonly bytes: Uint8Array;

  /** Takes the bytes, which may be those of a mapping. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  read(offset: number, count: number): Uint8Array {
    return this.bytes.subarray(offset, offset + count);
  }

  write(offset: number, data: Uint8Array): void {
    this.bytes.set(data, offset);
  }

  reset(): void {}

  load(bytes: Uint8Array): void {
    this.bytes.set(bytes);
  }
}
