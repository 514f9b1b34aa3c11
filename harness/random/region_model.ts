import type { DeviceFacts, RegionFacts } from "../device_facts.ts";
import { RegionFlag } from "../wire/constants.ts";
import { DeviceInfo, RegionInfo, RegionIoFds } from "../wire/messages.ts";
import {
  type Breach,
  demand,
  demandThat,
  either,
  type Expectation,
  loosened,
  refused,
  succeeds,
  type SuccessReply,
} from "./expectation.ts";
import type { Message } from "./message.ts";

/** Bytes of an entry of DEVICE_GET_REGION_IO_FDS, at least. */
const IO_FD_SIZE = 40;

/** What is owed for a DEVICE_GET_INFO. */
export function deviceInfo(message: Message, device: DeviceFacts): Expectation {
  const { argsz = 0, flags = 0, numRegions = 0, numIrqs = 0 } = message.fields;
  if (Number(argsz) < DeviceInfo.size) return either("info-argsz-small");
  const clause = argsz === DeviceInfo.size ? "info-basic" : "info-argsz-large";
  const owed = succeeds(clause, { check: (reply) => checkDevice(reply, device, clause) });
  return flags === 0 && numRegions === 0 && numIrqs === 0 ? owed : loosened(owed);
}

function checkDevice({ payload }: SuccessReply, device: DeviceFacts, clause: string) {
  if (payload.byteLength !== DeviceInfo.size) {
    return demand(clause, "payload bytes", payload.byteLength, DeviceInfo.size);
  }
  const info = DeviceInfo.decode(payload);
  return demand("info-argsz-reply", "argsz", info.argsz, DeviceInfo.size) ??
    demand("info-stable", "flags", info.flags, device.flags) ??
    demand("info-stable", "num_regions", info.numRegions, device.numRegions) ??
    demand("info-stable", "num_irqs", info.numIrqs, device.numIrqs);
}

/** What is owed for a DEVICE_GET_REGION_INFO to a client that takes `maxMsgFds` descriptors. */
export function regionInfo(
  message: Message,
  device: DeviceFacts,
  maxMsgFds: number,
): Expectation {
  const { argsz = 0, flags = 0, index = 0, capOffset = 0 } = message.fields;
  const room = Number(argsz);
  if (Number(index) >= device.numRegions) return refused("reg-index-oob");
  if (room < RegionInfo.size) return either("reg-argsz-small");
  const region = device.regions.find((one) => one.index === index);
  if (region === undefined) return either("reg-each-index");
  const owed = succeeds("reg-each-index", {
    check: (reply) => checkRegion(reply, region, room, maxMsgFds),
  });
  return flags === 0 && capOffset === 0 ? owed : loosened(owed);
}

function checkRegion(
  { payload, fdCount }: SuccessReply,
  region: RegionFacts,
  room: number,
  maxMsgFds: number,
): Breach | undefined {
  const bytes = payload.byteLength;
  if (bytes < RegionInfo.size) {
    return demand("reg-each-index", "payload bytes", bytes, RegionInfo.size);
  }
  const info = RegionInfo.decode(payload);
  const common = demand("reg-index-echo", "index", info.index, region.index) ??
    demand("reg-each-index", "size", info.size, region.size) ??
    demandThat(
      bytes <= room,
      "reg-trunc-payload-bound",
      `at most ${room} bytes of payload`,
      `${bytes} bytes`,
    );
  // A client that takes no descriptors cannot map: the region may look different to it.
  if (common !== undefined || maxMsgFds === 0) return common;
  const whole = room >= region.argsz;
  return demand("reg-trunc-argsz", "argsz", info.argsz, region.argsz) ??
    demand("reg-each-index", "flags", info.flags & ~8, region.flags & ~RegionFlag.CAPS) ??
    (whole ? demand("reg-full-caps", "payload bytes", bytes, region.argsz) : undefined) ??
    demandThat(
      !whole || (region.flags & RegionFlag.MMAP) === 0 || fdCount > 0,
      "reg-mmap-fd",
      "a descriptor",
      "none",
    );
}

/** What is owed for a DEVICE_GET_REGION_IO_FDS. */
export function regionIoFds(message: Message, device: DeviceFacts): Expectation {
  const { argsz = 0, index = 0 } = message.fields;
  if (Number(index) >= device.numRegions) return refused("iofds-index-oob");
  return either("iofds-supported-or-err", {
    check({ payload }) {
      if (payload.byteLength < RegionIoFds.size) {
        return demand("iofds-reply-fields", "payload bytes", payload.byteLength, RegionIoFds.size);
      }
      const reply = RegionIoFds.decode(payload);
      const room = Math.max(Number(argsz), RegionIoFds.size);
      const announced = reply.argsz - RegionIoFds.size;
      const fits = reply.count === 0 || announced >= reply.count * IO_FD_SIZE;
      return demand("iofds-reply-fields", "index", reply.index, index) ??
        demandThat(
          payload.byteLength <= room,
          "iofds-trunc",
          `at most ${room} bytes of payload`,
          `${payload.byteLength} bytes`,
        ) ??
        demandThat(fits, "iofds-stride", `room for ${reply.count} entries`, `argsz ${reply.argsz}`);
    },
  });
}
