import type { Step } from "../harness/case.ts";
import type { RegionFacts } from "../harness/device_facts.ts";
import {
  anyError,
  expect,
  regionRead,
  regionWrite,
  remarkable,
  reply,
  saved,
} from "../harness/steps.ts";
import { PciRegion } from "../harness/wire/constants.ts";
import {
  BarBit,
  barRegister,
  is64Bit,
  littleEndian,
  register,
  ROM_ADDRESS,
} from "./pci_registers.ts";
import type { Row } from "./row.ts";
import { writeAndRestore } from "./write_and_restore.ts";

const ONES = Uint8Array.of(0xff, 0xff, 0xff, 0xff);

type Saved = ReadonlyMap<string, Uint8Array>;

function isBar({ index }: RegionFacts): boolean {
  return index <= PciRegion.BAR5;
}

/** One of another size has a case of its own, and no mask. */
function isPowerOfTwo({ size }: RegionFacts): boolean {
  return size > 0n && (size & (size - 1n)) === 0n;
}

function registerOf(values: Saved, name: string): number {
  return littleEndian(values.get(name) ?? new Uint8Array());
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

/** Whether the low half of a BAR, written with ones, tells the size and keeps its flags. */
function tellsSize(seen: number, old: number, size: bigint): boolean {
  const isIo = (old & BarBit.IO) !== 0;
  const flags = old & (isIo ? 0x3 : 0xf);
  const mask = Number(-size & (isIo ? 0xffff_fffcn : 0xffff_fff0n));
  // The upper 16 bits of an I/O BAR may be hardwired to 0.
  return seen === mask + flags || (isIo && seen === mask % 0x1_0000 + flags);
}

function sizeBar({ index, size }: RegionFacts): Step[] {
  return writeAndRestore({
    place: barRegister(index),
    data: ONES,
    written: [reply()],
    seen: [reply({}, {
      wants: `the mask of ${size} bytes and the old flags in BAR ${index}`,
      check: ({ data }, values) => {
        const seen = littleEndian(data);
        return tellsSize(seen, registerOf(values, "old"), size) ? undefined : hex(seen);
      },
    })],
  });
}

function sizeUpperHalf({ index, size }: RegionFacts): Step[] {
  return [
    regionRead(barRegister(index)),
    expect(reply({}, {
      save: "low",
      wants: "64-bit type bits from 4 GiB up",
      check: ({ data }) => {
        const low = littleEndian(data);
        return size < 1n << 32n || is64Bit(low) ? undefined : `BAR ${index} ${hex(low)}`;
      },
    })),
    ...writeAndRestore({
      place: barRegister(index + 1),
      data: ONES,
      written: [reply(), anyError()],
      seen: [reply({}, {
        wants: `the upper half of the mask of ${size} bytes in BAR ${index + 1}`,
        check: ({ data }, values) => {
          const seen = littleEndian(data);
          const mask = Number((-size >> 32n) & 0xffff_ffffn);
          return seen === mask || !is64Bit(registerOf(values, "low")) ? undefined : hex(seen);
        },
      })],
    }),
  ];
}

/** Without a region there are no bits to write, unless this is the upper half of a 64-bit BAR. */
function writeAbsentBar(index: number, hasRegion: (index: number) => boolean): Step[] {
  const below = index > 0 && hasRegion(index - 1) ? [index - 1] : [];
  return [
    ...below.flatMap((lower) => [
      regionRead(barRegister(lower)),
      expect(reply({}, { save: `BAR ${lower}` })),
    ]),
    ...writeAndRestore({
      place: barRegister(index),
      data: ONES,
      written: [reply(), anyError()],
      seen: [
        reply({}, {
          wants: `0 in BAR ${index}, before and after`,
          check: ({ data }, values) => {
            const seen = littleEndian(data) || registerOf(values, "old");
            const isUpper = below.some((lower) => is64Bit(registerOf(values, `BAR ${lower}`)));
            return seen === 0 || isUpper ? undefined : hex(seen);
          },
        }),
        remarkable(reply(), `BAR ${index} is not implemented and does not read as 0`),
      ],
    }),
  ];
}

/** Cases about the address registers in the configuration space. */
export const pciConfigBarCases: readonly Row[] = [
  {
    id: "bar-sizing",
    title: "Writes every BAR with ones and reads its size",
    clause: "cfg-bar-sizing",
    needs: ["bar", "writable-config"],
    steps: (device) => device.regions.filter((r) => isBar(r) && isPowerOfTwo(r)).flatMap(sizeBar),
  },
  {
    id: "bar-absent",
    title: "Writes the BAR of every region of size 0 with ones",
    clause: "cfg-bar-unimpl",
    needs: ["empty-bar", "writable-config"],
    steps: (device) => {
      const hasRegion = (index: number) =>
        device.regions.some((region) => region.index === index && region.size > 0n);
      return device.regions.filter((region) => isBar(region) && region.size === 0n)
        .flatMap(({ index }) => writeAbsentBar(index, hasRegion));
    },
  },
  {
    id: "bar-64-bit",
    title: "Writes the upper half of every 64-bit BAR with ones",
    clause: "cfg-bar-64",
    needs: ["wide-bar", "writable-config"],
    steps: (device) =>
      device.regions
        .filter((r) => isBar(r) && r.index < PciRegion.BAR5 && isPowerOfTwo(r))
        .filter(({ index }) => device.regions.every((r) => r.index !== index + 1 || r.size === 0n))
        .flatMap(sizeUpperHalf),
  },
  ...[{ at: 2, count: 2 }, { at: 1, count: 2 }, { at: 3, count: 1 }].map(({ at, count }): Row => ({
    id: `bar-in-part-${at}-${at + count - 1}`,
    title: `Writes ${count} bytes at byte ${at} of every BAR with what stands there`,
    clause: "cfg-bar-partial",
    needs: ["bar", "writable-config"],
    steps: (device) =>
      device.regions.filter((r) => isBar(r) && r.size > 0n).flatMap(({ index }) => {
        const part = register(0x10 + 4 * index + at, count);
        return [
          regionRead(part),
          expect(reply({}, { save: "old" })),
          regionWrite({ ...part, data: saved("old") }),
          expect(
            reply(),
            remarkable(anyError(), `a write to a part of BAR ${index} is answered with an error`),
          ),
        ];
      }),
  })),
  ...[Uint8Array.of(0x00, 0xf8, 0xff, 0xff), Uint8Array.of(0xfe, 0xff, 0xff, 0xff)].map((
    ones,
  ): Row => ({
    id: `rom-sizing-${littleEndian(ones).toString(16)}`,
    title: `Writes the expansion ROM register with ${hex(littleEndian(ones))} and reads its size`,
    clause: "cfg-rom-sizing",
    needs: ["writable-config"],
    steps: (device) => {
      const rom = device.regions.find((region) => region.index === PciRegion.ROM);
      const mask = Number(-(rom?.size ?? 0n) & 0xffff_f800n);
      return writeAndRestore({
        place: ROM_ADDRESS,
        data: ones,
        written: [reply(), anyError()],
        seen: [reply({}, {
          wants: mask === 0 ? "0" : `${hex(mask)} or 0`,
          check: ({ data }) => {
            const seen = littleEndian(data);
            const address = seen - seen % 0x800;
            return address === 0 || address === mask ? undefined : hex(seen);
          },
        })],
      });
    },
  })),
];
