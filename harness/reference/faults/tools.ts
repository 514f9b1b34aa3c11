import { waitNow } from "../../posix/poll.ts";
import { Command, HeaderFlag } from "../../wire/constants.ts";
import { Header, Version } from "../../wire/messages.ts";
import type { Fields, Struct, Values } from "../../wire/struct.ts";
import { parseVersionJson } from "../../wire/version_json.ts";
import type { Hooks } from "../fault.ts";
import { concat, type Message, type Outcome, type Reply } from "../message.ts";
import { Disconnected } from "../refusal.ts";
import type { Session } from "../session.ts";

type Later<T> = T | Promise<T>;

/** What would have ended the process of a server that is spared. */
export class Doom extends Error {
  override readonly name = "Doom";
}

let isSpared = false;

/** From now on nothing ends the process: `Doom` is thrown instead. */
export function spareProcess(): void {
  isSpared = true;
}

/** Ends the process as a failed program does. */
export function die(): never {
  if (isSpared) throw new Doom();
  Deno.exit(3);
}

/** Ends the process as a memory error does. */
export function crash(): never {
  if (isSpared) throw new Doom();
  // Not SIGSEGV: a runtime of this size takes seconds to be dumped.
  for (;;) Deno.kill(Deno.pid, "SIGKILL");
}

/** Never comes back; the process lives and heeds signals. */
export async function hang(): Promise<never> {
  for (;;) await new Promise((resolve) => setTimeout(resolve, 1e6));
}

/** Closes the connection. */
export function hangUp(): never {
  throw new Disconnected();
}

/** Whether a request is there that has not been read. */
export function moreIsWaiting({ channel }: Session): boolean {
  return waitNow(channel.fd, "readable", 0);
}

/** Whether a reply is an error reply. */
export function isError(reply: Reply): boolean {
  return (reply.flags & HeaderFlag.ERROR) !== 0;
}

/** Replaces a payload, and the size in the header with it. */
export function setPayload(reply: Reply, payload: Uint8Array): void {
  reply.payload = payload;
  reply.msgSize = Header.size + payload.byteLength;
}

/** Lengthens a payload with zeroes to `size`. */
export function pad(reply: Reply, size: number): void {
  const missing = Math.max(0, size - reply.payload.byteLength);
  setPayload(reply, concat(reply.payload, new Uint8Array(missing)));
}

/** Overwrites fields of the struct at `offset` of a payload. */
export function patch<F extends Fields>(
  message: { payload: Uint8Array },
  layout: Struct<F>,
  values: Partial<Values<F>>,
  offset = 0,
): void {
  const { payload } = message;
  const bytes = layout.encode({ ...layout.decode(payload, offset), ...values });
  message.payload = concat(
    payload.subarray(0, offset),
    bytes,
    payload.subarray(offset + layout.size),
  );
}

/** Sees the requests of one command whose payload is long enough. */
export function onRequest<F extends Fields>(
  command: number,
  layout: Struct<F>,
  act: (values: Values<F>, request: Message, session: Session) => Later<Outcome | void>,
): () => Hooks {
  return () => ({
    request(request, session) {
      if (request.command !== command || request.payload.byteLength < layout.size) return;
      return act(layout.decode(request.payload), request, session);
    },
  });
}

/** Sees the replies to one command that are no error replies. */
export function onReply(
  command: number,
  change: (reply: Reply, request: Message, session: Session) => Later<false | void>,
): () => Hooks {
  return () => ({
    reply(reply, request, session) {
      if (reply.command === command && !isError(reply)) return change(reply, request, session);
    },
  });
}

/** Sees the error replies. */
export function onError(
  change: (reply: Reply, request: Message, session: Session) => Later<false | void>,
): () => Hooks {
  return () => ({
    reply(reply, request, session) {
      if (isError(reply)) return change(reply, request, session);
    },
  });
}

/** A VERSION request, taken apart as far as it can be. */
export interface Proposal {
  readonly major: number;
  readonly minor: number;
  /** Version data, with their NUL. */
  readonly data: Uint8Array;
  /** The JSON without its NUL. */
  readonly text: string;
  /** The JSON object; undefined for data that cannot be understood. */
  readonly json?: Record<string, unknown>;
  /** Its member `capabilities`. */
  readonly capabilities: Record<string, unknown>;
}

/** Sees the proposals of a client that has none agreed on yet. */
export function onProposal(
  act: (proposal: Proposal, request: Message, session: Session) => Later<Outcome | void>,
): () => Hooks {
  return onRequest(Command.VERSION, Version, (head, request, session) => {
    if (session.negotiated) return;
    const data = request.payload.subarray(Version.size);
    const parsed = parseVersionJson(data);
    const json = parsed.ok ? parsed.json : undefined;
    const capabilities = (json?.capabilities ?? {}) as Record<string, unknown>;
    const text = new TextDecoder().decode(data).replace(/\0$/, "");
    return act({ ...head, data, text, capabilities, ...(json ? { json } : {}) }, request, session);
  });
}

/** What a client has asked, VERSION first and the request under way last. */
export function withPast(make: (past: readonly number[]) => Hooks): () => Hooks {
  return () => {
    const past: number[] = [];
    const { connect, request, ...hooks } = make(past);
    return {
      ...hooks,
      connect(session) {
        past.length = 0;
        return connect?.(session);
      },
      request(message, session) {
        past.push(message.command);
        return request?.(message, session);
      },
    };
  };
}

/** A way to get a request wrong. */
export type Mistreatment = "dies" | "hangs" | "unanswered" | "twice";

/** The end of a sentence that begins with the request. */
export const SUFFERS: Readonly<Record<Mistreatment, string>> = {
  dies: "kills the server",
  hangs: "makes the server hang",
  unanswered: "is not answered",
  twice: "is answered twice",
};

/** Mistreats some requests. */
export function mistreats(
  how: Mistreatment,
  test: (request: Message, session: Session, past: readonly number[]) => boolean,
): () => Hooks {
  return withPast((past) => {
    let isMeant = false;
    return {
      request(request, session) {
        isMeant = test(request, session, past);
        if (isMeant && how === "dies") crash();
        return isMeant && how === "hangs" ? hang() : undefined;
      },
      async reply(reply, _, { channel }) {
        const again = isMeant && how === "twice";
        const lost = isMeant && how === "unanswered";
        isMeant = false;
        if (again) await channel.send({ ...reply });
        return lost ? false : undefined;
      },
    };
  });
}

/** Whether the client has asked for something else before, and for GET_INFO last: as at the beginning of a case. */
export function isLater(past: readonly number[]): boolean {
  const before = past.at(-2);
  return before === Command.VERSION || (before === Command.DEVICE_GET_INFO && past.length !== 3);
}
