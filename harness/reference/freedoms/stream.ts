import { Command } from "../../wire/constants.ts";
import { Header } from "../../wire/messages.ts";
import type { Freedom } from "../freedom.ts";
import { pause } from "./tools.ts";

/** One byte at a time takes a while: of long messages only so many go alone. */
const BYTES_ALONE = 300;
const ODD = 4093;

const SLOW: ReadonlySet<number> = new Set<number>([
  Command.DMA_MAP,
  Command.DMA_UNMAP,
  Command.DEVICE_RESET,
  Command.DEVICE_FEATURE,
]);

/** How messages come over the stream, and when (catalogue 2.1, section 4). */
export const streamFreedoms: readonly Freedom[] = [
  {
    id: "one-byte-pieces",
    clause: "hdr-reply-size",
    text: "Each message leaves in pieces of one byte; a long one goes on in larger ones.",
    suites: ["framing", "concurrency", "version"],
    hooks: () => ({ piece: (at) => at < BYTES_ALONE ? 1 : ODD }),
  },
  {
    id: "split-at-header",
    clause: "hdr-reply-size",
    text: "The payload of each message leaves apart from the header, and later.",
    suites: ["framing", "dma-access"],
    delayMs: 1,
    hooks: (delayMs) => ({
      async piece(at) {
        if (at === Header.size) await pause(delayMs);
        return at < Header.size ? Header.size - at : Infinity;
      },
    }),
  },
  {
    id: "split-in-header",
    clause: "hdr-reply-size",
    text: "Each message leaves in pieces of 7 bytes, then of 4093.",
    suites: ["framing", "qemu-client"],
    hooks: () => ({ piece: (at) => at < Header.size ? 7 : ODD }),
  },
  {
    id: "slow-answers",
    clause: "hdr-every-cmd-answered",
    text: "Each answer takes a while.",
    suites: ["device-get-info", "device-set-irqs"],
    delayMs: 20,
    hooks: (delayMs) => ({ reply: () => pause(delayMs) }),
  },
  {
    id: "quiesces-slowly",
    clause: "hdr-every-cmd-answered",
    text:
      "DMA_MAP, DMA_UNMAP, DEVICE_RESET and DEVICE_FEATURE take their time, as on a device that has to drain.",
    suites: ["device-reset", "dma-unmap"],
    delayMs: 40,
    hooks: (delayMs) => ({
      reply: ({ command }) => SLOW.has(command) ? pause(delayMs) : undefined,
    }),
  },
];
