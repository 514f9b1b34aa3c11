import type { ByteRange, Failure, TranscriptEntry } from "../harness/results.ts";
import { type DecodedEntry, decodeEntry, entryWindow, hexDump } from "./decode_entry.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { durationText, oneLine, plural } from "./text.ts";

/** Bounds of what is shown, for a case in full and for one that passed. */
const FULL = { entries: 80, bytes: 512, fields: 100 } as const;
const BRIEF = { entries: 16, bytes: 48 } as const;

/** CSS class of each kind of entry. */
const WAYS = { sent: "x", received: "y", note: "z" } as const;

/** What went over the wire, as a sequence between two lanes; with a failure, the entry that shows it is marked. */
export function transcript(
  entries: readonly TranscriptEntry[],
  full: boolean,
  failure?: Failure,
): Markup {
  if (entries.length === 0) return NOTHING;
  const failed = failure?.entry;
  const { from, to } = entryWindow(entries.length, full ? FULL.entries : BRIEF.entries, failed);
  const rows = entries.slice(from, to).map((entry, i) => {
    const isFailure = from + i === failed;
    const field = isFailure && entry.kind === "received" ? failure?.field : undefined;
    return full ? fullEntry(entry, isFailure, field) : briefEntry(entry, isFailure);
  });
  return markup`${leftOut(from, "earlier")}<ol class="tr">
<li class="lanes" aria-hidden="true"><span>suite</span><span>server</span></li>
${rows}</ol>
${leftOut(entries.length - to, "later")}`;
}

function leftOut(count: number, which: string): Markup {
  if (count === 0) return NOTHING;
  return markup`<p class="sub">… ${count} ${which} ${
    count === 1 ? "entry" : "entries"
  } left out, see results.jsonl</p>
`;
}

/** Time, then what stands on the arrow. */
function headLine(entry: TranscriptEntry, { summary, load }: DecodedEntry): Markup {
  const { atMs } = entry;
  const at = atMs < 1000 ? `${atMs.toFixed(2)} ms` : durationText(atMs);
  return markup`<span class="at">${at}</span><span class="ar">${summary}${
    load === "" ? NOTHING : markup` <small>${load}</small>`
  }</span>`;
}

/** One line for the message, one for its fields, one for its bytes: few elements, as there are thousands of these. */
function briefEntry(entry: TranscriptEntry, isFailure: boolean): Markup {
  const decoded = decodeEntry(entry);
  const { fields, bytes } = decoded;
  const values = fields
    .filter((field) => !field.name.startsWith("header."))
    .map((field) => `${field.name} ${oneLine(field.text, 120)}`);
  const hex = bytes.subarray(0, BRIEF.bytes).toHex().replace(/(.{8})(?=.)/g, "$1 ");
  const more = entry.size > BRIEF.bytes ? "…" : "";
  const lines = [oneLine(values.join(" · "), 400), hex === "" ? "" : hex + more];
  const rest = lines.filter((line) => line !== "").join("\n");
  return markup`<li class="${WAYS[entry.kind]}${isFailure ? " bad" : ""}">${
    headLine(entry, decoded)
  }${rest === "" ? NOTHING : markup`<div>${rest}</div>`}</li>`;
}

/** A message that unfolds to its fields beside its bytes; open where the case failed. */
function fullEntry(entry: TranscriptEntry, isFailure: boolean, field?: ByteRange): Markup {
  const decoded = decodeEntry(entry);
  const kind = `${WAYS[entry.kind]}${isFailure ? " bad" : ""}`;
  const here = isFailure ? markup`<strong>here it failed</strong>` : NOTHING;
  const line = headLine(entry, decoded);
  if (decoded.bytes.byteLength === 0) return markup`<li class="${kind}">${line}${here}</li>`;
  return markup`<li class="${kind}"><details${
    isFailure ? markup` open` : NOTHING
  }><summary>${line}${here}</summary>
<div class="two" tabindex="0">${fieldTable(decoded, field)}<pre class="hex">${
    dump(decoded.bytes.subarray(0, FULL.bytes), field)
  }${moreBytes(entry, decoded.bytes)}</pre></div></details></li>`;
}

function moreBytes(entry: TranscriptEntry, bytes: Uint8Array): string {
  const more = entry.size - Math.min(bytes.byteLength, FULL.bytes);
  return more > 0 ? `\n… ${plural(more, "more byte")}` : "";
}

function fieldTable({ fields }: DecodedEntry, wrong?: ByteRange): Markup {
  const rows = fields.slice(0, FULL.fields).map((field) => {
    const text = oneLine(field.text, 2000);
    const isWrong = wrong !== undefined && overlap(field, wrong);
    const value = isWrong ? markup`<mark>${text}</mark> <strong>wrong</strong>` : text;
    return markup`<tr><td class="r">${field.offset}</td><td class="r">${field.size}</td><td>${field.name}</td><td>${value}</td></tr>`;
  });
  return markup`<table class="fs"><thead><tr><th scope="col">At</th><th scope="col">Size</th><th scope="col">Field</th><th scope="col">Value</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function overlap(a: ByteRange, b: ByteRange): boolean {
  return a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

/** The bytes in lines of 16, the wrong ones marked. */
function dump(bytes: Uint8Array, wrong: ByteRange = { offset: 0, size: 0 }): Markup {
  const lines = hexDump(bytes).split("\n").map((line, i) => {
    const from = Math.max(wrong.offset - 16 * i, 0);
    const to = Math.min(wrong.offset + wrong.size - 16 * i, 16);
    if (from >= to) return markup`${line}\n`;
    const [start, end] = [column(from), column(to - 1) + 2];
    return markup`${line.slice(0, start)}<mark>${line.slice(start, end)}</mark>${
      line.slice(end)
    }\n`;
  });
  return markup`${lines}`;
}

/** Where a byte stands in a line of `hexDump()`. */
function column(at: number): number {
  return "0000  ".length + 3 * at + (at < 8 ? 0 : 1);
}
