import type { Condition } from "../harness/case.ts";
import type { RegionFacts } from "../harness/device_facts.ts";
import { isPlain } from "../harness/needs.ts";
import {
  anyError,
  atLeast,
  atMost,
  bits,
  closed,
  expect,
  getRegionInfo,
  oneOf,
  regionRead,
  remarkable,
  reply,
} from "../harness/steps.ts";
import { PciRegion, RegionFlag } from "../harness/wire/constants.ts";
import { RegionInfo } from "../harness/wire/messages.ts";
import { regionCapsCases } from "./device_get_region_info_caps.ts";
import { regionMappingCases } from "./device_get_region_info_mmap.ts";
import { indexes } from "./indexes.ts";
import { BarBit, barRegister, is64Bit, littleEndian } from "./pci_registers.ts";
import type { Row, RowSuite } from "./row.ts";

const ALL_ONES = 0xffff_ffff;
const ACCESS = RegionFlag.READ | RegionFlag.WRITE | RegionFlag.MMAP;
const KNOWN_FLAGS = ACCESS | RegionFlag.CAPS;

function isBar(region: RegionFacts): boolean {
  return region.index <= PciRegion.BAR5 && region.size > 0n;
}

function powerOfTwo(least: bigint): Condition {
  return {
    text: `a power of two from ${least}`,
    holds: (value) => {
      const size = BigInt(value);
      return size >= least && (size & (size - 1n)) === 0n;
    },
  };
}

/** Whether the BAR register saved as `name` has these bits at its bottom. */
function barIs(name: string, test: (bar: number) => boolean) {
  return (saved: ReadonlyMap<string, Uint8Array>) =>
    test(littleEndian(saved.get(name) ?? new Uint8Array()));
}

const identity: readonly Row[] = [
  {
    id: "standard-regions",
    title: "Asks for every region that PCI defines",
    clause: "reg-each-index",
    needs: ["pci"],
    steps: (device) =>
      indexes(Math.min(device.numRegions, PciRegion.COUNT)).flatMap((index) => {
        const info = reply({}, { payloadSize: atLeast(RegionInfo.size) });
        const absent = remarkable(anyError(), `region ${index} is answered with an error`);
        const implemented = device.regions.some((r) => r.index === index && r.size > 0n);
        const owed = implemented || index === PciRegion.CONFIG;
        return [getRegionInfo({ index }), owed ? expect(info) : expect(info, absent)];
      }),
  },
  {
    id: "device-specific-regions",
    title: "Asks for every region beyond those that PCI defines",
    clause: "reg-each-index",
    needs: ["device-specific-region"],
    steps: (device) =>
      indexes(device.numRegions).slice(PciRegion.COUNT).flatMap((index) => [
        getRegionInfo({ index }),
        expect(reply({}, { payloadSize: atLeast(RegionInfo.size) })),
      ]),
  },
  {
    id: "index-in-reply",
    title: "Looks at the index in the reply for every region",
    clause: "reg-index-echo",
    steps: (device) =>
      indexes(device.numRegions).flatMap((index) => [
        getRegionInfo({ index }),
        expect(reply({ index }), anyError()),
      ]),
  },
  {
    id: "index-num-regions",
    title: "Asks for the index behind the last one",
    clause: "reg-index-oob",
    steps: (device) => [getRegionInfo({ index: device.numRegions }), expect(anyError(), closed())],
  },
  ...[0x7fff_ffff, ALL_ONES].map((index): Row => ({
    id: `index-${index}`,
    title: `Asks for index ${index}`,
    clause: "reg-index-oob",
    steps: [getRegionInfo({ index }), expect(anyError(), closed())],
  })),
];

const sizes: readonly Row[] = [
  ...[0, 8, 16, 31].map((argsz): Row => ({
    id: `argsz-${argsz}`,
    title: `Asks with argsz ${argsz}`,
    clause: "reg-argsz-small",
    steps: [
      getRegionInfo({ argsz }),
      expect(
        anyError(),
        reply({ argsz: atLeast(RegionInfo.size) }),
        reply({}, { payloadSize: atMost(RegionInfo.size - 1) }),
        closed(),
      ),
    ],
  })),
  {
    id: "without-capabilities",
    title: "Asks for every region without capabilities, with argsz 32",
    clause: "reg-argsz-exact-nocaps",
    needs: ["plain-region"],
    steps: (device) =>
      device.regions.filter(isPlain).flatMap(({ index }) => [
        getRegionInfo({ index }),
        expect(reply(
          {
            argsz: RegionInfo.size,
            capOffset: 0,
            flags: bits({ clear: RegionFlag.CAPS }),
          },
          { payloadSize: RegionInfo.size },
        )),
      ]),
  },
  ...[33, 4096].map((argsz): Row => ({
    id: `without-capabilities-argsz-${argsz}`,
    title: `Asks for every region without capabilities, with argsz ${argsz}`,
    clause: "reg-argsz-large-nocaps",
    needs: ["plain-region"],
    steps: (device) =>
      device.regions.filter(isPlain).flatMap(({ index }) => [
        getRegionInfo({ index, argsz }),
        expect(reply({}, { payloadSize: RegionInfo.size })),
      ]),
  })),
  ...Object.entries({ flags: ALL_ONES, capOffset: ALL_ONES, size: 1n, offset: 1n })
    .map(([field, value]): Row => ({
      id: `request-with-${field === "capOffset" ? "cap-offset" : field}`,
      title: `Asks with ${field} ${value}`,
      clause: "reg-nonzero-request",
      steps: [getRegionInfo({ [field]: value }), expect(reply(), anyError(), closed())],
    })),
];

const flags: readonly Row[] = [
  {
    id: "unknown-flags",
    title: "Looks for flags that are not defined",
    clause: "reg-flags-known",
    steps: (device) =>
      indexes(device.numRegions).flatMap((index) => [
        getRegionInfo({ index }),
        expect(reply({ flags: bits({ clear: ~KNOWN_FLAGS }) }), anyError()),
      ]),
  },
  {
    id: "access-to-empty-region",
    title: "Looks for access flags on regions of size 0",
    clause: "reg-flags-size0",
    needs: ["empty-region"],
    steps: (device) =>
      device.regions.filter((r) => r.size === 0n).flatMap(({ index }) => [
        getRegionInfo({ index }),
        expect(
          reply({ flags: bits({ clear: ACCESS }) }),
          remarkable(reply(), `region ${index} of size 0 has access flags`),
        ),
      ]),
  },
];

/** Says of region 7 what it has to, and that it has these flags. */
function config(set: number) {
  return reply({ size: oneOf(256, 4096), flags: bits({ set, clear: RegionFlag.MMAP }) });
}

const pci: readonly Row[] = [
  {
    id: "config-region",
    title: "Asks for the PCI configuration space",
    clause: "reg-config-region",
    needs: ["pci"],
    steps: [
      getRegionInfo({ index: PciRegion.CONFIG }),
      expect(
        config(RegionFlag.READ | RegionFlag.WRITE),
        remarkable(config(RegionFlag.READ), "the PCI configuration space cannot be written"),
      ),
    ],
  },
  {
    id: "bar-size",
    title: "Looks at the size of every BAR",
    clause: "reg-bar-size-pow2",
    needs: ["bar", "config"],
    steps: (device) =>
      device.regions.filter(isBar).flatMap(({ index, size }) => {
        const isIo = barIs("bar", (bar) => (bar & BarBit.IO) !== 0);
        return [
          regionRead(barRegister(index)),
          expect(reply({}, { save: "bar" })),
          getRegionInfo({ index }),
          expect(
            reply({ size: powerOfTwo(16n) }),
            reply({ size: powerOfTwo(4n) }, {
              wants: "an I/O BAR",
              check: (_, saved) => isIo(saved) ? undefined : `a memory BAR of ${size} bytes`,
            }),
          ),
        ];
      }),
  },
  {
    id: "upper-half-of-64-bit-bar",
    title: "Looks at the region behind every 64-bit BAR",
    clause: "reg-64bit-upper",
    needs: ["bar", "config"],
    steps: (device) =>
      device.regions.filter((r) => isBar(r) && r.index < PciRegion.BAR5).flatMap(({ index }) => {
        const isNarrow = barIs("bar", (bar) => !is64Bit(bar));
        return [
          regionRead(barRegister(index)),
          expect(reply({}, { save: "bar" })),
          getRegionInfo({ index: index + 1 }),
          expect(
            reply({ size: 0 }),
            reply({}, {
              wants: `a BAR ${index} of 32 bits`,
              check: (_, saved) => isNarrow(saved) ? undefined : "a BAR of 64 bits",
            }),
            anyError(),
          ),
        ];
      }),
  },
];

/** Cases about DEVICE_GET_REGION_INFO. */
export const deviceGetRegionInfoSuite: RowSuite = {
  id: "device-get-region-info",
  title: "DEVICE_GET_REGION_INFO",
  cases: [...identity, ...sizes, ...regionCapsCases, ...regionMappingCases, ...flags, ...pci],
};
