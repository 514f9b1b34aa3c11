import type { Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import { interruptCount } from "../harness/interrupt_facts.ts";
import { noReply } from "../harness/mutate.ts";
import {
  anyError,
  connect,
  disconnect,
  eventfd,
  expect,
  getIrqInfo,
  readGuest,
  readMemory,
  regionRead,
  regionWrite,
  reply,
} from "../harness/steps.ts";
import { PciIrq, PciRegion } from "../harness/wire/constants.ts";
import { deviceWrites, mark } from "./device_dma.ts";
import { indexes } from "./indexes.ts";
import { barRegister, register, ROM_ADDRESS } from "./pci_registers.ts";
import { QEMU_CLIENTS, type QemuClient, qemuVersion } from "./qemu_clients.ts";
import {
  askDevice,
  askRegion,
  bind,
  bindInterrupts,
  qemuRegions,
  readConfig,
  resetDevice,
  unbindInterrupts,
  vectorsInUse,
} from "./qemu_device.ts";
import { BUFFERS, mapGuest, RAM, unmapGuest } from "./qemu_memory.ts";
import type { Row } from "./row.ts";
import { onScratch, pattern } from "./scratch.ts";
import { writeAndRestore } from "./write_and_restore.ts";

const BARS = indexes(PciRegion.BAR5 + 1).map(barRegister);
const NOTIFIERS = [PciIrq.ERR, PciIrq.REQ];
/** Where PCI capabilities may stand, in words. */
const CAPABILITIES = indexes(48).map((word) => register(0x40 + 4 * word, 4));

/** What QEMU says until the guest may start. */
function attach(device: DeviceFacts, client: QemuClient): Step[] {
  return [
    qemuVersion(client),
    expect(reply({ major: 0, minor: 0 })),
    ...mapGuest,
    ...askDevice,
    ...qemuRegions(device).flatMap(askRegion),
    getIrqInfo({ index: PciIrq.ERR }),
    expect(reply(), anyError()),
    ...readConfig(device),
    ...[...BARS, ROM_ADDRESS, ...CAPABILITIES].flatMap((place) => [
      regionRead(place),
      expect(reply({ count: place.count })),
    ]),
    ...intx(device, bindInterrupts(device, PciIrq.INTX, 1)),
    // QEMU lives without these.
    ...NOTIFIERS.flatMap((index) => [
      getIrqInfo({ index }),
      expect(reply(), anyError()),
      bind(index, 0, 1, [eventfd(`notifier ${index}`)]),
      expect(reply(), anyError()),
    ]),
  ];
}

/** A guest boots: the machine is reset, the device is sized, its driver takes interrupts and works. */
function boot(device: DeviceFacts, { postsWrites }: QemuClient): Step[] {
  return [
    ...intx(device, unbindInterrupts(PciIrq.INTX)),
    ...resetDevice(device),
    ...intx(device, bindInterrupts(device, PciIrq.INTX, 1)),
    ...[...BARS, ROM_ADDRESS].flatMap((place) =>
      writeAndRestore({
        place,
        data: Uint8Array.of(0xfe, 0xff, 0xff, 0xff),
        written: [reply(), anyError()],
        seen: [reply()],
      })
    ),
    ...intx(device, unbindInterrupts(PciIrq.INTX)),
    ...msix(device, bindInterrupts(device, PciIrq.MSIX, vectorsInUse(device))),
    ...workOf(device, postsWrites),
  ];
}

/** What the profile allows of a driver's work. */
function workOf(device: DeviceFacts, postsWrites: boolean): Step[] {
  const { scratch = [], dmaWrite } = device.profile;
  const write = onScratch((cell) => {
    const access = regionWrite({ ...cell, data: pattern(cell, 7) });
    return [
      ...(postsWrites ? [noReply(access)] : [access, expect(reply())]),
      regionRead(cell),
      expect(reply({}, { data: pattern(cell, 7) })),
    ];
  });
  return [
    ...(scratch.length === 0 ? [] : write(device)),
    ...(dmaWrite === undefined ? [] : [
      ...deviceWrites(device, { address: BUFFERS.inRam, bytes: mark(60) }),
      readMemory(RAM, Number(BUFFERS.inRam), mark(60)),
      ...deviceWrites(device, { address: BUFFERS.inScreen, bytes: mark(61) }),
      readGuest(BUFFERS.inScreen, mark(61)),
    ]),
  ];
}

function detach(device: DeviceFacts): Step[] {
  return [
    ...NOTIFIERS.flatMap((index) => unbindInterrupts(index, anyError())),
    ...msix(device, unbindInterrupts(PciIrq.MSIX)),
    ...unmapGuest,
    disconnect(),
  ];
}

function intx(device: DeviceFacts, steps: readonly Step[]): readonly Step[] {
  return interruptCount(device, PciIrq.INTX) > 0 ? steps : [];
}

function msix(device: DeviceFacts, steps: readonly Step[]): readonly Step[] {
  return interruptCount(device, PciIrq.MSIX) > 0 ? steps : [];
}

/** QEMU's whole conversation, for each of its generations. */
export const qemuConversations: readonly Row[] = QEMU_CLIENTS.map((client) => ({
  id: `conversation-${client.id}`,
  title: `Plays ${client.name}: attaches, boots a guest, detaches and attaches again`,
  clause: "qemu-timeout",
  needs: ["writable-config"],
  begins: "connected",
  steps: (device) => [
    ...attach(device, client),
    ...boot(device, client),
    ...detach(device),
    connect(),
    ...attach(device, client),
    ...detach(device),
  ],
}));
