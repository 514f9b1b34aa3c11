import type { Outcome, Reply } from "../harness/case.ts";
import { configRegion, type DeviceFacts } from "../harness/device_facts.ts";
import {
  anyError,
  bits,
  closed,
  expect,
  getRegionInfo,
  regionRead,
  regionWrite,
  remarkable,
  reply,
  saved,
} from "../harness/steps.ts";
import { PciIrq, PciRegion, RegionFlag } from "../harness/wire/constants.ts";
import { RegionAccess } from "../harness/wire/messages.ts";
import {
  findMsix,
  inspectConfig,
  walkCapabilities,
  walkExtendedCapabilities,
} from "./pci_capabilities.ts";
import { pciConfigBarCases } from "./pci_config_bars.ts";
import {
  CAPABILITIES,
  COMMAND,
  CommandBit,
  DEVICE_ID,
  HEADER_TYPE,
  INTERRUPT_LINE,
  INTERRUPT_PIN,
  littleEndian,
  register,
  REVISION_AND_CLASS,
  STATUS,
  StatusBit,
  SUBSYSTEM_IDS,
  VENDOR_ID,
} from "./pci_registers.ts";
import type { Row, RowSuite } from "./row.ts";
import { writeAndRestore } from "./write_and_restore.ts";

const ONES = Uint8Array.of(0xff, 0xff, 0xff, 0xff);

function hasIntx(device: DeviceFacts): boolean {
  return device.irqs.some((irq) => irq.index === PciIrq.INTX && irq.count > 0);
}

function hasBar(device: DeviceFacts): boolean {
  return device.regions.some(({ index, size }) => index <= PciRegion.BAR5 && size > 0n);
}

function hex({ data }: Reply): string {
  return `0x${littleEndian(data).toString(16)}`;
}

const reading: readonly Row[] = [
  {
    id: "vendor",
    title: "Reads the vendor ID",
    clause: "cfg-vendor",
    needs: ["config"],
    steps: [
      regionRead(VENDOR_ID),
      expect(
        reply({}, {
          wants: "a vendor ID",
          check: (r) => [0, 0xffff].includes(littleEndian(r.data)) ? hex(r) : undefined,
        }),
        remarkable(reply({}, { data: Uint8Array.of(0, 0) }), "the vendor ID is 0"),
      ),
    ],
  },
  {
    id: "whole",
    title: "Reads the whole configuration space at once",
    clause: "cfg-bulk-read",
    needs: ["config"],
    steps: (device) => {
      const count = Number(configRegion(device).size);
      return [
        regionRead(register(0, count)),
        expect(reply({ count }, { payloadSize: RegionAccess.size + count })),
      ];
    },
  },
  ...[1, 2, 3, 4, 8].map((width): Row => ({
    id: `width-${width}`,
    title: `Reads the header in pieces of ${width} at every offset`,
    clause: "cfg-read-any-width",
    needs: ["config"],
    steps: () => {
      // Behind the command and status registers, which change by themselves.
      const header = register(0x08, 0x38);
      return [
        regionRead(header),
        expect(reply({}, { save: "header" })),
        ...Array.from({ length: header.count - width + 1 }, (_, at) => [
          regionRead(register(0x08 + at, width)),
          expect(reply({}, {
            wants: `the same bytes at offset 0x${(0x08 + at).toString(16)}`,
            check: ({ data }, values) => {
              const same = values.get("header")?.subarray(at, at + width).toHex();
              return data.toHex() === same ? undefined : `${data.toHex()}, not ${same},`;
            },
          })),
        ]).flat(),
      ];
    },
  })),
  ...[1, 4].map((count): Row => ({
    id: `behind-end-${count}`,
    title: `Reads ${count} bytes behind the end`,
    clause: "cfg-past-end",
    needs: ["config"],
    steps: (device) => [
      regionRead(register(Number(configRegion(device).size), count)),
      expect(
        anyError(),
        closed(),
        remarkable(
          reply({ count: 0 }, { payloadSize: RegionAccess.size }),
          "a read behind the end gives 0 bytes and no error",
        ),
      ),
    ],
  })),
  {
    id: "interrupt-pin",
    title: "Compares the interrupt pin with the number of INTx interrupts",
    clause: "cfg-intpin",
    needs: ["config"],
    steps: (device) => [
      regionRead(INTERRUPT_PIN),
      expect(reply({}, {
        wants: hasIntx(device) ? "pin 1 to 4" : "pin 0",
        check: (r) => {
          const pin = littleEndian(r.data);
          return (pin > 0) === hasIntx(device) && pin <= 4 ? undefined : `pin ${pin}`;
        },
      })),
    ],
  },
  {
    id: "not-mappable",
    title: "Looks for the MMAP flag of the configuration space",
    clause: "cfg-not-mappable",
    needs: ["config"],
    steps: [
      getRegionInfo({ index: PciRegion.CONFIG }),
      expect(reply({ flags: bits({ clear: RegionFlag.MMAP }) })),
    ],
  },
];

const capabilities: readonly Row[] = [
  {
    id: "capabilities",
    title: "Follows the list of capabilities",
    clause: "cfg-caps-walk",
    needs: ["config"],
    steps: (device) =>
      inspectConfig(device, {
        wants: "a list of capabilities that ends",
        flaw: (config) => walkCapabilities(config).flaw,
      }),
  },
  {
    id: "extended-capabilities",
    title: "Follows the list of extended capabilities",
    clause: "cfg-extcaps-walk",
    needs: ["config", "extended-config"],
    steps: (device) =>
      inspectConfig(device, {
        wants: "a list of extended capabilities that ends",
        flaw: (config) => walkExtendedCapabilities(config).flaw,
      }),
  },
  {
    id: "msix-tables",
    title: "Looks whether the MSI-X tables lie within their BARs",
    clause: "cfg-msix-consistent",
    needs: ["config", "msix"],
    steps: (device) =>
      inspectConfig(device, {
        wants: "MSI-X table and pending bits within their BARs",
        flaw: (config) => {
          const msix = findMsix(config);
          if (msix === undefined) return "no MSI-X capability";
          const { tableSize, table, pendingBits } = msix;
          return outside(device, { ...table, size: 16 * tableSize }) ??
            outside(device, { ...pendingBits, size: 8 * Math.ceil(tableSize / 64) });
        },
      }),
  },
];

function outside(
  device: DeviceFacts,
  { bar, offset, size }: { readonly bar: number; readonly offset: number; readonly size: number },
): string | undefined {
  const region = bar > PciRegion.BAR5 ? undefined : device.regions.find((r) => r.index === bar);
  if (region !== undefined && BigInt(offset + size) <= region.size) return undefined;
  return `bytes ${offset} to ${offset + size} of BAR ${bar} (${region?.size ?? 0} bytes)`;
}

const identification = {
  "vendor-id": VENDOR_ID,
  "device-id": DEVICE_ID,
  "revision-and-class": REVISION_AND_CLASS,
  "header-type": HEADER_TYPE,
  "subsystem-ids": SUBSYSTEM_IDS,
  "capabilities-pointer": CAPABILITIES,
};

const unwritten: readonly Row[] = [
  ...Object.entries(identification).map(([id, place]): Row => ({
    id: `write-${id}`,
    title: `Writes the ${id.replaceAll("-", " ")} with ones`,
    clause: "cfg-ro-ids",
    needs: ["writable-config"],
    steps: writeAndRestore({
      place,
      data: ONES.subarray(0, place.count),
      written: [reply(), anyError()],
      seen: [reply({}, { data: saved("old") })],
    }),
  })),
  {
    id: "write-status",
    title: "Writes the status register with ones",
    clause: "cfg-status-w1c",
    needs: ["writable-config"],
    steps: writeAndRestore({
      place: STATUS,
      data: ONES.subarray(0, 2),
      written: [reply()],
      seen: [reply({}, {
        wants: "the old read-only bits",
        check: (r, values) => {
          const changed = littleEndian(r.data) ^ littleEndian(values.get("old") ?? r.data);
          return (changed & ~StatusBit.ERRORS & ~StatusBit.INTERRUPT) === 0 ? undefined : hex(r);
        },
      })],
    }),
  },
  {
    id: "write-reserved",
    title: "Writes the reserved bytes of the header with what stands there",
    clause: "cfg-write-undefined",
    needs: ["writable-config"],
    steps: [
      regionRead(register(0x38, 4)),
      expect(reply({}, { save: "old" })),
      regionWrite({ ...register(0x38, 4), data: saved("old") }),
      expect(reply(), anyError()),
    ],
  },
  {
    id: "write-last-byte",
    title: "Writes the last byte with what stands there",
    clause: "cfg-write-undefined",
    needs: ["writable-config"],
    steps: (device) => {
      const last = register(Number(configRegion(device).size) - 1, 1);
      return [
        regionRead(last),
        expect(reply({}, { save: "old" })),
        regionWrite({ ...last, data: saved("old") }),
        expect(reply(), anyError()),
      ];
    },
  },
];

/** Bits that this device cannot do without; PCI lets others read 0 always. */
function missingCommandBits(device: DeviceFacts, command: number): boolean {
  const { INTX_DISABLE, BUS_MASTER, IO_SPACE, MEMORY_SPACE } = CommandBit;
  const { dmaRead, dmaWrite } = device.profile;
  return (hasIntx(device) && (command & INTX_DISABLE) === 0) ||
    ((dmaRead ?? dmaWrite) !== undefined && (command & BUS_MASTER) === 0) ||
    (hasBar(device) && (command & (IO_SPACE | MEMORY_SPACE)) === 0);
}

const written: readonly Row[] = [
  {
    id: "command-bits",
    title: "Sets I/O space, memory space, bus master and interrupt disable in the command register",
    clause: "cfg-cmd-rw",
    needs: ["writable-config"],
    steps: (device) =>
      writeAndRestore({
        place: COMMAND,
        data: Uint8Array.of(0x07, 0x04),
        written: [reply()],
        seen: [reply({}, {
          wants: "the bits that the device implements",
          check: (r) => missingCommandBits(device, littleEndian(r.data)) ? hex(r) : undefined,
        })],
      }),
  },
  {
    id: "command-all-ones",
    title: "Writes the command register with ones",
    clause: "cfg-cmd-all-ones",
    needs: ["writable-config"],
    steps: writeAndRestore({
      place: COMMAND,
      data: ONES.subarray(0, 2),
      written: [
        reply(),
        remarkable(anyError(), "ones in the command register are answered with an error"),
      ],
      seen: [
        reply({}, {
          wants: "0 in the reserved bits",
          check: (r) => (littleEndian(r.data) & CommandBit.RESERVED) === 0 ? undefined : hex(r),
        }),
        remarkable(reply(), "reserved bits of the command register can be set"),
      ],
    }),
  },
  {
    id: "command-low-byte",
    title: "Writes the low byte of the command register",
    clause: "cfg-cmd-1-byte",
    needs: ["writable-config"],
    steps: [
      regionRead(COMMAND),
      expect(reply({}, { save: "old" })),
      // The old value is on its way before anything is judged.
      regionWrite({ ...COMMAND, data: Uint8Array.of(0x00, 0x04) }),
      regionRead(register(0x05, 1)),
      regionWrite({ ...register(0x04, 1), data: Uint8Array.of(0x06) }),
      regionRead(register(0x05, 1)),
      regionWrite({ ...COMMAND, data: saved("old") }),
      expect(reply(), anyError()),
      expect(reply({}, { save: "high" })),
      expect(reply(), anyError()),
      expect(reply({}, { data: saved("high") })),
      expect(reply(), anyError()),
    ],
  },
  {
    id: "interrupt-line",
    title: "Writes the interrupt line register and reads it",
    clause: "cfg-intline",
    needs: ["writable-config"],
    steps: (device) => {
      const line = Uint8Array.of(0x0b);
      // A device without interrupt pin has no use for it.
      const unused: Outcome[] = hasIntx(device) ? [] : [reply(), anyError()];
      return writeAndRestore({
        place: INTERRUPT_LINE,
        data: line,
        written: [reply(), ...unused],
        seen: [reply({}, { data: line }), ...unused],
      });
    },
  },
];

/** Cases about the PCI configuration space. */
export const pciConfigSuite: RowSuite = {
  id: "pci-config",
  title: "PCI configuration space",
  cases: [...reading, ...capabilities, ...unwritten, ...written, ...pciConfigBarCases],
};
