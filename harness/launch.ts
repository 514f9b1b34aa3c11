import { ask, CLIENT_VERSION } from "./ask.ts";
import type { Launch } from "./case.ts";
import { Connection } from "./connection.ts";
import type { Conversation } from "./converse.ts";
import { HarnessError } from "./harness_error.ts";
import { sanitizerReport } from "./output_tail.ts";
import { UnixListener } from "./posix/unix_listener.ts";
import { UnixSocket } from "./posix/unix_socket.ts";
import { openToAll } from "./open_to_all.ts";
import type { Failure, FailureKind } from "./results.ts";
import { exitText, Server } from "./server.ts";
import { SETPRIV } from "./spawn.ts";
import { getInfo } from "./steps.ts";
import { type Target, withConventionWords } from "./target.ts";
import { terminate } from "./terminate.ts";

/** A user who owns nothing, on every Linux. */
const NOBODY = 65_534;
/** A program that does not like how it was started may serve for a moment. */
const SETTLE_MS = 25;
/** A process that has left its work to another may wait a little until that is ready. */
const DAEMON_MS = 500;
const WRITABLE_BY_ALL = 0o002;
const EXPECTED = {
  serves: "the program to serve a client",
  refuses: "the program to end with a status other than 0",
} as const;

type Program = Target & { readonly kind: "command" };

/** What became of a launched program. */
type Outcome =
  | { readonly is: "serves"; readonly connection: Connection }
  | { readonly is: "refuses"; readonly text: string }
  | { readonly is: "neither"; readonly kind: FailureKind; readonly text: string };

/** Starts another server and judges it. One that does not serve is tried again with no other beside it. */
export async function launch(row: Conversation, how: Launch): Promise<Failure | undefined> {
  const first = await launchEither(row, how);
  if (!first?.expected.includes(EXPECTED.serves)) return first;
  row.transcript.note("again, without another server of the same program beside it");
  row.disconnect();
  await row.world.replace();
  return await launchEither(row, how);
}

async function launchEither(row: Conversation, how: Launch): Promise<Failure | undefined> {
  if (how.fd !== "either") return await launchOnce(row, how);
  const listening = await launchOnce(row, { ...how, fd: "listening" });
  if (listening === undefined) return undefined;
  const connected = await launchOnce(row, { ...how, fd: "connected" });
  if (connected === undefined) return undefined;
  const seen = `with a listening descriptor ${listening.seen}, with a connected one`;
  return { ...connected, seen: `${seen} ${connected.seen}` };
}

async function launchOnce(row: Conversation, how: Launch): Promise<Failure | undefined> {
  const program = programOf(row.world.target, how);
  const user = how.unprivileged && Deno.uid() === 0 ? NOBODY : undefined;
  const closed = user === undefined ? undefined : await openToAll(program);
  if (closed !== undefined) {
    row.notes.push(`not tried: ${closed} cannot be read by other users`);
    return undefined;
  }
  row.transcript.note(`starts ${program.argv.join(" ")}`);
  const [ours, theirs] = how.fd === "connected" ? UnixSocket.pair() : [];
  using _ours = ours;
  const started = await start(program, { how, row, user, theirs });
  if (started === undefined) return undefined;
  await using server = started;
  const outcome = await comesUp(row, how, { server, ours });
  const printed = server.output.take();
  if (user !== undefined && server.exit !== undefined && printed.startsWith(`${SETPRIV}:`)) {
    row.notes.push(`not tried: ${printed.trim()}`);
    return undefined;
  }
  const failure = await judge(row, how, { outcome, printed }, server);
  const output = printed + server.output.take();
  if (failure !== undefined && output !== "") row.transcript.note(`it printed: ${output}`);
  if (failure !== undefined) server.kill();
  return failure;
}

function programOf(target: Target, { socketPath, fd }: Launch): Program {
  if (target.kind !== "command") throw new RangeError("Cannot launch: the case lacks a need");
  if (socketPath === undefined && fd === undefined) return target;
  const words = [
    ...(socketPath === "one-word" ? ["--socket-path={socket}"] : []),
    ...(socketPath === "two-words" ? ["--socket-path", "{socket}"] : []),
    ...(fd === undefined ? [] : ["--fd={fd}"]),
  ];
  return { ...target, argv: withConventionWords(target.argv, words), passFd: fd === "listening" };
}

async function start(
  program: Program,
  { how, row, user, theirs }: {
    readonly how: Launch;
    readonly row: Conversation;
    readonly user: number | undefined;
    readonly theirs: UnixSocket | undefined;
  },
): Promise<Server | undefined> {
  using _theirs = theirs; // ours alone: the program has its own, or it would never see us go
  try {
    return await Server.start(program, row.world.limits, {
      ...(how.stdio === undefined ? {} : { stdio: how.stdio }),
      ...(how.socketName === undefined ? {} : { socketName: how.socketName }),
      ...(theirs === undefined ? {} : { fd: theirs.fd }),
      ...(user === undefined ? {} : { user }),
      ...(how.staleSocket ? { prepare: leaveSocketFile } : {}),
    });
  } catch (error) {
    if (user === undefined) throw error;
    row.notes.push(`not tried: ${(error as Error).message}`);
    return undefined;
  }
}

/** As a server does that is killed. */
function leaveSocketFile(path: string): void {
  UnixListener.listen(path).fd[Symbol.dispose]();
}

async function comesUp(
  row: Conversation,
  how: Launch,
  { server, ours }: { readonly server: Server; readonly ours: UnixSocket | undefined },
): Promise<Outcome | undefined> {
  const { startMs, graceMs } = row.world.limits;
  if (how.sigterm === "without-client") return await appears(server, startMs);
  const byPath = how.fd === "connected" && how.socketPath === undefined
    ? undefined
    : await server.connect(startMs).catch(noneYet);
  const socket = byPath ?? (server.exit === undefined ? ours : undefined);
  let text = `nothing within ${startMs} ms`;
  if (socket !== undefined) {
    const connection = new Connection(socket, row.transcript);
    const version = await ask(connection, CLIENT_VERSION, startMs);
    await server.ended(SETTLE_MS);
    const info = typeof version === "string"
      ? version
      : await ask(connection, getInfo(), row.world.timeoutMs);
    if (typeof info !== "string") return { is: "serves", connection };
    connection[Symbol.dispose]();
    text = info;
  }
  const exit = await server.ended(graceMs);
  if (exit === undefined) return { is: "neither", kind: "no-reply", text };
  if (exit.signal !== null) return { is: "neither", kind: "crash", text: exitText(exit) };
  if (exit.code === 0) return { is: "neither", kind: "exit", text: exitText(exit) };
  return { is: "refuses", text: exitText(exit) };
}

function noneYet(error: unknown): undefined {
  if (!(error instanceof HarnessError)) throw error;
}

/** Nothing to judge yet when its socket file has appeared: no client shall touch it. */
async function appears(server: Server, ms: number): Promise<Outcome | undefined> {
  const deadline = performance.now() + ms;
  while (server.exit === undefined && performance.now() < deadline) {
    const info = await Deno.lstat(server.path).catch(() => undefined);
    await server.ended(info === undefined ? 5 : SETTLE_MS);
    if (info !== undefined) return undefined;
  }
  const text = server.exit === undefined ? `no socket file for ${ms} ms` : exitText(server.exit);
  return { is: "neither", kind: server.exit === undefined ? "no-reply" : "exit", text };
}

async function judge(
  row: Conversation,
  how: Launch,
  { outcome, printed }: { readonly outcome: Outcome | undefined; readonly printed: string },
  server: Server,
): Promise<Failure | undefined> {
  using connection = outcome?.is === "serves" ? outcome.connection : undefined;
  const report = sanitizerReport(printed);
  if (report !== undefined) return row.failure("crash", ["no sanitizer report"], report);
  if (outcome !== undefined) {
    const expected = how.expect.map((one) => EXPECTED[one]);
    const { is } = outcome;
    const text = is === "serves" ? "it serving" : outcome.text;
    if (is === "neither") return row.failure(outcome.kind, expected, text);
    if (!how.expect.includes(is)) return row.failure("mismatch", expected, text);
    if (is !== how.expect[0]) row.notes.push(`the program refuses to start: ${text}`);
    if (is === "refuses") return undefined;
  }
  if (how.looksAt === "process" && server.hasOffspring) await server.ended(DAEMON_MS);
  const failure = look(row, how, server, connection);
  if (failure !== undefined || how.sigterm === undefined) return failure;
  return await terminate(row, how, server, connection);
}

function look(
  row: Conversation,
  { looksAt }: Launch,
  server: Server,
  connection: Connection | undefined,
): Failure | undefined {
  if (looksAt === "process" && server.exit !== undefined) {
    const peer = connection?.socket.peerPid();
    const who = peer === server.pid || peer === Deno.pid ? "another process" : `process ${peer}`;
    const seen = `${who} serving when ${exitText(server.exit)}`;
    return row.failure("mismatch", ["the started process to be the server"], seen);
  }
  if (looksAt === "socket-file-mode") {
    const mode = modeOf(server.path);
    if (mode === undefined) {
      row.notes.push("the socket file is gone once there is a client");
      return undefined;
    }
    const text = `mode ${(mode & 0o777).toString(8)}`;
    if ((mode & WRITABLE_BY_ALL) === 0) return undefined;
    // With our own mask, which it inherits, a program had to want that.
    const wanted = (Deno.umask() & WRITABLE_BY_ALL) !== 0;
    if (wanted) return row.failure("mismatch", ["a socket file that not all may write to"], text);
    row.notes.push(`the socket file has ${text}, as the umask lets it`);
  }
  return undefined;
}

function modeOf(path: string): number | undefined {
  try {
    return Deno.lstatSync(path).mode ?? undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
