import { Command, RegionFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { RegionAccess } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { Region } from "../device.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Message, type Outcome } from "../message.ts";
import type { Session } from "../session.ts";
import { crash, die, hang, onRequest, patch } from "./tools.ts";

const { REGION_READ, REGION_WRITE } = Command;
/** An error reply. */
export const REFUSED: Outcome = { errno: Errno.EINVAL };

/** Fields of the request and its reply. */
export type Access = Decoded<typeof RegionAccess>;

/** One access. */
export interface Seen {
  /** As the request says. */
  readonly access: Access;
  /** Undefined where there is no such region. */
  readonly region: Region | undefined;
  /** First byte behind the access. */
  readonly end: bigint;
  /** What follows the fixed part. */
  readonly data: Uint8Array;
  /** The request itself. */
  readonly request: Message;
  /** Its session. */
  readonly session: Session;
}

/** Looks at an access, and may answer it. */
export type Act = (seen: Seen) => Outcome | void | Promise<Outcome | void>;

function onAccess(command: number, act: Act): () => Hooks {
  return onRequest(command, RegionAccess, (access, request, session) => {
    const region = session.device.regions[access.region];
    const end = access.offset + BigInt(access.count);
    const data = request.payload.subarray(RegionAccess.size);
    return act({ access, region, end, data, request, session });
  });
}

/** Sees reads. */
export function onRead(act: Act): () => Hooks {
  return onAccess(REGION_READ, act);
}

/** Sees writes. */
export function onWrite(act: Act): () => Hooks {
  return onAccess(REGION_WRITE, act);
}

/** Sees reads and writes. */
function onEither(act: Act): () => Hooks {
  return () => {
    const hooks = [onRead(act)(), onWrite(act)()];
    return {
      request: (request, session) =>
        hooks[request.command === REGION_READ ? 0 : 1]!.request!(request, session),
    };
  };
}

function answer(access: Access, ...data: readonly Uint8Array[]): Outcome {
  return { payload: concat(RegionAccess.encode(access), ...data) };
}

function sizeOf(region: Region | undefined): bigint {
  return BigInt(region?.size ?? 0);
}

/** Faults in what REGION_READ and REGION_WRITE check (catalogue 2.8). */
export const regionAccessFaults: readonly Fault[] = [
  {
    id: "last-byte-refused",
    clause: "rd-last-byte",
    text: "The last byte of a region cannot be read.",
    hooks: onRead(({ region, end }) => end === sizeOf(region) ? REFUSED : undefined),
  },
  {
    id: "read-one-past-end",
    clause: "rd-past-end",
    text: "One byte behind the end of a region can be read.",
    hooks: onRead(({ access, region, end }) => {
      const size = sizeOf(region);
      return size > 0n && end === size + 1n
        ? answer(access, new Uint8Array(access.count))
        : undefined;
    }),
  },
  {
    id: "config-read-past-end",
    clause: "cfg-past-end",
    text: "Behind its end configuration space reads as ones.",
    hooks: onRead(({ access, region, end }) =>
      access.region === 7 && end > sizeOf(region) && access.count < 4096 && end < 1n << 40n
        ? answer(access, new Uint8Array(access.count).fill(0xff))
        : undefined
    ),
  },
  {
    id: "write-past-end-in-part",
    clause: "wr-past-end",
    text: "Of a write over the end of a region the part inside is done before it is refused.",
    hooks: onWrite(async ({ access, region, end, data, session }) => {
      const size = sizeOf(region);
      if (!region || access.offset >= size || end <= size) return;
      const inside = data.subarray(0, Number(size - access.offset));
      await region.memory.write(Number(access.offset), inside, session.guest);
    }),
  },
  {
    id: "write-past-end-accepted",
    clause: "wr-past-end",
    text: "A write behind the end of a region is accepted.",
    hooks: onWrite(({ access, region, end }) => {
      const size = sizeOf(region);
      return size > 0n && end > size && end < 1n << 63n ? answer(access) : undefined;
    }),
  },
  {
    id: "offset-wraps",
    clause: "rw-offset-wrap",
    text: "An access of which the end wraps around 64 bits is accepted.",
    hooks: onEither(({ access, end, request }) => {
      if (end <= 1n << 64n || access.count > 4096) return;
      const isRead = request.command === REGION_READ;
      return answer(access, new Uint8Array(isRead ? access.count : 0));
    }),
  },
  {
    id: "offset-wrap-dies",
    clause: "rw-offset-wrap",
    text: "An access of which the end wraps around 64 bits kills the server.",
    hooks: onEither(({ end }) => end > 1n << 64n ? crash() : undefined),
  },
  {
    id: "region-9-is-config",
    clause: "rw-region-oob",
    text: "An access to a region that does not exist goes to configuration space.",
    hooks: onEither(({ region, request }) =>
      region ? undefined : patch(request, RegionAccess, { region: 7 })
    ),
  },
  {
    id: "empty-region-reads-0",
    clause: "rw-region-size0",
    text: "An empty region reads as zeroes.",
    hooks: onRead(({ access, region }) =>
      region?.size === 0 && access.count <= 4096
        ? answer(access, new Uint8Array(access.count))
        : undefined
    ),
  },
  {
    id: "empty-region-written",
    clause: "rw-region-size0",
    text: "Writes to an empty region are accepted.",
    hooks: onWrite(({ access, region }) => region?.size === 0 ? answer(access) : undefined),
  },
  {
    id: "count-0-hangs",
    clause: "rd-count-zero",
    text: "REGION_READ of 0 bytes hangs.",
    hooks: onRead(({ access }) => access.count === 0 ? hang() : undefined),
  },
  {
    id: "write-count-0-dies",
    clause: "wr-count-zero",
    text: "REGION_WRITE of 0 bytes kills the server.",
    hooks: onWrite(({ access }) => access.count === 0 ? die() : undefined),
  },
  {
    id: "count-above-max-accepted",
    clause: "rd-count-huge",
    text: "More bytes than max_data_xfer_size can be read.",
    hooks: onRead(({ access, region, session }) =>
      access.count > session.settings.maxDataXferSize
        ? answer(access, new Uint8Array(Math.min(access.count, region?.size ?? 0)))
        : undefined
    ),
  },
  {
    id: "count-huge-dies",
    clause: "rd-count-huge",
    text: "A count of 2 GiB and more kills the server.",
    hooks: onEither(({ access }) => access.count > 0x7fff_ffff ? crash() : undefined),
  },
  {
    id: "count-max-refused",
    clause: "rd-count-max",
    text: "A REGION_READ of more than half of max_data_xfer_size is refused.",
    hooks: onRead(({ access, session }) =>
      access.count > session.settings.maxDataXferSize / 2 ? REFUSED : undefined
    ),
  },
  {
    id: "write-count-max-refused",
    clause: "wr-count-max",
    text: "A REGION_WRITE of max_data_xfer_size is refused.",
    hooks: onWrite(({ access, session }) =>
      access.count >= session.settings.maxDataXferSize ? REFUSED : undefined
    ),
  },
  {
    id: "write-data-missing-accepted",
    clause: "wr-count-mismatch-short",
    text: "Data that are missing in a REGION_WRITE count as zeroes.",
    hooks: onWrite(({ access, data, request }) => {
      if (data.byteLength >= access.count || access.count > 4096) return;
      request.payload = concat(request.payload, new Uint8Array(access.count - data.byteLength));
    }),
  },
  {
    id: "write-data-missing-dies",
    clause: "wr-count-mismatch-short",
    text: "Data that are missing in a REGION_WRITE kill the server.",
    hooks: onWrite(({ access, data }) => data.byteLength < access.count ? crash() : undefined),
  },
  {
    id: "write-data-beyond-count-die",
    clause: "wr-count-mismatch-long",
    text: "Data beyond the count of a REGION_WRITE kill the server.",
    hooks: onWrite(({ access, data }) => data.byteLength > access.count ? die() : undefined),
  },
  {
    id: "read-with-data-dies",
    clause: "rd-with-data",
    text: "Data in a REGION_READ kill the server.",
    hooks: onRead(({ data }) => data.byteLength > 0 ? die() : undefined),
  },
  {
    id: "read-only-region-written",
    clause: "wr-readonly-region",
    text: "A region without the WRITE flag can be written.",
    hooks: onWrite(async ({ access, region, end, data, session }) => {
      if (!region || (region.flags & RegionFlag.WRITE) !== 0 || end > sizeOf(region)) return;
      if (region.size === 0) return;
      await region.memory.write(Number(access.offset), data, session.guest);
      return answer(access);
    }),
  },
  {
    id: "unaligned-access-dies",
    clause: "rw-unaligned",
    text: "An access of 3, 5, 6 or 7 bytes, or at an odd offset, kills the server.",
    hooks: onEither(({ access: { offset, count } }) =>
      (offset & 1n) !== 0n && count > 1 || [3, 5, 6, 7].includes(count) ? crash() : undefined
    ),
  },
  {
    id: "8-byte-access-dies",
    clause: "rw-1-2-4-8",
    text: "An access of 8 bytes to a BAR kills the server.",
    hooks: onEither(({ access }) => access.count === 8 && access.region < 6 ? die() : undefined),
  },
  {
    id: "unreadable-region-read",
    clause: "rd-noread-region",
    text: "Region 3 is without the READ flag, and can be read.",
    hooks: () => ({
      tune: ({ regions }) => void (regions[3]!.flags = RegionFlag.WRITE),
      ...onRead(({ access, region, end }) => {
        if (access.region !== 3 || !region || end > sizeOf(region)) return;
        return answer(access, region.memory.read(Number(access.offset), access.count));
      })(),
    }),
  },
];
