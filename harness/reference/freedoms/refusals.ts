import { Command, HeaderFlag, MessageType } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { Header } from "../../wire/messages.ts";
import { typeOf } from "../channel.ts";
import type { Hooks } from "../fault.ts";
import { hangUp, isError, onError } from "../faults/tools.ts";
import type { Freedom } from "../freedom.ts";
import type { Message, Reply } from "../message.ts";
import type { Session } from "../session.ts";

/** All errors but the one that the specification names. */
function allErrorsBecome(errno: number): () => Hooks {
  return onError((reply) => {
    if (reply.error !== Errno.EEXIST) reply.error = errno;
  });
}

/** Answers all that comes with an error until the client goes. */
async function refuseAll(session: Session): Promise<never> {
  for (;;) {
    const message = await session.channel.header();
    if (message.msgSize < Header.size || message.msgSize > 1 << 20) hangUp();
    await session.channel.body(message);
    for (const fd of message.fds) fd[Symbol.dispose]();
    if ((message.flags & HeaderFlag.NO_REPLY) === 0) await session.channel.send(errorTo(message));
  }
}

function errorTo({ msgId, command }: Message): Reply {
  const flags = MessageType.REPLY | HeaderFlag.ERROR;
  const error = Errno.EINVAL;
  return { msgId, command, msgSize: Header.size, flags, error, payload: new Uint8Array(), fds: [] };
}

function isBadFrame(message: Message): boolean {
  return typeOf(message) !== MessageType.COMMAND || message.msgSize < Header.size ||
    message.msgSize > 1_048_608;
}

/** Commands that descriptors may come with. */
const WITH_FDS: ReadonlySet<number> = new Set<number>([Command.DMA_MAP, Command.DEVICE_SET_IRQS]);

/** An errno other than that of most servers (catalogue 2.1). */
const numbers: readonly Freedom[] = [
  {
    id: "errno-0",
    clause: "hdr-errno-positive",
    text: "Errors have no number, but the one of a DMA range that is mapped already.",
    suites: ["framing", "device-set-irqs", "region-access", "dma-unmap"],
    kind: "errno",
    hooks: allErrorsBecome(0),
  },
  {
    id: "errno-unusual",
    clause: "hdr-errno-positive",
    text:
      "Errors have the largest number that there is, but the one of a DMA range that is mapped already.",
    suites: ["device-feature", "migration", "dma-map", "region-write-multi"],
    kind: "errno",
    hooks: allErrorsBecome(4095),
  },
  {
    id: "reply-error-field-set",
    clause: "hdr-reply-noerr-clean",
    text: "The error field of replies without error is not 0: nobody reads it there.",
    suites: ["framing"],
    hooks: () => ({
      reply(reply) {
        if (!isError(reply)) reply.error = 7;
      },
    }),
  },
];

/** The end of the connection instead of an error reply, and the other way round (catalogue 2.1, 2.2, A17). */
const ends: readonly Freedom[] = [
  {
    id: "bad-frame-closes",
    clause: "hdr-size-lt-16",
    text: "A header that cannot be right ends the connection without an answer.",
    suites: ["framing", "concurrency"],
    kind: "bad-frame",
    hooks: () => ({
      header: (message, { negotiated }) =>
        negotiated && isBadFrame(message) && typeOf(message) !== MessageType.REPLY
          ? hangUp()
          : undefined,
    }),
  },
  {
    id: "unsolicited-reply-closes",
    clause: "hdr-unsolicited-reply",
    text: "A reply that nobody waits for ends the connection.",
    suites: ["framing"],
    hooks: () => ({
      header: (message, session) =>
        typeOf(message) === MessageType.REPLY && !asking.has(session) ? hangUp() : undefined,
      ask: (_, session) => void asking.add(session),
      answer: (_, __, session) => void asking.delete(session),
    }),
  },
  {
    id: "version-refused-by-close",
    clause: "ver-major-1-refused",
    text: "A VERSION that is refused ends the connection without an answer.",
    suites: ["version"],
    kind: "version-refused",
    hooks: onError((reply, _, { negotiated }) => {
      if (reply.command === Command.VERSION && !negotiated) hangUp();
    }),
  },
  {
    id: "version-refused-and-waits",
    clause: "ver-major-1-refused",
    text: "After a VERSION that is refused the connection stays, and every command gets an error.",
    suites: ["version"],
    kind: "version-refused",
    hooks: onError(async (reply, _, session) => {
      if (reply.command !== Command.VERSION || session.negotiated) return;
      await session.channel.send(reply);
      await refuseAll(session);
    }),
  },
  {
    id: "unnegotiated-closes",
    clause: "ver-first-msg",
    text: "A command before VERSION ends the connection without an answer.",
    suites: ["version"],
    hooks: () => ({
      request: ({ command }, { negotiated }) =>
        !negotiated && command !== Command.VERSION ? hangUp() : undefined,
    }),
  },
  {
    id: "unexpected-fds-close",
    clause: "fd-over-max-msg-fds",
    text: "More descriptors than the server takes in a message end the connection.",
    suites: ["framing", "device-set-irqs", "dma-map"],
    kind: "fds-refused",
    hooks: () => ({
      request({ fds }, { settings }) {
        if (fds.length > Number(settings.capabilities.max_msg_fds ?? 1)) hangUp();
      },
    }),
  },
  {
    id: "unexpected-fds-refused",
    clause: "fd-unexpected-closed",
    text: "Descriptors with a command that takes none are refused.",
    suites: ["framing", "version"],
    kind: "fds-refused",
    hooks: () => ({
      request: ({ command, fds }) =>
        fds.length > 0 && !WITH_FDS.has(command) ? { errno: Errno.EINVAL } : undefined,
    }),
  },
];

/** Sessions that wait for an answer of their client. */
const asking = new WeakSet<Session>();

/** Freedoms in how the server says no. */
export const refusalFreedoms: readonly Freedom[] = [...numbers, ...ends];
