import { Errno } from "../wire/errno.ts";
import type { Fd } from "../posix/fd.ts";
import type { Decoded, Fields, Struct, Values } from "../wire/struct.ts";
import type { Header } from "../wire/messages.ts";
import { Refusal } from "./refusal.ts";

type HeaderValues = Decoded<typeof Header>;

/** The fields of a header, which faults change. */
type MutableHeader = { -readonly [K in keyof HeaderValues]: HeaderValues[K] };

/** A message of the client, whole. */
export interface Message extends MutableHeader {
  /** What follows the header. */
  payload: Uint8Array;
  /** Descriptors that came with it; those that nobody takes are closed. */
  readonly fds: Fd[];
  /** Some descriptors did not arrive: too many are open. */
  fdsLost?: boolean;
}

/** What a command comes to: a reply with a payload, or an error reply. */
export interface Outcome {
  /** Error number; absent for success. */
  readonly errno?: number;
  /** Absent for a reply of the header alone. */
  readonly payload?: Uint8Array;
  /** Lent for the sending; they stay with their owner. */
  readonly fds?: readonly Fd[];
  /** Called when the reply has left, or cannot. */
  readonly sent?: () => void;
}

/** A reply about to be sent. */
export interface Reply extends MutableHeader {
  payload: Uint8Array;
  fds: readonly Fd[];
}

/** Reads the fixed head of a payload; a shorter payload is refused. */
export function head<F extends Fields>(message: Message, layout: Struct<F>): Values<F> {
  if (message.payload.byteLength < layout.size) throw new Refusal(Errno.EINVAL);
  return layout.decode(message.payload);
}

/** Reads the fixed head of a payload whose `argsz` has to cover that head. */
export function sizedHead<F extends Fields>(message: Message, layout: Struct<F>): Values<F> {
  const values = head(message, layout);
  if (Number(values.argsz) < layout.size) throw new Refusal(Errno.EINVAL);
  return values;
}

/** One run of bytes behind the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
