import { EventFd } from "../../posix/event_fd.ts";
import type { Fd } from "../../posix/fd.ts";
import { memoryFile } from "../../posix/memory.ts";
import { RegionFlag } from "../../wire/constants.ts";
import { RegionCapHeader, RegionInfo, SparseArea, SparseMmapCap } from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Reply } from "../message.ts";
import { any, type Info, isMappable, onInfo, withInfo } from "./region_info.ts";
import { pad, patch, setPayload } from "./tools.ts";

const CAP = RegionInfo.size;
const SPARSE = CAP + RegionCapHeader.size;
const AREA = SPARSE + SparseMmapCap.size;

function isFull({ flags }: Info): boolean {
  return (flags & RegionFlag.CAPS) !== 0;
}

function isTruncated({ argsz }: Info, { payload }: Reply): boolean {
  return argsz > payload.byteLength;
}

/** Faults in truncated replies and in the capabilities (catalogue 2.4). */
const capabilities: readonly Fault[] = [
  {
    id: "truncated-argsz-32",
    clause: "reg-trunc-argsz",
    text: "A truncated reply does not say how much there is.",
    hooks: onInfo(isTruncated, (reply) => patch(reply, RegionInfo, { argsz: CAP })),
  },
  {
    id: "truncated-too-long",
    clause: "reg-trunc-payload-bound",
    text: "A truncated reply is longer than argsz.",
    hooks: onInfo(isTruncated, (reply, { argsz }) => pad(reply, argsz)),
  },
  {
    id: "truncated-rounded-up",
    clause: "reg-trunc-payload-bound",
    text: "A truncated reply ends with the capability that argsz cuts.",
    hooks: onInfo(isTruncated, (reply, { argsz }, asked) => {
      if (asked > RegionInfo.size) pad(reply, argsz);
    }),
  },
  {
    id: "truncated-with-caps-flag",
    clause: "reg-trunc-flags",
    text: "A truncated reply has CAPS set, and cap_offset 0.",
    hooks: onInfo(isTruncated, (reply, { flags }) => {
      patch(reply, RegionInfo, { flags: flags | RegionFlag.CAPS });
    }),
  },
  {
    id: "full-without-caps",
    clause: "reg-full-caps",
    text: "The full reply has the CAPS flag clear.",
    hooks: withInfo(isFull, ({ flags }) => ({ flags: flags & ~RegionFlag.CAPS, capOffset: 0 })),
  },
  {
    id: "full-cut-short",
    clause: "reg-full-caps",
    text: "The full reply lacks its last 8 bytes.",
    hooks: onInfo(isFull, (reply) => setPayload(reply, reply.payload.slice(0, -8))),
  },
  {
    id: "cap-offset-16",
    clause: "reg-full-caps",
    text: "cap_offset points into the fixed part.",
    hooks: withInfo(isFull, () => ({ capOffset: 16 })),
  },
  {
    id: "caps-unaligned",
    clause: "reg-caps-aligned",
    text: "Capabilities begin at offset 36.",
    hooks: onInfo(({ argsz }) => argsz > CAP, (reply, { argsz, flags }) => {
      patch(reply, RegionInfo, { argsz: argsz + 4 });
      if ((flags & RegionFlag.CAPS) === 0) return;
      patch(reply, RegionInfo, { capOffset: CAP + 4 });
      const { payload } = reply;
      setPayload(
        reply,
        concat(payload.subarray(0, CAP), new Uint8Array(4), payload.subarray(CAP)),
      );
    }),
  },
  {
    id: "caps-loop",
    clause: "reg-caps-chain",
    text: "The capability says that the next one is itself.",
    hooks: onInfo(isFull, (reply) => patch(reply, RegionCapHeader, { next: CAP }, CAP)),
  },
  {
    id: "caps-outside",
    clause: "reg-caps-chain",
    text: "The capability says that the next one is behind the payload.",
    hooks: onInfo(isFull, (reply) => patch(reply, RegionCapHeader, { next: 4096 }, CAP)),
  },
  {
    id: "sparse-version-2",
    clause: "reg-sparse-version",
    text: "The sparse mmap capability has version 2.",
    hooks: onInfo(isFull, (reply) => patch(reply, RegionCapHeader, { version: 2 }, CAP)),
  },
  {
    id: "sparse-areas-miscounted",
    clause: "reg-sparse-nr",
    text: "The sparse mmap capability counts one area too many.",
    hooks: onInfo(isFull, (reply) => patch(reply, SparseMmapCap, { nrAreas: 3 }, SPARSE)),
  },
  {
    id: "sparse-area-outside",
    clause: "reg-sparse-bounds",
    text: "A mappable area ends behind its region.",
    hooks: onInfo(isFull, (reply) => patch(reply, SparseArea, { size: 0x1_0000n }, AREA)),
  },
  {
    id: "sparse-area-empty",
    clause: "reg-sparse-bounds",
    text: "A mappable area has size 0.",
    hooks: onInfo(isFull, (reply) => patch(reply, SparseArea, { size: 0n }, AREA)),
  },
  {
    id: "sparse-area-unaligned",
    clause: "reg-sparse-page-aligned",
    text: "A mappable area begins within a page.",
    hooks: onInfo(isFull, (reply) => patch(reply, SparseArea, { offset: 0x1800n }, AREA)),
  },
  {
    id: "sparse-areas-overlap",
    clause: "reg-sparse-disjoint",
    text: "The mappable areas overlap.",
    hooks: onInfo(isFull, (reply) => patch(reply, SparseArea, { offset: 0x9000n }, AREA)),
  },
];

/** Changes the descriptors of replies that have some; `other` is made once. */
function withFd(other: () => Fd, change: (reply: Reply, other: Fd) => void): () => Hooks {
  return () => {
    const fd = other();
    return onInfo((_, { fds }) => fds.length > 0, (reply) => change(reply, fd))();
  };
}

/** Faults with the descriptors of regions (catalogue 2.4). */
const descriptors: readonly Fault[] = [
  {
    id: "region-fd-missing",
    clause: "reg-mmap-fd",
    text: "A region that can be mapped comes without descriptor.",
    hooks: onInfo(isMappable, (reply) => void (reply.fds = [])),
  },
  {
    id: "region-fd-without-mmap",
    clause: "reg-nommap-nofd",
    text: "A region that cannot be mapped comes with a descriptor.",
    hooks: () => {
      const file = memoryFile(0x1000);
      return onInfo((info) => !isMappable(info), (reply) => void (reply.fds = [file]))();
    },
  },
  {
    id: "region-fd-twice",
    clause: "reg-fd-count",
    text: "A region that can be mapped comes with two descriptors.",
    hooks: onInfo(any, (reply) => void (reply.fds = [...reply.fds, ...reply.fds])),
  },
  {
    id: "region-fd-no-memory",
    clause: "reg-mmap-works",
    text: "The descriptor of a region cannot be mapped.",
    hooks: withFd(() => new EventFd().fd, (reply, fd) => void (reply.fds = [fd])),
  },
  {
    id: "region-fd-read-only",
    clause: "reg-mmap-works",
    text: "The descriptor of a region that may be written cannot be mapped for writing.",
    hooks: withFd(
      () => memoryFile(0x1_0000, { readOnly: true }),
      (reply, fd) => void (reply.fds = [fd]),
    ),
  },
  {
    id: "region-offset-unaligned",
    clause: "reg-mmap-works",
    text: "The offset of a region in its file is not aligned to a page.",
    hooks: withInfo(isMappable, ({ offset }) => ({ offset: offset + 8n })),
  },
  {
    id: "region-fd-of-other-memory",
    clause: "reg-mmap-coherent",
    text: "The descriptor of a region is that of other memory.",
    hooks: withFd(() => memoryFile(0x1_0000), (reply, fd) => void (reply.fds = [fd])),
  },
  {
    id: "region-info-leaks",
    clause: "reg-fd-not-leaked",
    text: "Each descriptor of a region that is sent stays open in the server.",
    hooks: onInfo(any, ({ fds }) => fds.forEach((fd) => void fd.duplicate().release())),
  },
];

/** Faults in truncated replies, capabilities and descriptors of DEVICE_GET_REGION_INFO. */
export const regionCapsFaults: readonly Fault[] = [...capabilities, ...descriptors];
