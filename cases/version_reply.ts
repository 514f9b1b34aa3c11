import type { Reply } from "../harness/case.ts";
import { wrongTypes } from "../harness/wire/version_json.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true });

type JsonObject = Readonly<Record<string, unknown>>;

/** The version data of a reply as JSON, or why it is none; an empty object when there is no data. */
function parse({ data }: Reply): { json?: unknown; flaw?: string } {
  const end = data.indexOf(0);
  const text = data.subarray(0, end < 0 ? data.byteLength : end);
  if (data.byteLength === 0) return { json: {} };
  try {
    return { json: JSON.parse(UTF8.decode(text)) };
  } catch (error) {
    return { flaw: `version data that is not JSON: ${(error as Error).message}` };
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Capabilities of a VERSION reply; none when they cannot be read. */
function capabilitiesOf(reply: Reply): JsonObject {
  const { json } = parse(reply);
  const capabilities = isObject(json) ? json.capabilities : undefined;
  return isObject(capabilities) ? capabilities : {};
}

// Each of these says what is wrong with a VERSION reply, and nothing when all is well.

/** Version data ends with NUL. */
export function withoutNul({ data }: Reply): string | undefined {
  if (data.byteLength === 0 || data.at(-1) === 0) return undefined;
  return `version data that ends with 0x${data.at(-1)!.toString(16).padStart(2, "0")}`;
}

/** Version data is a JSON object with an object of capabilities. */
export function badJson(reply: Reply): string | undefined {
  const { json, flaw } = parse(reply);
  if (flaw !== undefined) return flaw;
  if (!isObject(json)) return `version data ${JSON.stringify(json)}`;
  if (isObject(json.capabilities ?? {})) return undefined;
  return `capabilities ${JSON.stringify(json.capabilities)}`;
}

/** Capabilities of the specification have their types. */
export function badTypes(reply: Reply): string | undefined {
  // An extension of some servers, of which the specification does not speak.
  const { migration: _, ...known } = capabilitiesOf(reply);
  return wrongTypes(known)[0];
}

/** No capabilities are named. */
export function namedCapabilities(reply: Reply): string | undefined {
  const names = Object.keys(capabilitiesOf(reply));
  return names.length === 0 ? undefined : names.join(", ");
}

/** The number that a capability holds; one that is not of its type is not looked at. */
export function badNumber(name: string, holds: (value: number) => boolean) {
  return (reply: Reply): string | undefined => {
    const value = capabilitiesOf(reply)[name];
    if (typeof value !== "number" || value < 0 || holds(value)) return undefined;
    return `${name} ${value}`;
  };
}

function twinOf(reply: Reply): JsonObject {
  const twin = capabilitiesOf(reply).twin_socket;
  return isObject(twin) ? twin : {};
}

/** No twin socket is offered. */
export function offeredTwin(reply: Reply): string | undefined {
  return twinOf(reply).supported === true ? "a twin socket" : undefined;
}

/** The index of the twin socket names one of the descriptors. */
export function badTwinIndex(reply: Reply): string | undefined {
  const { supported, fd_index: index } = twinOf(reply);
  if (supported !== true) return undefined;
  if (Number.isInteger(index) && Number(index) >= 0 && Number(index) < reply.fdCount) {
    return undefined;
  }
  return `fd_index ${JSON.stringify(index)} with ${reply.fdCount} descriptors`;
}
