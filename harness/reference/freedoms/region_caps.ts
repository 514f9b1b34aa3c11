import { Command, RegionCapId, RegionFlag } from "../../wire/constants.ts";
import {
  RegionCapHeader,
  RegionInfo,
  SparseArea,
  SparseMmapCap,
  TypeCap,
} from "../../wire/messages.ts";
import { combine } from "../combine.ts";
import type { Hooks } from "../fault.ts";
import { isError, patch, setPayload } from "../faults/tools.ts";
import type { Freedom } from "../freedom.ts";
import { concat, type Message } from "../message.ts";
import type { RegionSettings } from "../settings.ts";

/** A client that asks for so much gets all that there is. */
const ALL = 1 << 16;

interface Cap {
  readonly id: number;
  readonly version: number;
  readonly body: Uint8Array;
}

/** Where capabilities lie in the reply; by default one behind the other. */
type Place = (caps: readonly Cap[]) => readonly number[];

/** Makes another chain of each: of what region, with which capabilities, in which places. */
function rebuilds(
  change: (caps: readonly Cap[], index: number) => readonly Cap[],
  place: Place = inLine,
): () => Hooks {
  return () => {
    /** What clients asked for, while the server thinks that they asked for all. */
    const asked = new WeakMap<Message, number>();
    return {
      request(request) {
        if (request.command !== Command.DEVICE_GET_REGION_INFO) return;
        if (request.payload.byteLength < RegionInfo.size) return;
        const { argsz } = RegionInfo.decode(request.payload);
        if (argsz < RegionInfo.size) return;
        asked.set(request, argsz);
        patch(request, RegionInfo, { argsz: Math.max(argsz, ALL) });
      },
      reply(reply, request) {
        const argsz = asked.get(request);
        if (argsz === undefined) return;
        patch(request, RegionInfo, { argsz });
        if (isError(reply)) return;
        const info = RegionInfo.decode(reply.payload);
        const caps = change(readCaps(reply.payload, info.capOffset), info.index);
        const places = place(caps);
        setPayload(reply, encode(reply.payload, caps, places));
        const full = reply.payload.byteLength;
        if (argsz >= full) return;
        patch(reply, RegionInfo, { flags: info.flags & ~RegionFlag.CAPS, capOffset: 0 });
        setPayload(reply, reply.payload.slice(0, RegionInfo.size));
        reply.fds = [];
      },
    };
  };
}

function readCaps(payload: Uint8Array, first: number): Cap[] {
  const caps: Cap[] = [];
  for (let at = first; at !== 0;) {
    const { id, version, next } = RegionCapHeader.decode(payload, at);
    const start = at + RegionCapHeader.size;
    caps.push({ id, version, body: payload.slice(start, start + bodySize(id, payload, start)) });
    at = next;
  }
  return caps;
}

function bodySize(id: number, payload: Uint8Array, start: number): number {
  if (id !== RegionCapId.SPARSE_MMAP) return TypeCap.size;
  return SparseMmapCap.size + SparseMmapCap.decode(payload, start).nrAreas * SparseArea.size;
}

function sizeOf({ body }: Cap): number {
  return Math.ceil((RegionCapHeader.size + body.byteLength) / 8) * 8;
}

function inLine(caps: readonly Cap[]): number[] {
  return placed(caps, RegionInfo.size, 0);
}

function placed(caps: readonly Cap[], first: number, gap: number): number[] {
  let at = first;
  return caps.map((cap) => {
    const place = at;
    at += sizeOf(cap) + gap;
    return place;
  });
}

function encode(payload: Uint8Array, caps: readonly Cap[], places: readonly number[]): Uint8Array {
  const argsz = Math.max(RegionInfo.size, ...caps.map((cap, i) => places[i]! + sizeOf(cap)));
  const bytes = new Uint8Array(argsz).fill(0xee);
  const info = RegionInfo.decode(payload);
  const flags = caps.length > 0 ? info.flags | RegionFlag.CAPS : info.flags & ~RegionFlag.CAPS;
  bytes.set(RegionInfo.encode({ ...info, argsz, flags, capOffset: places[0] ?? 0 }));
  caps.forEach(({ id, version, body }, i) => {
    const next = places[i + 1] ?? 0;
    bytes.set(concat(RegionCapHeader.encode({ id, version, next }), body), places[i]);
  });
  return bytes;
}

const UNKNOWN: Cap = { id: 0x7ff0, version: 9, body: new Uint8Array(8).fill(0xff) };
const MSIX_MAPPABLE: Cap = { id: RegionCapId.MSIX_MAPPABLE, version: 1, body: new Uint8Array() };

/** Regions beyond those of PCI; their index is only known once it is seen how many there are. */
function addsRegions(...more: readonly RegionSettings[]): () => Hooks {
  return () => {
    let first = Infinity;
    const types = rebuilds((caps, index) => {
      if (index < first || index >= first + more.length) return caps;
      const body = TypeCap.encode({ type: 0x8000_1002, subtype: index });
      return [{ id: RegionCapId.TYPE, version: 1, body }, ...caps];
    });
    return combine([
      {
        tune({ regions }) {
          first = regions.length;
          regions.push(...more.map((region) => structuredClone(region)));
        },
      },
      types(),
    ]);
  };
}

const { READ, WRITE, MMAP } = RegionFlag;

/** What regions say of themselves beyond the fixed part (catalogue 2.4). */
export const regionCapFreedoms: readonly Freedom[] = [
  {
    id: "caps-unknown-first",
    clause: "reg-caps-unknown",
    text: "A capability that nobody knows stands before the others, in regions that have some.",
    suites: ["device-get-region-info", "qemu-client"],
    hooks: rebuilds((caps) => caps.length > 0 ? [UNKNOWN, ...caps] : caps),
  },
  {
    id: "caps-unknown-everywhere",
    clause: "reg-caps-unknown",
    text: "Each region that is there has two capabilities that nobody knows.",
    suites: ["device-get-region-info", "region-access", "qemu-client", "device-reset"],
    hooks: () => {
      let sizes: readonly number[] = [];
      return combine([
        { tune: ({ regions }) => void (sizes = regions.map(({ size }) => size)) },
        rebuilds((caps, index) => (sizes[index] ?? 0) > 0 ? [...caps, UNKNOWN, UNKNOWN] : caps)(),
      ]);
    },
  },
  {
    id: "caps-msix-mappable",
    clause: "reg-caps-unknown",
    text: "Regions with a capability have that of mappable MSI-X tables too, as in Linux.",
    suites: ["device-get-region-info"],
    hooks: rebuilds((caps) => caps.length > 0 ? [...caps, MSIX_MAPPABLE] : caps),
  },
  {
    id: "caps-backwards",
    clause: "reg-caps-chain",
    text: "The chain of capabilities leads backwards through the reply.",
    suites: ["device-get-region-info", "qemu-client"],
    kind: "caps-place",
    hooks: rebuilds(
      (caps) => caps.length > 0 ? [...caps, UNKNOWN] : caps,
      (caps) => inLine(caps.toReversed()).map((_, i, all) => all[caps.length - 1 - i]!),
    ),
  },
  {
    id: "caps-with-gaps",
    clause: "reg-caps-chain",
    text: "Before each capability lie bytes that belong to none.",
    suites: ["device-get-region-info", "qemu-client"],
    kind: "caps-place",
    hooks: rebuilds(
      (caps) => caps.length > 0 ? [...caps, UNKNOWN] : caps,
      (caps) => placed(caps, RegionInfo.size + 40, 24),
    ),
  },
  {
    id: "regions-beyond-pci",
    clause: "reg-type-cap",
    text: "The device has three regions beyond those of PCI: plain, mappable, and read-only.",
    suites: ["device-get-region-info", "device-get-info", "region-access", "qemu-client"],
    hooks: addsRegions(
      { size: 0x1000, flags: READ | WRITE, fileOffset: 0 },
      {
        size: 0x3000,
        flags: READ | WRITE | MMAP,
        fileOffset: 0x1000,
        areas: [{ offset: 0x1000, size: 0x1000 }],
      },
      { size: 100, flags: READ, fileOffset: 0 },
    ),
  },
  {
    id: "regions-forty",
    clause: "info-num-regions",
    text: "The device has 40 regions beyond those of PCI.",
    suites: ["device-get-info", "device-get-region-info"],
    hooks: addsRegions(
      ...Array.from({ length: 40 }, () => ({ size: 0x1000, flags: READ | WRITE, fileOffset: 0 })),
    ),
  },
];
