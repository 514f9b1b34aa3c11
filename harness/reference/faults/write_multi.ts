import { Command, HeaderFlag } from "../../wire/constants.ts";
import { Header, RegionWrite, RegionWriteMulti } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Message, type Outcome } from "../message.ts";
import type { Session } from "../session.ts";
import type { Settings } from "../settings.ts";
import { crash, die, onReply, onRequest, patch } from "./tools.ts";

const COMMAND = Command.REGION_WRITE_MULTI;
const HEAD = RegionWriteMulti.size;
const ENTRY = RegionWrite.size;

type Write = Decoded<typeof RegionWrite>;

interface Seen {
  readonly wrCnt: bigint;
  /** Those that are there, whatever `wrCnt` says. */
  readonly writes: readonly Write[];
  readonly request: Message;
  readonly session: Session;
}

/** Sees REGION_WRITE_MULTI. */
function onMulti(act: (seen: Seen) => Outcome | void): () => Hooks {
  return onRequest(COMMAND, RegionWriteMulti, ({ wrCnt }, request, session) => {
    const { payload } = request;
    const count = Math.floor((payload.byteLength - HEAD) / ENTRY);
    const writes = Array.from(
      { length: count },
      (_, i) => RegionWrite.decode(payload, HEAD + i * ENTRY),
    );
    return act({ wrCnt, writes, request, session });
  });
}

function replaceWrites(request: Message, writes: readonly Write[]): void {
  const wrCnt = BigInt(writes.length);
  const entries = writes.map((write) => RegionWrite.encode(write));
  request.payload = concat(RegionWriteMulti.encode({ wrCnt }), ...entries);
}

function notOffered(settings: Settings): void {
  delete settings.capabilities.write_multiple;
}

function counted(wrCnt: bigint): Outcome {
  return { payload: RegionWriteMulti.encode({ wrCnt }) };
}

/** What a server does that is asked for more than it has announced. */
const unsupported: readonly Fault[] = [
  {
    id: "multi-unasked",
    clause: "multi-unsupported",
    text: "REGION_WRITE_MULTI is not announced, and answered with success.",
    hooks: () => ({ tune: notOffered, ...onMulti(({ wrCnt }) => counted(wrCnt))() }),
  },
  {
    id: "multi-unsupported-body-left",
    clause: "multi-unsupported",
    text: "REGION_WRITE_MULTI is not announced, and its payload taken for the next message.",
    hooks: () => ({
      tune: notOffered,
      header(message) {
        if (message.command === COMMAND) message.msgSize = Header.size;
      },
    }),
  },
  {
    id: "multi-unsupported-posted-answered",
    clause: "multi-unsupported",
    text: "REGION_WRITE_MULTI is not announced, and refused in spite of No_reply.",
    hooks: () => ({
      tune: notOffered,
      request(request) {
        if (request.command === COMMAND) request.flags &= ~HeaderFlag.NO_REPLY;
      },
    }),
  },
];

/** Faults in REGION_WRITE_MULTI (catalogue 2.9). */
export const writeMultiFaults: readonly Fault[] = [
  ...unsupported,
  {
    id: "multi-first-only",
    clause: "multi-basic",
    text: "Of several writes in one message only the first is done, and all are counted.",
    hooks: onMulti(({ writes, request }) => {
      const [first] = writes;
      const all = writes.map(() => first!);
      if (writes.length === 2) replaceWrites(request, all);
    }),
  },
  {
    id: "multi-counts-none",
    clause: "multi-basic",
    text: "The reply to REGION_WRITE_MULTI counts no writes.",
    hooks: onReply(COMMAND, (reply) => patch(reply, RegionWriteMulti, { wrCnt: 0n })),
  },
  {
    id: "multi-8-bytes-halved",
    clause: "multi-basic",
    text: "Writes of 8 bytes in REGION_WRITE_MULTI do the first 4.",
    hooks: onMulti(({ wrCnt, writes, request }) => {
      if (wrCnt !== BigInt(writes.length)) return;
      const half = (write: Write) => write.count === 8 ? { ...write, count: 4 } : write;
      replaceWrites(request, writes.map(half));
    }),
  },
  {
    id: "multi-backwards",
    clause: "multi-order",
    text: "The writes of one message are done from the last to the first.",
    hooks: onMulti(({ wrCnt, writes, request }) => {
      if (wrCnt === BigInt(writes.length)) replaceWrites(request, writes.toReversed());
    }),
  },
  {
    id: "multi-of-none-dies",
    clause: "multi-zero",
    text: "A REGION_WRITE_MULTI without writes kills the server.",
    hooks: onMulti(({ wrCnt }) => wrCnt === 0n ? die() : undefined),
  },
  {
    id: "multi-count-9-accepted",
    clause: "multi-count-gt-8",
    text: "A write of more than 8 bytes is counted as done.",
    hooks: onMulti(({ wrCnt, writes, request }) => {
      if (wrCnt !== BigInt(writes.length)) return;
      replaceWrites(
        request,
        writes.map((write) => ({ ...write, count: Math.min(write.count, 8) })),
      );
    }),
  },
  {
    id: "multi-count-huge-dies",
    clause: "multi-count-gt-8",
    text: "A write of more than 8 bytes reads beyond the message and kills the server.",
    hooks: onMulti(({ writes }) => writes.some(({ count }) => count > 8) ? crash() : undefined),
  },
  {
    id: "multi-missing-writes-accepted",
    clause: "multi-cnt-lies",
    text: "A wr_cnt above the writes that are there counts them as done.",
    hooks: onMulti(({ wrCnt, writes }) =>
      wrCnt > BigInt(writes.length) ? counted(wrCnt) : undefined
    ),
  },
  {
    id: "multi-wr-cnt-wraps",
    clause: "multi-cnt-lies",
    text: "The size of the writes is computed in 64 bits.",
    hooks: onMulti(({ wrCnt, writes, request }) => {
      const size = BigInt.asUintN(64, wrCnt * BigInt(ENTRY));
      if (size === BigInt(writes.length * ENTRY)) replaceWrites(request, writes);
    }),
  },
  {
    id: "multi-wr-cnt-huge-dies",
    clause: "multi-cnt-lies",
    text: "A wr_cnt above 2 ** 32 kills the server.",
    hooks: onMulti(({ wrCnt }) => wrCnt > 0xffff_ffffn ? crash() : undefined),
  },
  {
    id: "multi-failed-writes-counted",
    clause: "multi-partial-fail",
    text: "The reply counts the writes that failed too.",
    hooks: () => ({
      reply(reply, request) {
        if (reply.command !== COMMAND || request.payload.byteLength < HEAD) return;
        const { wrCnt } = RegionWriteMulti.decode(request.payload);
        if (reply.payload.byteLength === HEAD) patch(reply, RegionWriteMulti, { wrCnt });
      },
    }),
  },
  {
    id: "multi-posted-answered",
    clause: "multi-noreply",
    text: "A REGION_WRITE_MULTI with No_reply is answered.",
    hooks: () => ({
      request(request) {
        if (request.command === COMMAND) request.flags &= ~HeaderFlag.NO_REPLY;
      },
    }),
  },
  {
    id: "multi-posted-lost",
    clause: "multi-noreply",
    text: "A REGION_WRITE_MULTI with No_reply is not carried out.",
    hooks: onMulti(({ request }) => (request.flags & HeaderFlag.NO_REPLY) !== 0 ? {} : undefined),
  },
];
