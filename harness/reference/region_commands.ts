import { SystemError } from "../posix/libc.ts";
import { RegionCapId, RegionFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import {
  RegionAccess,
  RegionCapHeader,
  RegionInfo,
  RegionWrite,
  RegionWriteMulti,
  SparseArea,
  SparseMmapCap,
} from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import type { Region } from "./device.ts";
import { concat, head, type Message, type Outcome, sizedHead } from "./message.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

/** DEVICE_GET_REGION_INFO. */
export function getRegionInfo(request: Message, session: Session): Outcome {
  const { argsz, index } = sizedHead(request, RegionInfo);
  const region = session.device.regions[index];
  if (region === undefined) throw new Refusal(Errno.EINVAL);
  // A client that takes no descriptors cannot map anything.
  const file = session.client.maxMsgFds > 0 ? region.file : undefined;
  const caps = file ? encodeCaps(region) : new Uint8Array();
  const full = RegionInfo.size + caps.byteLength;
  const complete = argsz >= full;
  const hasCaps = complete && caps.byteLength > 0;
  const info = RegionInfo.encode({
    argsz: full,
    flags: (region.flags & ~(file ? 0 : RegionFlag.MMAP)) | (hasCaps ? RegionFlag.CAPS : 0),
    index,
    capOffset: hasCaps ? RegionInfo.size : 0,
    size: BigInt(region.size),
    offset: file ? BigInt(region.fileOffset) : 0n,
  });
  return {
    payload: complete ? concat(info, caps) : info,
    fds: complete && file ? [file] : [],
  };
}

function encodeCaps({ areas }: Region): Uint8Array {
  if (areas === undefined) return new Uint8Array();
  return concat(
    RegionCapHeader.encode({ id: RegionCapId.SPARSE_MMAP, version: 1, next: 0 }),
    SparseMmapCap.encode({ nrAreas: areas.length }),
    ...areas.map(({ offset, size }) =>
      SparseArea.encode({ offset: BigInt(offset), size: BigInt(size) })
    ),
  );
}

/** REGION_READ. */
export function regionRead(request: Message, session: Session): Outcome {
  const access = head(request, RegionAccess);
  const region = checkAccess(access, session);
  if ((region.flags & RegionFlag.READ) === 0) throw new Refusal(Errno.EACCES);
  const data = region.memory.read(Number(access.offset), access.count);
  return { payload: concat(RegionAccess.encode(access), data) };
}

/** REGION_WRITE. Answered when all that the device does because of it is done. */
export async function regionWrite(request: Message, session: Session): Promise<Outcome> {
  const access = head(request, RegionAccess);
  await write(access, request.payload.subarray(RegionAccess.size), session);
  return { payload: RegionAccess.encode(access) };
}

/** REGION_WRITE_MULTI. Ends at the first write that fails; an error when that is the first of all. */
export async function regionWriteMulti(request: Message, session: Session): Promise<Outcome> {
  if (session.settings.capabilities.write_multiple !== true) throw new Refusal(Errno.EOPNOTSUPP);
  const { wrCnt } = head(request, RegionWriteMulti);
  const writes = request.payload.subarray(RegionWriteMulti.size);
  if (wrCnt * BigInt(RegionWrite.size) !== BigInt(writes.byteLength)) {
    throw new Refusal(Errno.EINVAL);
  }
  let done = 0n;
  try {
    for (; done < wrCnt; done++) {
      const at = Number(done) * RegionWrite.size;
      const dataAt = at + RegionWrite.offsets.data;
      const access = RegionWrite.decode(writes, at);
      const room = Math.min(access.count, at + RegionWrite.size - dataAt);
      await write(access, writes.subarray(dataAt, dataAt + room), session);
    }
  } catch (error) {
    if (done === 0n || !(error instanceof Refusal || error instanceof SystemError)) throw error;
  }
  return { payload: RegionWriteMulti.encode({ wrCnt: done }) };
}

async function write(
  access: Decoded<typeof RegionAccess>,
  data: Uint8Array,
  session: Session,
): Promise<void> {
  const region = checkAccess(access, session);
  if ((region.flags & RegionFlag.WRITE) === 0) throw new Refusal(Errno.EACCES);
  if (data.byteLength !== access.count) throw new Refusal(Errno.EINVAL);
  await region.memory.write(Number(access.offset), data, session.guest);
}

function checkAccess(access: Decoded<typeof RegionAccess>, session: Session): Region {
  const region = session.device.regions[access.region];
  if (region === undefined || region.size === 0) throw new Refusal(Errno.EINVAL);
  if (access.count > session.settings.maxDataXferSize) throw new Refusal(Errno.EINVAL);
  if (access.offset + BigInt(access.count) > BigInt(region.size)) throw new Refusal(Errno.EINVAL);
  return region;
}
