import { Command, DmaMapFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DmaMap } from "../../wire/messages.ts";
import type { Fault } from "../fault.ts";
import { diesIf, onMap, overlaps, refusesIf } from "./dma_tools.ts";
import { crash, onReply, patch, setPayload } from "./tools.ts";

const READ_WRITE = DmaMapFlag.READ | DmaMapFlag.WRITE;

/** Faults with the number of maps, flags and files (catalogue 2.10). */
const files: readonly Fault[] = [
  {
    id: "map-with-payload",
    clause: "dma-map-fd",
    text: "The reply to DMA_MAP repeats the request.",
    hooks: onReply(Command.DMA_MAP, (reply, { payload }) => setPayload(reply, payload)),
  },
  {
    id: "map-without-fd-refused",
    clause: "dma-map-nofd",
    text: "A map without descriptor is refused.",
    hooks: refusesIf((_map, _session, { fds }) => fds.length === 0),
  },
  {
    id: "map-offset-ignored",
    clause: "dma-map-offset",
    text: "A file is mapped from its start, whatever offset says.",
    hooks: onMap((_, request) => patch(request, DmaMap, { offset: 0n })),
  },
  {
    id: "map-offset-refused",
    clause: "dma-map-offset",
    text: "A map of a file from an offset is refused.",
    hooks: refusesIf(({ offset }, _, { fds }) => offset > 0n && fds.length > 0),
  },
  {
    id: "map-always-writable",
    clause: "dma-map-readonly",
    text: "A file is always mapped for writing.",
    hooks: onMap((_, request) => {
      if (request.fds.length > 0) patch(request, DmaMap, { flags: READ_WRITE });
    }),
  },
  {
    id: "map-limit-63",
    clause: "dma-map-max",
    text: "One map less than announced can be had.",
    hooks: () => ({ tune: (settings) => void (settings.maxDmaMaps -= 1) }),
  },
  {
    id: "map-over-limit-dies",
    clause: "dma-map-over-max",
    text: "One map more than announced kills the server.",
    hooks: diesIf((_, { dma, settings }) => dma.count >= settings.maxDmaMaps),
  },
  {
    id: "map-slot-not-freed",
    clause: "dma-map-free-slot",
    text: "Unmapping does not make room for another map.",
    hooks: () => {
      let used = 0;
      return {
        connect: () => void (used = 0),
        ...onMap((map, _, session) => {
          if (used >= session.settings.maxDmaMaps) return { errno: Errno.ENOSPC };
          if (!overlaps(map, session)) used++;
          return undefined;
        })(),
      };
    },
  },
  {
    id: "map-flags-0-die",
    clause: "dma-map-noperm",
    text: "A map without access flags kills the server.",
    hooks: diesIf(({ flags }) => flags === 0),
  },
  {
    id: "map-write-only-dies",
    clause: "dma-map-writeonly",
    text: "A map for writing alone kills the server.",
    hooks: diesIf(({ flags }) => flags === DmaMapFlag.WRITE),
  },
  {
    id: "map-huge-fd-dies",
    clause: "dma-map-huge-fd",
    text: "A map of 1 TiB and more of a file kills the server.",
    hooks: diesIf(({ size }, _, { fds }) => fds.length > 0 && size >= 1n << 40n),
  },
  {
    id: "map-offset-negative-dies",
    clause: "dma-map-offset-negative",
    text: "A file offset of 2 ** 63 and more kills the server.",
    hooks: diesIf(({ offset }) => offset >= 1n << 63n),
  },
  {
    id: "map-second-fd-leaks",
    clause: "dma-map-two-fds",
    text: "The second of two descriptors stays open.",
    hooks: onMap((_, { fds }) => fds.slice(1).forEach((fd) => void fd.release())),
  },
  {
    id: "map-leaks",
    clause: "dma-map-many-churn",
    text: "Every descriptor that is mapped stays open for ever.",
    hooks: onMap((_, { fds }) => fds.forEach((fd) => void fd.duplicate().release())),
  },
  {
    id: "map-argsz-large-dies",
    clause: "dma-map-argsz-large",
    text: "A DMA_MAP with an argsz above 32 kills the server.",
    hooks: diesIf(({ argsz }) => argsz > DmaMap.size),
  },
];

/** A page of a file that is not there. */
const missingPage: Fault = {
  id: "missing-page-dies",
  clause: "dma-map-beyond-eof",
  text: "A DMA to a page that the file does not have kills the server.",
  hooks: () => ({
    connect({ guest, dma }) {
      const { read, write } = guest;
      const check = (address: bigint) => (error: unknown): never => {
        if (dma.at(address)?.mapping && (error as { errno?: number }).errno === Errno.EFAULT) {
          crash();
        }
        throw error;
      };
      guest.read = (address, count) => read(address, count).catch(check(address));
      guest.write = (address, data) => write(address, data).catch(check(address));
    },
  }),
};

/** Faults in DMA_MAP, ranges aside (catalogue 2.10). */
export const dmaMapFaults: readonly Fault[] = [...files, missingPage];
