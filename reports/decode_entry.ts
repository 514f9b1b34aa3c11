import type { TranscriptEntry } from "../harness/results.ts";
import { type DecodedField, decodeMessage } from "../harness/wire/decode.ts";
import { Header } from "../harness/wire/messages.ts";
import { durationText, oneLine, plural } from "./text.ts";

/** A transcript entry with its messages decoded. */
export interface DecodedEntry {
  /** `DMA_MAP command`; the text of a note. */
  readonly summary: string;
  /** `48 bytes, 1 descriptor (memory file of 4096 bytes)` */
  readonly load: string;
  /** `0.12 ms` */
  readonly at: string;
  readonly fields: readonly DecodedField[];
  /** The bytes that were kept. */
  readonly bytes: Uint8Array;
}

/** Most messages of one entry that are decoded apart. */
const MAX_MESSAGES = 8;

/** Decodes what was sent or received in one go: one message, or several. */
export function decodeEntry(entry: TranscriptEntry): DecodedEntry {
  const at = durationText(entry.atMs);
  const bytes = bytesOf(entry.hex);
  if (entry.kind === "note") {
    return { summary: oneLine(entry.text, 1000), load: "", at, fields: [], bytes };
  }
  const summaries: string[] = [];
  const fields: DecodedField[] = [];
  for (let from = 0; from < bytes.byteLength;) {
    const end = summaries.length < MAX_MESSAGES - 1 ? endOfMessage(bytes, from) : bytes.byteLength;
    const message = decodeMessage(bytes.subarray(from, end));
    summaries.push(message.summary);
    fields.push(...message.fields.map((field) => ({ ...field, offset: field.offset + from })));
    from = end;
  }
  const summary = oneLine(summaries.join("; "), 300) || "no bytes";
  return { summary, load: loadText(entry), at, fields, bytes };
}

function endOfMessage(bytes: Uint8Array, from: number): number {
  if (bytes.byteLength - from < Header.size) return bytes.byteLength;
  const { msgSize } = Header.decode(bytes, from);
  return msgSize < Header.size ? bytes.byteLength : Math.min(from + msgSize, bytes.byteLength);
}

function loadText(entry: TranscriptEntry): string {
  const text = oneLine(entry.text, 300);
  const size = plural(entry.size, "byte");
  if (entry.fdCount === 0) return text === "" ? size : `${size}, ${text}`;
  return `${size}, ${plural(entry.fdCount, "descriptor")}${text === "" ? "" : ` (${text})`}`;
}

function bytesOf(hex: string): Uint8Array {
  const pairs = hex.match(/[0-9a-f]{2}/gi) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** Lines of 16 bytes: offset, hex, and what is ASCII. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.byteLength; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte, i) => `${i === 8 ? " " : ""}${byte.toString(16).padStart(2, "0")}`);
    const ascii = row.map((byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".");
    lines.push(
      `${at.toString(16).padStart(4, "0")}  ${hex.join(" ").padEnd(48)}  ${ascii.join("")}`,
    );
  }
  return lines.join("\n");
}

/** At most `max` entries: those around `entry`, else the last ones. Says how many stand before and after. */
export function entryWindow(
  count: number,
  max: number,
  entry = count - 1,
): { readonly from: number; readonly to: number } {
  const to = Math.min(count, Math.max(entry + Math.ceil(max / 4), max));
  return { from: Math.max(0, to - max), to };
}
