import { Mapping } from "../posix/memory.ts";
import { DmaMapFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { DmaMap, DmaUnmap } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import { type Message, type Outcome, sizedHead } from "./message.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";

const ADDRESS_SPACE = 1n << 64n;
/** No process has more; far below what a number holds exactly. */
const MAX_MAPPING = 1n << 47n;

/** DMA_MAP. */
export function dmaMap(request: Message, { dma, settings }: Session): Outcome {
  const map = sizedHead(request, DmaMap);
  checkFlags(map, request.fds.length);
  if (map.size === 0n || map.address + map.size > ADDRESS_SPACE) throw new Refusal(Errno.EINVAL);
  // Before alignment: a range that overlaps by one byte is not aligned either, and has an error of its own.
  if (dma.overlaps(map.address, map.size)) throw new Refusal(Errno.EEXIST);
  checkAlignment(map, settings, request.fds.length > 0);
  if (dma.count >= settings.maxDmaMaps) throw new Refusal(Errno.ENOSPC);
  const mapping = mapFile(request, map);
  const { address, size, flags } = map;
  dma.add({ address, size, flags, ...(mapping ? { mapping } : {}) });
  return {};
}

function checkFlags({ flags }: Decoded<typeof DmaMap>, fds: number): void {
  const known = DmaMapFlag.READ | DmaMapFlag.WRITE;
  if ((flags & ~known) !== 0 || flags === 0 || fds > 1) throw new Refusal(Errno.EINVAL);
}

function checkAlignment(
  map: Decoded<typeof DmaMap>,
  { pageSize }: Settings,
  hasFile: boolean,
): void {
  const bits = map.address | map.size | (hasFile ? map.offset : 0n);
  if ((bits & (pageSize - 1n)) !== 0n) throw new Refusal(Errno.EINVAL);
}

function mapFile(request: Message, map: Decoded<typeof DmaMap>): Mapping | undefined {
  const [file] = request.fds;
  if (file === undefined) return undefined;
  if (map.size > MAX_MAPPING) throw new Refusal(Errno.ENOMEM);
  if (map.offset + map.size >= ADDRESS_SPACE / 2n) throw new Refusal(Errno.EOVERFLOW);
  return Mapping.map(file, {
    offset: map.offset,
    size: Number(map.size),
    read: (map.flags & DmaMapFlag.READ) !== 0,
    write: (map.flags & DmaMapFlag.WRITE) !== 0,
  });
}

/** DMA_UNMAP. The region is gone when the reply leaves. */
export function dmaUnmap(request: Message, { dma }: Session): Outcome {
  const { address, size } = sizedHead(request, DmaUnmap);
  const region = dma.find(address, size);
  if (region === undefined) throw new Refusal(Errno.ENOENT);
  dma.remove(region);
  return { payload: request.payload.slice(0, DmaUnmap.size) };
}
