import { RegionIoFd, RegionIoFds } from "./messages.ts";
import { type Decoded, struct, u32, u64 } from "./struct.ts";

/** One entry of DEVICE_GET_REGION_IO_FDS. */
export type SubRegion = Decoded<typeof RegionIoFd>;

/** The longer entry of libvfio-user, whose `padding` is an index too. */
const Longer = struct({
  offset: u64, //        0
  size: u64, //          8
  fdIndex: u32, //      16
  type: u32, //         20
  flags: u32, //        24
  padding: u32, //      28  of the descriptor of shared memory
  shadowOffset: u64, // 32  into that memory
  datamatch: u64, //    40
});

/** Bytes from one entry to the next, which a server may make longer than the specification; no whole number when it lies. */
export function subRegionStride(argsz: number, count: number): number {
  return (argsz - RegionIoFds.size) / count;
}

/** The entries of a reply, as many as are there; none when their size makes no sense. */
export function readSubRegions(
  payload: Uint8Array,
  { argsz, count }: { readonly argsz: number; readonly count: number },
): SubRegion[] {
  const stride = subRegionStride(argsz, count);
  if (!Number.isInteger(stride) || stride < RegionIoFd.size) return [];
  const entries: SubRegion[] = [];
  for (let i = 0; i < count; i++) {
    const at = RegionIoFds.size + i * stride;
    if (at + RegionIoFd.size > payload.byteLength) break;
    entries.push(
      stride === Longer.size ? Longer.decode(payload, at) : RegionIoFd.decode(payload, at),
    );
  }
  return entries;
}
