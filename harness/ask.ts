import type { Reply, Send } from "./case.ts";
import { type Connection, disposeOf } from "./connection.ts";
import { encodeMessage } from "./encode.ts";
import { describe, isError, replyOf } from "./judge.ts";
import { version } from "./steps.ts";
import { DEFAULTS } from "./wire/constants.ts";

const NOTHING_SAVED: ReadonlyMap<string, Uint8Array> = new Map();

/** What VERSION of the harness itself proposes: its limits, and all that needs no more of it; no twin socket. */
export const CLIENT_VERSION: Send = version({
  major: 0,
  minor: 1,
  json: {
    capabilities: {
      max_msg_fds: 8,
      max_data_xfer_size: DEFAULTS.maxDataXferSize,
      write_multiple: true,
    },
  },
});

/**
 * The reply to one command outside of any row, or what happened instead. Descriptors are closed; the bytes are
 * valid until the next one is asked.
 */
export async function ask(
  connection: Connection,
  message: Send,
  timeoutMs: number,
): Promise<Reply | string> {
  const deadline = performance.now() + timeoutMs;
  const msgId = connection.takeId();
  const { bytes } = encodeMessage(message, msgId, NOTHING_SAVED);
  connection.transcript.sent(bytes, 0, "");
  const sent = await connection.send(bytes, [], deadline);
  if (sent === "stalled") return "the command was not read within the time limit";
  const received = await connection.receive(deadline);
  if (received.kind !== "message") return describe(received);
  disposeOf(received);
  const { header } = received;
  if (header.msgId !== msgId || header.command !== message.command) {
    return `${describe(received)} with message ID ${header.msgId} instead of ${msgId}`;
  }
  const reply = replyOf(received);
  return isError(reply) ? describe(received) : reply;
}
