import { PciRegion } from "../harness/wire/constants.ts";

// Offsets and bit numbers are those of the PCI Local Bus Specification 3.0, chapter 6.

/** Where REGION_READ and REGION_WRITE find some bytes of the configuration space. */
export interface Register {
  readonly region: number;
  readonly offset: bigint;
  /** Bytes. */
  readonly count: number;
}

/** `count` bytes at `offset` of the configuration space. */
export function register(offset: number, count: number): Register {
  return { region: PciRegion.CONFIG, offset: BigInt(offset), count };
}

/** Registers of a type 0 header. */
export const VENDOR_ID: Register = register(0x00, 2);
export const DEVICE_ID: Register = register(0x02, 2);
export const COMMAND: Register = register(0x04, 2);
export const STATUS: Register = register(0x06, 2);
export const REVISION_AND_CLASS: Register = register(0x08, 4);
export const HEADER_TYPE: Register = register(0x0e, 1);
export const SUBSYSTEM_IDS: Register = register(0x2c, 4);
export const ROM_ADDRESS: Register = register(0x30, 4);
export const CAPABILITIES: Register = register(0x34, 1);
export const INTERRUPT_LINE: Register = register(0x3c, 1);
export const INTERRUPT_PIN: Register = register(0x3d, 1);

/** The register of BAR `index`. */
export function barRegister(index: number): Register {
  return register(0x10 + 4 * index, 4);
}

/** Bits of the command register. */
export const CommandBit = {
  IO_SPACE: 0x1,
  MEMORY_SPACE: 0x2,
  BUS_MASTER: 0x4,
  INTX_DISABLE: 0x400,
  RESERVED: 0xf800,
} as const;

/** Bits of the status register; errors are cleared by writing ones, the others are read-only. */
export const StatusBit = { INTERRUPT: 0x8, CAPABILITIES: 0x10, ERRORS: 0xf900 } as const;

/** Bits at the bottom of a BAR. */
export const BarBit = { IO: 0x1, TYPE_MASK: 0x6, TYPE_64: 0x4 } as const;

/** A little-endian value of 1, 2 or 4 bytes; the configuration space has that order on any host. */
export function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

/** Whether this is the register of a 64-bit BAR. */
export function is64Bit(bar: number): boolean {
  return (bar & (BarBit.IO | BarBit.TYPE_MASK)) === BarBit.TYPE_64;
}
