import type { Send } from "./case.ts";
import { resolve, type SavedValues } from "./judge.ts";
import { Header } from "./wire/messages.ts";

/** The bytes of a command: saved values put in, header completed. */
export function encodeMessage(
  message: Send,
  msgId: number,
  saved: SavedValues,
): { bytes: Uint8Array; payload: Uint8Array } {
  const parts = message.payload.map((part) => resolve(part, saved));
  const size = parts.reduce((sum, part) => sum + part.byteLength, Header.size);
  const bytes = new Uint8Array(size);
  const { msgSize = size, flags = 0, error = 0 } = message.header;
  bytes.set(Header.encode({ msgId, command: message.command, msgSize, flags, error }));
  let at = Header.size;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return { bytes, payload: bytes.subarray(Header.size) };
}
