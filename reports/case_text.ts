import type { CaseResult, RunInfo, TranscriptEntry } from "../harness/results.ts";
import { decodeEntry, entryWindow, hexDump } from "./decode_entry.ts";
import { reproduceCommand } from "./reproduce.ts";
import { bounded, indent, lastLines, oneLine } from "./text.ts";

const MAX_ENTRIES = 40;
const MAX_HEX_BYTES = 64;
const LOG_LINES = 20;

/** All there is to know about a case that did not pass, as plain text for a log or a JUnit reader. */
export function caseText(result: CaseResult, info: RunInfo): string {
  const { clause, failure } = result;
  const blocks = [
    ["Clause", `${clause.level}, ${oneLine(clause.section)} (${clause.id})\n${clause.text}`],
    ["Note", [clause.note ?? "", ...result.notes].filter((note) => note !== "").join("\n")],
    ["Expected", failure?.expected.join("\nor ") ?? ""],
    [failure?.expected.length ? "Got" : "Happened", failure?.seen ?? ""],
    ["Transcript", transcriptText(result)],
    ["Server log, its end", lastLines(bounded(result.log, 4096), LOG_LINES)],
    ["Play it again", reproduceCommand(info, [result.id])],
  ] as const;
  return blocks
    .filter(([, text]) => text !== "")
    .map(([heading, text]) => `${heading}:\n${indent(bounded(text, 32_768))}\n`)
    .join("\n");
}

function transcriptText({ transcript, failure }: CaseResult): string {
  const { from, to } = entryWindow(transcript.length, MAX_ENTRIES, failure?.entry);
  const lines = transcript.slice(from, to).map((entry, i) =>
    entryText(entry, from + i === failure?.entry)
  );
  if (from > 0) lines.unshift(`… ${from} earlier entries left out …`);
  if (to < transcript.length) {
    lines.push(`… ${transcript.length - to} later entries left out …`);
  }
  return lines.join("\n");
}

const ARROWS = { sent: "→", received: "←", note: "·" } as const;

function entryText(entry: TranscriptEntry, isFailure: boolean): string {
  const { at, summary, load, fields, bytes } = decodeEntry(entry);
  const head = `${ARROWS[entry.kind]} ${at}  ${summary}${load === "" ? "" : `, ${load}`}`;
  const values = fields.map((field) => `${field.name}=${field.text}`).join(", ");
  const hex = hexDump(bytes.subarray(0, MAX_HEX_BYTES));
  const lines = [head, indent(oneLine(values, 1000), "    "), indent(hex, "    ")];
  if (isFailure) lines.push("    ^ here it failed");
  return lines.filter((line) => line !== "").join("\n");
}
