import { waitNow } from "../../posix/poll.ts";
import type { UnixSocket } from "../../posix/unix_socket.ts";
import { Command, HeaderFlag, MessageType, PAGE } from "../../wire/constants.ts";
import { DmaAccess, Header } from "../../wire/messages.ts";
import { encodeVersionJson } from "../../wire/version_json.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { DmaRegion } from "../dma_table.ts";
import type { Fault, Hooks } from "../fault.ts";
import { closeAll } from "../inbox.ts";
import { concat, type Message } from "../message.ts";
import type { Session } from "../session.ts";
import { onClientReply } from "./client_dma.ts";
import { die, hangUp, moreIsWaiting, onProposal } from "./tools.ts";

const { DMA_READ, DMA_WRITE } = Command;

type Access = Decoded<typeof DmaAccess>;

/** Sees what the client answers with a payload, whole. */
function onAnswer(act: (answer: Access, asked: Access, message: Message) => void): () => Hooks {
  return () => ({
    answer(message, command) {
      if (message.payload.byteLength < DmaAccess.size) return;
      act(DmaAccess.decode(message.payload), DmaAccess.decode(command.payload), message);
    },
  });
}

/** Bytes from `address` to the end of its page. */
function leftInPage(address: bigint): number {
  return PAGE - Number(address % BigInt(PAGE));
}

/** An answer of which a part has come ends the connection. */
function closesOnPart(test: (part: "header" | "body", count: number) => boolean): () => Hooks {
  return () => {
    let awaiting: Session | undefined;
    return {
      connect: () => void (awaiting = undefined),
      ask: (_, session) => void (awaiting = session),
      answer: () => void (awaiting = undefined),
      reply: () => void (awaiting = undefined),
      partial(part, count) {
        if (!awaiting || !test(part, count)) return;
        // Of the twin-socket alone the server would live without.
        awaiting.channel.finish();
        hangUp();
      },
    };
  };
}

/** The next message on the main socket. */
async function nextOf({ channel }: Session): Promise<Message> {
  const message = await channel.header();
  await channel.body(message);
  return message;
}

/** Faults in where the bytes go. */
const places: readonly Fault[] = [
  {
    id: "dma-end-unchecked",
    clause: "sdma-only-mapped",
    text: "Of a transfer the first byte is looked up, and the others are not.",
    hooks: () => ({
      connect({ dma }) {
        dma.at = (address) => {
          const region = dma.regions.find(({ address: base, size }) =>
            address >= base && address < base + size
          );
          return region && !region.mapping ? { ...region, size: 1n << 64n } : region;
        };
      },
    }),
  },
  {
    id: "dma-address-of-32-bits",
    clause: "sdma-only-mapped",
    text: "Of the address of a DMA by messages the lower 32 bits are looked up.",
    hooks: () => ({
      connect({ dma }) {
        const at = dma.at.bind(dma);
        dma.at = (address) => {
          const region = at(address) ?? at(address & 0xffff_ffffn);
          return region && region.address + region.size <= address
            ? { address, size: 4096n, flags: region.flags }
            : region;
        };
      },
    }),
  },
  {
    id: "dma-until-last-unmap",
    clause: "sdma-after-unmap",
    text: "Regions without descriptor can be accessed until the last of them is unmapped.",
    hooks: () => ({
      connect({ dma }) {
        const at = dma.at.bind(dma);
        const remove = dma.remove.bind(dma);
        let removed: DmaRegion[] = [];
        dma.remove = (region) => {
          remove(region);
          if (!region.mapping) removed.push(region);
          if (dma.count === 0) removed = [];
        };
        dma.at = (address) =>
          at(address) ??
            removed.find((one) => address >= one.address && address < one.address + one.size);
      },
    }),
  },
  {
    id: "dma-next-region-missed",
    clause: "sdma-only-mapped",
    text: "A transfer by messages over the end of a region goes on at the start of the same.",
    hooks: () => ({
      connect({ dma, guest }) {
        const { read, write } = guest;
        const cut = (address: bigint, count: number) => {
          const region = dma.at(address);
          const left = region === undefined ? 0n : region.address + region.size - address;
          const isCut = region && !region.mapping && left < count && dma.at(address + left);
          return isCut ? { first: Number(left), start: region.address } : undefined;
        };
        guest.read = async (address, count) => {
          const { first, start } = cut(address, count) ?? { first: count, start: 0n };
          const head = await read(address, first);
          return first < count ? concat(head, await read(start, count - first)) : head;
        };
        guest.write = async (address, data) => {
          const { first, start } = cut(address, data.byteLength) ??
            { first: data.byteLength, start: 0n };
          await write(address, data.subarray(0, first));
          if (first < data.byteLength) await write(start, data.subarray(first));
        };
      },
    }),
  },
  {
    id: "dma-page-behind-region",
    clause: "sdma-only-mapped",
    text: "The page behind a region counts as a part of it.",
    hooks: () => ({
      connect({ dma }) {
        const at = dma.at.bind(dma);
        dma.at = (address) => {
          const found = at(address);
          const before = found ? undefined : at(address - BigInt(PAGE));
          return before ? { address, size: BigInt(PAGE), flags: before.flags } : found;
        };
      },
    }),
  },
  {
    id: "dma-over-two-regions-dies",
    clause: "sdma-only-mapped",
    text: "A transfer by messages over the end of a region into the next one kills the server.",
    hooks: () => ({
      connect({ dma, guest }) {
        const { read, write } = guest;
        const check = (address: bigint, count: number) => {
          const [first, last] = [dma.at(address), dma.at(address + BigInt(count) - 1n)];
          if (first && last && first !== last && !first.mapping && !last.mapping) die();
        };
        guest.read = (address, count) => (check(address, count), read(address, count));
        guest.write = (address, data) => (check(address, data.byteLength), write(address, data));
      },
    }),
  },
  {
    id: "mapping-outlives-unmap",
    clause: "dma-unmap-before-reply",
    text: "The device still reaches the file of a region that is unmapped.",
    hooks: () => {
      let removed: DmaRegion[] = [];
      return {
        connect({ dma }) {
          const at = dma.at.bind(dma);
          const remove = dma.remove.bind(dma);
          removed = [];
          dma.remove = (region) => {
            if (region.mapping) removed.push({ ...region });
            delete (region as { mapping?: unknown }).mapping;
            remove(region);
          };
          dma.at = (address) =>
            at(address) ??
              removed.find((one) => address >= one.address && address < one.address + one.size);
        },
        disconnect: () => removed.forEach(({ mapping }) => mapping?.[Symbol.dispose]()),
      };
    },
  },
  {
    id: "dma-second-page-lost",
    clause: "sdma-fd-direct",
    text: "A transfer over the end of a page that is mapped goes on at its start.",
    hooks: () => ({
      connect({ dma, guest }) {
        const { read, write } = guest;
        const cut = (address: bigint, count: number) =>
          dma.at(address)?.mapping ? Math.min(count, leftInPage(address)) : count;
        const start = (address: bigint) => address - address % BigInt(PAGE);
        guest.read = async (address, count) => {
          const first = cut(address, count);
          const head = await read(address, first);
          return first < count ? concat(head, await read(start(address), count - first)) : head;
        };
        guest.write = async (address, data) => {
          const first = cut(address, data.byteLength);
          await write(address, data.subarray(0, first));
          if (first < data.byteLength) await write(start(address), data.subarray(first));
        };
      },
    }),
  },
];

/** Faults in how much is asked for, and whether an answer is awaited. */
const demands: readonly Fault[] = [
  {
    id: "dma-default-limit-0",
    clause: "sdma-xfer-default",
    text: "A client that names no max_data_xfer_size is taken for one that wants no transfers.",
    hooks: onProposal(({ data, json, capabilities }, request) => {
      if ("max_data_xfer_size" in capabilities || (data.byteLength > 0 && !json)) return;
      const more = { ...json, capabilities: { ...capabilities, max_data_xfer_size: 0 } };
      request.payload = concat(request.payload.subarray(0, 4), encodeVersionJson(more));
    }),
  },
  {
    id: "dma-no-reply-awaited",
    clause: "sdma-noreply-bit",
    text: "A DMA_WRITE to the address of the last one has No_reply set, and an answer is awaited.",
    hooks: () => {
      let last: bigint | undefined;
      return {
        connect: () => void (last = undefined),
        ask(command) {
          if (command.command !== DMA_WRITE) return;
          const { address } = DmaAccess.decode(command.payload);
          if (address === last) command.flags |= HeaderFlag.NO_REPLY;
          last = address;
        },
      };
    },
  },
];

/** Faults with what the client answers. */
const answers: readonly Fault[] = [
  {
    id: "dma-answer-split-header-closes",
    clause: "hdr-split-header",
    text: "A reply of the client of which the header comes in parts ends the connection.",
    hooks: closesOnPart((part) => part === "header"),
  },
  {
    id: "dma-answer-split-behind-header-closes",
    clause: "hdr-split-hdr-body",
    text: "A reply of the client of which the payload comes late ends the connection.",
    hooks: closesOnPart((part, count) => part === "body" && count === 0),
  },
  {
    id: "dma-answer-split-body-closes",
    clause: "hdr-split-body",
    text: "A reply of the client of which the payload comes in parts ends the connection.",
    hooks: closesOnPart((part, count) => part === "body" && count > 0),
  },
  {
    id: "dma-cut-answer-stale",
    clause: "hdr-split-body",
    text:
      "A reply to DMA_READ of which the payload comes in parts is taken for the last one again.",
    hooks: () => {
      let isCut = false;
      let last: Uint8Array | undefined;
      return {
        ask: () => void (isCut = false),
        partial: (part, count) => void (isCut ||= part === "body" && count > 0),
        answer(message) {
          if (message.command !== DMA_READ) return;
          const { payload } = message;
          if (isCut && last?.byteLength === payload.byteLength) {
            message.payload = concat(payload.slice(0, DmaAccess.size), last.slice(DmaAccess.size));
          } else last = payload;
        },
      };
    },
  },
  {
    id: "dma-other-address-dies",
    clause: "sdma-wrong-id",
    text: "A reply of the client with another address kills the server.",
    hooks: onAnswer(({ address }, asked) => address === asked.address ? undefined : die()),
  },
  {
    id: "dma-reply-count-trusted",
    clause: "sdma-short-read-data",
    text: "A reply to DMA_READ with another count than that of its data kills the server.",
    hooks: onAnswer(({ count }, _, { command, payload }) => {
      if (command === DMA_READ && count !== BigInt(payload.byteLength - DmaAccess.size)) die();
    }),
  },
  {
    id: "dma-long-write-reply-dies",
    clause: "sdma-reply-too-big",
    text: "A reply to DMA_WRITE with too many bytes kills the server.",
    hooks: onClientReply(({ command, msgSize }) => {
      if (command === DMA_WRITE && msgSize > Header.size + DmaAccess.size) die();
    }),
  },
];

/** Faults with the twin-socket. */
const twin: readonly Fault[] = [
  {
    id: "twin-drops-commands",
    clause: "sdma-twin-concurrent",
    text: "A command that comes while a DMA is under way on the twin-socket is lost.",
    hooks: () => {
      let isUnderWay = false;
      return {
        connect: () => void (isUnderWay = false),
        ask: (_, { client }) => void (isUnderWay = client.twinSocket.supported),
        header(message) {
          // What answers nothing is passed over.
          if (isUnderWay) message.flags |= MessageType.REPLY;
        },
        async answer(_answer, _command, session) {
          for (; isUnderWay && moreIsWaiting(session);) closeAll(await nextOf(session));
          isUnderWay = false;
        },
        reply: () => void (isUnderWay = false),
      };
    },
  },
  {
    id: "twin-close-dies",
    clause: "sdma-twin-close",
    text: "A client that closes the twin-socket kills the server when it needs that.",
    hooks: () => {
      let socket: UnixSocket | undefined;
      return {
        connect(session) {
          socket = undefined;
          const { negotiate } = session;
          session.negotiate = (client, twin) => {
            socket = twin;
            negotiate.call(session, client, twin);
          };
        },
        ask() {
          // Whatever can be read where nothing was asked for is the end.
          if (socket && (socket.fd.closed || waitNow(socket.fd, "readable", 0))) die();
        },
        reply(_reply, _request, session) {
          // With the end of the main socket at hand the whole client has gone.
          if (socket?.fd.closed && !moreIsWaiting(session)) die();
        },
      };
    },
  },
];

/** Faults in DMA: places, limits, answers and the twin-socket (catalogue 2.12). */
export const dmaTransferFaults: readonly Fault[] = [...places, ...demands, ...answers, ...twin];
