/** A value that a register is written with; `address` and `count` are put in by the case. */
export interface RegisterWrite {
  /** Index of the region. */
  readonly region: number;
  /** Bytes from the start of the region. */
  readonly offset: number;
  /** Bytes: 1, 2, 4 or 8. */
  readonly size: number;
  /** What is written. */
  readonly value: number | "address" | "count";
}

/** Part of a region that may be written and read back without any other effect. */
export interface Scratch {
  /** Index of the region. */
  readonly region: number;
  /** Bytes from the start of the region. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** How the device is made to raise one interrupt. */
export interface InterruptTrigger {
  /** Interrupt index, such as 2 for MSI-X. */
  readonly index: number;
  /** Which interrupt of the index. */
  readonly subIndex: number;
  /** Writes that raise it, in order. */
  readonly writes: readonly RegisterWrite[];
}

/** How the device is made to move bytes between guest memory and a buffer of its own. */
export interface DmaTrigger {
  /** Bytes that the buffer holds, at least 4. */
  readonly maxCount: number;
  /** Where the buffer begins. */
  readonly buffer: { readonly region: number; readonly offset: number };
  /** The transfer is over when the last write is answered. */
  readonly writes: readonly RegisterWrite[];
}

/** What cannot be asked over the wire and is told by the vendor. */
export interface DeviceProfile {
  /** Where the JSON Schema lies, for editors. */
  readonly $schema?: string;
  /** What the server does when its client leaves. Default: learnt at the first disconnection. */
  readonly life?: "stays" | "exits";
  /** Memory that may be written and read back. */
  readonly scratch?: readonly Scratch[];
  /** Ways to raise interrupts. */
  readonly interrupts?: readonly InterruptTrigger[];
  /** Guest memory into the device's buffer. */
  readonly dmaRead?: DmaTrigger;
  /** The device's buffer into guest memory. */
  readonly dmaWrite?: DmaTrigger;
  /** Registers and what a reset puts into them. */
  readonly reset?: readonly (RegisterWrite & { readonly value: number })[];
}
