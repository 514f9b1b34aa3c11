import { EventFd } from "../../posix/event_fd.ts";
import { Command, IoFdType } from "../../wire/constants.ts";
import { Header, RegionIoFd, RegionIoFds } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Reply } from "../message.ts";
import type { Session } from "../session.ts";
import { die, onReply, onRequest, pad, patch, setPayload } from "./tools.ts";

const COMMAND = Command.DEVICE_GET_REGION_IO_FDS;
const HEAD = RegionIoFds.size;
const ENTRY = RegionIoFd.size;

type Question = Decoded<typeof RegionIoFds>;

function diesIf(test: (question: Question, session: Session) => boolean): () => Hooks {
  return onRequest(
    COMMAND,
    RegionIoFds,
    (question, _, session) => test(question, session) ? die() : undefined,
  );
}

/** Takes a field for 0, whatever the client has put there. */
function ignores(field: "flags" | "count"): () => Hooks {
  return onRequest(
    COMMAND,
    RegionIoFds,
    (_, request) => patch(request, RegionIoFds, { [field]: 0 }),
  );
}

/** Sees the replies for regions that have sub-regions, or have none. */
function onAnswer(hasAny: boolean, change: (reply: Reply, argsz: number) => void): () => Hooks {
  return onReply(COMMAND, (reply, request) => {
    const { count } = RegionIoFds.decode(reply.payload);
    if (count > 0 === hasAny) change(reply, RegionIoFds.decode(request.payload).argsz);
  });
}

/** Sees the replies that carry sub-regions. */
function onEntries(change: (reply: Reply) => void): () => Hooks {
  return onAnswer(true, (reply) => reply.payload.byteLength > HEAD ? change(reply) : undefined);
}

function withFirst(values: Partial<Decoded<typeof RegionIoFd>>): () => Hooks {
  return onEntries((reply) => patch(reply, RegionIoFd, values, HEAD));
}

/** Faults in DEVICE_GET_REGION_IO_FDS (catalogue 2.5). */
export const ioFdFaults: readonly Fault[] = [
  {
    id: "io-fds-body-left",
    clause: "iofds-supported-or-err",
    text: "DEVICE_GET_REGION_IO_FDS is refused, and its payload taken for the next message.",
    hooks: () => ({
      header(message) {
        if (message.command === COMMAND) message.msgSize = Header.size;
      },
    }),
  },
  {
    id: "io-fds-flags-ignored",
    clause: "iofds-flags-nonzero",
    text: "Flags of DEVICE_GET_REGION_IO_FDS are ignored.",
    hooks: ignores("flags"),
  },
  {
    id: "io-fds-count-ignored",
    clause: "iofds-count-nonzero",
    text: "A count in DEVICE_GET_REGION_IO_FDS is ignored.",
    hooks: ignores("count"),
  },
  {
    id: "io-fds-region-9-exists",
    clause: "iofds-index-oob",
    text: "The region behind the last one has no sub-regions.",
    hooks: onRequest(
      COMMAND,
      RegionIoFds,
      ({ index }) =>
        index === 9 ? { payload: RegionIoFds.encode({ argsz: HEAD, index }) } : undefined,
    ),
  },
  {
    id: "io-fds-region-huge-dies",
    clause: "iofds-index-oob",
    text: "DEVICE_GET_REGION_IO_FDS with an index above 1000 kills the server.",
    hooks: diesIf(({ index }) => index > 1000),
  },
  {
    id: "io-fds-empty-region-dies",
    clause: "iofds-unimpl-region",
    text: "DEVICE_GET_REGION_IO_FDS for an empty region kills the server.",
    hooks: diesIf(({ index }, { device }) => device.regions[index]?.size === 0),
  },
  {
    id: "io-fds-small-argsz-dies",
    clause: "iofds-argsz-small",
    text: "DEVICE_GET_REGION_IO_FDS with an argsz below 16 kills the server.",
    hooks: diesIf(({ argsz }) => argsz < HEAD),
  },
  {
    id: "io-fds-huge-argsz-dies",
    clause: "iofds-argsz-huge",
    text: "DEVICE_GET_REGION_IO_FDS with an argsz above 1 MiB kills the server.",
    hooks: diesIf(({ argsz }) => argsz > 1 << 20),
  },
  {
    id: "io-fds-none-with-room",
    clause: "iofds-none",
    text: "A region without sub-regions is answered with argsz 56.",
    hooks: onAnswer(false, (reply) => patch(reply, RegionIoFds, { argsz: HEAD + ENTRY })),
  },
  {
    id: "io-fds-none-padded",
    clause: "iofds-none",
    text: "A region without sub-regions is answered with as many bytes as argsz says.",
    hooks: onAnswer(false, (reply, argsz) => pad(reply, Math.min(argsz, 4096))),
  },
  {
    id: "io-fds-cut-argsz-16",
    clause: "iofds-trunc",
    text: "A reply without room for its sub-regions says that 16 bytes are all.",
    hooks: onAnswer(true, (reply) => {
      const { byteLength } = reply.payload;
      if (byteLength === HEAD) patch(reply, RegionIoFds, { argsz: byteLength });
    }),
  },
  {
    id: "io-fds-cut-too-long",
    clause: "iofds-trunc",
    text: "A reply without room for its sub-regions is filled with zeroes to its full size.",
    hooks: onAnswer(true, (reply) => pad(reply, HEAD + 2 * ENTRY)),
  },
  {
    id: "io-fds-index-0",
    clause: "iofds-reply-fields",
    text: "DEVICE_GET_REGION_IO_FDS answers with index 0.",
    hooks: onReply(COMMAND, (reply) => patch(reply, RegionIoFds, { index: 0 })),
  },
  {
    id: "io-fds-flags-1",
    clause: "iofds-reply-fields",
    text: "DEVICE_GET_REGION_IO_FDS answers with flags 1.",
    hooks: onReply(COMMAND, (reply) => patch(reply, RegionIoFds, { flags: 1 })),
  },
  {
    id: "io-fds-entries-of-32",
    clause: "iofds-stride",
    text: "Sub-regions have 32 bytes.",
    hooks: onAnswer(true, (reply) => {
      const { payload } = reply;
      patch(reply, RegionIoFds, { argsz: HEAD + 2 * 32 });
      if (payload.byteLength > HEAD) setPayload(reply, reply.payload.slice(0, HEAD + 2 * 32));
    }),
  },
  {
    id: "io-fds-fd-index-2",
    clause: "iofds-fd-index",
    text: "A sub-region has fd_index 2 where there are two descriptors.",
    hooks: withFirst({ fdIndex: 2 }),
  },
  {
    id: "io-fds-without-fds",
    clause: "iofds-fd-index",
    text: "Sub-regions come without descriptors.",
    hooks: onEntries((reply) => void (reply.fds = [])),
  },
  {
    id: "io-fds-type-7",
    clause: "iofds-type",
    text: "A sub-region has type 7.",
    hooks: withFirst({ type: 7 }),
  },
  {
    id: "io-fds-outside",
    clause: "iofds-bounds",
    text: "A sub-region ends behind its region.",
    hooks: withFirst({ offset: 0xffen }),
  },
  {
    id: "io-fds-not-posted",
    clause: "iofds-posted",
    text: "A sub-region is an ioregionfd of size 0 without the flag POSTED_WRITES.",
    hooks: withFirst({ type: IoFdType.IOREGIONFD, size: 0n, flags: 0 }),
  },
  {
    id: "io-fds-unheard",
    clause: "iofds-eventfd-kick",
    text: "Nobody reads the eventfds of sub-regions.",
    hooks: () => {
      const others = [new EventFd().fd, new EventFd().fd];
      return onEntries((reply) => void (reply.fds = others))();
    },
  },
];
