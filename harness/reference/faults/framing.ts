import { Command, HeaderFlag } from "../../wire/constants.ts";
import { Header } from "../../wire/messages.ts";
import { PAYLOADS } from "../../wire/payloads.ts";
import { typeOf } from "../channel.ts";
import { COMMANDS } from "../commands.ts";
import type { Fault } from "../fault.ts";
import type { Message } from "../message.ts";
import { crash, die, hang, hangUp } from "./tools.ts";

function isUnknown({ command }: { readonly command: number }): boolean {
  return COMMANDS[command] === undefined && !PAYLOADS.has(command);
}

/** Faults with commands that do not exist. */
const unknownCommands: readonly Fault[] = [
  {
    id: "command-0-accepted",
    clause: "hdr-unknown-cmd-0",
    text: "Command 0 is answered with success.",
    hooks: () => ({ request: ({ command }) => command === 0 ? {} : undefined }),
  },
  {
    id: "command-14-silent",
    clause: "hdr-unknown-cmd-14",
    text: "Command 14, which was removed, is not answered.",
    hooks: () => ({ reply: ({ command }) => command === 14 ? false : undefined }),
  },
  {
    id: "unknown-command-accepted",
    clause: "hdr-unknown-cmd-19",
    text: "Commands from 19 on are answered with success.",
    hooks: () => ({ request: ({ command }) => command >= 19 ? {} : undefined }),
  },
  {
    id: "unknown-command-not-drained",
    clause: "hdr-unknown-cmd-19",
    text: "The payload of an unknown command is taken for the next message.",
    hooks: () => ({
      header(message) {
        if (isUnknown(message)) message.msgSize = Header.size;
      },
    }),
  },
  {
    id: "unknown-command-hangs",
    clause: "hdr-unknown-cmd-nobody",
    text: "The server hangs on unknown commands.",
    hooks: () => ({ request: (request) => isUnknown(request) ? hang() : undefined }),
  },
  {
    id: "unknown-command-closes",
    clause: "hdr-unknown-cmd-0",
    text: "The server closes the connection on unknown commands.",
    hooks: () => ({ request: (request) => isUnknown(request) ? hangUp() : undefined }),
  },
  {
    id: "dma-command-of-client-dies",
    clause: "hdr-s2c-cmd-from-client",
    text: "DMA_READ and DMA_WRITE that the client sends kill the server.",
    hooks: () => ({
      request({ command }) {
        if (command === Command.DMA_READ || command === Command.DMA_WRITE) die();
      },
    }),
  },
];

const HUGE = 0x100_0000;
/** Memory that a fault has taken for good. */
const BALLAST_BYTES = 0x1000_0000;

/** Faults with sizes and types in the header of a request. */
const sizes: readonly Fault[] = [
  {
    id: "size-below-16-dies",
    clause: "hdr-size-lt-16",
    text: "A message size below 16 kills the server.",
    hooks: () => ({
      header({ msgSize }) {
        if (msgSize < Header.size) crash();
      },
    }),
  },
  {
    id: "size-0-spins",
    clause: "hdr-size-zero-loop",
    text: "A message size of 0 makes the server spin for ever.",
    hooks: () => ({
      header({ msgSize }) {
        while (msgSize === 0);
      },
    }),
  },
  {
    id: "size-huge-dies",
    clause: "hdr-size-huge",
    text: "A message size above 16 MiB kills the server.",
    hooks: () => ({
      header({ msgSize }) {
        if (msgSize > HUGE) die();
      },
    }),
  },
  {
    id: "size-huge-allocates",
    clause: "hdr-size-huge",
    text: "A message size above 16 MiB makes the server take 256 MiB for good.",
    hooks: () => {
      const taken: Uint8Array[] = [];
      return {
        header({ msgSize }) {
          if (msgSize > HUGE) taken.push(new Uint8Array(BALLAST_BYTES).fill(1));
        },
      };
    },
  },
  {
    id: "size-over-max-dies",
    clause: "hdr-size-over-max",
    text: "A message a little larger than the largest transfer kills the server.",
    hooks: () => ({
      header({ msgSize }, { settings }) {
        if (msgSize > settings.maxDataXferSize + 32 && msgSize < HUGE) die();
      },
    }),
  },
  {
    id: "type-undefined-dies",
    clause: "hdr-type-2-15",
    text: "A message that is neither command nor reply kills the server.",
    hooks: () => ({
      header(message) {
        if (typeOf(message) > 1) die();
      },
    }),
  },
  {
    id: "unsolicited-reply-dies",
    clause: "hdr-unsolicited-reply",
    text: "A reply that answers nothing kills the server.",
    hooks: () => ({
      header(message) {
        if (typeOf(message) === 1) die();
      },
    }),
  },
  {
    id: "reserved-flags-die",
    clause: "hdr-reserved-flags",
    text: "Undefined bits in the flags of a command kill the server.",
    hooks: () => ({
      header({ flags }) {
        if ((flags & ~0x3f) !== 0) die();
      },
    }),
  },
  {
    id: "error-in-command-dies",
    clause: "hdr-error-field-in-cmd",
    text: "A command with an error bit or number kills the server.",
    hooks: () => ({
      header({ flags, error }) {
        if ((flags & HeaderFlag.ERROR) !== 0 || error !== 0) die();
      },
    }),
  },
  {
    id: "extra-payload-not-drained",
    clause: "hdr-extra-payload",
    text: "Bytes behind the 16 of DEVICE_GET_INFO are taken for the next message.",
    hooks: () => ({
      header(message: Message) {
        if (message.command === Command.DEVICE_GET_INFO) {
          message.msgSize = Math.min(message.msgSize, 32);
        }
      },
    }),
  },
  {
    id: "large-message-desyncs",
    clause: "wr-count-max",
    text: "A message above 200 KiB is taken for several.",
    hooks: () => ({
      header(message) {
        if (message.msgSize > 200 * 1024 && message.msgSize < HUGE) message.msgSize = 200 * 1024;
      },
    }),
  },
];

/** Faults with unknown commands, and with sizes and types in the header of a request (catalogue 2.1). */
export const framingFaults: readonly Fault[] = [...unknownCommands, ...sizes];
