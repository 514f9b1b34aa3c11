import type { DeviceFacts, RegionFacts } from "../device_facts.ts";
import type { Scratch } from "../profile.ts";
import { RegionAccess, RegionWrite, RegionWriteMulti } from "../wire/messages.ts";
import {
  type Breach,
  demand,
  demandThat,
  either,
  type Expectation,
  loosened,
  type Outcome,
  refused,
  succeeds,
  type SuccessReply,
} from "./expectation.ts";
import type { Ground } from "./ground.ts";
import type { Message } from "./message.ts";

/** Bytes at the beginning of each scratch area of which the contents are followed. */
export const FOLLOWED = 4096;

/** What the device is known to hold: bytes of a scratch area. */
class Contents {
  readonly area: Scratch;
  readonly #bytes: Uint8Array;
  readonly #known: Uint8Array;

  constructor(area: Scratch) {
    this.area = area;
    this.#bytes = new Uint8Array(Math.min(area.size, FOLLOWED));
    this.#known = new Uint8Array(this.#bytes.byteLength);
  }

  forget(): void {
    this.#known.fill(0);
  }

  /** Puts in what was written at an offset of the region, or that nobody knows what is there. */
  write(offset: number, data: Uint8Array, known: boolean): void {
    const at = offset - this.area.offset;
    for (let i = Math.max(0, -at); i < data.byteLength; i++) {
      if (at + i >= this.#bytes.byteLength) return;
      this.#bytes[at + i] = data[i]!;
      this.#known[at + i] = known ? 1 : 0;
    }
  }

  /** The first byte read that is not as written, by its offset in the region. */
  difference(offset: number, data: Uint8Array): number | undefined {
    const at = offset - this.area.offset;
    for (let i = Math.max(0, -at); i < data.byteLength; i++) {
      if (at + i >= this.#bytes.byteLength) return undefined;
      if (this.#known[at + i] === 1 && this.#bytes[at + i] !== data[i]) return offset + i;
    }
    return undefined;
  }
}

/** Limits of the two sides on what one message transfers. */
export interface Limits {
  readonly server: number;
  readonly client: number;
}

interface Access {
  readonly region: number;
  readonly offset: bigint;
  readonly count: number;
}

/** Contents of regions, by REGION_READ, REGION_WRITE and REGION_WRITE_MULTI. */
export class MemoryModel {
  readonly #device: DeviceFacts;
  readonly #ground: Ground;
  readonly #contents: readonly Contents[];

  constructor(ground: Ground) {
    this.#device = ground.device;
    this.#ground = ground;
    this.#contents = ground.scratch.map((area) => new Contents(area));
  }

  /** The device may hold anything. */
  forget(): void {
    for (const one of this.#contents) one.forget();
  }

  /** What is owed for a REGION_READ. */
  read(message: Message, limits: Limits): Expectation {
    const access = accessOf(message.fields);
    const check = (reply: SuccessReply) => this.#checkRead(reply, access);
    const wrong = this.#wrong(access, limits, "rd-past-end");
    if (wrong !== undefined) {
      const short = wrong === "rd-past-end" && this.#begins(access);
      return short ? either(wrong, { check }) : refused(wrong);
    }
    if (access.count === 0) return either("rd-count-zero");
    const owed = succeeds("rd-basic", { check });
    const readable = this.#ground.readable.some((area) => holds(area, access));
    return readable && isBasic(access) && limits.client >= access.count ? owed : loosened(owed);
  }

  /** What is owed for a REGION_WRITE. */
  write(message: Message, limits: Limits): Expectation {
    const access = accessOf(message.fields);
    const { data } = message;
    const follow = (outcome: Outcome) => {
      if (outcome === "error") return;
      const usual = outcome === "success" && data.byteLength === access.count;
      this.#put(access, data, usual);
    };
    const wrong = this.#wrong(access, limits, "wr-past-end");
    if (wrong !== undefined) {
      const short = wrong === "wr-past-end" && this.#begins(access);
      // The part inside may be written, answered with its count; after an error, nothing may.
      return short ? either(wrong, { follow }) : refused(wrong, { follow });
    }
    if (data.byteLength < access.count) return refused("wr-count-mismatch-short", { follow });
    if (data.byteLength > access.count) return either("wr-count-mismatch-long", { follow });
    if (access.count === 0) return either("wr-count-zero");
    const owed = succeeds("wr-basic", {
      follow,
      check: (reply) => checkWrite(reply, access),
    });
    const scratch = this.#ground.scratch.some((area) => holds(area, access));
    return scratch && isBasic(access) && limits.client >= access.count ? owed : loosened(owed);
  }

  /** What is owed for a REGION_WRITE_MULTI by a server that has it. */
  writeMulti(message: Message): Expectation {
    const wrCnt = BigInt(message.fields.wrCnt ?? 0);
    const entries = entriesOf(message.data);
    if (wrCnt * BigInt(RegionWrite.size) > BigInt(message.data.byteLength)) {
      return refused("multi-cnt-lies", {
        follow: (outcome) => outcome === "error" || this.forget(),
      });
    }
    const good = entries.every((entry) =>
      isBasic(entry) && this.#ground.scratch.some((area) => holds(area, entry))
    );
    const usual = good && wrCnt === BigInt(entries.length) && wrCnt > 0n &&
      entries.length * RegionWrite.size === message.data.byteLength;
    const follow = (outcome: Outcome) => {
      // Those before one that fails are done all the same.
      const known = usual && outcome === "success";
      for (const entry of entries) this.#put(entry, entry.data, known);
    };
    if (!usual) return either("multi-partial-fail", { follow });
    return succeeds("multi-basic", {
      follow,
      check({ payload }) {
        const short = demand("multi-basic", "payload bytes", payload.byteLength, 8);
        return short ??
          demand("multi-basic", "wr_cnt", RegionWriteMulti.decode(payload).wrCnt, wrCnt);
      },
    });
  }

  /** The clause by which an access must be refused, if one does. */
  #wrong(access: Access, limits: Limits, pastEnd: string): string | undefined {
    if (access.region >= this.#device.numRegions) return "rw-region-oob";
    const region = this.#region(access);
    if (region?.size === 0n && access.count > 0) return "rw-region-size0";
    const end = access.offset + BigInt(access.count);
    if (end > 1n << 64n) return "rw-offset-wrap";
    if (access.count > limits.server) return "rd-count-huge";
    return region !== undefined && end > region.size && access.count > 0 ? pastEnd : undefined;
  }

  /** Whether the beginning of an access lies inside its region. */
  #begins(access: Access): boolean {
    return access.offset < (this.#region(access)?.size ?? 0n);
  }

  #region({ region }: Access): RegionFacts | undefined {
    return this.#device.regions.find((one) => one.index === region);
  }

  #put(access: Access, data: Uint8Array, known: boolean): void {
    if (access.offset > BigInt(Number.MAX_SAFE_INTEGER)) return;
    for (const one of this.#contents) {
      if (one.area.region === access.region) one.write(Number(access.offset), data, known);
    }
  }

  #checkRead({ payload }: SuccessReply, access: Access): Breach | undefined {
    const size = payload.byteLength;
    if (size < RegionAccess.size) {
      return demand("rd-basic", "payload bytes", size, RegionAccess.size + access.count);
    }
    const reply = RegionAccess.decode(payload);
    const common = demand("rd-basic", "offset", reply.offset, access.offset) ??
      demand("rd-basic", "region", reply.region, access.region) ??
      demandThat(
        reply.count <= access.count,
        "rd-count-le",
        `a count of at most ${access.count}`,
        `${reply.count}`,
      ) ??
      demand("rd-count-le", "payload bytes", size, RegionAccess.size + reply.count);
    if (common !== undefined) return common;
    const end = access.offset + BigInt(reply.count);
    const past = demandThat(
      end <= (this.#region(access)?.size ?? end),
      "rd-past-end",
      "nothing from behind the end of the region",
      `${reply.count} bytes`,
    );
    return past ?? this.#checkContents(access, payload.subarray(RegionAccess.size));
  }

  #checkContents(access: Access, data: Uint8Array): Breach | undefined {
    for (const one of this.#contents) {
      if (one.area.region !== access.region) continue;
      const at = one.difference(Number(access.offset), data);
      if (at === undefined) continue;
      const seen = `${data[at - Number(access.offset)]} at offset ${at} of region ${access.region}`;
      return { clause: "rw-readback", expected: "what was written", seen };
    }
    return undefined;
  }
}

function checkWrite({ payload }: SuccessReply, access: Access): Breach | undefined {
  if (payload.byteLength !== RegionAccess.size) {
    return demand("wr-basic", "payload bytes", payload.byteLength, RegionAccess.size);
  }
  const reply = RegionAccess.decode(payload);
  return demand("wr-basic", "offset", reply.offset, access.offset) ??
    demand("wr-basic", "region", reply.region, access.region) ??
    demand("wr-basic", "count", reply.count, access.count);
}

function accessOf(fields: Message["fields"]): Access {
  const { offset = 0, region = 0, count = 0 } = fields;
  return { offset: BigInt(offset), region: Number(region), count: Number(count) };
}

function entriesOf(data: Uint8Array): (Access & { data: Uint8Array })[] {
  const entries = [];
  for (let at = 0; at + RegionWrite.size <= data.byteLength; at += RegionWrite.size) {
    const { offset, region, count } = RegionWrite.decode(data, at);
    const dataAt = at + RegionWrite.offsets.data;
    const bytes = data.subarray(dataAt, dataAt + Math.min(count, 8));
    entries.push({ offset, region, count, data: bytes });
  }
  return entries;
}

/** Other widths and places are the device's to refuse. */
function isBasic({ offset, count }: Access): boolean {
  return count === 4 && (offset & 3n) === 0n;
}

function holds({ region, offset, size }: Scratch, access: Access): boolean {
  return region === access.region && access.offset >= BigInt(offset) &&
    access.offset + BigInt(access.count) <= BigInt(offset + size);
}
