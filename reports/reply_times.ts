import type { CaseResult, TranscriptEntry } from "../harness/results.ts";
import { commandName, HeaderFlag, MessageType } from "../harness/wire/constants.ts";
import { Header } from "../harness/wire/messages.ts";

/** How long the replies to one command took. */
export interface ReplyTimes {
  /** `REGION_READ` */
  readonly command: string;
  /** Milliseconds, ascending; never empty. */
  readonly times: readonly number[];
}

/** Reply times of all cases by command, in the order of the command numbers. */
export function replyTimes(results: readonly CaseResult[]): readonly ReplyTimes[] {
  const pairs = results.flatMap(({ transcript }) => [...pairsOf(transcript)]);
  const byCommand = Map.groupBy(pairs, ({ command }) => command);
  return [...byCommand].sort(([a], [b]) => a - b).map(([command, replies]) => ({
    command: commandName(command),
    times: replies.map(({ ms }) => ms).sort((a, b) => a - b),
  }));
}

/** The time in the middle. */
export function median({ times }: ReplyTimes): number {
  const half = times.length / 2;
  return (times[Math.ceil(half) - 1]! + times[Math.floor(half)]!) / 2;
}

function* pairsOf(
  transcript: readonly TranscriptEntry[],
): Generator<{ command: number; ms: number }> {
  const asked = new Map<number, { readonly command: number; readonly atMs: number }>();
  for (const entry of transcript) {
    const header = headerOf(entry);
    if (header === undefined) continue;
    const { msgId, command, flags } = header;
    const type = flags & HeaderFlag.TYPE_MASK;
    if (entry.kind === "sent" && type === MessageType.COMMAND) {
      // A message in pieces takes as long as we take to send it.
      if (inPieces(entry)) asked.delete(msgId);
      else asked.set(msgId, { command, atMs: entry.atMs });
    } else if (entry.kind === "received" && type === MessageType.REPLY) {
      const question = asked.get(msgId);
      if (question?.command !== command) continue;
      asked.delete(msgId);
      yield { command, ms: entry.atMs - question.atMs };
    }
  }
}

function inPieces({ text }: TranscriptEntry): boolean {
  return /\bin \d+ pieces\b/.test(text);
}

function headerOf({ hex }: TranscriptEntry) {
  const digits = hex.slice(0, 2 * Header.size);
  if (!/^[0-9a-f]{32}$/i.test(digits)) return undefined;
  return Header.decode(Uint8Array.fromHex(digits));
}
