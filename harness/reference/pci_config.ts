import { IrqFlag, PciIrq, PciRegion } from "../wire/constants.ts";
import type { Memory } from "./memory.ts";
import type { Settings } from "./settings.ts";

const COMMAND = 0x04;
const STATUS = 0x06;
const BAR0 = 0x10;
const INTERRUPT_LINE = 0x3c;
const POWER_MANAGEMENT = 0x40;
const MSIX = 0x50;
/** Where MSI-X table and pending bits lie. */
const MSIX_BAR: number = 4;
const MSIX_TABLE_OFFSET = 0;
const MSIX_PBA_OFFSET = 0x800;

const MEMORY_64_PREFETCHABLE = 0xc;

/** PCI configuration space: bytes of which some bits can be written, as masks tell. */
export class PciConfig implements Memory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bits that take what is written. */
  readonly writable: Uint8Array<ArrayBuffer>;
  readonly #initial: Uint8Array<ArrayBuffer>;

  /** Builds the header, the BARs and the capabilities after the regions and interrupts announced. */
  constructor(settings: Settings) {
    const size = settings.regions[PciRegion.CONFIG]!.size;
    this.bytes = new Uint8Array(size);
    this.writable = new Uint8Array(size);
    const values = new DataView(this.bytes.buffer);
    const masks = new DataView(this.writable.buffer);
    putHeader(values, masks, settings);
    putBars(values, masks, settings);
    putCapabilities(values, masks, settings);
    this.#initial = this.bytes.slice();
  }

  read(offset: number, count: number): Uint8Array {
    return this.bytes.subarray(offset, offset + count);
  }

  write(offset: number, data: Uint8Array): void {
    for (let i = 0; i < data.byteLength; i++) {
      const mask = this.writable[offset + i]!;
      this.bytes[offset + i] = (this.bytes[offset + i]! & ~mask) | (data[i]! & mask);
    }
  }

  reset(): void {
    this.bytes.set(this.#initial);
  }

  load(bytes: Uint8Array): void {
    this.write(0, bytes);
  }
}

function putHeader(values: DataView, masks: DataView, settings: Settings): void {
  values.setUint16(0x00, 0x1209, true);
  values.setUint16(0x02, 0xf10a, true);
  // I/O, memory, bus master, parity, SERR, INTx disable; the other bits of the command read 0.
  masks.setUint16(COMMAND, 0x0547, true);
  // Bit 4 says that there are capabilities; the bits that clear on write are never set here.
  values.setUint16(STATUS, 0x0010, true);
  values.setUint32(0x08, 0xff00_0001, true);
  masks.setUint8(0x0c, 0xff);
  values.setUint16(0x2c, 0x1209, true);
  values.setUint16(0x2e, 0x0001, true);
  values.setUint8(0x34, POWER_MANAGEMENT);
  masks.setUint8(INTERRUPT_LINE, 0xff);
  values.setUint8(INTERRUPT_LINE + 1, settings.irqs[PciIrq.INTX]!.count > 0 ? 1 : 0);
}

/** A BAR sized with all ones reads its size mask: exactly the bits that can be written. */
function putBars(values: DataView, masks: DataView, settings: Settings): void {
  for (let bar: number = PciRegion.BAR0; bar <= PciRegion.BAR5; bar++) {
    const { size } = settings.regions[bar]!;
    if (size === 0) continue;
    const at = BAR0 + 4 * bar;
    masks.setUint32(at, -size >>> 0, true);
    if (bar !== MSIX_BAR) continue;
    values.setUint32(at, MEMORY_64_PREFETCHABLE, true);
    masks.setUint32(at + 4, 0xffff_ffff, true);
  }
}

function putCapabilities(values: DataView, masks: DataView, settings: Settings): void {
  values.setUint8(POWER_MANAGEMENT, 0x01);
  values.setUint8(POWER_MANAGEMENT + 1, MSIX);
  values.setUint16(POWER_MANAGEMENT + 2, 0x0003, true);
  masks.setUint16(POWER_MANAGEMENT + 4, 0x0003, true);
  const msix = settings.irqs[PciIrq.MSIX]!;
  if ((msix.flags & IrqFlag.EVENTFD) === 0 || msix.count === 0) return;
  values.setUint8(MSIX, 0x11);
  values.setUint16(MSIX + 2, msix.count - 1, true);
  masks.setUint16(MSIX + 2, 0xc000, true);
  values.setUint32(MSIX + 4, MSIX_TABLE_OFFSET | MSIX_BAR, true);
  values.setUint32(MSIX + 8, MSIX_PBA_OFFSET | MSIX_BAR, true);
}
