import type { FailureKind } from "../results.ts";

/** What a server did wrong in a conversation. */
export interface Finding {
  readonly kind: FailureKind;
  /** The clause that is to blame. */
  readonly clause: string;
  readonly expected: string;
  readonly seen: string;
  /** The last line that the server printed before it ended, numbers left out. */
  readonly said?: string;
  /** Index of the step after which it was seen; the number of steps for what was seen behind the last. */
  readonly at: number;
  /** The step itself, in words. */
  readonly step: string;
}

/** In place of a step, for what is seen when all have been played. */
export const LEAVING = "the client leaves";

/** What is the same about two findings that are the same bug, as far as can be told. */
export function sameness({ kind, clause, step, seen, said }: Finding): string {
  if (kind === "leak") return kind;
  if (seen.startsWith("SUMMARY")) return seen;
  if (said !== undefined) return `${kind} ${said}`;
  // Whose fault a crash is, a message tells and a clause does not.
  return kind === "mismatch" ? clause : `${kind} ${step.split(" ")[0]}`;
}
