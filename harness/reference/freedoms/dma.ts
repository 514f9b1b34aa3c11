import { fileSize } from "../../posix/proc.ts";
import { Command, DmaMapFlag, HeaderFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DmaAccess, DmaMap, DmaUnmap } from "../../wire/messages.ts";
import { commandHeader } from "../channel.ts";
import type { DmaRegion } from "../dma_table.ts";
import type { Hooks } from "../fault.ts";
import { onMap } from "../faults/dma_tools.ts";
import { onRequest } from "../faults/tools.ts";
import type { Freedom } from "../freedom.ts";
import { concat, type Message } from "../message.ts";
import type { Session } from "../session.ts";
import { readsAs, refusesIf } from "./tools.ts";

/** The first region that is accessed by messages, and in these ways. */
function byMessages({ dma, dmaLog }: Session, flags: number): DmaRegion | undefined {
  if (dmaLog.started) return undefined;
  return dma.regions.find((region) =>
    region.mapping === undefined && (region.flags & flags) === flags
  );
}

/** Moves a few bytes before every so manyth command that has nothing to do with DMA. */
function interleaves(
  act: (session: Session, region: DmaRegion) => Promise<void>,
  flags: number,
): () => Hooks {
  const unrelated: ReadonlySet<number> = new Set<number>([
    Command.DEVICE_GET_INFO,
    Command.DEVICE_GET_REGION_INFO,
    Command.DEVICE_GET_IRQ_INFO,
    Command.REGION_READ,
  ]);
  return () => ({
    async request({ command }, session) {
      const region = unrelated.has(command) ? byMessages(session, flags) : undefined;
      if (region !== undefined) await act(session, region).catch(() => {});
    },
  });
}

const { READ, WRITE } = DmaMapFlag;

/** When and how the device accesses guest memory (catalogue 2.12). */
const accesses: readonly Freedom[] = [
  {
    id: "dma-reads-unasked",
    clause: "sdma-interleave",
    text: "The device reads guest memory by itself, between the client's command and its reply.",
    suites: ["dma-map", "concurrency", "dma-access"],
    hooks: interleaves(async ({ guest }, { address, size }) => {
      await guest.read(address + size - 8n, 8);
    }, READ),
  },
  {
    id: "dma-writes-unasked",
    clause: "sdma-interleave",
    text:
      "The device writes guest memory by itself, between the client's command and its reply, what it has read there.",
    suites: ["dma-map", "concurrency", "dma-access"],
    hooks: interleaves(async ({ guest }, { address, size }) => {
      const at = address + size - 8n;
      await guest.write(at, (await guest.read(at, 8)).slice());
    }, READ | WRITE),
  },
  {
    id: "dma-by-messages",
    clause: "sdma-fd-direct",
    text: "The device accesses guest memory by messages, also where it got a descriptor.",
    suites: ["dma-access", "dma-map", "dma-logging", "disconnection"],
    hooks: onMap((_, { fds }) => {
      for (const fd of fds.splice(0)) fd[Symbol.dispose]();
    }),
  },
  {
    id: "dma-in-small-pieces",
    clause: "sdma-max-xfer",
    text: "The device moves no more than 24 bytes in a message.",
    suites: ["dma-access", "concurrency"],
    hooks: () => ({
      connect({ guest }) {
        const { read, write } = guest;
        guest.read = async (address, count) => {
          const parts: Uint8Array[] = [];
          for (let at = 0; at < count; at += 24) {
            const part = await read.call(guest, address + BigInt(at), Math.min(24, count - at));
            parts.push(part.slice());
          }
          return concat(...parts);
        };
        guest.write = async (address, data) => {
          for (let at = 0; at < data.byteLength; at += 24) {
            await write.call(guest, address + BigInt(at), data.subarray(at, at + 24));
          }
        };
      },
    }),
  },
  {
    id: "dma-writes-without-reply",
    clause: "sdma-noreply-bit",
    text: "The device wants no reply to DMA_WRITE.",
    suites: ["dma-access", "concurrency"],
    kind: "twin",
    hooks: () => ({
      tune: (settings) => void (settings.twinSocket = false),
      connect(session) {
        const { guest } = session;
        const { write } = guest;
        guest.write = async (address, data) => {
          const region = session.dma.at(address);
          const end = address + BigInt(data.byteLength);
          const fits = region && end <= region.address + region.size &&
            (region.flags & WRITE) !== 0;
          const isSmall = data.byteLength <= session.client.maxDataXferSize;
          if (!fits || region.mapping || !isSmall || data.byteLength === 0) {
            return await write.call(guest, address, data);
          }
          session.dmaLog.note(address, data.byteLength);
          const head = DmaAccess.encode({ address, count: BigInt(data.byteLength) });
          const command = commandHeader(Command.DMA_WRITE, 0xfffe, concat(head, data));
          await session.channel.send({ ...command, flags: HeaderFlag.NO_REPLY });
        };
      },
    }),
  },
  {
    id: "dma-id-constant",
    clause: "id-s2c-namespace",
    text: "All commands of the server have the message ID 1.",
    suites: ["dma-access", "concurrency"],
    kind: "dma-id",
    hooks: () => ({ ask: (command) => void (command.msgId = 1) }),
  },
  {
    id: "dma-id-of-client",
    clause: "id-s2c-namespace",
    text: "Commands of the server have the message ID of the client's latest command.",
    suites: ["dma-access", "concurrency"],
    kind: "dma-id",
    hooks: () => {
      let latest = 0;
      return {
        request: ({ msgId }) => void (latest = msgId),
        ask: (command) => void (command.msgId = latest),
      };
    },
  },
  {
    id: "dma-id-downwards",
    clause: "id-s2c-namespace",
    text: "Message IDs of the server count down from 0xffff.",
    suites: ["dma-access"],
    kind: "dma-id",
    hooks: () => {
      let id = 0x10000;
      return { ask: (command) => void (command.msgId = id = (id - 1) & 0xffff) };
    },
  },
  {
    id: "device-without-dma",
    clause: "dma-map-unsupported-dma",
    text: "The device maps guest memory and never accesses it.",
    suites: ["dma-access", "dma-logging", "concurrency"],
    lacks: { dma: true },
    hooks: () => ({
      connect({ guest }) {
        guest.read = (_, count) => Promise.resolve(new Uint8Array(count));
        guest.write = () => Promise.resolve();
      },
    }),
  },
];

function takes(request: Message): Record<never, never> {
  for (const fd of request.fds.splice(1)) fd[Symbol.dispose]();
  return {};
}

/** Which ranges are taken (catalogue 2.10, 2.11). */
const ranges: readonly Freedom[] = [
  {
    id: "dma-any-alignment",
    clause: "dma-map-pgsizes",
    text: "DMA_MAP takes ranges that are not aligned.",
    suites: ["dma-map", "dma-unmap"],
    kind: "alignment",
    hooks: () => ({ tune: (settings) => void (settings.pageSize = 1n) }),
  },
  {
    id: "dma-any-flags",
    clause: "dma-map-flags-unknown",
    text:
      "DMA_MAP passes over flags that it does not know, and maps what can be neither read nor written.",
    suites: ["dma-map"],
    hooks: readsAs(Command.DMA_MAP, DmaMap, ({ flags }) => ({ flags: (flags & 3) || READ })),
  },
  {
    id: "dma-first-fd",
    clause: "dma-map-two-fds",
    text: "DMA_MAP takes the first of several descriptors.",
    suites: ["dma-map", "framing"],
    hooks: readsAs(Command.DMA_MAP, DmaMap, (_, request) => takes(request)),
  },
  {
    id: "dma-write-only-refused",
    clause: "dma-map-writeonly",
    text: "DMA_MAP refuses memory that can be written and not read.",
    suites: ["dma-map", "dma-access"],
    hooks: refusesIf(Command.DMA_MAP, DmaMap, ({ flags }) => (flags & READ) === 0),
  },
  {
    id: "dma-top-refused",
    clause: "dma-map-top-page",
    text: "DMA_MAP refuses addresses of more than 48 bits.",
    suites: ["dma-map", "dma-unmap"],
    hooks: onMap(({ address, size }, _, { dma }) =>
      address + size > 1n << 48n && !dma.overlaps(address, size)
        ? { errno: Errno.EINVAL }
        : undefined
    ),
  },
  {
    id: "dma-past-file-refused",
    clause: "dma-map-beyond-eof",
    text: "DMA_MAP refuses ranges that end behind the end of their file.",
    suites: ["dma-map", "dma-access"],
    hooks: onMap(({ offset, size }, { fds }) => {
      const [file] = fds;
      if (file === undefined || size === 0n) return undefined;
      const length = fileSize(`/proc/self/fd/${file.number}`);
      return offset + size > length ? { errno: Errno.EINVAL } : undefined;
    }),
  },
  {
    id: "dma-more-than-announced",
    clause: "dma-map-over-max",
    text: "DMA_MAP takes more ranges than the server has announced.",
    suites: ["dma-map"],
    hooks: () => ({ tune: (settings) => void (settings.maxDmaMaps = 100_000) }),
  },
  {
    id: "dma-unmap-all",
    clause: "dma-unmap-flag-all",
    text: "DMA_UNMAP knows a flag for unmapping all, an extension of some servers.",
    suites: ["dma-unmap"],
    hooks: onRequest(Command.DMA_UNMAP, DmaUnmap, ({ flags, address, size }, request, { dma }) => {
      if (flags !== 2) return;
      if (address !== 0n || size !== 0n) return { errno: Errno.EINVAL };
      for (const region of dma.regions) dma.remove(region);
      return { payload: request.payload.slice(0, DmaUnmap.size) };
    }),
  },
  {
    id: "dma-unmap-flags-refused",
    clause: "dma-unmap-flags-unknown",
    text: "DMA_UNMAP refuses flags.",
    suites: ["dma-unmap", "qemu-client"],
    hooks: refusesIf(Command.DMA_UNMAP, DmaUnmap, ({ flags }) => flags !== 0),
  },
];

/** Freedoms in guest memory. */
export const dmaFreedoms: readonly Freedom[] = [...accesses, ...ranges];
