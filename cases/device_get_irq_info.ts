import type { FieldMatch } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import {
  anyError,
  atMost,
  bits,
  closed,
  expect,
  getIrqInfo,
  oneOf,
  remarkable,
  reply,
} from "../harness/steps.ts";
import { IrqFlag, PciIrq } from "../harness/wire/constants.ts";
import { IrqInfo } from "../harness/wire/messages.ts";
import { indexes } from "./indexes.ts";
import { findMsix, inspectConfig } from "./pci_capabilities.ts";
import type { Row, RowSuite } from "./row.ts";

const ALL_ONES = 0xffff_ffff;
const KNOWN_FLAGS = IrqFlag.EVENTFD | IrqFlag.MASKABLE | IrqFlag.AUTOMASKED | IrqFlag.NORESIZE;

const COUNTS: readonly { name: string; index: number; fits: FieldMatch }[] = [
  { name: "INTx", index: PciIrq.INTX, fits: atMost(1) },
  { name: "MSI", index: PciIrq.MSI, fits: oneOf(0, 1, 2, 4, 8, 16, 32) },
  { name: "MSI-X", index: PciIrq.MSIX, fits: atMost(2048) },
  { name: "ERR", index: PciIrq.ERR, fits: atMost(1) },
  { name: "REQ", index: PciIrq.REQ, fits: atMost(1) },
];

function msixCount(device: DeviceFacts): number {
  return device.irqs.find((irq) => irq.index === PciIrq.MSIX)?.count ?? 0;
}

/** Cases about DEVICE_GET_IRQ_INFO. */
export const deviceGetIrqInfoSuite: RowSuite = {
  id: "device-get-irq-info",
  title: "DEVICE_GET_IRQ_INFO",
  cases: [
    {
      id: "each-index",
      title: "Asks for every interrupt index of the device",
      clause: "irqinfo-each",
      steps: (device) =>
        indexes(device.numIrqs).flatMap((index) => [
          getIrqInfo({ index }),
          expect(reply({ argsz: IrqInfo.size, index }, { payloadSize: IrqInfo.size })),
        ]),
    },
    {
      id: "index-num-irqs",
      title: "Asks for the index behind the last one",
      clause: "irqinfo-oob",
      steps: (device) => [getIrqInfo({ index: device.numIrqs }), expect(anyError(), closed())],
    },
    ...[0x7fff_ffff, ALL_ONES].map((index): Row => ({
      id: `index-${index}`,
      title: `Asks for index ${index}`,
      clause: "irqinfo-oob",
      steps: [getIrqInfo({ index }), expect(anyError(), closed())],
    })),
    ...[0, 8, 15].map((argsz): Row => ({
      id: `argsz-${argsz}`,
      title: `Asks with argsz ${argsz}`,
      clause: "irqinfo-argsz-small",
      steps: [
        getIrqInfo({ argsz }),
        expect(
          anyError(),
          reply({ argsz: IrqInfo.size }),
          reply({}, { payloadSize: atMost(IrqInfo.size - 1) }),
          closed(),
        ),
      ],
    })),
    ...[17, 4096].map((argsz): Row => ({
      id: `argsz-${argsz}`,
      title: `Asks for every interrupt index with argsz ${argsz}`,
      clause: "irqinfo-argsz-large",
      steps: (device) =>
        indexes(device.numIrqs).flatMap((index) => [
          getIrqInfo({ index, argsz }),
          expect(reply({}, { payloadSize: IrqInfo.size })),
        ]),
    })),
    {
      id: "unknown-flags",
      title: "Looks for flags that are not defined",
      clause: "irqinfo-flags-known",
      steps: (device) =>
        indexes(device.numIrqs).flatMap((index) => [
          getIrqInfo({ index }),
          expect(reply({ flags: bits({ clear: ~KNOWN_FLAGS }) })),
        ]),
    },
    {
      id: "automasked-without-maskable",
      title: "Looks for interrupts that are masked automatically and cannot be unmasked",
      clause: "irqinfo-automasked-implies-maskable",
      steps: (device) =>
        indexes(device.numIrqs).flatMap((index) => [
          getIrqInfo({ index }),
          expect(
            reply({ flags: bits({ set: IrqFlag.MASKABLE }) }),
            reply({ flags: bits({ clear: IrqFlag.AUTOMASKED }) }),
          ),
        ]),
    },
    ...COUNTS.map(({ name, index, fits }): Row => ({
      id: `count-${name.toLowerCase()}`,
      title: `Counts the interrupts of ${name}`,
      clause: "irqinfo-count-bounds",
      needs: ["pci"],
      steps: [
        getIrqInfo({ index }),
        expect(
          reply({ count: fits }),
          remarkable(reply(), `a number of ${name} interrupts that PCI does not have`),
          anyError(),
          closed(),
        ),
      ],
    })),
    {
      id: "msix-table-size",
      title: "Compares the MSI-X count with the MSI-X capability",
      clause: "irqinfo-msix-matches-cap",
      needs: ["config", "msix"],
      steps: (device) =>
        inspectConfig(device, {
          wants: `an MSI-X table of ${msixCount(device)}`,
          flaw: (config) => {
            const tableSize = findMsix(config)?.tableSize;
            if (tableSize === undefined) return "no MSI-X capability";
            return tableSize === msixCount(device) ? undefined : `an MSI-X table of ${tableSize}`;
          },
          remark: {
            text: "the MSI-X count is not the table size of the MSI-X capability",
            // Whoever relies on a larger table binds interrupts that are not there.
            holds: (config) => (findMsix(config)?.tableSize ?? 0) <= msixCount(device),
          },
        }),
    },
    ...(["flags", "count"] as const).map((field): Row => ({
      id: `request-with-${field}`,
      title: `Asks with ${field} set to ones`,
      clause: "irqinfo-nonzero-request",
      steps: [getIrqInfo({ [field]: ALL_ONES }), expect(reply(), anyError(), closed())],
    })),
  ],
};
