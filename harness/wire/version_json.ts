import { DEFAULTS } from "./constants.ts";

/** Limits and features that one side announces in VERSION, defaults filled in (specification, Version). */
export interface Capabilities {
  /** Descriptors that the announcing side takes in one message. */
  readonly maxMsgFds: number;
  /** Bytes that the announcing side takes in one data transfer. */
  readonly maxDataXferSize: number;
  /** DMA regions that can be mapped at the same time. */
  readonly maxDmaMaps: number;
  /** Page sizes for DMA regions, one bit for each. */
  readonly pgsizes: bigint;
  /** Whether server-to-client commands can travel on a socket of their own. */
  readonly twinSocket: { readonly supported: boolean; readonly fdIndex?: number };
  /** Whether REGION_WRITE_MULTI is supported. */
  readonly writeMultiple: boolean;
}

/** What the JSON of a VERSION message says, or why it cannot be understood. */
export type ParsedVersionJson =
  | {
    readonly ok: true;
    readonly json: Record<string, unknown>;
    readonly capabilities: Capabilities;
  }
  | { readonly ok: false; readonly reason: string };

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Encodes version data: JSON text with its terminating NUL. */
export function encodeVersionJson(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value) + "\0");
}

/** Parses version data, which may be absent. Never throws: the peer's bytes are not trusted. */
export function parseVersionJson(data: Uint8Array): ParsedVersionJson {
  if (data.byteLength === 0) return { ok: true, json: {}, capabilities: readCapabilities({}) };
  if (data[data.byteLength - 1] !== 0) return { ok: false, reason: "the last byte is not NUL" };
  let json: unknown;
  try {
    json = JSON.parse(UTF8.decode(data.subarray(0, data.byteLength - 1)));
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
  if (!isObject(json)) return { ok: false, reason: "the top level is not an object" };
  const capabilities = json.capabilities ?? {};
  if (!isObject(capabilities)) return { ok: false, reason: `"capabilities" is not an object` };
  const wrong = wrongTypes(capabilities)[0];
  if (wrong !== undefined) return { ok: false, reason: wrong };
  return { ok: true, json, capabilities: readCapabilities(capabilities) };
}

/** Says for each known capability with a value of the wrong type what is wrong with it. */
export function wrongTypes(capabilities: Record<string, unknown>): string[] {
  const wrong: string[] = [];
  for (const name of ["max_msg_fds", "max_data_xfer_size", "max_dma_maps", "pgsizes"]) {
    const value = capabilities[name];
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 0)) {
      wrong.push(`${name} is ${JSON.stringify(value)}, not a non-negative integer`);
    }
  }
  if (typeof (capabilities.write_multiple ?? false) !== "boolean") {
    wrong.push(`write_multiple is ${JSON.stringify(capabilities.write_multiple)}, not a boolean`);
  }
  for (const name of ["twin_socket", "migration"]) {
    if (!isObject(capabilities[name] ?? {})) {
      wrong.push(`${name} is ${JSON.stringify(capabilities[name])}, not an object`);
    }
  }
  return wrong;
}

function readCapabilities(values: Record<string, unknown>): Capabilities {
  const number = (name: string, byDefault: number) => Number(values[name] ?? byDefault);
  const twin = (values.twin_socket ?? {}) as Record<string, unknown>;
  return {
    maxMsgFds: number("max_msg_fds", DEFAULTS.maxMsgFds),
    maxDataXferSize: number("max_data_xfer_size", DEFAULTS.maxDataXferSize),
    maxDmaMaps: number("max_dma_maps", DEFAULTS.maxDmaMaps),
    pgsizes: BigInt(number("pgsizes", DEFAULTS.pgsizes)),
    twinSocket: {
      supported: twin.supported === true,
      ...(typeof twin.fd_index === "number" ? { fdIndex: twin.fd_index } : {}),
    },
    writeMultiple: values.write_multiple === true,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
