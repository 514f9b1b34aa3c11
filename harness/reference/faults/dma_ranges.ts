import { Errno } from "../../wire/errno.ts";
import type { Fault } from "../fault.ts";
import type { Session } from "../session.ts";
import {
  acceptsIf,
  diesIf,
  end,
  onMap,
  others,
  overlaps,
  refusesIf,
  type Values,
} from "./dma_tools.ts";

const TOP = 1n << 64n;

function isExact({ address, size }: Values, { dma }: Session): boolean {
  return dma.find(address, size) !== undefined;
}

/** Whether one region holds all of the map, and more. */
function isInside(map: Values, { dma }: Session): boolean {
  return map.size > 0n &&
    others(map, dma).some((region) =>
      map.address >= region.address && end(map) <= end(region) && map.size < region.size
    );
}

function isSuperset(map: Values, { dma }: Session): boolean {
  return others(map, dma).some((region) =>
    map.address <= region.address && end(map) >= end(region) && map.size > region.size
  );
}

/** How many bytes the map shares with the first region that it overlaps at one end. */
function shared(map: Values, { dma }: Session, at: "head" | "tail"): bigint {
  const [region] = others(map, dma);
  if (region === undefined) return 0n;
  if (at === "head") return map.address < region.address ? end(map) - region.address : 0n;
  return end(map) > end(region) ? end(region) - map.address : 0n;
}

/** Faults in the ranges of DMA_MAP (catalogue 2.10). */
export const dmaRangeFaults: readonly Fault[] = [
  {
    id: "map-again-accepted",
    clause: "dma-map-overlap-exact",
    text: "A map that is there already is accepted, as libvfio-user does.",
    hooks: acceptsIf((map, session, { fds }) =>
      isExact(map, session) &&
      fds.length === Number(session.dma.find(map.address, map.size)!.mapping !== undefined)
    ),
  },
  {
    id: "map-again-einval",
    clause: "dma-map-overlap-exact",
    text: "A map that is there already is refused with EINVAL.",
    hooks: refusesIf(isExact),
  },
  {
    id: "map-elsewhere-accepted",
    clause: "dma-map-overlap-exact-otherfd",
    text: "A map of a range that is there with other memory replaces it.",
    hooks: onMap((map, { fds }, { dma }) => {
      const region = dma.find(map.address, map.size);
      if (region && (fds.length > 0 || region.flags !== map.flags)) dma.remove(region);
    }),
  },
  {
    id: "map-inside-accepted",
    clause: "dma-map-overlap-inside",
    text: "A map within another one is accepted.",
    hooks: acceptsIf(isInside),
  },
  {
    id: "map-inside-einval",
    clause: "dma-map-overlap-inside",
    text: "A map within another one is refused with EINVAL.",
    hooks: refusesIf(isInside),
  },
  {
    id: "map-around-accepted",
    clause: "dma-map-overlap-superset",
    text: "A map around another one is accepted.",
    hooks: acceptsIf(isSuperset),
  },
  {
    id: "map-around-einval",
    clause: "dma-map-overlap-superset",
    text: "A map around another one is refused with EINVAL.",
    hooks: refusesIf(isSuperset),
  },
  {
    id: "map-over-head-accepted",
    clause: "dma-map-overlap-head-tail",
    text: "A map that ends in another one is accepted.",
    hooks: acceptsIf((map, session) => shared(map, session, "head") > 0n),
  },
  {
    id: "map-over-tail-accepted",
    clause: "dma-map-overlap-head-tail",
    text: "A map that begins in another one is accepted.",
    hooks: acceptsIf((map, session) => shared(map, session, "tail") > 0n),
  },
  {
    id: "map-behind-refused",
    clause: "dma-map-adjacent",
    text: "A map that begins where another one ends is refused with EEXIST.",
    hooks: refusesIf(
      (map, { dma }) => dma.regions.some((region) => end(region) === map.address),
      Errno.EEXIST,
    ),
  },
  {
    id: "map-before-refused",
    clause: "dma-map-adjacent",
    text: "A map that ends where another one begins is refused with EEXIST.",
    hooks: refusesIf(
      (map, { dma }) => dma.regions.some((region) => region.address === end(map)),
      Errno.EEXIST,
    ),
  },
  {
    id: "overlap-drops-old",
    clause: "dma-map-overlap-keeps-old",
    text: "A map that is refused for its overlap drops the other one.",
    hooks: onMap((map, _, session) => {
      if (!overlaps(map, session)) return;
      for (const region of others(map, session.dma)) session.dma.remove(region);
      return { errno: Errno.EEXIST };
    }),
  },
  {
    id: "map-wrap-dies",
    clause: "dma-map-wrap",
    text: "A map that wraps around the address space kills the server.",
    hooks: diesIf((map) => end(map) > TOP && map.size < 1n << 40n),
  },
  {
    id: "map-top-page-dies",
    clause: "dma-map-top-page",
    text: "A map of the last page of the address space kills the server.",
    hooks: diesIf((map) => end(map) === TOP),
  },
  {
    id: "map-huge-dies",
    clause: "dma-map-huge",
    text: "A map of 2 ** 62 bytes and more kills the server.",
    hooks: diesIf(({ size }) => size >= 1n << 62n),
  },
  {
    id: "map-size-0-dies",
    clause: "dma-map-zero-size",
    text: "A map of 0 bytes kills the server.",
    hooks: diesIf(({ size }) => size === 0n),
  },
  {
    id: "map-unaligned-dies",
    clause: "dma-map-pgsizes",
    text: "A map of half a page kills the server.",
    hooks: diesIf(({ address, size }) => ((address | size) & 0xfffn) !== 0n && size > 0n),
  },
];
