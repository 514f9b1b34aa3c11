import {
  anyError,
  atMost,
  dmaMap,
  dmaUnmap,
  eventfd,
  expect,
  getRegionInfo,
  nothing,
  oneOf,
  regionRead,
  regionWrite,
  regionWriteMulti,
  remarkable,
  reply,
  saved,
  setIrqs,
} from "../harness/steps.ts";
import { configRegion, type DeviceFacts } from "../harness/device_facts.ts";
import { noReply } from "../harness/mutate.ts";
import { IrqFlag, PciIrq, PciRegion, RegionFlag, SetIrqsFlag } from "../harness/wire/constants.ts";
import { DmaUnmap, RegionAccess, RegionInfo } from "../harness/wire/messages.ts";
import { COMMAND, INTERRUPT_PIN, register } from "./pci_registers.ts";
import { onQemuConnection } from "./qemu_clients.ts";
import { qemuConversations } from "./qemu_conversation.ts";
import {
  askDevice,
  askRegion,
  bind,
  bindInterrupts,
  plainSetIrqs,
  qemuRegions,
  readConfig,
  resetDevice,
  unbindInterrupts,
} from "./qemu_device.ts";
import { mapGuest } from "./qemu_memory.ts";
import { qemuVersionCases } from "./qemu_version.ts";
import type { Row, RowSuite } from "./row.ts";
import { onScratch, pattern } from "./scratch.ts";

const { ACTION_MASK, ACTION_UNMASK, DATA_EVENTFD } = SetIrqsFlag;
/** Eventfds in one message that QEMU sends to a server which names no limit. */
const ASSUMED_FDS = 8;

const info: readonly Row[] = [
  {
    id: "device-info",
    title: "Asks for the device info with QEMU's limits",
    clause: "qemu-info-size",
    steps: askDevice,
  },
  {
    id: "regions-in-two-steps",
    title: "Asks for each region with a buffer of 32 bytes, and with a larger one where needed",
    clause: "qemu-region-two-step",
    needs: ["pci"],
    steps: (device) => qemuRegions(device).flatMap(askRegion),
  },
  {
    id: "place-of-capabilities",
    title: "Looks where the capabilities of each region begin",
    clause: "qemu-region-capoff",
    needs: ["caps-region"],
    steps: (device) =>
      device.regions.filter(({ argsz }) => argsz > RegionInfo.size).flatMap(({ index, argsz }) => [
        getRegionInfo({ index, argsz }),
        expect(reply({}, {
          wants: "capOffset from 32 up to argsz, if there are capabilities",
          check: ({ fields }) => {
            const [flags = 0, at = 0, end = 0] = [fields.flags, fields.capOffset, fields.argsz];
            const within = at >= RegionInfo.size && at <= end;
            const has = (Number(flags) & RegionFlag.CAPS) !== 0;
            return !has || within ? undefined : `capOffset ${at} with argsz ${end}`;
          },
        })),
      ]),
  },
  {
    id: "size-of-configuration",
    title: "Asks for the size of the configuration space",
    clause: "qemu-region-config",
    needs: ["pci"],
    steps: [
      getRegionInfo({ index: PciRegion.CONFIG }),
      expect(reply({ size: oneOf(256, 4096) })),
    ],
  },
];

const access: readonly Row[] = [
  {
    id: "configuration-at-once",
    title: "Reads the configuration space at once",
    clause: "qemu-rw-count",
    needs: ["config"],
    steps: readConfig,
  },
  ...[1, 2, 4].map((count): Row => ({
    id: `configuration-by-${count}`,
    title: `Reads ${count} bytes of the configuration space`,
    clause: "qemu-rw-count",
    needs: ["config"],
    steps: [
      regionRead(register(0, count)),
      expect(
        reply({ count: atMost(count) }, { payloadSize: atMost(RegionAccess.size + count) }),
      ),
    ],
  })),
  {
    id: "write-reply-size",
    title: "Writes the command register with what stands there",
    clause: "qemu-wr-reply-size",
    needs: ["writable-config"],
    steps: [
      regionRead(COMMAND),
      expect(reply({}, { save: "old" })),
      regionWrite({ ...COMMAND, data: saved("old") }),
      expect(reply({}, { payloadSize: atMost(RegionAccess.size + COMMAND.count) })),
    ],
  },
  {
    id: "posted-write",
    title: "Writes to the device without asking for a reply",
    clause: "qemu-posted-write",
    needs: ["scratch"],
    steps: onScratch((cell) => [
      noReply(regionWrite({ ...cell, data: pattern(cell, 5) })),
      expect(nothing()),
      regionRead(cell),
      expect(reply({}, { data: pattern(cell, 5) })),
    ]),
  },
  {
    id: "posted-write-that-fails",
    title: "Writes behind the end of the configuration space without asking for a reply",
    clause: "qemu-posted-write",
    needs: ["config"],
    steps: (device) => [
      noReply(regionWrite({
        ...register(Number(configRegion(device).size), 4),
        data: new Uint8Array(4),
      })),
      expect(nothing()),
    ],
  },
  {
    id: "reset",
    title: "Resets the device, its command register and its BARs",
    clause: "qemu-reset-writes",
    needs: ["writable-config"],
    steps: resetDevice,
  },
  {
    id: "several-writes-never-agreed-on",
    title: "Sends REGION_WRITE_MULTI without asking for a reply, whatever was agreed on",
    clause: "qemu-multi-flag-bug",
    needs: ["config"],
    steps: [
      // Read-only, so that nothing comes of it on a server that does it all the same.
      noReply(regionWriteMulti([{ ...INTERRUPT_PIN, data: 0n }])),
      expect(nothing()),
    ],
  },
];

const interrupts: readonly Row[] = [
  ...([["msix", PciIrq.MSIX], ["intx", PciIrq.INTX]] as const).map(([need, index]): Row => ({
    id: `bind-${need}`,
    title: `Binds an eventfd to ${need.toUpperCase()} with an argsz of 20`,
    clause: "qemu-irq-argsz20",
    needs: [need],
    steps: [
      bind(index, 0, 1, [eventfd()]),
      expect(reply()),
      ...unbindInterrupts(index),
    ],
  })),
  {
    id: "eight-descriptors",
    title: "Binds eight eventfds in one message, to a server that names no limit",
    clause: "qemu-max-fds-default",
    needs: ["eight-msix", "no-announced-max-msg-fds"],
    steps: (device) => [
      ...bindInterrupts(device, PciIrq.MSIX, ASSUMED_FDS),
      ...unbindInterrupts(PciIrq.MSIX),
    ],
  },
  {
    id: "unbind-some-vectors",
    title: "Binds three MSI-X interrupts and unbinds the last two",
    clause: "qemu-irq-msix-mid-unbind",
    needs: ["three-msix"],
    steps: (device) => [
      ...bindInterrupts(device, PciIrq.MSIX, 3),
      bind(PciIrq.MSIX, 1, 2, []),
      expect(reply()),
      ...unbindInterrupts(PciIrq.MSIX),
    ],
  },
  {
    id: "mask-intx",
    title: "Masks and unmasks INTX",
    clause: "qemu-irq-intx-unmask-fd",
    needs: ["intx"],
    steps: (device) => [
      bind(PciIrq.INTX, 0, 1, [eventfd()]),
      expect(reply()),
      ...[ACTION_MASK, ACTION_UNMASK].flatMap((action) => [
        plainSetIrqs(PciIrq.INTX, action),
        isMaskable(device, PciIrq.INTX) ? expect(reply()) : expect(
          reply(),
          remarkable(anyError(), "INTX cannot be masked: QEMU relies on it when it is shared"),
        ),
      ]),
      ...unbindInterrupts(PciIrq.INTX),
    ],
  },
  {
    id: "unmask-intx-by-eventfd",
    title: "Binds an eventfd that unmasks INTX",
    clause: "qemu-irq-intx-unmask-fd",
    needs: ["intx"],
    steps: [
      bind(PciIrq.INTX, 0, 1, [eventfd()]),
      expect(reply()),
      setIrqs({
        index: PciIrq.INTX,
        flags: DATA_EVENTFD | ACTION_UNMASK,
        fds: [eventfd()],
      }),
      expect(
        reply(),
        remarkable(anyError(), "no eventfd can unmask INTX: QEMU unmasks it by messages"),
      ),
      ...unbindInterrupts(PciIrq.INTX),
    ],
  },
];

function isMaskable(device: DeviceFacts, index: number): boolean {
  return device.irqs.some((irq) => irq.index === index && (irq.flags & IrqFlag.MASKABLE) !== 0);
}

const dma: readonly Row[] = [
  {
    id: "maps-in-a-burst",
    title: "Maps the memory of a guest in a burst and waits for the replies at the end",
    clause: "qemu-dma-burst",
    steps: mapGuest,
  },
  {
    id: "unmap-reply-size",
    title: "Unmaps a region",
    clause: "qemu-dma-unmap-size",
    steps: [
      dmaMap(),
      expect(reply()),
      dmaUnmap(),
      expect(reply({}, { payloadSize: atMost(DmaUnmap.size) })),
    ],
  },
];

/** What QEMU's client needs beyond the specification. */
export const qemuClientSuite: RowSuite = {
  id: "qemu-client",
  title: "QEMU client",
  cases: [
    ...qemuVersionCases,
    ...[...dma, ...info, ...access, ...interrupts].map(onQemuConnection),
    ...qemuConversations,
  ],
};
