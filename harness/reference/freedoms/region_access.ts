import { Command, PciRegion } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { RegionAccess, RegionWriteMulti } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import { combine } from "../combine.ts";
import type { Hooks } from "../fault.ts";
import { isError, onReply, onRequest, setPayload } from "../faults/tools.ts";
import type { Freedom } from "../freedom.ts";
import type { Session } from "../session.ts";
import { refusesIf } from "./tools.ts";

type Access = Decoded<typeof RegionAccess>;

/** Refuses reads and writes alike. */
function refusesAccessIf(test: (access: Access, session: Session) => boolean): () => Hooks {
  const refuses = (command: number) =>
    refusesIf(command, RegionAccess, (access, _, session) => test(access, session));
  return () => combine([refuses(Command.REGION_READ)(), refuses(Command.REGION_WRITE)()]);
}

/** Changes the replies to reads and writes of nothing. */
function answersNothingWith(payload: (whole: Uint8Array) => Uint8Array | undefined): () => Hooks {
  const change = (command: number) =>
    onReply(command, (reply) => {
      const whole = reply.payload;
      if (whole.byteLength < RegionAccess.size || RegionAccess.decode(whole).count > 0) return;
      setPayload(reply, payload(whole) ?? whole);
    });
  return () => combine([change(Command.REGION_READ)(), change(Command.REGION_WRITE)()]);
}

/** Bytes of the configuration space that never change: identity, kind of header, start of the list. */
const CONSTANT = [[0x00, 4], [0x08, 4], [0x0e, 1], [0x2c, 4], [0x34, 1]] as const;

function touchesConstant({ region, offset, count }: Access): boolean {
  if (region !== PciRegion.CONFIG) return false;
  const end = offset + BigInt(count);
  return CONSTANT.some(([start, size]) => offset < BigInt(start + size) && end > BigInt(start));
}

function isAligned({ offset, count }: Access): boolean {
  return (count & (count - 1)) === 0 && count <= 8 && offset % BigInt(count || 1) === 0n;
}

/** How regions are read and written (catalogue 2.8). */
const access: readonly Freedom[] = [
  {
    id: "empty-access-refused",
    clause: "rd-count-zero",
    text: "A read or write of no bytes is refused.",
    suites: ["region-access"],
    kind: "empty-access",
    hooks: refusesAccessIf(({ count }) => count === 0),
  },
  {
    id: "empty-access-header-only",
    clause: "rd-count-zero",
    text: "A read or write of no bytes is answered with the header alone.",
    suites: ["region-access"],
    kind: "empty-access",
    hooks: answersNothingWith(() => new Uint8Array()),
  },
  {
    id: "bar-0-by-words",
    clause: "rw-1-2-4-8",
    text: "BAR 0 is accessed by aligned words of 4 or 8 bytes, as registers are.",
    suites: ["region-access", "device-set-irqs", "dma-access", "qemu-client", "concurrency"],
    lacks: { scratch: [0] },
    hooks: refusesAccessIf((access) =>
      access.region === 0 && access.offset < 0x800n &&
      !(isAligned(access) && (access.count === 4 || access.count === 8))
    ),
  },
  {
    id: "bars-by-powers",
    clause: "rw-unaligned",
    text: "BAR 3 is accessed by aligned 1, 2, 4 or 8 bytes only.",
    suites: ["region-access", "qemu-client"],
    hooks: refusesAccessIf((access) => access.region === 3 && !isAligned(access)),
  },
  {
    id: "past-end-short",
    clause: "rd-past-end",
    text: "A read over the end of a region returns what lies before it.",
    suites: ["region-access", "pci-config"],
    hooks: onRequest(Command.REGION_READ, RegionAccess, (access, request, { device, settings }) => {
      const size = BigInt(device.regions[access.region]?.size ?? 0);
      const left = size - access.offset;
      if (left <= 0n || BigInt(access.count) <= left) return;
      if (access.count > settings.maxDataXferSize) return;
      request.payload = RegionAccess.encode({ ...access, count: Number(left) });
    }),
  },
  {
    id: "long-reads-short",
    clause: "rd-count-le",
    text: "A read of more than 4096 bytes returns the first 4096 of them.",
    suites: ["region-access", "concurrency", "framing"],
    hooks: onRequest(Command.REGION_READ, RegionAccess, (access, request, { settings }) => {
      if (access.count <= 4096 || access.count > settings.maxDataXferSize) return;
      const size = BigInt(settings.regions[access.region]?.size ?? 0);
      if (access.offset + BigInt(access.count) > size) return;
      request.payload = RegionAccess.encode({ ...access, count: 4096 });
    }),
  },
  {
    id: "config-writes-refused",
    clause: "cfg-ro-ids",
    text: "A write to the identity of the device in its configuration space is refused.",
    suites: ["pci-config", "qemu-client", "region-access"],
    hooks: refusesIf(
      Command.REGION_WRITE,
      RegionAccess,
      touchesConstant,
    ),
  },
];

/** REGION_WRITE_MULTI (catalogue 2.9). */
const multi: readonly Freedom[] = [
  {
    id: "multi-partial-refused",
    clause: "multi-partial-fail",
    text: "REGION_WRITE_MULTI has an error when one of its writes fails.",
    suites: ["region-write-multi"],
    kind: "multi-partial",
    hooks: () => ({
      reply(reply, request) {
        if (reply.command !== Command.REGION_WRITE_MULTI || isError(reply)) return;
        const { wrCnt } = RegionWriteMulti.decode(reply.payload);
        if (wrCnt === RegionWriteMulti.decode(request.payload).wrCnt) return;
        setPayload(reply, new Uint8Array());
        reply.flags |= 0x20;
        reply.error = Errno.EIO;
      },
    }),
  },
  {
    id: "multi-zero-refused",
    clause: "multi-zero",
    text: "REGION_WRITE_MULTI of no writes is refused.",
    suites: ["region-write-multi"],
    hooks: refusesIf(Command.REGION_WRITE_MULTI, RegionWriteMulti, ({ wrCnt }) => wrCnt === 0n),
  },
];

/** Freedoms in region accesses. */
export const regionAccessFreedoms: readonly Freedom[] = [...access, ...multi];
