import type { TranscriptEntry } from "../harness/results.ts";
import { type DecodedEntry, decodeEntry, entryWindow, hexDump } from "./decode_entry.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { oneLine, plural } from "./text.ts";

/** Bounds of what is shown, for a case in full and for one that passed. */
const FULL = { entries: 80, bytes: 512, fields: 100 } as const;
const BRIEF = { entries: 16, bytes: 48 } as const;

const WAYS = {
  sent: ["x", "→", "sent"],
  received: ["y", "←", "received"],
  note: ["z", "·", "note"],
} as const;

/** What went over the wire; `failed` is the entry that shows the failure. */
export function transcript(
  entries: readonly TranscriptEntry[],
  full: boolean,
  failed?: number,
): Markup {
  if (entries.length === 0) return NOTHING;
  const { from, to } = entryWindow(entries.length, full ? FULL.entries : BRIEF.entries, failed);
  const rows = entries.slice(from, to).map((entry, i) =>
    full ? fullEntry(entry, from + i, failed) : briefEntry(entry, from + i === failed)
  );
  return markup`<h3>Transcript</h3>
${leftOut(from, "earlier")}<ol class="tr">
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

function headLine(entry: TranscriptEntry, { at, summary, load }: DecodedEntry): Markup {
  const [, arrow, word] = WAYS[entry.kind];
  return markup`<span class="at">${at}</span> <b aria-label="${word}">${arrow}</b> ${summary}${
    load === "" ? NOTHING : markup` <small>${load}</small>`
  }`;
}

/** One line for the message, one for its fields, one for its bytes. */
function briefEntry(entry: TranscriptEntry, isFailure: boolean): Markup {
  const decoded = decodeEntry(entry);
  const { fields, bytes } = decoded;
  const values = fields
    .filter((field) => !field.name.startsWith("header."))
    .map((field) => `${field.name} = ${oneLine(field.text, 120)}`);
  const hex = bytes.subarray(0, BRIEF.bytes).toHex().replace(/(.{8})(?=.)/g, "$1 ");
  const more = entry.size > BRIEF.bytes ? "…" : "";
  return markup`<li class="${WAYS[entry.kind][0]}${isFailure ? " bad" : ""}">${
    headLine(entry, decoded)
  }${values.length === 0 ? NOTHING : markup`<div>${oneLine(values.join(", "), 400)}</div>`}${
    hex === "" ? NOTHING : markup`<code>${hex}${more}</code>`
  }</li>
`;
}

/** A message that unfolds to its fields beside its bytes; open where the case failed. */
function fullEntry(entry: TranscriptEntry, index: number, failed?: number): Markup {
  const decoded = decodeEntry(entry);
  const isFailure = index === failed;
  const line = headLine(entry, decoded);
  const here = isFailure ? markup` <strong>here it failed</strong>` : NOTHING;
  const way = `${WAYS[entry.kind][0]}${isFailure ? " bad" : ""}`;
  if (decoded.bytes.byteLength === 0) return markup`<li class="${way}">${line}${here}</li>\n`;
  const open = isFailure ? markup` open` : NOTHING;
  return markup`<li class="${way}"><details${open}><summary>${line}${here}</summary>
<div class="two">${fieldTable(decoded)}<pre class="hex" aria-label="Bytes">${
    hexDump(decoded.bytes.subarray(0, FULL.bytes))
  }${moreBytes(entry, decoded.bytes)}</pre></div></details></li>
`;
}

function moreBytes(entry: TranscriptEntry, bytes: Uint8Array): string {
  const more = entry.size - Math.min(bytes.byteLength, FULL.bytes);
  return more > 0 ? `\n… ${plural(more, "more byte")}` : "";
}

function fieldTable({ fields }: DecodedEntry): Markup {
  const rows = fields.slice(0, FULL.fields).map((field) =>
    markup`<tr><td class="r">${field.offset}</td><td class="r">${field.size}</td><td>${field.name}</td><td>${
      oneLine(field.text, 2000)
    }</td></tr>`
  );
  return markup`<table class="fs"><thead><tr><th scope="col">At</th><th scope="col">Size</th><th scope="col">Field</th><th scope="col">Value</th></tr></thead><tbody>${rows}</tbody></table>`;
}
