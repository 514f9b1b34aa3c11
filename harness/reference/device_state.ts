import { RegionFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { struct, u32, u64 } from "../wire/struct.ts";
import type { Region } from "./device.ts";
import { concat } from "./message.ts";
import { Refusal } from "./refusal.ts";

/** Begins each part of the migration data. */
export const PartHeader = struct({
  magic: u32, //  0  MAGIC
  kind: u32, //   4  PartKind
  length: u64, // 8  of the pieces behind it
});

/** One piece of a region; its bytes follow. */
export const PieceHeader = struct({
  region: u32, // 0
  length: u32, // 4
  offset: u64, // 8
});

/** The last part completes the state; those before it may be left behind by it. */
export const PartKind = { EARLY: 1, LAST: 2 } as const;

/** What a part begins with. */
export const MAGIC = 0x4655_5656;

/** Regions are compared and saved in blocks of so many bytes. */
const BLOCK = 256;
const WORDS = BLOCK / 8;

/** Contents of the regions that can be written, by region index. */
export type Contents = ReadonlyMap<number, Uint8Array<ArrayBuffer>>;

function savedRegions(regions: readonly Region[]): [number, Region][] {
  return [...regions.entries()].filter(([, { size, flags }]) =>
    size > 0 && (flags & RegionFlag.WRITE) !== 0
  );
}

/** A device whose regions hold nothing but zeroes: what migration data are differences from. */
export function blankContents(regions: readonly Region[]): Contents {
  return new Map(savedRegions(regions).map(([index, { size }]) => [index, new Uint8Array(size)]));
}

/** What the regions hold now. */
export function copyContents(regions: readonly Region[]): Contents {
  return new Map(
    savedRegions(regions).map(([index, { size, memory }]) => [index, memory.read(0, size).slice()]),
  );
}

/** Encodes what `now` holds and `before` does not. */
export function encodePart(kind: number, now: Contents, before: Contents): Uint8Array {
  const pieces = [...now].flatMap(([region, bytes]) => encodePieces(region, bytes, before));
  const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  return concat(PartHeader.encode({ magic: MAGIC, kind, length: BigInt(length) }), ...pieces);
}

function encodePieces(
  region: number,
  bytes: Uint8Array<ArrayBuffer>,
  before: Contents,
): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const words = new BigUint64Array(bytes.buffer);
  const wordsBefore = new BigUint64Array(before.get(region)!.buffer);
  for (let at = 0; at < words.length; at += WORDS) {
    if (!differ(words, wordsBefore, at)) continue;
    const offset = at * 8;
    const block = bytes.subarray(offset, offset + BLOCK);
    const { byteLength: length } = block;
    pieces.push(PieceHeader.encode({ region, length, offset: BigInt(offset) }), block);
  }
  return pieces;
}

function differ(words: BigUint64Array, others: BigUint64Array, at: number): boolean {
  for (let i = at; i < at + WORDS; i++) if (words[i] !== others[i]) return true;
  return false;
}

/**
 * Reads migration data that are complete.
 *
 * @throws {Refusal} For anything that the regions cannot have been saved as.
 */
export function decodeParts(data: Uint8Array, regions: readonly Region[]): Contents {
  const contents = blankContents(regions);
  for (let at = 0;;) {
    const { magic, kind, length } = decode(PartHeader, data, at);
    const end = at + PartHeader.size + Number(length);
    if (magic !== MAGIC || end > data.byteLength) throw new Refusal(Errno.EINVAL);
    applyPieces(data.subarray(at + PartHeader.size, end), contents);
    at = end;
    if (kind === PartKind.EARLY) continue;
    if (kind !== PartKind.LAST || end !== data.byteLength) throw new Refusal(Errno.EINVAL);
    return contents;
  }
}

function applyPieces(pieces: Uint8Array, contents: Contents): void {
  for (let at = 0; at < pieces.byteLength;) {
    const { region, length, offset } = decode(PieceHeader, pieces, at);
    const start = at + PieceHeader.size;
    const bytes = contents.get(region);
    if (bytes === undefined || offset + BigInt(length) > BigInt(bytes.byteLength)) {
      throw new Refusal(Errno.EINVAL);
    }
    if (start + length > pieces.byteLength) throw new Refusal(Errno.EINVAL);
    bytes.set(pieces.subarray(start, start + length), Number(offset));
    at = start + length;
  }
}

function decode<T>(
  layout: { readonly size: number; decode(bytes: Uint8Array, offset: number): T },
  bytes: Uint8Array,
  at: number,
): T {
  if (at + layout.size > bytes.byteLength) throw new Refusal(Errno.EINVAL);
  return layout.decode(bytes, at);
}
