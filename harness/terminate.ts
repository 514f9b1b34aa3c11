import type { Launch } from "./case.ts";
import type { Connection } from "./connection.ts";
import type { Conversation } from "./converse.ts";
import { encodeMessage } from "./encode.ts";
import { signalProcess, SIGTERM } from "./posix/process.ts";
import type { Failure } from "./results.ts";
import { exitText, type Server } from "./server.ts";
import { getInfo } from "./steps.ts";

/** What a server needs to notice that its client has gone, or has sent half a command. */
const NOTICE_MS = 25;
/** Of a header: enough to be read, too little to be understood. */
const HALF_A_HEADER = 8;
/** Replies that nobody reads: the buffers of any socket are full long before. */
const MAX_UNREAD = 20_000;

const NOTHING_SAVED: ReadonlyMap<string, Uint8Array> = new Map();

/** Sends SIGTERM to the started process, at the moment that the step names, and waits for its end. */
export async function terminate(
  row: Conversation,
  { sigterm, looksAt }: Launch,
  server: Server,
  connection: Connection | undefined,
): Promise<Failure | undefined> {
  const { timeoutMs } = row.world;
  const question = encodeMessage(getInfo(), connection?.takeId() ?? 1, NOTHING_SAVED).bytes;
  if (sigterm === "after-client") connection?.[Symbol.dispose]();
  if (sigterm === "with-stalled-client") connection?.socket.send(question.slice(0, HALF_A_HEADER));
  if (sigterm === "with-deaf-client" && connection) await askWithoutReading(connection, question);
  // One that ends by itself when its client has gone has nothing left to do.
  await server.ended(NOTICE_MS);
  const pid = server.pid;
  if (server.exit === undefined && pid !== undefined) {
    row.transcript.note(`sends SIGTERM to process ${pid}`);
    signalProcess(pid, SIGTERM);
  }
  const exit = await server.ended(timeoutMs);
  const expected = `the program to end within ${timeoutMs} ms of SIGTERM`;
  if (exit === undefined) return row.failure("no-reply", [expected], "it still running");
  if (exit.signal !== null && exit.signal !== "SIGTERM") {
    return row.failure("crash", [expected], exitText(exit));
  }
  row.transcript.note(exitText(exit));
  const left = looksAt === "socket-file-removed" &&
    await Deno.lstat(server.path).catch(() => undefined) !== undefined;
  if (left) row.notes.push("the socket file is left behind");
  return undefined;
}

/** Fills the stream until the server cannot send its replies, or reads no more. */
async function askWithoutReading(connection: Connection, question: Uint8Array): Promise<void> {
  for (let sent = 0; sent < MAX_UNREAD; sent++) {
    const result = connection.socket.send(question.slice());
    if (result === "closed") return;
    if (result !== "would-block") continue;
    if (!await connection.socket.wait("writable", performance.now() + NOTICE_MS)) return;
  }
}
