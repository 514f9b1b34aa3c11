import { Command } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import type { Fd } from "../../posix/fd.ts";
import { waitNow } from "../../posix/poll.ts";
import { commandHeader } from "../channel.ts";
import type { Fault } from "../fault.ts";
import type { Message } from "../message.ts";
import { Refusal } from "../refusal.ts";
import { die, hang, hangUp, isError, moreIsWaiting } from "./tools.ts";

/** A message that is cut because of its size is not cut on purpose. */
const SMALL = 16 * 1024;

/** Faults with a stream that is cut in unusual places (catalogue 2.1). */
const cuts: readonly Fault[] = [
  {
    id: "split-header-closes",
    clause: "hdr-split-header",
    text: "A header that comes in two parts ends the connection.",
    hooks: () => ({ partial: (part) => part === "header" ? hangUp() : undefined }),
  },
  {
    id: "split-header-refused",
    clause: "hdr-split-header",
    text: "A command of which the header comes in two parts is refused.",
    hooks: () => {
      let isCut = false;
      return {
        connect: () => void (isCut = false),
        partial: (part, count) => void (isCut ||= part === "header" && count > 0),
        request() {
          const wasCut = isCut;
          isCut = false;
          return wasCut ? { errno: Errno.EINVAL } : undefined;
        },
      };
    },
  },
  {
    id: "split-behind-header-closes",
    clause: "hdr-split-hdr-body",
    text: "A payload that comes later than its header ends the connection.",
    hooks: () => ({
      partial: (part, count) => part === "body" && count === 0 ? hangUp() : undefined,
    }),
  },
  {
    id: "split-body-refused",
    clause: "hdr-split-body",
    text: "A payload that comes in two parts is refused.",
    hooks: () => {
      let isCut = false;
      return {
        partial(part, count, length) {
          isCut ||= part === "body" && count > 0 && length < SMALL;
        },
        request() {
          const wasCut = isCut;
          isCut = false;
          if (wasCut) throw new Refusal(Errno.EINVAL);
        },
      };
    },
  },
  {
    id: "byte-by-byte-dies",
    clause: "hdr-byte-by-byte",
    text: "A header of which a single byte has come kills the server.",
    hooks: () => ({
      partial(part, count) {
        if (part === "header" && count === 1) die();
      },
    }),
  },
  {
    id: "cut-message-dies",
    clause: "hdr-truncated-then-close",
    text: "A client that goes in the middle of a message kills the server.",
    hooks: () => {
      let isInMessage = false;
      return {
        partial: () => void (isInMessage = true),
        request: () => void (isInMessage = false),
        disconnect() {
          if (isInMessage) die();
        },
      };
    },
  },
  {
    id: "half-close-hangs",
    clause: "hdr-half-close",
    text: "A client that ends its half of the stream is kept for ever.",
    hooks: () => ({
      async disconnect({ channel }, cause) {
        if (String(cause).includes("sending")) return;
        try {
          await channel.send(commandHeader(Command.DEVICE_RESET, 0, new Uint8Array()));
        } catch {
          return;
        }
        await hang();
      },
    }),
  },
  {
    id: "reply-to-nobody-dies",
    clause: "hdr-client-rst-on-reply",
    text: "A reply that the client is not there to take kills the server.",
    hooks: () => ({
      disconnect(_, cause) {
        if (String(cause).includes("sending")) die();
      },
    }),
  },
  {
    id: "full-socket-loses-replies",
    clause: "hdr-slow-reader",
    text: "A reply is lost when the socket is full.",
    hooks: () => ({
      reply: (_reply, _request, { channel }) =>
        waitNow(channel.fd, "writable", 0) ? undefined : false,
    }),
  },
  {
    id: "coalesced-lost",
    clause: "hdr-coalesced",
    text: "Of messages that come together the 17th and later ones are lost.",
    hooks: () => {
      let run = 0;
      return {
        reply(_reply, _request, session) {
          const isLost = run >= 16;
          run = moreIsWaiting(session) ? run + 1 : 0;
          return isLost ? false : undefined;
        },
      };
    },
  },
];

function leak({ fds }: Message, from = 0): void {
  for (const fd of fds.slice(from)) if (!fd.closed) fd.release();
}

const TAKES_FDS: readonly number[] = [Command.DMA_MAP, Command.DEVICE_SET_IRQS];

/** Faults with descriptors (catalogue 2.1). */
const descriptors: readonly Fault[] = [
  {
    id: "unwanted-fds-leak",
    clause: "fd-unexpected-closed",
    text: "Descriptors that come with a command that wants none stay open.",
    hooks: () => ({
      request(request) {
        if (!TAKES_FDS.includes(request.command)) leak(request);
      },
    }),
  },
  {
    id: "unwanted-fds-die",
    clause: "fd-unexpected-closed",
    text: "Descriptors that come with a command that wants none kill the server.",
    hooks: () => ({
      request({ command, fds }) {
        if (!TAKES_FDS.includes(command) && fds.length > 0) die();
      },
    }),
  },
  {
    id: "refused-fds-leak",
    clause: "fd-unexpected-on-error",
    text: "Descriptors that come with a command that is refused stay open.",
    hooks: () => ({
      reply(reply, request) {
        if (isError(reply)) leak(request);
      },
    }),
  },
  {
    id: "many-fds-die",
    clause: "fd-over-max-msg-fds",
    text: "More descriptors than announced kill the server.",
    hooks: () => ({
      request({ fds }) {
        if (fds.length > 8) die();
      },
    }),
  },
  {
    id: "fds-above-16-leak",
    clause: "fd-253",
    text: "Of many descriptors those behind the 16th stay open.",
    hooks: () => ({ request: (request) => leak(request, 16) }),
  },
  {
    id: "late-fds-die",
    clause: "fd-late",
    text: "Descriptors that come with the payload kill the server.",
    hooks: () => {
      let early = 0;
      return {
        header: ({ fds }) => void (early = fds.length),
        request({ fds }) {
          if (fds.length > early) die();
        },
      };
    },
  },
  {
    id: "fds-of-message-before",
    clause: "pipe-fds",
    text: "From the second DMA_MAP of a client on each gets the descriptor of the one before.",
    hooks: () => {
      let held: Fd | undefined;
      return {
        connect: () => void (held = undefined),
        request({ command, fds }) {
          if (command !== Command.DMA_MAP || fds.length !== 1) return;
          const before = held;
          held = fds[0]!.duplicate();
          if (before) fds.splice(0, 1, before)[0]![Symbol.dispose]();
        },
        disconnect: () => held?.[Symbol.dispose](),
      };
    },
  },
];

/** Faults with the stream and the descriptors in it (catalogue 2.1). */
export const streamFaults: readonly Fault[] = [...cuts, ...descriptors];
