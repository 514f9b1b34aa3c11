import { DmaMapFlag, PAGE } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { DmaMap, DmaUnmap } from "../wire/messages.ts";
import { demandThat, either, type Expectation, refused, succeeds } from "./expectation.ts";
import type { Message } from "./message.ts";

/** A mapping; one that is not certain may be there or not. */
interface Mapped {
  readonly address: bigint;
  readonly size: bigint;
  certain: boolean;
}

const END = 1n << 64n;
/** Beyond this a server may be short of address space. */
const LARGE = 1n << 32n;
const PAGE_MASK = BigInt(PAGE - 1);

/** What is mapped, by DMA_MAP and DMA_UNMAP. */
export class DmaModel {
  #mapped: Mapped[] = [];
  readonly #maxMaps: number;

  /** Of a server that promises to hold `maxMaps`. */
  constructor(maxMaps: number) {
    this.#maxMaps = maxMaps;
  }

  /** A new client has nothing mapped. */
  clear(): void {
    this.#mapped = [];
  }

  /** Something happened of which the specification does not say whether maps outlive it. */
  doubt(): void {
    for (const one of this.#mapped) one.certain = false;
  }

  /** Whether all of a range may be mapped. */
  mayHold(address: bigint, size: bigint): boolean {
    let at = address;
    for (const one of this.#mapped.toSorted((a, b) => a.address < b.address ? -1 : 1)) {
      if (one.address <= at && at < one.address + one.size) at = one.address + one.size;
    }
    return at >= address + size;
  }

  /** What is owed for a DMA_MAP. */
  map(message: Message): Expectation {
    const address = BigInt(message.fields.address ?? 0);
    const size = BigInt(message.fields.size ?? 0);
    const odd = oddMap(message, address, size);
    const overlapping = this.#mapped.filter((one) => overlaps(one, address, size));
    const follow = (outcome: string) => {
      const contradicted = overlapping.some((one) => one.certain);
      if (outcome === "error") return;
      for (const one of overlapping) one.certain = false;
      const certain = outcome === "success" && odd === undefined && !contradicted;
      if (!contradicted || outcome === "success") this.#mapped.push({ address, size, certain });
    };
    const certain = overlapping.find((one) => one.certain);
    if (certain !== undefined && address + size <= END) {
      const clause = overlapClause(certain, address, size);
      return refused(clause, odd === undefined ? { errno: Errno.EEXIST, follow } : { follow });
    }
    if (odd !== undefined) return either(odd, { follow });
    if (overlapping.length > 0) return either("dma-map-overlap-exact", { follow });
    if (this.#mapped.length >= this.#maxMaps) return either("dma-map-over-max", { follow });
    return succeeds(message.fds.length > 0 ? "dma-map-fd" : "dma-map-nofd", {
      follow,
      check: ({ payload }) =>
        demandThat(
          payload.byteLength === 0,
          "dma-map-fd",
          "a reply of 16 bytes",
          `a payload of ${payload.byteLength} bytes`,
        ),
    });
  }

  /** What is owed for a DMA_UNMAP. */
  unmap(message: Message): Expectation {
    const { argsz = 0, flags = 0 } = message.fields;
    const address = BigInt(message.fields.address ?? 0);
    const size = BigInt(message.fields.size ?? 0);
    if (flags !== 0) {
      return either("dma-unmap-flags-unknown", {
        follow: (outcome) => outcome === "error" || this.doubt(),
      });
    }
    const exact = this.#mapped.filter((one) => one.address === address && one.size === size);
    const follow = (outcome: string) => {
      if (outcome === "error") { for (const one of exact) one.certain = false; }
      // One of two of which one is there may be left.
      else if (exact.length === 1 && outcome === "success") {
        this.#mapped.splice(this.#mapped.indexOf(exact[0]!), 1);
      } else for (const one of exact) one.certain = false;
    };
    const check = ({ payload }: { payload: Uint8Array }) =>
      demandThat(
        payload.byteLength === DmaUnmap.size && sameRange(payload, address, size),
        "dma-unmap-echo",
        "the 24 bytes of the request",
        `a payload of ${payload.byteLength} bytes: ${payload.subarray(0, DmaUnmap.size).toHex()}`,
      );
    if (size === 0n) return either("dma-unmap-zero", { follow });
    if (exact.length === 0) {
      const touched = this.#mapped.some((one) => overlaps(one, address, size));
      const doubt = (outcome: string) => outcome === "success" && this.doubt();
      return refused(touched ? "dma-unmap-partial" : "dma-unmap-unknown", {
        follow: (outcome) => void doubt(outcome),
      });
    }
    if (argsz !== DmaUnmap.size) return either("dma-unmap-argsz-large", { follow });
    if (exact.some((one) => one.certain)) return succeeds("dma-unmap-exact", { follow, check });
    return either("dma-unmap-exact", { follow, check });
  }
}

function overlaps(one: Mapped, address: bigint, size: bigint): boolean {
  // What an empty range does to its surroundings is the server's affair.
  if (one.size === 0n) return address <= one.address && one.address < address + size;
  return size > 0n && address < one.address + one.size && one.address < address + size;
}

function overlapClause(one: Mapped, address: bigint, size: bigint): string {
  const [end, oneEnd] = [address + size, one.address + one.size];
  if (address === one.address && end === oneEnd) return "dma-map-overlap-exact";
  if (address >= one.address && end <= oneEnd) return "dma-map-overlap-inside";
  if (address <= one.address && end >= oneEnd) return "dma-map-overlap-superset";
  return "dma-map-overlap-head-tail";
}

function sameRange(payload: Uint8Array, address: bigint, size: bigint): boolean {
  const echoed = DmaUnmap.decode(payload);
  return echoed.address === address && echoed.size === size;
}

/** The clause about what is odd with a map, if something is: a server may refuse it. */
function oddMap({ fields, fds }: Message, address: bigint, size: bigint): string | undefined {
  const { argsz = 0, flags = 0 } = fields;
  const offset = BigInt(fields.offset ?? 0);
  if (Number(argsz) < DmaMap.size) return "dma-map-argsz-small";
  if (argsz !== DmaMap.size) return "dma-map-argsz-large";
  if (flags === 0) return "dma-map-noperm";
  if (flags === DmaMapFlag.WRITE) return "dma-map-writeonly";
  if ((Number(flags) & ~(DmaMapFlag.READ | DmaMapFlag.WRITE)) !== 0) return "dma-map-flags-unknown";
  if (size === 0n) return "dma-map-zero-size";
  if (address + size > END) return "dma-map-wrap";
  if (address + size === END) return "dma-map-top-page";
  if (size > LARGE) return "dma-map-huge";
  if (((address | size) & PAGE_MASK) !== 0n) return "dma-map-pgsizes";
  if (fds.length > 1) return "dma-map-two-fds";
  const [file] = fds;
  if (file === undefined) return offset === 0n ? undefined : "dma-map-nofd-offset";
  if (file.kind !== "memory") return "dma-map-fd-pipe";
  if (file.readOnly && flags !== DmaMapFlag.READ) return "dma-map-ro-fd-rw";
  if ((offset & PAGE_MASK) !== 0n) return "dma-map-offset-unaligned";
  if (offset + size > BigInt(file.pages * PAGE)) return "dma-map-beyond-eof";
  return undefined;
}
