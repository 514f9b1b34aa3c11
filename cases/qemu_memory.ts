import type { Send, Step } from "../harness/case.ts";
import { dmaMap, dmaUnmap, expect, memory, reply } from "../harness/steps.ts";
import { DmaMapFlag } from "../harness/wire/constants.ts";

/** Name of the memory file behind the guest's RAM. */
export const RAM = "pc.ram";

const RAM_SIZE = 0x1000_0000;
const BELOW_4_GIB = 0x800_0000;
const DIMM = "dimm0";
const DIMM_SIZE = 0x400_0000;

interface Section {
  readonly address: number;
  readonly size: number;
  /** Absent: memory without a descriptor, such as firmware and the memory of a screen. */
  readonly file?: { readonly name: string; readonly size: number; readonly offset: number };
  readonly readOnly?: boolean;
}

function ram(address: number, size: number, offset: number): Section {
  return { address, size, file: { name: RAM, size: RAM_SIZE, offset } };
}

/** Memory of a PC of 256 MiB with half of it above 4 GiB, a screen and a DIMM. */
const SECTIONS: readonly Section[] = [
  ram(0, 0xa_0000, 0),
  { address: 0xc_0000, size: 0x2_0000, readOnly: true }, // option ROMs
  { address: 0xe_0000, size: 0x2_0000, readOnly: true }, // the end of the firmware, again
  ram(0x10_0000, BELOW_4_GIB - 0x10_0000, 0x10_0000),
  { address: 0xfd00_0000, size: 0x100_0000 }, // the screen
  { address: 0xfffc_0000, size: 0x4_0000, readOnly: true }, // firmware
  ram(0x1_0000_0000, RAM_SIZE - BELOW_4_GIB, BELOW_4_GIB),
  {
    address: 0x1_4000_0000,
    size: DIMM_SIZE,
    file: { name: DIMM, size: DIMM_SIZE, offset: 0 },
  },
];

/** Where a driver in the guest has its buffers, in RAM and without a descriptor. */
export const BUFFERS = { inRam: 0x20_0000n, inScreen: 0xfd00_1000n } as const;

function mapOf({ address, size, file, readOnly = false }: Section): Send {
  return dmaMap({
    address: BigInt(address),
    size: BigInt(size),
    offset: BigInt(file?.offset ?? 0),
    flags: DmaMapFlag.READ | (readOnly ? 0 : DmaMapFlag.WRITE),
    fds: file === undefined ? [] : [memory(file.size, { name: file.name })],
  });
}

/** One DMA_MAP for each section, in a burst, waited for at the end. */
export const mapGuest: readonly Step[] = [
  ...SECTIONS.map(mapOf),
  ...SECTIONS.map(() => expect(reply())),
];

/** The same for DMA_UNMAP. */
export const unmapGuest: readonly Step[] = [
  ...SECTIONS.map(({ address, size }) =>
    dmaUnmap({ address: BigInt(address), size: BigInt(size) })
  ),
  ...SECTIONS.map(() => expect(reply())),
];
