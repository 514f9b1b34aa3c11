import { IoEventFdFlag, IoFdType } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { RegionIoFd, RegionIoFds } from "../wire/messages.ts";
import { concat, type Message, type Outcome, sizedHead } from "./message.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";
import type { IoEventFdSettings } from "./settings.ts";

/** DEVICE_GET_REGION_IO_FDS. Descriptors come only with all of their entries. */
export function getRegionIoFds(request: Message, session: Session): Outcome {
  const { argsz, flags, index, count } = sizedHead(request, RegionIoFds);
  const region = session.device.regions[index];
  if (flags !== 0 || count !== 0 || region === undefined) throw new Refusal(Errno.EINVAL);
  // A client cannot use entries whose descriptors it does not take.
  const entries = (region.ioEventFds ?? []).slice(0, session.client.maxMsgFds);
  const full = RegionIoFds.size + entries.length * RegionIoFd.size;
  const head = RegionIoFds.encode({ argsz: full, index, count: entries.length });
  if (argsz < full || entries.length === 0) return { payload: head };
  return {
    payload: concat(head, ...entries.map(encodeEntry)),
    fds: session.ioEventFds(region).slice(0, entries.length),
  };
}

function encodeEntry({ offset, size, datamatch }: IoEventFdSettings, fdIndex: number): Uint8Array {
  return RegionIoFd.encode({
    offset: BigInt(offset),
    size: BigInt(size),
    fdIndex,
    type: IoFdType.IOEVENTFD,
    flags: datamatch === undefined ? 0 : IoEventFdFlag.DATAMATCH,
    datamatch: datamatch ?? 0n,
  });
}
