import type { Outcome, Send, Step } from "../harness/case.ts";
import { configRegion, type DeviceFacts, type RegionFacts } from "../harness/device_facts.ts";
import { interruptCount } from "../harness/interrupt_facts.ts";
import {
  anyError,
  atMost,
  between,
  bits,
  deviceReset,
  eventfd,
  expect,
  getInfo,
  getRegionInfo,
  regionRead,
  regionWrite,
  reply,
  saved,
  setIrqs,
} from "../harness/steps.ts";
import { DeviceFlag, PciIrq, PciRegion, SetIrqsFlag } from "../harness/wire/constants.ts";
import { DeviceInfo, RegionAccess, RegionInfo } from "../harness/wire/messages.ts";
import { indexes } from "./indexes.ts";
import { barRegister, COMMAND, register } from "./pci_registers.ts";

/** Descriptors in one message: what QEMU assumes where the server names no limit, and its own limit. */
const ASSUMED_FDS = 8;
const MAX_FDS = 16;
/** Vectors that a driver in the guest uses: more than go into one message. */
const VECTORS = 20;

/** GET_INFO, with what QEMU refuses to work with. */
export const askDevice: readonly Step[] = [
  getInfo(),
  expect(
    reply({
      flags: bits({ set: DeviceFlag.PCI }),
      numRegions: between(PciRegion.CONFIG + 1, 100),
      numIrqs: between(PciIrq.MSIX + 1, 50),
    }, { payloadSize: atMost(DeviceInfo.size) }),
  ),
];

/** Regions that QEMU asks for: all that PCI names up to the configuration space. */
export function qemuRegions(device: DeviceFacts): RegionFacts[] {
  return device.regions.filter(({ index }) => index <= PciRegion.CONFIG);
}

/** A region by QEMU's buffer of 32 bytes, and again by a larger one where the server has more to say. */
export function askRegion({ index, argsz }: RegionFacts): Step[] {
  const sizes = argsz > RegionInfo.size ? [RegionInfo.size, argsz] : [RegionInfo.size];
  return sizes.flatMap((size) => [
    getRegionInfo({ index, argsz: size }),
    expect(reply({}, { payloadSize: atMost(size), fdCount: atMost(1) })),
  ]);
}

/** Binds so many interrupts of an index, in messages of as many eventfds as the server takes. */
export function bindInterrupts(device: DeviceFacts, index: number, count: number): Step[] {
  const { capabilities, capabilityNames } = device;
  const most = capabilityNames.includes("max_msg_fds") ? capabilities.maxMsgFds : ASSUMED_FDS;
  const batch = Math.max(1, Math.min(most, MAX_FDS));
  return indexes(Math.ceil(count / batch)).flatMap((i) => {
    const size = Math.min(batch, count - i * batch);
    const fds = indexes(size).map((k) => eventfd(`interrupt ${index}.${i * batch + k}`));
    return [bind(index, i * batch, fds.length, fds), expect(reply())];
  });
}

/** SET_IRQS with eventfds, or with none in their place, which takes the bound ones away. */
export function bind(
  index: number,
  start: number,
  count: number,
  fds: ReturnType<typeof eventfd>[],
): Send {
  const flags = SetIrqsFlag.DATA_EVENTFD | SetIrqsFlag.ACTION_TRIGGER;
  return setIrqs({ index, start, count, flags, fds });
}

/** SET_IRQS without data. */
export function plainSetIrqs(index: number, action: number, count = 1): Send {
  return setIrqs({ index, count, flags: SetIrqsFlag.DATA_NONE | action });
}

/** Takes all interrupts of an index away. */
export function unbindInterrupts(index: number, ...permitted: readonly Outcome[]): Step[] {
  return [plainSetIrqs(index, SetIrqsFlag.ACTION_TRIGGER, 0), expect(reply(), ...permitted)];
}

/** Vectors of MSI-X that a driver would use of this device. */
export function vectorsInUse(device: DeviceFacts): number {
  return Math.min(VECTORS, interruptCount(device, PciIrq.MSIX));
}

/** All of the configuration space in one read. */
export function readConfig(device: DeviceFacts): Step[] {
  const { size } = configRegion(device);
  return [256, 4096].filter((count) => BigInt(count) <= size).flatMap((count) => [
    regionRead(register(0, count)),
    expect(reply({ count }, { payloadSize: RegionAccess.size + count })),
  ]);
}

/** The registers that QEMU writes to reset a device, with DEVICE_RESET between them, and puts them back. */
export function resetDevice(device: DeviceFacts): Step[] {
  const bars = indexes(PciRegion.BAR5 + 1).map(barRegister);
  const touched = [COMMAND, ...bars];
  const resets = (device.flags & DeviceFlag.RESET) === 0 ? [] : [deviceReset()];
  const zeros = (count: number) => new Uint8Array(count);
  const [command, ...addresses] = touched.map((place) =>
    regionWrite({ region: place.region, offset: place.offset, data: zeros(place.count) })
  );
  const writes = [command!, ...resets, ...addresses];
  return [
    ...touched.flatMap((place) => [regionRead(place), expect(reply({}, { save: nameOf(place) }))]),
    ...writes,
    // The old values are on their way before anything is judged.
    ...touched.map((place) => regionWrite({ ...place, data: saved(nameOf(place)) })),
    ...writes.map(() => expect(reply())),
    ...touched.map(() => expect(reply(), anyError())),
  ];
}

function nameOf({ offset }: { readonly offset: bigint }): string {
  return `register 0x${offset.toString(16)}`;
}
