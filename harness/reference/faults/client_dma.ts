import { Command, DmaMapFlag, HeaderFlag, MessageType } from "../../wire/constants.ts";
import { Header } from "../../wire/messages.ts";
import { typeOf } from "../channel.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Message, type Reply } from "../message.ts";
import { onMap } from "./dma_tools.ts";
import { crash, die, hang, hangUp, moreIsWaiting, onReply, patch, setPayload } from "./tools.ts";
import { DmaAccess, DmaMap } from "../../wire/messages.ts";

const { DMA_READ, DMA_WRITE } = Command;

/** Sees the replies of the client, before their payload has come. */
export function onClientReply(act: (header: Message, asked: Reply) => void): () => Hooks {
  return () => {
    let asked: Reply | undefined;
    return {
      connect: () => void (asked = undefined),
      ask: (command) => void (asked = command),
      header(message) {
        if (typeOf(message) === MessageType.REPLY && asked) act(message, asked);
      },
    };
  };
}

/** Sees the commands of the client that come while a DMA is under way. */
function onInterleaved(test: (command: Message, asked: Reply) => boolean): () => Hooks {
  return () => {
    let asked: Reply | undefined;
    return {
      connect: () => void (asked = undefined),
      ask: (command) => void (asked = command),
      reply: () => void (asked = undefined),
      header(message) {
        // What is typed as a reply is taken for one.
        if (asked && typeOf(message) === MessageType.COMMAND && test(message, asked)) {
          message.flags |= MessageType.REPLY;
        }
      },
    };
  };
}

/** Changes a command of the server. */
function onAsk(change: (command: Reply) => void): () => Hooks {
  return () => ({ ask: (command) => change(command) });
}

/** Faults in what the server asks for (catalogue 2.12). */
const commands: readonly Fault[] = [
  {
    id: "dma-anywhere",
    clause: "sdma-only-mapped",
    text: "The device asks for addresses that are not mapped.",
    hooks: () => ({
      connect({ guest, dma }) {
        const { read, write } = guest;
        const map = (address: bigint, count: number) => {
          if (!dma.at(address)) dma.add({ address, size: BigInt(count), flags: 3 });
        };
        guest.read = (address, count) => (map(address, count), read(address, count));
        guest.write = (address, data) => (map(address, data.length), write(address, data));
      },
    }),
  },
  {
    id: "dma-after-unmap",
    clause: "sdma-after-unmap",
    text: "The device goes on using a region that was unmapped.",
    hooks: () => ({
      connect({ guest, dma }) {
        const { read, write } = guest;
        const known = new Map<bigint, bigint>();
        const map = (address: bigint) => {
          for (const region of dma.regions) known.set(region.address, region.size);
          const size = known.get(address);
          if (size && !dma.overlaps(address, size)) dma.add({ address, size, flags: 3 });
        };
        guest.read = (address, count) => (map(address), read(address, count));
        guest.write = (address, data) => (map(address), write(address, data));
      },
    }),
  },
  {
    id: "dma-ignores-flags",
    clause: "sdma-perm",
    text: "The device reads and writes whatever the flags of the region say.",
    hooks: onMap(({ flags }, request) => {
      if (request.fds.length > 0 || flags === 0 || flags > 3) return;
      patch(request, DmaMap, { flags: DmaMapFlag.READ | DmaMapFlag.WRITE });
    }),
  },
  {
    id: "dma-command-with-error",
    clause: "sdma-header",
    text: "Commands of the server carry the Error bit.",
    hooks: onAsk((command) => void (command.flags |= HeaderFlag.ERROR)),
  },
  {
    id: "dma-command-typed-as-reply",
    clause: "sdma-header",
    text: "Commands of the server carry type 1, reply.",
    hooks: onAsk((command) => void (command.flags |= MessageType.REPLY)),
  },
  {
    id: "dma-read-with-data",
    clause: "sdma-header",
    text: "DMA_READ carries as many bytes as it asks for.",
    hooks: onAsk((command) => {
      if (command.command !== DMA_READ) return;
      const { count } = DmaAccess.decode(command.payload);
      setPayload(command, concat(command.payload, new Uint8Array(Number(count))));
    }),
  },
  {
    id: "dma-count-of-4-bytes",
    clause: "sdma-count-width",
    text: "The count of DMA_READ and DMA_WRITE has 4 bytes, as in QEMU.",
    hooks: onAsk((command) => {
      const { payload } = command;
      setPayload(command, concat(payload.subarray(0, 12), payload.subarray(16)));
    }),
  },
  {
    id: "dma-ignores-max-transfer",
    clause: "sdma-max-xfer",
    text: "The server asks for more than the client takes in one transfer.",
    hooks: onReply(Command.VERSION, (_reply, _request, { client }) => {
      if (client.maxDataXferSize > 0) Object.assign(client, { maxDataXferSize: 1 << 20 });
    }),
  },
  {
    id: "dma-last-full-piece-lost",
    clause: "sdma-max-xfer",
    text: "When the last piece of a DMA by messages is as large as can be, it is left out.",
    hooks: () => ({
      connect(session) {
        const { guest, dma } = session;
        const { read, write } = guest;
        const lost = (address: bigint, count: number) => {
          const most = session.client.maxDataXferSize;
          return count > 0 && count % most === 0 && !dma.at(address)?.mapping ? most : 0;
        };
        guest.read = async (address, count) => {
          const missing = lost(address, count);
          return concat(await read(address, count - missing), new Uint8Array(missing));
        };
        guest.write = (address, data) =>
          write(address, data.subarray(0, data.byteLength - lost(address, data.byteLength)));
      },
    }),
  },
  {
    id: "dma-second-piece-at-start",
    clause: "sdma-max-xfer",
    text: "The pieces of a DMA all have the address of the first.",
    hooks: () => {
      let first: { readonly address: bigint; readonly id: number } | undefined;
      return {
        ask(command) {
          const { address } = DmaAccess.decode(command.payload);
          first = first?.id === command.msgId - 1 ? { ...first, id: command.msgId } : undefined;
          if (first) patch(command, DmaAccess, { address: first.address });
          else first = { address, id: command.msgId };
        },
        reply: () => void (first = undefined),
      };
    },
  },
  {
    id: "dma-on-both-sockets",
    clause: "sdma-twin-path",
    text: "Commands of the server come over the main socket although there is a twin.",
    hooks: () => {
      let hasTwin = false;
      return {
        reply({ command, fds }) {
          if (command === Command.VERSION) hasTwin = fds.length > 0;
        },
        async ask(command, { channel }) {
          if (hasTwin) await channel.send(command);
        },
      };
    },
  },
];

/** Faults with what the client answers (catalogue 2.12). */
const replies: readonly Fault[] = [
  {
    id: "dma-write-reply-16-closes",
    clause: "sdma-write-reply-16",
    text: "A reply of 16 bytes to DMA_WRITE ends the connection.",
    hooks: onClientReply(({ command, msgSize }) =>
      command === DMA_WRITE && msgSize === 32 ? hangUp() : undefined
    ),
  },
  {
    id: "dma-write-reply-16-closes-twin",
    clause: "sdma-write-reply-16",
    text: "A reply of 16 bytes to DMA_WRITE over the twin-socket ends the connection.",
    hooks: () => {
      let hasTwin = false;
      return {
        connect: () => void (hasTwin = false),
        reply({ command, fds }) {
          if (command === Command.VERSION) hasTwin = fds.length > 0;
        },
        answer({ msgSize }, { command }) {
          if (hasTwin && command === DMA_WRITE && msgSize === 32) hangUp();
        },
      };
    },
  },
  {
    id: "dma-write-reply-12-dies",
    clause: "sdma-write-reply-12",
    text: "A reply of 12 bytes to DMA_WRITE kills the server.",
    hooks: onClientReply(({ command, msgSize }) =>
      command === DMA_WRITE && msgSize === 28 ? crash() : undefined
    ),
  },
  {
    id: "dma-write-reply-0-dies",
    clause: "sdma-write-reply-0",
    text: "A reply of no bytes to DMA_WRITE kills the server.",
    hooks: onClientReply(({ command, msgSize }) =>
      command === DMA_WRITE && msgSize === Header.size ? crash() : undefined
    ),
  },
  {
    id: "dma-error-dies",
    clause: "sdma-err-reply",
    text: "An error reply of the client kills the server.",
    hooks: onClientReply(({ flags }) => (flags & HeaderFlag.ERROR) !== 0 ? die() : undefined),
  },
  {
    id: "dma-any-id-accepted",
    clause: "sdma-wrong-id",
    text: "Any reply of the client is taken for the one awaited.",
    hooks: onClientReply((message, { msgId }) => void (message.msgId = msgId)),
  },
  {
    id: "dma-wrong-id-dies",
    clause: "sdma-wrong-id",
    text: "A reply of the client with another ID kills the server.",
    hooks: onClientReply((message, { msgId }) => message.msgId === msgId ? undefined : die()),
  },
  {
    id: "dma-short-reply-dies",
    clause: "sdma-short-read-data",
    text: "A reply to DMA_READ with too few bytes kills the server.",
    hooks: onClientReply(({ command, flags, msgSize }, asked) => {
      if (command !== DMA_READ || (flags & HeaderFlag.ERROR) !== 0) return;
      const { count } = DmaAccess.decode(asked.payload);
      if (msgSize < 32 + Number(count)) crash();
    }),
  },
  {
    id: "dma-long-reply-dies",
    clause: "sdma-reply-too-big",
    text: "A reply to DMA_READ with too many bytes kills the server.",
    hooks: onClientReply(({ command, msgSize }, asked) => {
      const { count } = DmaAccess.decode(asked.payload);
      if (command === DMA_READ && msgSize > 32 + Number(count)) crash();
    }),
  },
  {
    id: "dma-unanswered-hangs",
    clause: "sdma-no-answer",
    text: "A client that goes without an answer to a DMA is waited for.",
    hooks: () => {
      let isWaiting = false;
      return {
        connect: () => void (isWaiting = false),
        ask: () => void (isWaiting = true),
        header: (message) => void (isWaiting &&= typeOf(message) !== MessageType.REPLY),
        // With a twin-socket the reply is owed first, to a client that has gone.
        reply: (_reply, _request, session) =>
          isWaiting && moreIsWaiting(session) ? hang() : undefined,
        disconnect: () => isWaiting ? hang() : undefined,
      };
    },
  },
  {
    id: "dma-unanswered-stays",
    clause: "sdma-no-answer",
    text: "The server ignores SIGTERM while it waits for the client.",
    hooks: () => {
      let isWaiting = false;
      return {
        ask: () => void (isWaiting = true),
        reply: () => void (isWaiting = false),
        terminate: () => isWaiting ? false : undefined,
      };
    },
  },
  {
    id: "dma-eats-commands",
    clause: "sdma-interleave",
    text: "A command that comes while a DMA is under way is taken for its reply.",
    hooks: onInterleaved(() => true),
  },
  {
    id: "dma-eats-commands-of-same-id",
    clause: "id-s2c-namespace",
    text: "A command with the ID of a DMA under way is taken for its reply.",
    hooks: onInterleaved(({ msgId }, asked) => msgId === asked.msgId),
  },
];

/** Faults in DMA by messages (catalogue 2.12). */
export const clientDmaFaults: readonly Fault[] = [...commands, ...replies];
