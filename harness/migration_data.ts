import type { MigrationData, ReplyDemands } from "./case.ts";
import type { Conversation } from "./converse.ts";
import { resolve } from "./judge.ts";
import type { Failure } from "./results.ts";
import { migDataRead, migDataWrite, reply } from "./steps.ts";

/** A device may never come to an end. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_READS = 10_000;
/** By then it is seen whether small pieces fit together. */
const SMALL_WRITES = 2000;

/** Reads until a read comes short, or as often as the row wants, and saves it all. */
export async function saveMigrationData(
  row: Conversation,
  { name, chunk, reads = Infinity, each = {} }: MigrationData,
): Promise<Failure | undefined> {
  const parts = [row.saved.get(name) ?? new Uint8Array()];
  let bytes = 0;
  for (let done = 0; done < reads; done++) {
    if (done >= MAX_READS || bytes >= MAX_BYTES) {
      const seen = `${bytes} bytes without an end`;
      return row.failure("mismatch", ["migration data that come to an end"], seen);
    }
    let part = new Uint8Array();
    const demands: ReplyDemands = {
      wants: "the bytes that its size counts",
      ...each,
      check: (reply, saved) => {
        const size = Number(reply.fields.size ?? Infinity);
        if (reply.data.byteLength < size) return missing(size, reply.data);
        part = reply.data.slice(0, size);
        return each.check?.(reply, saved);
      },
    };
    const failure = await row.ask(migDataRead({ size: chunk }), reply({}, demands));
    if (failure !== undefined) return failure;
    parts.push(part);
    bytes += part.byteLength;
    if (part.byteLength < chunk) break;
  }
  row.saved.set(name, joined(parts));
  return undefined;
}

/** Writes what was saved. */
export async function loadMigrationData(
  row: Conversation,
  { name, chunk, rest = chunk, each = {} }: MigrationData,
): Promise<Failure | undefined> {
  const data = resolve({ saved: name }, row.saved);
  let at = 0;
  for (let writes = 0; at < data.byteLength; writes++) {
    const size = writes < SMALL_WRITES ? chunk : rest;
    const failure = await row.ask(migDataWrite(data.subarray(at, at + size)), reply({}, each));
    if (failure !== undefined) return failure;
    at += size;
  }
  return undefined;
}

function missing(size: number, data: Uint8Array): string {
  if (size === Infinity) return "a payload without a size";
  return `size ${size} and only ${data.byteLength} bytes behind it`;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
