import type { Condition, FieldMatch, Outcome, Reply, ReplyDemands, Saved } from "./case.ts";
import { describeType, type Incoming, type Received } from "./connection.ts";
import { commandName, HeaderFlag } from "./wire/constants.ts";
import type { ByteRange } from "./results.ts";
import { errnoName } from "./wire/errno.ts";
import { Header } from "./wire/messages.ts";
import { PAYLOADS } from "./wire/payloads.ts";

/** What the server did about one command. */
export type Observed = Received | { readonly kind: "nothing" };

/** What was seen instead of a permitted outcome. */
export interface Mismatch {
  readonly seen: string;
  /** The bytes of the message that are to blame, where it is these and no others. */
  readonly field?: ByteRange;
}

/** Values that a row has saved so far. */
export type SavedValues = ReadonlyMap<string, Uint8Array>;

/** A reply as rows see it. The bytes are the receiver's buffer: copy what is kept. */
export function replyOf(message: Incoming): Reply {
  const { header, bytes } = message;
  const payload = bytes.subarray(Header.size);
  const head = PAYLOADS.get(header.command)?.reply.head;
  const whole = head !== undefined && payload.byteLength >= head.size;
  return {
    command: header.command,
    flags: header.flags,
    error: header.error,
    msgSize: header.msgSize,
    fields: whole ? head.decode(payload) : {},
    payload,
    data: whole ? payload.subarray(head.size) : new Uint8Array(),
    fdCount: message.fds.length,
  };
}

/** Whether a reply has the error bit. */
export function isError(reply: { readonly flags: number }): boolean {
  return (reply.flags & HeaderFlag.ERROR) !== 0;
}

/** Judges what was observed by one permitted outcome: says what was seen instead, or nothing. */
export function judge(
  outcome: Outcome,
  observed: Observed,
  saved: SavedValues,
): Mismatch | undefined {
  if (outcome.outcome === "closed" || outcome.outcome === "nothing") {
    return observed.kind === outcome.outcome ? undefined : { seen: describe(observed) };
  }
  if (outcome.outcome === "silence") {
    const silent = observed.kind === "no-reply" && observed.partial === 0;
    return silent ? undefined : { seen: describe(observed) };
  }
  if (observed.kind !== "message") return { seen: describe(observed) };
  const reply = replyOf(observed);
  if (outcome.outcome === "error") return judgeError(outcome.errno, outcome.demands, reply, saved);
  if (isError(reply)) return { seen: describe(observed), field: headerField("error") };
  return judgeFields(outcome.fields, reply) ?? judgeDemands(outcome.demands, reply, saved);
}

function judgeError(
  errno: readonly number[] | undefined,
  demands: ReplyDemands,
  reply: Reply,
  saved: SavedValues,
): Mismatch | undefined {
  if (!isError(reply)) return { seen: describeReply(reply), field: headerField("flags") };
  if (errno !== undefined && !errno.includes(reply.error)) {
    return { seen: describeReply(reply), field: headerField("error") };
  }
  return judgeDemands(demands, reply, saved);
}

function judgeFields(
  fields: Readonly<Record<string, FieldMatch>>,
  reply: Reply,
): Mismatch | undefined {
  for (const [name, match] of Object.entries(fields)) {
    const value = reply.fields[name];
    if (value === undefined) {
      return { seen: `a payload of ${reply.payload.byteLength} bytes, too short for ${name}` };
    }
    if (!matches(match, value)) {
      return { seen: `${name} ${numberText(value)}`, ...blame(payloadField(reply.command, name)) };
    }
  }
  return undefined;
}

function judgeDemands(
  demands: ReplyDemands,
  reply: Reply,
  saved: SavedValues,
): Mismatch | undefined {
  const size = reply.payload.byteLength;
  if (demands.payloadSize !== undefined && !matches(demands.payloadSize, size)) {
    return { seen: `a payload of ${size} bytes`, field: headerField("msgSize") };
  }
  if (demands.fdCount !== undefined && !matches(demands.fdCount, reply.fdCount)) {
    return { seen: counted(reply.fdCount, "descriptor") };
  }
  if (demands.data !== undefined) {
    const expected = resolve(demands.data, saved);
    const difference = differenceOf(expected, reply.data);
    if (difference !== undefined) {
      return { seen: difference, ...blame(differentBytes(expected, reply)) };
    }
  }
  const seen = demands.check?.(reply, saved);
  return seen === undefined ? undefined : { seen };
}

function blame(field: ByteRange | undefined): Pick<Mismatch, "field"> {
  return field === undefined ? {} : { field };
}

/** Where a field of the header stands in a message. */
export function headerField(name: keyof typeof Header.fields): ByteRange {
  return { offset: Header.offsets[name], size: Header.fields[name].size };
}

function payloadField(command: number, name: string): ByteRange | undefined {
  const head = PAYLOADS.get(command)?.reply.head;
  const offset = head?.offsets[name];
  if (head === undefined || offset === undefined) return undefined;
  return { offset: Header.size + offset, size: head.fields[name]!.size };
}

/** From the first to the last byte that differs from those expected. */
function differentBytes(expected: Uint8Array, { payload, data }: Reply): ByteRange | undefined {
  const first = expected.findIndex((byte, i) => byte !== data[i]);
  const last = expected.findLastIndex((byte, i) => byte !== data[i]);
  if (first < 0 || expected.byteLength !== data.byteLength) return undefined;
  const offset = Header.size + payload.byteLength - data.byteLength + first;
  return { offset, size: last - first + 1 };
}

/** Says where bytes differ from those expected, or nothing. */
export function differenceOf(expected: Uint8Array, seen: Uint8Array): string | undefined {
  if (expected.byteLength !== seen.byteLength) return `${seen.byteLength} bytes of data`;
  const at = expected.findIndex((byte, i) => byte !== seen[i]);
  if (at < 0) return undefined;
  return `data ${shortHex(seen.subarray(at))} at byte ${at}`;
}

/** The bytes themselves, or those saved under the name. Throws `RangeError` when none were saved. */
export function resolve(bytes: Uint8Array | Saved, saved: SavedValues): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  const value = saved.get(bytes.saved);
  if (value === undefined) {
    throw new RangeError(`Cannot use ${bytes.saved}: the row never saved it`);
  }
  return value;
}

function matches(match: FieldMatch, value: number | bigint): boolean {
  return typeof match === "object" ? match.holds(value) : BigInt(match) === BigInt(value);
}

// ---- words -------------------------------------------------------------------------------------

/** An outcome as a row demands it: `reply with argsz 16`. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.outcome) {
    case "closed":
      return "the server to close the connection";
    case "nothing":
      return "no reply";
    case "silence":
      return "silence until the rest has come";
    case "error": {
      const names = outcome.errno?.map(errnoName).join(" or ");
      const error = names === undefined ? "an error reply" : `error ${names}`;
      return [error, demandTexts(outcome).join(", ")].filter((text) => text !== "").join(" with ");
    }
    case "reply": {
      const fields = Object.entries(outcome.fields)
        .map(([name, match]) => `${name} ${matchText(match)}`);
      const all = [...fields, ...demandTexts(outcome)];
      return all.length === 0 ? "a reply without error" : `a reply with ${all.join(", ")}`;
    }
  }
}

function demandTexts(outcome: { readonly demands: ReplyDemands }): string[] {
  const { payloadSize, fdCount, data, wants, check } = outcome.demands;
  const texts: string[] = [];
  if (payloadSize !== undefined) texts.push(`a payload of ${matchText(payloadSize)} bytes`);
  if (fdCount !== undefined) texts.push(`${matchText(fdCount)} descriptors`);
  if (data instanceof Uint8Array) texts.push(`data ${shortHex(data)}`);
  else if (data !== undefined) texts.push(`the data saved as ${data.saved}`);
  if (wants !== undefined) texts.push(wants);
  else if (check !== undefined) texts.push("what the clause says");
  return texts;
}

function matchText(match: FieldMatch): string {
  return typeof match === "object" ? (match as Condition).text : numberText(match);
}

/** What the server did, for the right-hand side of a reason. */
export function describe(observed: Observed): string {
  switch (observed.kind) {
    case "closed":
      return observed.partial === 0
        ? "the connection closed"
        : `the connection closed after ${observed.partial} bytes of a message`;
    case "no-reply":
      return observed.partial === 0
        ? "no reply within the time limit"
        : `only ${observed.partial} bytes of a message within the time limit`;
    case "malformed":
      return observed.text;
    case "nothing":
      return "no reply";
    case "message":
      return (observed.header.flags & HeaderFlag.TYPE_MASK) === 1
        ? describeReply(replyOf(observed))
        : describeType(observed);
  }
}

function describeReply(reply: Reply): string {
  const size = `${reply.msgSize} bytes`;
  if (!isError(reply)) return `a ${commandName(reply.command)} reply of ${size} without error`;
  return reply.error === 0 ? "an error reply with errno 0" : `error ${errnoName(reply.error)}`;
}

function numberText(value: number | bigint): string {
  return value < 4096 ? String(value) : `${value} (0x${value.toString(16)})`;
}

function shortHex(bytes: Uint8Array): string {
  const hex = bytes.subarray(0, 16).toHex();
  return bytes.byteLength > 16 ? `${hex}… (${bytes.byteLength} bytes)` : hex || "(empty)";
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
