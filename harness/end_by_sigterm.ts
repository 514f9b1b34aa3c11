import type { Conversation } from "./converse.ts";
import type { Failure } from "./results.ts";
import { exitText } from "./server.ts";

/** Sends SIGTERM to the server of the row; says what failed when that does not end it. */
export async function endBySigterm(row: Conversation): Promise<Failure | undefined> {
  row.transcript.note("sends SIGTERM to the server");
  const exit = await row.world.endBySigterm();
  const expected = ["SIGTERM to end the server"];
  if (exit === undefined) return row.failure("no-reply", expected, "it still running");
  row.transcript.note(exitText(exit));
  if (exit.signal === null || exit.signal === "SIGTERM") return undefined;
  return row.failure("crash", expected, exitText(exit));
}
