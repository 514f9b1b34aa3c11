import { Command, HeaderFlag } from "../../wire/constants.ts";
import { RegionAccess } from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Message, type Outcome, type Reply } from "../message.ts";
import type { Session } from "../session.ts";
import { die, hangUp, isError, moreIsWaiting, onRequest } from "./tools.ts";

const { NO_REPLY } = HeaderFlag;

/** Answers some of the commands that want no reply. */
export function answersIf(test: (reply: Reply, request: Message) => boolean): () => Hooks {
  return () => {
    let isUnwanted = false;
    return {
      request(request) {
        isUnwanted = (request.flags & NO_REPLY) !== 0;
        request.flags &= ~NO_REPLY;
      },
      reply: (reply, request) => isUnwanted && !test(reply, request) ? false : undefined,
    };
  };
}

/** Sees REGION_WRITE with No_reply. */
function onPosted(act: (request: Message, session: Session) => Outcome | void): () => Hooks {
  return onRequest(
    Command.REGION_WRITE,
    RegionAccess,
    (_, request, session) => (request.flags & NO_REPLY) !== 0 ? act(request, session) : undefined,
  );
}

function carryOut(request: Message, { device, guest }: Session): void | Promise<void> {
  const { region, offset } = RegionAccess.decode(request.payload);
  const data = request.payload.slice(RegionAccess.size);
  return device.regions[region]?.memory.write(Number(offset), data, guest);
}

/** Faults with No_reply (catalogue 2.15). */
const noReply: readonly Fault[] = [
  {
    id: "no-reply-write-answered",
    clause: "noreply-write",
    text: "A REGION_WRITE with No_reply is answered.",
    hooks: answersIf((reply) => reply.command === Command.REGION_WRITE && !isError(reply)),
  },
  {
    id: "no-reply-error-answered",
    clause: "noreply-error-silent",
    text: "A command with No_reply that fails is answered.",
    hooks: answersIf(isError),
  },
  {
    id: "no-reply-others-answered",
    clause: "noreply-each-cmd",
    text: "No_reply is heeded for REGION_WRITE alone.",
    hooks: answersIf((reply) => reply.command !== Command.REGION_WRITE && !isError(reply)),
  },
  {
    id: "no-reply-answered-late",
    clause: "noreply-each-cmd",
    text: "The reply to a command with No_reply comes before that to the next one.",
    hooks: () => {
      let isUnwanted = false;
      let late: Reply | undefined;
      return {
        connect: () => void (late = undefined),
        request(request) {
          isUnwanted = (request.flags & NO_REPLY) !== 0;
          request.flags &= ~NO_REPLY;
        },
        async reply(reply, _, { channel }) {
          const due = late;
          late = isUnwanted ? { ...reply } : undefined;
          if (due) await channel.send(due);
          return isUnwanted ? false : undefined;
        },
      };
    },
  },
  {
    id: "no-reply-unknown-dies",
    clause: "noreply-unknown-cmd",
    text: "An unknown command with No_reply kills the server.",
    hooks: () => ({
      request({ command, flags }) {
        if (command > Command.MIG_DATA_WRITE && (flags & NO_REPLY) !== 0) die();
      },
    }),
  },
  {
    id: "no-reply-not-executed",
    clause: "noreply-each-cmd",
    text: "DMA_MAP with No_reply is not carried out.",
    hooks: () => ({
      request: ({ command, flags }) =>
        command === Command.DMA_MAP && (flags & NO_REPLY) !== 0 ? {} : undefined,
    }),
  },
  {
    id: "no-reply-write-late",
    clause: "noreply-effect",
    text: "A REGION_WRITE with No_reply is carried out after the command behind it.",
    hooks: () => {
      let newer: (() => void | Promise<void>) | undefined;
      const posted = onPosted((request, session) => {
        newer = () => carryOut(request, session);
        return {};
      })();
      return {
        async request(request, session) {
          const due = newer;
          newer = undefined;
          const outcome = await posted.request!(request, session);
          if (outcome === undefined && due) setTimeout(due, 2);
          else await due?.();
          return outcome;
        },
      };
    },
  },
  {
    id: "no-reply-burst-loses",
    clause: "noreply-burst",
    text: "Of more than 500 REGION_WRITE with No_reply in a row the later ones are lost.",
    hooks: () => {
      let run = 0;
      const posted = onPosted(() => ++run > 500 ? {} : undefined)();
      return {
        request(request, session) {
          if ((request.flags & NO_REPLY) === 0) run = 0;
          return posted.request!(request, session);
        },
      };
    },
  },
];

/** Faults with several commands under way (catalogue 2.15). */
const pipelines: readonly Fault[] = [
  {
    id: "pipelined-reads-alike",
    clause: "pipe-order",
    text: "A REGION_READ that waits behind another of as many bytes gets the same data.",
    hooks: () => {
      let before: Uint8Array | undefined;
      return {
        reply(reply, _, session) {
          const { command, payload } = reply;
          const data = payload.subarray(RegionAccess.size);
          const head = payload.subarray(0, RegionAccess.size);
          const isRead = command === Command.REGION_READ && !isError(reply);
          if (isRead && before?.length === data.length) reply.payload = concat(head, before);
          before = isRead && moreIsWaiting(session) ? data : undefined;
        },
      };
    },
  },
  {
    id: "pipelined-read-stale",
    clause: "pipe-mixed",
    text: "A REGION_READ that waits behind a REGION_WRITE sees what was there before.",
    hooks: () => {
      let before: { readonly place: string; readonly data: Uint8Array } | undefined;
      const look = (
        command: number,
        act: (place: string, request: Message, s: Session) => Outcome | void,
      ) =>
        onRequest(
          command,
          RegionAccess,
          ({ region, offset, count }, request, session) =>
            act(`${region} ${offset} ${count}`, request, session),
        )();
      const write = look(Command.REGION_WRITE, (place, request, session) => {
        const { region, offset, count } = RegionAccess.decode(request.payload);
        const old = session.device.regions[region]?.memory.read(Number(offset), count);
        before = old && moreIsWaiting(session) ? { place, data: old.slice() } : undefined;
      });
      const read = look(Command.REGION_READ, (place, { payload }) => {
        const stale = before?.place === place ? before.data : undefined;
        before = undefined;
        return stale && { payload: concat(payload.subarray(0, RegionAccess.size), stale) };
      });
      return {
        request: (request, session) =>
          (request.command === Command.REGION_WRITE ? write : read).request!(request, session),
      };
    },
  },
  {
    id: "pipeline-of-500-closes",
    clause: "pipe-depth",
    text: "More than 500 commands that wait end the connection.",
    hooks: () => {
      let run = 0;
      return {
        reply(_reply, _request, session) {
          run = moreIsWaiting(session) ? run + 1 : 0;
          if (run > 500) hangUp();
        },
      };
    },
  },
  {
    id: "command-behind-error-lost",
    clause: "pipe-error-middle",
    text: "A command that waits behind one that is refused is not answered.",
    hooks: () => {
      let isBehind = false;
      return {
        reply(reply, _, session) {
          const isLost = isBehind;
          isBehind = isError(reply) && moreIsWaiting(session);
          return isLost ? false : undefined;
        },
      };
    },
  },
  {
    id: "same-id-taken-for-repetition",
    clause: "id-reuse-concurrent",
    text: "A command that waits behind one with the same ID is not answered.",
    hooks: () => {
      let last = -1;
      return {
        reply({ msgId }, _, session) {
          const isLost = msgId === last;
          last = moreIsWaiting(session) ? msgId : -1;
          return isLost ? false : undefined;
        },
      };
    },
  },
];

/** Faults with No_reply, order and message IDs (catalogue 2.15). */
export const orderFaults: readonly Fault[] = [...noReply, ...pipelines];
