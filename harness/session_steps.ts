import { CLIENT_VERSION } from "./ask.ts";
import type { Step } from "./case.ts";
import type { Conversation } from "./converse.ts";
import { twinIndex } from "./dma_steps.ts";
import { encodeMessage } from "./encode.ts";
import { EventFd } from "./posix/event_fd.ts";
import type { Fd } from "./posix/fd.ts";
import { UnixSocket } from "./posix/unix_socket.ts";
import type { Failure } from "./results.ts";
import { exitText } from "./server.ts";

/** Steps about other clients, and about descriptors that a reply has brought. */
export type SessionStep = Extract<
  Step,
  { readonly step: "second-client" | "left-server" | "socket-closed" | "signal-received" }
>;

/** A server has this long to answer a client whose turn has come, in milliseconds. */
const SECOND_MS = 1000;

/** Plays one step; says what failed, or nothing. */
export async function sessionStep(
  row: Conversation,
  step: SessionStep,
): Promise<Failure | undefined> {
  switch (step.step) {
    case "second-client":
      await secondClient(row, step.does);
      return undefined;
    case "left-server":
      if (step.does === "serves-next") return await row.world.serveNext(row.transcript);
      return await endedWell(row);
    case "socket-closed":
      return await socketClosed(row, step.from, step.index);
    case "signal-received": {
      const fd = row.files.received(step.from)[step.index];
      const expected = [`descriptor ${step.index}`];
      if (fd === undefined) return row.failure("mismatch", expected, "too few descriptors");
      using event = EventFd.adopt(fd.duplicate());
      event.add(1n);
      return undefined;
    }
  }
}

async function secondClient(
  row: Conversation,
  does: Extract<Step, { readonly step: "second-client" }>["does"],
): Promise<void> {
  row.traces.lasting = true;
  if (does === "proposes") {
    const { bytes } = encodeMessage(CLIENT_VERSION, 1, row.saved);
    row.second?.send(bytes);
  } else if (does === "waits") {
    await row.second?.wait("readable", performance.now() + SECOND_MS);
  } else {
    row.second?.[Symbol.dispose]();
    row.second = does === "connects" ? row.world.connectBeside() : undefined;
  }
  const fate = does !== "leaves" && row.second === undefined ? ", and is not let in" : "";
  row.transcript.note(`a second client ${does}${fate}`);
}

async function endedWell(row: Conversation): Promise<Failure | undefined> {
  const exit = await row.world.endAlone();
  if (exit === undefined || (exit.signal === null && exit.code === 0)) return undefined;
  const kind = exit.signal === null ? "exit" : "crash";
  const expected = "the server to serve the next client or to end with status 0";
  return row.failure(kind, [expected], exitText(exit));
}

async function socketClosed(
  row: Conversation,
  from: string,
  which: "fdIndex" | number,
): Promise<Failure | undefined> {
  const index = which === "fdIndex" ? twinIndex(row, from) : which;
  const fd: Fd | undefined = index === undefined ? undefined : row.files.received(from)[index];
  const expected = ["the server to close its end of the socket"];
  if (fd === undefined) return row.failure("mismatch", expected, "no socket");
  using socket = UnixSocket.adopt(fd.duplicate());
  const deadline = row.deadline();
  while (true) {
    const received = socket.receive(0, 4096);
    if (received === "closed" || received === "reset") return undefined;
    if (received === "would-block") {
      if (!await socket.wait("readable", deadline)) break;
    } else for (const fd of received.fds) fd[Symbol.dispose]();
  }
  return row.failure("no-reply", expected, "it still open");
}
