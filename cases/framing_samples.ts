import type { Outcome, Send, Step } from "../harness/case.ts";
import { configRegion, type DeviceFacts } from "../harness/device_facts.ts";
import { truncate } from "../harness/mutate.ts";
import type { Need } from "../harness/needs.ts";
import {
  anyError,
  closed,
  command,
  deviceFeature,
  deviceReset,
  dmaMap,
  dmaUnmap,
  expect,
  getInfo,
  getIrqInfo,
  getRegionInfo,
  getRegionIoFds,
  migDataRead,
  migDataWrite,
  regionRead,
  regionWrite,
  regionWriteMulti,
  reply,
  saved,
  setIrqs,
  version,
} from "../harness/steps.ts";
import { Feature, FeatureFlag, SetIrqsFlag } from "../harness/wire/constants.ts";
import { DeviceInfo, FeatureDeviceState } from "../harness/wire/messages.ts";
import { INTERRUPT_LINE, type Register, register, VENDOR_ID } from "./pci_registers.ts";

/** Whatever the server does, as long as it lives on. */
export const ANYTHING: readonly Outcome[] = [reply(), anyError(), closed()];

/** The configuration space, all that the device says there is, up to 4096 bytes. */
export function wholeConfig(device: DeviceFacts): Register {
  const { size } = configRegion(device);
  return register(0, size > 4096n ? 4096 : Number(size));
}

/** The first command number that the specification does not define. */
export const UNKNOWN_COMMAND = 19;

/** A proposal that any server accepts. */
export const PROPOSAL: Send = version({
  json: { capabilities: { max_msg_fds: 8, max_data_xfer_size: 1_048_576 } },
});

/** A command that does no harm, and that a server without its feature may refuse. */
export interface Sample {
  readonly id: string;
  /** What we do with it, for a title. */
  readonly does: string;
  readonly needs?: readonly Need[];
  /** What has to come first. */
  readonly before?: readonly Step[];
  readonly message: Send;
}

const ALL_ONES = 0xffff_ffff;
const NO_BYTES = new Uint8Array();
const TRIGGER_NONE = SetIrqsFlag.DATA_NONE | SetIrqsFlag.ACTION_TRIGGER;

/** One of every command but VERSION. */
export const SAMPLES: readonly Sample[] = [
  { id: "dma-map", does: "Maps a region", message: dmaMap() },
  {
    id: "dma-unmap",
    does: "Unmaps a region",
    before: [dmaMap(), expect(reply(), anyError())],
    message: dmaUnmap(),
  },
  { id: "get-info", does: "Asks for the device information", message: getInfo() },
  { id: "get-region-info", does: "Asks for a region's information", message: getRegionInfo() },
  { id: "get-region-io-fds", does: "Asks for a region's descriptors", message: getRegionIoFds() },
  { id: "get-irq-info", does: "Asks for an interrupt's information", message: getIrqInfo() },
  {
    id: "set-irqs",
    does: "Disables an interrupt",
    message: setIrqs({ flags: TRIGGER_NONE, count: 0 }),
  },
  {
    id: "region-read",
    does: "Reads a region",
    needs: ["config"],
    message: regionRead(VENDOR_ID),
  },
  {
    id: "region-write",
    does: "Writes to a region what it holds",
    needs: ["writable-config"],
    before: [regionRead(INTERRUPT_LINE), expect(reply({}, { save: "line" }))],
    message: regionWrite({ ...INTERRUPT_LINE, data: saved("line") }),
  },
  { id: "device-reset", does: "Resets the device", needs: ["reset"], message: deviceReset() },
  {
    id: "region-write-multi",
    does: "Writes nothing to several regions",
    message: regionWriteMulti([]),
  },
  {
    id: "device-feature",
    does: "Probes the migration feature",
    message: deviceFeature({ flags: FeatureFlag.PROBE | FeatureFlag.GET | Feature.MIGRATION }),
  },
  { id: "mig-data-read", does: "Reads migration data", message: migDataRead() },
  { id: "mig-data-write", does: "Writes no migration data", message: migDataWrite(NO_BYTES) },
];

/** The sample with this id. */
export function sample(id: string): Sample {
  const found = SAMPLES.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`Cannot find sample ${id}`);
  return found;
}

/** Every command with a payload but VERSION, to be cut short: no parts that are known only later. */
export const WITH_PAYLOAD: readonly Sample[] = [
  ...SAMPLES.filter(({ id }) => id !== "region-write" && id !== "device-reset"),
  // No harm if a server takes a part of the message for the whole: the register means nothing to the device.
  {
    ...sample("region-write"),
    message: regionWrite({ ...INTERRUPT_LINE, data: Uint8Array.of(0) }),
  },
];

/** A command that a server has reason to refuse. */
export interface Provocation {
  readonly id: string;
  /** What we do, for a title. */
  readonly does: string;
  readonly needs?: readonly Need[];
  /** What has to come first. */
  readonly before?: readonly Step[];
  readonly message: Send | ((device: DeviceFacts) => Send);
}

function behindConfig(device: DeviceFacts) {
  return { ...VENDOR_ID, offset: configRegion(device).size };
}

/** At least one for every command. */
export const PROVOCATIONS: readonly Provocation[] = [
  { id: "version", does: "Proposes a version for a second time", message: PROPOSAL },
  {
    id: "dma-map",
    does: "Maps two pages from the last page of the address space on",
    message: dmaMap({ address: 0xffff_ffff_ffff_f000n, size: 0x2000n }),
  },
  { id: "dma-unmap", does: "Unmaps a region that was never mapped", message: dmaUnmap() },
  {
    id: "get-info",
    does: "Asks for the device information with a payload that is a byte too short",
    message: truncate(getInfo(), DeviceInfo.size - 1),
  },
  {
    id: "get-region-info",
    does: "Asks for the information on a region that does not exist",
    message: getRegionInfo({ index: ALL_ONES }),
  },
  {
    id: "get-region-io-fds",
    does: "Asks for the descriptors of a region that does not exist",
    message: getRegionIoFds({ index: ALL_ONES }),
  },
  {
    id: "get-irq-info",
    does: "Asks for the information on an interrupt that does not exist",
    message: getIrqInfo({ index: ALL_ONES }),
  },
  {
    id: "set-irqs",
    does: "Triggers an interrupt that does not exist",
    message: setIrqs({ flags: TRIGGER_NONE, index: ALL_ONES }),
  },
  {
    id: "region-read",
    does: "Reads a region that does not exist",
    message: regionRead({ region: ALL_ONES }),
  },
  {
    id: "region-read-behind-end",
    does: "Reads behind the end of a region",
    needs: ["config"],
    message: (device) => regionRead(behindConfig(device)),
  },
  {
    id: "region-write",
    does: "Writes to a region that does not exist",
    message: regionWrite({ region: ALL_ONES, data: new Uint8Array(4) }),
  },
  {
    id: "region-write-behind-end",
    does: "Writes behind the end of a region",
    needs: ["writable-config"],
    message: (device) => regionWrite({ ...behindConfig(device), data: new Uint8Array(2) }),
  },
  {
    id: "region-write-read-only",
    does: "Writes to a read-only register what it holds",
    needs: ["writable-config"],
    before: [regionRead(VENDOR_ID), expect(reply({}, { save: "id" }))],
    message: regionWrite({ ...VENDOR_ID, data: saved("id") }),
  },
  {
    id: "device-reset",
    does: "Resets a device that does not support it",
    needs: ["no-reset"],
    message: deviceReset(),
  },
  {
    id: "region-write-multi",
    does: "Writes to several regions, one of which does not exist",
    message: regionWriteMulti([{ region: ALL_ONES, count: 4 }]),
  },
  {
    id: "device-feature-get",
    does: "Asks for a feature that does not exist",
    message: deviceFeature({ flags: FeatureFlag.GET | 0xffff }),
  },
  {
    id: "device-feature-set",
    does: "Sets a migration state that does not exist",
    message: deviceFeature({
      flags: FeatureFlag.SET | Feature.MIG_DEVICE_STATE,
      data: FeatureDeviceState.encode({ deviceState: 99 }),
    }),
  },
  {
    id: "mig-data-read",
    does: "Reads migration data from a device that is running",
    message: migDataRead(),
  },
  {
    id: "mig-data-write",
    does: "Writes migration data to a device that is running",
    message: migDataWrite(NO_BYTES),
  },
  {
    id: "unknown-command",
    does: "Sends a command that does not exist",
    message: command(UNKNOWN_COMMAND, new Uint8Array(8)),
  },
];
