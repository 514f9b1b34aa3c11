import type { DeviceFacts } from "../harness/device_facts.ts";
import {
  anyError,
  atLeast,
  atMost,
  bits,
  closed,
  deviceReset,
  expect,
  getInfo,
  reply,
} from "../harness/steps.ts";
import type { FieldMatch } from "../harness/case.ts";
import { DeviceFlag, PciIrq, PciRegion } from "../harness/wire/constants.ts";
import { DeviceInfo } from "../harness/wire/messages.ts";
import type { Row, RowSuite } from "./row.ts";

const ALL_ONES = 0xffff_ffff;
const UNKNOWN_FLAGS = ~(DeviceFlag.RESET | DeviceFlag.PCI);

/** What the server said before the first case. */
function known(device: DeviceFacts): Record<string, FieldMatch> {
  return { flags: device.flags, numRegions: device.numRegions, numIrqs: device.numIrqs };
}

/** Cases about DEVICE_GET_INFO. */
export const deviceGetInfoSuite: RowSuite = {
  id: "device-get-info",
  title: "DEVICE_GET_INFO",
  cases: [
    {
      id: "basic",
      title: "Asks with argsz 16",
      clause: "info-basic",
      steps: [getInfo(), expect(reply({}, { payloadSize: DeviceInfo.size }))],
    },
    {
      id: "argsz-in-reply",
      title: "Looks at argsz in the reply",
      clause: "info-argsz-reply",
      steps: [getInfo(), expect(reply({ argsz: DeviceInfo.size }))],
    },
    {
      id: "argsz-not-echoed",
      title: "Looks at argsz in the reply to argsz 4096",
      clause: "info-argsz-reply",
      steps: [getInfo({ argsz: 4096 }), expect(reply({ argsz: DeviceInfo.size }))],
    },
    ...[17, 20, 4096, ALL_ONES].map((argsz): Row => ({
      id: `argsz-${argsz}`,
      title: `Asks with argsz ${argsz}`,
      clause: "info-argsz-large",
      steps: [getInfo({ argsz }), expect(reply({}, { payloadSize: DeviceInfo.size }))],
    })),
    ...[0, 8, 15].map((argsz): Row => ({
      id: `argsz-${argsz}`,
      title: `Asks with argsz ${argsz}`,
      clause: "info-argsz-small",
      steps: [
        getInfo({ argsz }),
        expect(
          anyError(),
          reply({ argsz: DeviceInfo.size }),
          reply({}, { payloadSize: atMost(DeviceInfo.size - 1) }),
          closed(),
        ),
      ],
    })),
    {
      id: "flag-pci",
      title: "Looks for the PCI flag",
      clause: "info-flags-pci",
      steps: [getInfo(), expect(reply({ flags: bits({ set: DeviceFlag.PCI }) }))],
    },
    {
      id: "unknown-flags",
      title: "Looks for flags that are not defined",
      clause: "info-flags-known",
      steps: [getInfo(), expect(reply({ flags: bits({ clear: UNKNOWN_FLAGS }) }))],
    },
    {
      id: "num-regions",
      title: "Counts the regions of a PCI device",
      clause: "info-num-regions",
      needs: ["pci"],
      steps: [getInfo(), expect(reply({ numRegions: atLeast(PciRegion.COUNT) }))],
    },
    {
      id: "num-irqs",
      title: "Counts the interrupt types of a PCI device",
      clause: "info-num-irqs",
      needs: ["pci"],
      steps: [getInfo(), expect(reply({ numIrqs: atLeast(PciIrq.MSIX + 1) }))],
    },
    {
      id: "asked-many-times",
      title: "Asks 100 times",
      clause: "info-stable",
      steps: (device) => Array(100).fill([getInfo(), expect(reply(known(device)))]).flat(),
    },
    {
      id: "asked-after-reset",
      title: "Asks before and after DEVICE_RESET",
      clause: "info-stable",
      needs: ["reset"],
      steps: (device) => [
        getInfo(),
        expect(reply(known(device))),
        deviceReset(),
        expect(reply()),
        getInfo(),
        expect(reply(known(device))),
      ],
    },
    ...(["flags", "numRegions", "numIrqs"] as const).map((field): Row => ({
      id: `request-with-${
        { flags: "flags", numRegions: "num-regions", numIrqs: "num-irqs" }[field]
      }`,
      title: `Asks with ${field} set to ones`,
      clause: "info-nonzero-fields",
      steps: [getInfo({ [field]: ALL_ONES }), expect(reply(), anyError(), closed())],
    })),
    {
      id: "reset-with-flag",
      title: "Resets a device that has the RESET flag",
      clause: "info-reset-flag-honest",
      needs: ["reset"],
      steps: [deviceReset(), expect(reply())],
    },
    {
      id: "reset-without-flag",
      title: "Resets a device that lacks the RESET flag",
      clause: "info-reset-flag-honest",
      needs: ["no-reset"],
      steps: [deviceReset(), expect(anyError(), closed())],
    },
  ],
};
