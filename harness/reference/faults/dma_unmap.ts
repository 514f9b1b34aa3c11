import { Command } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DmaUnmap } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { DmaRegion } from "../dma_table.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Message, type Outcome } from "../message.ts";
import type { Session } from "../session.ts";
import { end, onMap, others } from "./dma_tools.ts";
import { crash, onReply, onRequest, pad, patch, setPayload } from "./tools.ts";

type Values = Decoded<typeof DmaUnmap>;

function onUnmap(
  act: (unmap: Values, request: Message, session: Session) => Outcome | void,
): () => Hooks {
  return onRequest(Command.DMA_UNMAP, DmaUnmap, act);
}

function echo({ payload }: Message): Outcome {
  return { payload: payload.slice(0, DmaUnmap.size) };
}

function isExact({ address, size }: Values, { dma }: Session): boolean {
  return dma.find(address, size) !== undefined;
}

/** The region of which the request names a part. */
function partOf(unmap: Values, { dma }: Session): DmaRegion | undefined {
  if (unmap.size === 0n || dma.find(unmap.address, unmap.size)) return undefined;
  return dma.regions.find((region) => unmap.address >= region.address && end(unmap) <= end(region));
}

/** The regions that the request covers, and more than them. */
function covered(unmap: Values, session: Session): DmaRegion[] {
  if (isExact(unmap, session)) return [];
  return others(unmap, session.dma).filter((region) =>
    unmap.address <= region.address && end(unmap) >= end(region)
  );
}

/** Faults in DMA_UNMAP (catalogue 2.11). */
export const dmaUnmapFaults: readonly Fault[] = [
  {
    id: "unmap-last-first",
    clause: "dma-unmap-exact",
    text: "Only the region that was mapped last can be unmapped.",
    hooks: onUnmap(({ address, size }, _, { dma }) => {
      const region = dma.find(address, size);
      return region && region !== dma.regions.at(-1) ? { errno: Errno.EBUSY } : undefined;
    }),
  },
  {
    id: "unmap-fills-argsz",
    clause: "dma-unmap-argsz-large",
    text: "The reply to a DMA_UNMAP with an argsz of 1 MiB is followed by as many bytes as that.",
    hooks: onReply(Command.DMA_UNMAP, (reply, { payload }) => {
      const { argsz } = DmaUnmap.decode(payload);
      if (argsz === 1 << 20) reply.payload = concat(reply.payload, new Uint8Array(argsz));
    }),
  },
  {
    id: "unmap-without-payload",
    clause: "dma-unmap-echo",
    text: "DMA_UNMAP is answered with the header alone.",
    hooks: onReply(Command.DMA_UNMAP, (reply) => setPayload(reply, new Uint8Array())),
  },
  {
    id: "unmap-echoes-zeroes",
    clause: "dma-unmap-echo",
    text: "DMA_UNMAP is answered with size 0.",
    hooks: onReply(Command.DMA_UNMAP, (reply) => patch(reply, DmaUnmap, { size: 0n })),
  },
  {
    id: "unmap-echo-too-long",
    clause: "dma-unmap-echo",
    text: "DMA_UNMAP is answered with 32 bytes.",
    hooks: onReply(Command.DMA_UNMAP, (reply) => pad(reply, 32)),
  },
  {
    id: "unmap-of-nothing-accepted",
    clause: "dma-unmap-unknown",
    text: "DMA_UNMAP of a range without any map is accepted.",
    hooks: onUnmap((unmap, request, { dma }) =>
      others(unmap, dma).length === 0 ? echo(request) : undefined
    ),
  },
  {
    id: "unmap-nearest",
    clause: "dma-unmap-unknown",
    text: "DMA_UNMAP looks for the region of its size that is the nearest.",
    hooks: onUnmap(({ address, size }, request, { dma }) => {
      if (others({ address, size }, dma).length > 0) return;
      const region = dma.regions.find((one) => one.size === size);
      if (region === undefined) return;
      dma.remove(region);
      return echo(request);
    }),
  },
  {
    id: "unmap-twice-accepted",
    clause: "dma-unmap-twice",
    text: "DMA_UNMAP of what was unmapped is accepted again.",
    hooks: () => {
      let last = "";
      return onUnmap((unmap, request, session) => {
        const name = `${unmap.address} ${unmap.size}`;
        if (isExact(unmap, session)) last = name;
        else if (last === name) return echo(request);
        return undefined;
      })();
    },
  },
  {
    id: "unmap-part-accepted",
    clause: "dma-unmap-partial",
    text: "DMA_UNMAP of a part of a map unmaps it.",
    hooks: onUnmap((unmap, request, session) => {
      const region = partOf(unmap, session);
      if (!region) return;
      session.dma.remove(region);
      return echo(request);
    }),
  },
  {
    id: "unmap-part-drops",
    clause: "dma-unmap-partial",
    text: "DMA_UNMAP of a part of a map is refused, and the map is gone.",
    hooks: onUnmap((unmap, _, session) => {
      const region = partOf(unmap, session);
      if (region) session.dma.remove(region);
    }),
  },
  {
    id: "unmap-by-address",
    clause: "dma-unmap-partial",
    text: "DMA_UNMAP looks at the address, and not at the size.",
    hooks: onUnmap(({ address, size }, request, { dma }) => {
      const region = dma.regions.find((other) => other.address === address);
      if (!region || region.size === size || size === 0n) return;
      dma.remove(region);
      return echo(request);
    }),
  },
  {
    id: "unmap-around-accepted",
    clause: "dma-unmap-superset",
    text: "DMA_UNMAP of a larger range unmaps all in it, as Linux does.",
    hooks: onUnmap((unmap, request, session) => {
      const regions = covered(unmap, session);
      if (regions.length === 0) return;
      for (const region of regions) session.dma.remove(region);
      return echo(request);
    }),
  },
  {
    id: "unmap-around-drops",
    clause: "dma-unmap-superset",
    text: "DMA_UNMAP of a larger range is refused, and the maps in it are gone.",
    hooks: onUnmap((unmap, _, session) => {
      for (const region of covered(unmap, session)) session.dma.remove(region);
    }),
  },
  {
    id: "unmap-keeps-fd",
    clause: "dma-unmap-releases-fd",
    text: "The descriptor of a map stays open when it is unmapped.",
    hooks: () => {
      const kept: Disposable[] = [];
      return {
        ...onMap((_, { fds }) => void kept.push(...fds.map((fd) => fd.duplicate())))(),
        disconnect() {
          for (const fd of kept.splice(0)) fd[Symbol.dispose]();
        },
      };
    },
  },
  {
    id: "unmap-keeps-mapping",
    clause: "dma-unmap-releases-fd",
    text: "The memory of a map stays mapped when it is unmapped.",
    hooks: onUnmap(({ address, size }, _, { dma }) => {
      const region = dma.find(address, size);
      if (region) delete (region as { mapping?: unknown }).mapping;
    }),
  },
  {
    id: "unmap-all-of-a-file",
    clause: "dma-map-same-fd-many",
    text: "Unmapping one range unmaps all others that came with a descriptor.",
    hooks: onUnmap(({ address, size }, _, { dma }) => {
      const region = dma.find(address, size);
      if (!region?.mapping) return;
      for (const other of dma.regions) if (other.mapping && other !== region) dma.remove(other);
    }),
  },
  {
    id: "map-after-unmap-refused",
    clause: "dma-map-after-unmap",
    text: "A range that was unmapped cannot be mapped again.",
    hooks: () => {
      const gone = new Set<bigint>();
      const unmap = onUnmap((values, _, session) => {
        if (isExact(values, session)) gone.add(values.address);
      })();
      const map = onMap(({ address }) => gone.has(address) ? { errno: Errno.EEXIST } : undefined)();
      return {
        connect: () => gone.clear(),
        request: (request, session) =>
          request.command === Command.DMA_MAP
            ? map.request!(request, session)
            : unmap.request!(request, session),
      };
    },
  },
  {
    id: "unmap-size-0-dies",
    clause: "dma-unmap-zero",
    text: "DMA_UNMAP of 0 bytes kills the server.",
    hooks: onUnmap(({ size }) => size === 0n ? crash() : undefined),
  },
  {
    id: "unmap-argsz-small-dies",
    clause: "dma-unmap-argsz-small",
    text: "DMA_UNMAP with an argsz below 24 kills the server.",
    hooks: onUnmap(({ argsz }) => argsz < DmaUnmap.size ? crash() : undefined),
  },
  {
    id: "unmap-argsz-large-dies",
    clause: "dma-unmap-argsz-large",
    text: "DMA_UNMAP with an argsz above 1 MiB kills the server.",
    hooks: onUnmap(({ argsz }) => argsz > 0x10_0000 ? crash() : undefined),
  },
  {
    id: "unmap-flags-die",
    clause: "dma-unmap-flags-unknown",
    text: "DMA_UNMAP with flags above 2 kills the server.",
    hooks: onUnmap(({ flags }) => flags > 2 ? crash() : undefined),
  },
  {
    id: "unmap-dirty-dies",
    clause: "dma-unmap-flag-dirty-short",
    text: "DMA_UNMAP with the dirty-bitmap flag kills the server.",
    hooks: onUnmap(({ flags }) => flags === 1 ? crash() : undefined),
  },
];
