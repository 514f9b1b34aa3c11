import { HarnessError } from "../harness_error.ts";
import { Command, commandName } from "../wire/constants.ts";
import { Header } from "../wire/messages.ts";
import { PAYLOADS } from "../wire/payloads.ts";
import type { Fields, Struct } from "../wire/struct.ts";

/** A descriptor that goes with a message. The same eventfd number is the same eventfd throughout a conversation. */
export type Descriptor =
  | { readonly kind: "memory"; readonly pages: number; readonly readOnly?: true }
  | { readonly kind: "eventfd"; readonly number: number }
  | { readonly kind: "pipe" };

/** Header fields that are not as usual. */
export interface HeaderOddities {
  readonly msgId?: number;
  readonly msgSize?: number;
  readonly flags?: number;
  readonly error?: number;
}

/** One message as values: all that it takes to send it again. */
export interface Message {
  readonly command: number;
  /** Fields of the fixed part of the payload; one that is left out is 0. */
  readonly fields: Readonly<Record<string, number | bigint>>;
  /** What follows the fixed part. */
  readonly data: Uint8Array;
  readonly fds: readonly Descriptor[];
  readonly header: HeaderOddities;
  /** Bytes of payload that are sent, where they are not all: cut off, or filled up with zeroes. */
  readonly payloadSize?: number;
  /** Byte positions, header included, at which the message is cut into separate sends. */
  readonly cuts?: readonly number[];
}

/** What is proposed in VERSION on a new connection. */
export interface Proposal {
  readonly minor: number;
  readonly maxMsgFds?: number;
  readonly maxDataXferSize?: number;
}

/** One step of a conversation. */
export type Act =
  | { readonly act: "send"; readonly message: Message }
  | { readonly act: "reconnect"; readonly proposal: Proposal };

/** What every conversation begins with. */
export const USUAL_PROPOSAL: Proposal = { minor: 1, maxMsgFds: 8, maxDataXferSize: 1 << 20 };

/** Descriptors named in the words for a message. */
const MAX_SHOWN = 4;

const NO_BYTES = new Uint8Array();

/** A message without oddities. */
export function message(
  command: number,
  fields: Message["fields"] = {},
  more: Partial<Omit<Message, "command" | "fields">> = {},
): Message {
  return { command, fields, data: NO_BYTES, fds: [], header: {}, ...more };
}

/** Layout of the fixed part of a command's payload, if it has one. */
export function headOf(command: number): Struct<Fields> | undefined {
  return PAYLOADS.get(command)?.request.head;
}

/** Bytes of payload that are sent. */
export function payloadSize(message: Message): number {
  return message.payloadSize ?? (headOf(message.command)?.size ?? 0) + message.data.byteLength;
}

/** The bytes of a message. */
export function encode(message: Message, msgId: number): Uint8Array<ArrayBuffer> {
  const { command, header, fields, data } = message;
  const head = headOf(command);
  const size = Header.size + payloadSize(message);
  const bytes = new Uint8Array(size);
  const { msgSize = size, flags = 0, error = 0 } = header;
  bytes.set(Header.encode({ msgId, command, msgSize, flags, error }));
  if (head !== undefined) put(bytes, Header.size, head.encode(fields));
  put(bytes, Header.size + (head?.size ?? 0), data);
  return bytes;
}

function put(bytes: Uint8Array, at: number, part: Uint8Array): void {
  const room = Math.max(0, bytes.byteLength - at);
  if (room > 0) bytes.set(room < part.byteLength ? part.subarray(0, room) : part, at);
}

/** `DMA_MAP argsz 32, flags 3, … with memory file of 1 pages`: a message in one line. */
export function messageText(message: Message): string {
  const fields = Object.entries(message.fields).map(([name, value]) => `${name} ${show(value)}`);
  const header = Object.entries(message.header).map(([name, value]) => `header ${name} ${value}`);
  const { data, fds, cuts = [] } = message;
  const parts = [
    ...fields,
    ...(data.byteLength === 0 ? [] : [`${data.byteLength} bytes of data`]),
    ...(message.payloadSize === undefined ? [] : [`payload of ${message.payloadSize} bytes`]),
    ...header,
    ...(fds.length === 0 ? [] : [fdsText(fds)]),
    ...(cuts.length === 0 ? [] : [`cut at ${cuts.join(", ")}`]),
  ];
  return `${commandName(message.command)}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
}

/** One step in one line. */
export function actText(act: Act): string {
  if (act.act === "send") return messageText(act.message);
  const { minor, ...limits } = act.proposal;
  const words = Object.entries(limits).map(([name, value]) => `, ${name} ${value}`);
  return `reconnect with minor ${minor}${words.join("")}`;
}

function fdsText(fds: readonly Descriptor[]): string {
  const few = fds.slice(0, MAX_SHOWN).map(descriptorText).join(" and ");
  return fds.length > MAX_SHOWN ? `${fds.length} descriptors: ${few} …` : few;
}

function descriptorText(descriptor: Descriptor): string {
  if (descriptor.kind === "eventfd") return `eventfd ${descriptor.number}`;
  if (descriptor.kind === "pipe") return "a pipe";
  return `${descriptor.readOnly ? "read-only " : ""}memory of ${descriptor.pages} pages`;
}

function show(value: number | bigint): string {
  return value > 0xffff ? `0x${value.toString(16)}` : String(value);
}

// ---- as JSON -----------------------------------------------------------------------------------

/** A step as JSON: 64-bit numbers are texts such as `0x1000`, data are hex. */
export function actToJson(act: Act): unknown {
  if (act.act === "reconnect") return { reconnect: act.proposal };
  const { command, fields, data, fds, header, payloadSize, cuts } = act.message;
  return {
    send: commandName(command),
    command,
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, fieldToJson(value)]),
    ),
    ...(data.byteLength === 0 ? {} : { data: data.toHex() }),
    ...(fds.length === 0 ? {} : { fds }),
    ...(Object.keys(header).length === 0 ? {} : { header }),
    ...(payloadSize === undefined ? {} : { payloadSize }),
    ...(cuts === undefined || cuts.length === 0 ? {} : { cuts }),
  };
}

function fieldToJson(value: number | bigint): number | string {
  return typeof value === "bigint" ? `0x${value.toString(16)}` : value;
}

/** The step that `actToJson` wrote. Throws `HarnessError` of kind `usage` for anything else. */
export function actFromJson(json: unknown): Act {
  const step = record(json, "a step");
  if (step.reconnect !== undefined) {
    const { minor, maxMsgFds, maxDataXferSize } = record(step.reconnect, "reconnect");
    return {
      act: "reconnect",
      proposal: {
        minor: natural(minor, "minor"),
        ...(maxMsgFds === undefined ? {} : { maxMsgFds: natural(maxMsgFds, "maxMsgFds") }),
        ...(maxDataXferSize === undefined
          ? {}
          : { maxDataXferSize: natural(maxDataXferSize, "maxDataXferSize") }),
      },
    };
  }
  return { act: "send", message: messageFromJson(step) };
}

function messageFromJson(step: Record<string, unknown>): Message {
  const command = natural(step.command ?? Command[step.send as keyof typeof Command], "command");
  const { data = "", fds = [], cuts = [] } = step;
  const known = headOf(command)?.fields ?? {};
  const fields: Record<string, number | bigint> = {};
  for (const [name, value] of Object.entries(record(step.fields ?? {}, "fields"))) {
    const size = known[name]?.size;
    if (size === undefined) throw wrong(`${commandName(command)} has no field ${name}`);
    fields[name] = size === 8 ? wide(value, name) : natural(value, name);
  }
  const header: Record<string, number> = {};
  for (const [name, value] of Object.entries(record(step.header ?? {}, "header"))) {
    if (!(name in Header.fields)) throw wrong(`the header has no field ${name}`);
    header[name] = natural(value, name);
  }
  if (typeof data !== "string") throw wrong("data are no text");
  if (!Array.isArray(fds) || !Array.isArray(cuts)) throw wrong("fds or cuts are no array");
  return message(command, fields, {
    data: bytesOf(data),
    fds: fds.map(descriptorFromJson),
    header,
    ...(step.payloadSize === undefined
      ? {}
      : { payloadSize: natural(step.payloadSize, "payloadSize") }),
    ...(cuts.length === 0 ? {} : { cuts: cuts.map((cut) => natural(cut, "cuts")) }),
  });
}

function descriptorFromJson(json: unknown): Descriptor {
  const { kind, pages, readOnly, number } = record(json, "a descriptor");
  if (kind === "pipe") return { kind };
  if (kind === "eventfd") return { kind, number: natural(number, "number") };
  if (kind !== "memory") throw wrong(`no such descriptor: ${kind}`);
  return { kind, pages: natural(pages, "pages"), ...(readOnly === true ? { readOnly } : {}) };
}

function bytesOf(hex: string): Uint8Array {
  try {
    return Uint8Array.fromHex(hex);
  } catch {
    throw wrong("data are no hex");
  }
}

function record(json: unknown, what: string): Record<string, unknown> {
  if (typeof json === "object" && json !== null) return json as Record<string, unknown>;
  throw wrong(`${what} is no object`);
}

function natural(value: unknown, name: string): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff) {
    return value as number;
  }
  throw wrong(`${name} is ${JSON.stringify(value)}, no number of 32 bits`);
}

function wide(value: unknown, name: string): bigint {
  const read = /^(0x[0-9a-f]+|\d+)$/i.test(String(value)) ? BigInt(value as string) : -1n;
  if (read >= 0n && read < 1n << 64n) return read;
  throw wrong(`${name} is ${JSON.stringify(value)}, no number of 64 bits`);
}

function wrong(why: string): HarnessError {
  return new HarnessError("usage", `Cannot read the replay file: ${why}`);
}
