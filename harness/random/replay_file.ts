import { HarnessError } from "../harness_error.ts";
import type { Finding } from "./finding.ts";
import type { Found } from "./hunt.ts";
import { type Act, actFromJson, actText, actToJson } from "./message.ts";

/** What a replay file says. */
export interface Replay {
  /** Which rules the answers are held to. */
  readonly kind: "random" | "fuzz";
  readonly acts: readonly Act[];
  /** What was found when the file was written. */
  readonly finding: Finding;
}

/** The content of a replay file. */
export function replayText(kind: Replay["kind"], seed: number, found: Found): string {
  const { kind: what, clause, expected, seen, at } = found.finding;
  const json = {
    kind,
    seed,
    conversation: found.conversation,
    failure: { kind: what, clause, expected, seen, at, step: found.finding.step },
    begins: "on a new connection, with VERSION agreed on, and a device that runs",
    inWords: found.acts.map(actText),
    steps: found.acts.map(actToJson),
    ...(found.log === "" ? {} : { log: found.log }),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

/** Reads a replay file. Throws `HarnessError` of kind `usage` where it is none. */
export function parseReplay(text: string): Replay {
  const fail = (why: string) => new HarnessError("usage", `Cannot read the replay file: ${why}`);
  let json;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fail((error as Error).message);
  }
  const { kind, steps, failure } = json ?? {};
  if (kind !== "random" && kind !== "fuzz") throw fail(`its kind is ${JSON.stringify(kind)}`);
  if (!Array.isArray(steps)) throw fail("it has no steps");
  if (typeof failure?.clause !== "string") throw fail("it has no failure");
  return { kind, acts: steps.map(actFromJson), finding: failure };
}
