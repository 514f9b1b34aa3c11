import { memoryFile } from "../../posix/memory.ts";
import { Command, HeaderFlag } from "../../wire/constants.ts";
import type { Capabilities } from "../../wire/version_json.ts";
import type { DmaRegion } from "../dma_table.ts";
import type { Fault } from "../fault.ts";
import { Interrupts } from "../interrupts.ts";
import { die, hang, hangUp, isError, onError, onReply } from "./tools.ts";

/** Faults between clients (catalogue 2.16). */
const disconnections: readonly Fault[] = [
  {
    id: "maps-outlive-client",
    clause: "disc-dma-cleared",
    text: "The maps of a client hold for the next one.",
    hooks: () => {
      let old: readonly DmaRegion[] = [];
      return {
        connect({ dma }) {
          for (const { address, size, flags } of old) dma.add({ address, size, flags });
        },
        disconnect: ({ dma }) => void (old = dma.regions),
      };
    },
  },
  {
    id: "ranges-outlive-client",
    clause: "disc-dma-cleared",
    text: "What overlaps a map of the last client is refused.",
    hooks: () => {
      let old: readonly DmaRegion[] = [];
      return {
        connect({ dma }) {
          const overlaps = dma.overlaps.bind(dma);
          const last = old;
          dma.overlaps = (address, size) =>
            overlaps(address, size) ||
            last.some((one) => address < one.address + one.size && one.address < address + size);
        },
        disconnect: ({ dma }) => void (old = dma.regions),
      };
    },
  },
  {
    id: "mapped-fds-outlive-client",
    clause: "disc-dma-fd-closed",
    text: "Each map with a descriptor that a client leaves behind costs a descriptor for ever.",
    hooks: () => ({
      disconnect: ({ dma }) =>
        dma.regions.filter(({ mapping }) => mapping).forEach(() => memoryFile(0).release()),
    }),
  },
  {
    id: "memory-outlives-client",
    clause: "disc-dma-cleared",
    text: "The device still reaches the files that the last client has mapped.",
    hooks: () => {
      let old: readonly DmaRegion[] = [];
      return {
        connect({ dma }) {
          const at = dma.at.bind(dma);
          const last = old;
          dma.at = (address) =>
            at(address) ??
              last.find((one) => address >= one.address && address < one.address + one.size);
        },
        disconnect({ dma }) {
          for (const { mapping } of old) mapping?.[Symbol.dispose]();
          old = dma.regions.map((region) => ({ ...region }));
          for (const region of dma.regions) delete (region as { mapping?: unknown }).mapping;
        },
      };
    },
  },
  {
    id: "mappings-outlive-client",
    clause: "disc-dma-fd-closed",
    text: "What a client has not unmapped stays mapped in the process.",
    hooks: () => ({
      disconnect({ dma }) {
        for (const region of dma.regions) delete (region as { mapping?: unknown }).mapping;
      },
    }),
  },
  {
    id: "bindings-outlive-client",
    clause: "disc-irq-cleared",
    text: "The interrupts that a client has bound are bound for the next one.",
    hooks: () => {
      let kept: Interrupts | undefined;
      return {
        connect(session) {
          kept ??= new Interrupts(session.settings.irqs);
          Object.assign(session, { interrupts: kept });
        },
      };
    },
  },
  {
    id: "disconnect-resets",
    clause: "disc-state-kept",
    text: "The device is reset when a client goes.",
    hooks: () => ({ disconnect: ({ device }) => device.reset() }),
  },
  {
    id: "limits-of-first-client",
    clause: "disc-limits-renegotiated",
    text: "The limits of the first client hold for all.",
    hooks: () => {
      let first: Capabilities | undefined;
      return onReply(Command.VERSION, (_reply, _request, { client }) => {
        first ??= { ...client };
        Object.assign(client, first);
      })();
    },
  },
  {
    id: "disconnect-in-dma-dies",
    clause: "disc-mid-dma",
    text: "A client that goes while the server waits for it kills the server.",
    hooks: () => {
      let isWaiting = false;
      return {
        ask: () => void (isWaiting = true),
        answer: () => void (isWaiting = false),
        request: () => void (isWaiting = false),
        disconnect: () => isWaiting ? die() : undefined,
      };
    },
  },
  {
    id: "disconnect-after-no-reply-dies",
    clause: "disc-pending-noreply",
    text: "A client that goes behind a command with No_reply kills the server.",
    hooks: () => {
      let isLast = false;
      return {
        request: ({ flags }) => void (isLast = (flags & HeaderFlag.NO_REPLY) !== 0),
        disconnect: () => isLast ? die() : undefined,
      };
    },
  },
  {
    id: "client-leaks-fd",
    clause: "disc-100-cycles",
    text: "Each client costs a descriptor for ever.",
    hooks: () => ({ connect: () => void memoryFile(0).release() }),
  },
  {
    id: "client-leaks-memory",
    clause: "disc-100-cycles",
    text: "Each client costs 1 MiB of memory for ever.",
    hooks: () => {
      const taken: Uint8Array[] = [];
      return { connect: () => void taken.push(new Uint8Array(0x10_0000).fill(1)) };
    },
  },
  {
    id: "twin-outlives-client",
    clause: "disc-twin-closed",
    text: "The twin-socket stays open when the client closes the main one.",
    hooks: () => {
      let hasTwin = false;
      return {
        connect: () => void (hasTwin = false),
        reply: ({ command, fds }) => {
          if (command === Command.VERSION) hasTwin = fds.length > 0;
        },
        disconnect: () => hasTwin ? false : undefined,
      };
    },
  },
];

/** Faults of the program (catalogue 2.17). */
const program: readonly Fault[] = [
  {
    id: "sigterm-ignored",
    clause: "prog-sigterm",
    text: "SIGTERM and SIGINT are ignored.",
    hooks: () => ({ terminate: () => false }),
  },
  {
    id: "sigterm-ignored-with-client",
    clause: "prog-sigterm",
    text: "SIGTERM and SIGINT are ignored while a client is there.",
    hooks: () => {
      let clients = 0;
      return {
        connect: () => void clients++,
        disconnect: () => void clients--,
        terminate: () => clients > 0 ? false : undefined,
      };
    },
  },
  {
    id: "socket-file-left",
    clause: "prog-sigterm-socket",
    text: "The socket file is left behind.",
    hooks: () => ({ terminate: () => Deno.exit(0) }),
  },
];

/** Faults that many cases have to notice. */
const broad: readonly Fault[] = [
  {
    id: "refusal-dies",
    clause: "hdr-err-header-only",
    text: "Whatever is to be refused kills the server.",
    hooks: onError(() => die()),
  },
  {
    id: "refusal-closes",
    clause: "hdr-every-cmd-answered",
    text: "Whatever is to be refused ends the connection, without a reply.",
    hooks: onError(() => hangUp()),
  },
  {
    id: "refusal-hangs",
    clause: "hdr-every-cmd-answered",
    text: "Whatever is to be refused makes the server hang.",
    hooks: onError(() => hang()),
  },
  {
    id: "refusal-not-drained",
    clause: "hdr-err-header-only",
    text: "Behind an error reply stands one more, for the payload that was not read.",
    hooks: () => ({
      async reply(reply, { payload }, { channel }) {
        if (isError(reply) && payload.byteLength >= 16) await channel.send(reply);
      },
    }),
  },
];

/** Faults of the server as a program, and faults that many cases have to notice. */
export const sessionFaults: readonly Fault[] = [...disconnections, ...program, ...broad];
