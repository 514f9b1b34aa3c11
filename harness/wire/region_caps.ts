import { RegionCapId } from "./constants.ts";
import { RegionCapHeader, SparseArea, SparseMmapCap, TypeCap } from "./messages.ts";

/** One capability of a region, decoded (specification, Region capabilities). */
export interface RegionCap {
  /** Where it begins, in bytes from the start of the payload. */
  readonly at: number;
  readonly id: number;
  readonly version: number;
  readonly next: number;
  /** Areas that may be mapped, with RegionCapId.SPARSE_MMAP. */
  readonly areas?: readonly { readonly offset: bigint; readonly size: bigint }[];
  /** Type and subtype, with RegionCapId.TYPE. */
  readonly type?: { readonly type: number; readonly subtype: number };
}

/** A walk through a chain: what could be read, and what is wrong with the rest. */
export interface RegionCapWalk {
  readonly caps: readonly RegionCap[];
  /** Absent when the chain is whole. */
  readonly flaw?: string;
}

/** Follows the capability chain of a DEVICE_GET_REGION_INFO reply. Always ends, whatever the bytes. */
export function walkRegionCaps(payload: Uint8Array, capOffset: number): RegionCapWalk {
  const caps: RegionCap[] = [];
  const seen = new Set<number>();
  for (let at = capOffset; at !== 0;) {
    if (seen.has(at)) return { caps, flaw: `the chain comes back to offset ${at}` };
    seen.add(at);
    if (at < 32 || at + RegionCapHeader.size > payload.byteLength) {
      return {
        caps,
        flaw: `offset ${at} lies outside the capabilities of ${payload.byteLength} bytes`,
      };
    }
    const header = RegionCapHeader.decode(payload, at);
    const body = at + RegionCapHeader.size;
    const cap = readBody(payload, header.id, body);
    if (typeof cap === "string") return { caps, flaw: `capability at ${at}: ${cap}` };
    caps.push({ at, ...header, ...cap });
    at = header.next;
  }
  return { caps };
}

function readBody(
  payload: Uint8Array,
  id: number,
  body: number,
): Pick<RegionCap, "areas" | "type"> | string {
  if (id === RegionCapId.TYPE) {
    if (body + TypeCap.size > payload.byteLength) return "type and subtype are cut off";
    return { type: TypeCap.decode(payload, body) };
  }
  if (id !== RegionCapId.SPARSE_MMAP) return {};
  if (body + SparseMmapCap.size > payload.byteLength) return "nrAreas is cut off";
  const { nrAreas } = SparseMmapCap.decode(payload, body);
  const first = body + SparseMmapCap.size;
  if (first + nrAreas * SparseArea.size > payload.byteLength) {
    return `${nrAreas} areas do not fit into ${payload.byteLength - first} bytes`;
  }
  const areas = [];
  for (let i = 0; i < nrAreas; i++) {
    areas.push(SparseArea.decode(payload, first + i * SparseArea.size));
  }
  return { areas };
}
