import type { Descriptor, HeaderPatch, Send } from "./case.ts";

// One named flaw on a good message: the row shows what is wrong, and nothing else.

/** Cuts the payload to `size` bytes; the header says so. */
export function truncate(message: Send, size: number): Send {
  const payload: Uint8Array[] = [];
  let left = size;
  for (const part of message.payload) {
    if (!(part instanceof Uint8Array)) throw new TypeError("Cannot truncate a saved value");
    payload.push(part.subarray(0, left));
    left -= Math.min(left, part.byteLength);
  }
  return { ...message, payload };
}

/** Adds `size` zero bytes behind the payload; the header says so. */
export function extend(message: Send, size: number): Send {
  return { ...message, payload: [...message.payload, new Uint8Array(size)] };
}

/** Sets header fields. */
export function patchHeader(message: Send, header: HeaderPatch): Send {
  return { ...message, header: { ...message.header, ...header } };
}

/** Sends these descriptors along. */
export function withFds(message: Send, ...fds: Descriptor[]): Send {
  return { ...message, fds };
}

/** Cuts the message into separate sends at these byte positions, header included. */
export function splitAt(message: Send, ...cuts: number[]): Send {
  return { ...message, cuts };
}

/** Asks for no reply. */
export function noReply(message: Send): Send {
  return patchHeader(message, { flags: 0x10 });
}

/** Sends the first bytes of the message, and never the rest. */
export function onlyFirst(message: Send, size: number): Send {
  return { ...message, only: size };
}
