import { commandName, Feature, FeatureFlag, HeaderFlag, MessageType } from "./constants.ts";
import { errnoName } from "./errno.ts";
import {
  FeatureDeviceState,
  FeatureLoggingControl,
  FeatureLoggingReport,
  FeatureMigration,
  Header,
  LoggingRange,
  RegionCapHeader,
  SparseArea,
} from "./messages.ts";
import { type PayloadLayout, PAYLOADS, type Tail } from "./payloads.ts";
import { printable } from "./printable.ts";
import { walkRegionCaps } from "./region_caps.ts";
import type { Fields, Struct } from "./struct.ts";

/** One field of a message, ready to be shown. */
export interface DecodedField {
  /** `header.msgId`, `argsz`, `areas[1].size`. */
  readonly name: string;
  /** First byte, counted from the start of the message. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** The value as text, with the names of flags and errnos. */
  readonly text: string;
}

/** A message as far as its bytes go. */
export interface DecodedMessage {
  /** `DMA_MAP command`, `DMA_MAP reply`, `DMA_MAP reply, error EEXIST`. */
  readonly summary: string;
  readonly fields: readonly DecodedField[];
}

/** Decodes a message field by field. Never throws: bytes that are missing give fewer fields. */
export function decodeMessage(bytes: Uint8Array): DecodedMessage {
  if (bytes.byteLength < Header.size) {
    return {
      summary: `${bytes.byteLength} bytes of a header`,
      fields: blob("bytes", bytes, 0),
    };
  }
  const header = Header.decode(bytes);
  const payload = bytes.subarray(Header.size);
  const isReply = (header.flags & HeaderFlag.TYPE_MASK) === MessageType.REPLY;
  const isError = isReply && (header.flags & HeaderFlag.ERROR) !== 0;
  const layout = PAYLOADS.get(header.command)?.[isReply ? "reply" : "request"];
  const fields = isError || layout === undefined
    ? blob("data", payload, Header.size)
    : payloadFields(layout, payload, isReply);
  return { summary: summaryOf(header), fields: [...headerFields(header, isError), ...fields] };
}

function summaryOf(header: { command: number; flags: number; error: number }): string {
  const name = commandName(header.command);
  const type = header.flags & HeaderFlag.TYPE_MASK;
  if (type === MessageType.REPLY) {
    const failed = (header.flags & HeaderFlag.ERROR) !== 0;
    return failed ? `${name} reply, error ${errorText(header.error)}` : `${name} reply`;
  }
  if (type !== MessageType.COMMAND) return `${name}, type ${type}`;
  return `${name} command${header.flags & HeaderFlag.NO_REPLY ? ", no reply" : ""}`;
}

function errorText(error: number): string {
  return error === 0 ? "0" : errnoName(error);
}

function headerFields(
  header: { msgId: number; command: number; msgSize: number; flags: number; error: number },
  isError: boolean,
): DecodedField[] {
  const type = header.flags & HeaderFlag.TYPE_MASK;
  const names = [type === 0 ? "command" : type === 1 ? "reply" : `type ${type}`];
  if (header.flags & HeaderFlag.NO_REPLY) names.push("NO_REPLY");
  if (header.flags & HeaderFlag.ERROR) names.push("ERROR");
  const texts: Record<string, string> = {
    msgId: String(header.msgId),
    command: `${header.command} ${commandName(header.command)}`,
    msgSize: String(header.msgSize),
    flags: `0x${header.flags.toString(16)} ${names.join("|")}`,
    error: isError ? `${header.error} ${errorText(header.error)}` : String(header.error),
  };
  return structFields(Header, 0, (name) => `header.${name}`, (name) => texts[name]!);
}

function payloadFields(layout: PayloadLayout, payload: Uint8Array, isReply: boolean) {
  const { head, tail } = layout;
  if (head === undefined) return blob("data", payload, Header.size);
  if (payload.byteLength < head.size) return blob("cut payload", payload, Header.size);
  const values = head.decode(payload);
  const text = (name: string) =>
    name === "flags" && layout.flags !== undefined
      ? flagsText(Number(values.flags), layout.flags)
      : valueText(values[name]!);
  const fields = structFields(head, Header.size, (name) => name, text);
  const rest = payload.subarray(head.size);
  const at = Header.size + head.size;
  return [...fields, ...tailFields(tail, rest, at, values, payload, isReply)];
}

function tailFields(
  tail: Tail | undefined,
  rest: Uint8Array,
  at: number,
  values: Record<string, number | bigint>,
  payload: Uint8Array,
  isReply: boolean,
): DecodedField[] {
  if (rest.byteLength === 0) return [];
  switch (tail?.kind) {
    case "json":
      return [{ name: "json", offset: at, size: rest.byteLength, text: printable(rest) }];
    case "array":
      return arrayFields("entries", tail.of, rest, at);
    case "region-caps":
      return capFields(payload, Number(values.capOffset), rest, at);
    case "feature":
      return featureFields(Number(values.flags), rest, at, isReply);
    default:
      return blob("data", rest, at);
  }
}

function structFields(
  layout: Struct<Fields>,
  at: number,
  name: (field: string) => string,
  text: (field: string) => string,
): DecodedField[] {
  return Object.keys(layout.fields).map((field) => ({
    name: name(field),
    offset: at + layout.offsets[field]!,
    size: layout.fields[field]!.size,
    text: text(field),
  }));
}

function arrayFields(name: string, of: Struct<Fields>, bytes: Uint8Array, at: number) {
  const fields: DecodedField[] = [];
  let used = 0;
  for (let i = 0; used + of.size <= bytes.byteLength; i++, used += of.size) {
    const values = of.decode(bytes, used);
    fields.push(
      ...structFields(of, at + used, (f) => `${name}[${i}].${f}`, (f) => valueText(values[f]!)),
    );
  }
  return [...fields, ...blob("data", bytes.subarray(used), at + used)];
}

function capFields(payload: Uint8Array, capOffset: number, rest: Uint8Array, at: number) {
  const { caps } = walkRegionCaps(payload, capOffset);
  if (caps.length === 0) return blob("data", rest, at);
  return caps.flatMap((cap, i) => {
    const start = Header.size + cap.at;
    const body = start + RegionCapHeader.size;
    const fields = structFields(
      RegionCapHeader,
      start,
      (f) => `caps[${i}].${f}`,
      (f) => valueText(cap[f as "id" | "version" | "next"]),
    );
    if (cap.type !== undefined) {
      fields.push(
        { name: `caps[${i}].type`, offset: body, size: 4, text: valueText(cap.type.type) },
        {
          name: `caps[${i}].subtype`,
          offset: body + 4,
          size: 4,
          text: valueText(cap.type.subtype),
        },
      );
    }
    if (cap.areas !== undefined) {
      fields.push({
        name: `caps[${i}].nrAreas`,
        offset: body,
        size: 4,
        text: String(cap.areas.length),
      });
      fields.push(...arrayFields(
        `caps[${i}].areas`,
        SparseArea,
        rest.subarray(body + 8 - at, body + 8 - at + cap.areas.length * SparseArea.size),
        body + 8,
      ));
    }
    return fields;
  });
}

function featureFields(flags: number, rest: Uint8Array, at: number, isReply: boolean) {
  if (flags & FeatureFlag.PROBE) return blob("data", rest, at);
  const head = featureHead(flags, isReply);
  if (head === undefined || rest.byteLength < head.size) return blob("data", rest, at);
  const values = head.decode(rest);
  const fields = structFields(head, at, (f) => f, (f) => valueText(values[f]!));
  const more = rest.subarray(head.size);
  return head === FeatureLoggingControl
    ? [...fields, ...arrayFields("ranges", LoggingRange, more, at + head.size)]
    : [...fields, ...blob("data", more, at + head.size)];
}

function featureHead(flags: number, isReply: boolean): Struct<Fields> | undefined {
  switch (flags & 0xffff) {
    case Feature.MIGRATION:
      return isReply ? FeatureMigration : undefined;
    case Feature.MIG_DEVICE_STATE:
      return FeatureDeviceState;
    case Feature.DMA_LOGGING_START:
    case Feature.DMA_LOGGING_STOP:
      return FeatureLoggingControl;
    case Feature.DMA_LOGGING_REPORT:
      return FeatureLoggingReport;
    default:
      return undefined;
  }
}

function flagsText(flags: number, bits: Readonly<Record<string, number>>): string {
  const names = Object.entries(bits)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name);
  return `0x${flags.toString(16)}${names.length > 0 ? ` ${names.join("|")}` : ""}`;
}

function valueText(value: number | bigint): string {
  return value < 10 ? String(value) : `${value} (0x${value.toString(16)})`;
}

function blob(name: string, bytes: Uint8Array, offset: number): DecodedField[] {
  const size = bytes.byteLength;
  return size === 0 ? [] : [{ name, offset, size, text: `${size} bytes` }];
}
