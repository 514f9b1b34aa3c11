import { EventFd } from "../posix/event_fd.ts";
import { type Fd, openFile, pipe } from "../posix/fd.ts";
import { memoryFile, truncate } from "../posix/memory.ts";
import { MAX_FDS } from "../posix/message_io.ts";
import { UnixSocket } from "../posix/unix_socket.ts";
import { Command } from "../wire/constants.ts";
import { at, type Behaviour } from "./behaviour.ts";
import { REGION_SIZE } from "./device.ts";
import type { Exchange } from "./exchange.ts";

let kept: Fd[] | undefined;

/** As many as one message can carry, of every kind. */
function everyKind(): Fd[] {
  if (kept !== undefined) return kept;
  const kinds = [
    memoryFile(REGION_SIZE),
    new EventFd().fd,
    ...pipe(),
    ...UnixSocket.pair().map((socket) => socket.fd),
    openFile("/dev/null"),
    openFile("/proc/self/mem"),
    openFile("/"),
  ];
  kept = Array.from({ length: MAX_FDS }, (_, i) => kinds[i % kinds.length]!);
  return kept;
}

async function withDescriptors(exchange: Exchange): Promise<void> {
  const answer = await exchange.answer();
  await exchange.reply({ ...answer, fds: everyKind() });
}

/** Each byte of the reply brings as many descriptors as it can. */
async function untilLimit(exchange: Exchange): Promise<void> {
  await exchange.answer();
  const payload = new Uint8Array(1 << 20);
  const bytes = exchange.encode({ payload });
  for (let i = 0; i < bytes.byteLength; i++) {
    await exchange.client.send(bytes.subarray(i, i + 1), everyKind());
  }
}

/** Gives region 0 another descriptor. */
function regionOf(make: () => Fd): NonNullable<Behaviour["answer"]> {
  return at(Command.DEVICE_GET_REGION_INFO, async (exchange) => {
    const answer = await exchange.answer();
    using fd = make();
    await exchange.reply(answer.fds === undefined ? answer : { ...answer, fds: [fd] });
  });
}

/** Descriptors in the wrong place, of the wrong kind, or too many. */
export const DESCRIPTORS: readonly Behaviour[] = [
  {
    id: "descriptors-in-every-message",
    text: "sends 253 descriptors of every kind with each reply",
    answer: withDescriptors,
  },
  {
    id: "descriptors-until-the-limit",
    text: "answers REGION_READ with a mebibyte of which each byte brings 253 descriptors",
    answer: at(Command.REGION_READ, untilLimit),
  },
  {
    id: "descriptors-and-close",
    text: "sends 253 descriptors with half a reply to REGION_READ, and closes",
    answer: at(Command.REGION_READ, async (exchange) => {
      const answer = await exchange.answer();
      await exchange.client.send(exchange.encode(answer).subarray(0, 9), everyKind());
      exchange.client.socket.shutdownWrite();
    }),
  },
  {
    id: "region-is-empty-file",
    text: "gives a region a file of 0 bytes",
    answer: regionOf(() => memoryFile(0)),
  },
  {
    id: "region-is-null-device",
    text: "gives a region /dev/null",
    answer: regionOf(() => openFile("/dev/null", { write: true })),
  },
  {
    id: "region-is-folder",
    text: "gives a region a folder",
    answer: regionOf(() => openFile("/")),
  },
  {
    id: "region-is-eventfd",
    text: "gives a region an eventfd",
    answer: regionOf(() => new EventFd().fd),
  },
  {
    id: "region-is-socket",
    text: "gives a region a socket",
    answer: regionOf(() => {
      const [ours, theirs] = UnixSocket.pair();
      ours[Symbol.dispose]();
      return theirs.fd;
    }),
  },
  {
    id: "truncates-after-map",
    text: "cuts the file of a region to nothing once it can have been mapped",
    answer: at(Command.REGION_READ, async (exchange) => {
      truncate(exchange.device.memory, 0);
      await exchange.honest();
    }),
  },
  {
    id: "truncates-and-restores",
    text: "cuts the file of a region and makes it whole again, all the time",
    answer: (exchange) => {
      truncate(exchange.device.memory, exchange.header.msgId % 2 === 0 ? REGION_SIZE : 0);
      return exchange.honest();
    },
  },
  {
    id: "truncates-client-memory",
    text: "cuts each memory file that it is given to nothing",
    answer: at(Command.DMA_MAP, async (exchange) => {
      await exchange.client.payload(exchange.header);
      for (const file of exchange.client.takeFds()) {
        using fd = file;
        try {
          truncate(fd, 0);
        } catch {
          // sealed, as it should be
        }
      }
      await exchange.reply({});
    }),
  },
];
