import type { DmaDemands, Step } from "./case.ts";
import { Connection } from "./connection.ts";
import type { Conversation } from "./converse.ts";
import { resolve } from "./judge.ts";
import { Fd, isUnixStreamSocket } from "./posix/fd.ts";
import { UnixSocket } from "./posix/unix_socket.ts";
import type { Failure } from "./results.ts";
import { parseVersionJson } from "./wire/version_json.ts";

/** Steps about the commands that the server sends. */
export type DmaStep = Extract<Step, { readonly step: `${string}-dma` | `${string}-twin` }> | Demand;

type Demand = { readonly step: "dma-requests" } & DmaDemands;

/** Plays one step; says what failed, or nothing. */
export async function dmaStep(row: Conversation, step: DmaStep): Promise<Failure | undefined> {
  switch (step.step) {
    case "answer-dma":
      row.dma.answerWith(step.answer);
      return undefined;
    case "await-dma":
      return await row.dmaAsked();
    case "dma-requests": {
      const seen = step.check(row.dma.takeRequests());
      return seen === undefined ? undefined : row.failure("mismatch", [step.wants], seen);
    }
    case "use-twin":
      return useTwin(row, step.from);
    case "close-twin":
      row.dma.closeTwin();
      return undefined;
  }
}

/** `fd_index` of the VERSION data that were saved under the same name. */
export function twinIndex(row: Conversation, name: string): number | undefined {
  const parsed = parseVersionJson(resolve({ saved: name }, row.saved));
  return parsed.ok ? parsed.capabilities.twinSocket.fdIndex : undefined;
}

function useTwin(row: Conversation, name: string): Failure | undefined {
  const index = twinIndex(row, name);
  const fd = index === undefined ? undefined : row.files.received(name)[index];
  if (fd === undefined || !isUnixStreamSocket(fd)) {
    return row.failure("mismatch", ["a twin socket"], fd === undefined ? "none" : "another file");
  }
  // The row gives it away: it must be closed when our end is to be closed.
  const socket = UnixSocket.adopt(new Fd(fd.release()));
  row.dma.useTwin(new Connection(socket, row.transcript, "on the twin socket"));
  return undefined;
}
