import type { Condition, FieldMatch, Outcome, Reply, ReplyDemands, Saved } from "./case.ts";
import { describeType, type Incoming, type Received } from "./connection.ts";
import { commandName, HeaderFlag } from "./wire/constants.ts";
import { errnoName } from "./wire/errno.ts";
import { Header } from "./wire/messages.ts";
import { PAYLOADS } from "./wire/payloads.ts";

/** What the server did about one command. */
export type Observed = Received | { readonly kind: "nothing" };

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
): string | undefined {
  if (outcome.outcome === "closed" || outcome.outcome === "nothing") {
    return observed.kind === outcome.outcome ? undefined : describe(observed);
  }
  if (outcome.outcome === "silence") {
    return observed.kind === "no-reply" && observed.partial === 0 ? undefined : describe(observed);
  }
  if (observed.kind !== "message") return describe(observed);
  const reply = replyOf(observed);
  if (outcome.outcome === "error") return judgeError(outcome.errno, outcome.demands, reply, saved);
  if (isError(reply)) return describe(observed);
  return judgeFields(outcome.fields, reply) ?? judgeDemands(outcome.demands, reply, saved);
}

function judgeError(
  errno: readonly number[] | undefined,
  demands: ReplyDemands,
  reply: Reply,
  saved: SavedValues,
): string | undefined {
  if (!isError(reply)) return describeReply(reply);
  if (errno !== undefined && !errno.includes(reply.error)) return describeReply(reply);
  return judgeDemands(demands, reply, saved);
}

function judgeFields(
  fields: Readonly<Record<string, FieldMatch>>,
  reply: Reply,
): string | undefined {
  for (const [name, match] of Object.entries(fields)) {
    const value = reply.fields[name];
    if (value === undefined) {
      return `a payload of ${reply.payload.byteLength} bytes, too short for ${name}`;
    }
    if (!matches(match, value)) return `${name} ${numberText(value)}`;
  }
  return undefined;
}

function judgeDemands(
  demands: ReplyDemands,
  reply: Reply,
  saved: SavedValues,
): string | undefined {
  const size = reply.payload.byteLength;
  if (demands.payloadSize !== undefined && !matches(demands.payloadSize, size)) {
    return `a payload of ${size} bytes`;
  }
  if (demands.fdCount !== undefined && !matches(demands.fdCount, reply.fdCount)) {
    return counted(reply.fdCount, "descriptor");
  }
  if (demands.data !== undefined) {
    const difference = differenceOf(resolve(demands.data, saved), reply.data);
    if (difference !== undefined) return difference;
  }
  return demands.check?.(reply, saved);
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
