import { HarnessError } from "../harness_error.ts";
import type { Arbitrary, FastCheck } from "./fast_check.ts";
import { type Finding, sameness } from "./finding.ts";
import type { Act } from "./message.ts";

/** Plays what was drawn. */
export interface Player {
  /** Messages that were sent so far. */
  readonly commands: number;
  /** What the server did wrong, if it did. */
  play(acts: readonly Act[]): Promise<Finding | undefined>;
  /** What is played next has a fresh server. */
  startAnew(): Promise<void>;
}

/** How much is drawn, and from what. */
export interface HuntOptions {
  /** Conversations. */
  readonly count: number;
  readonly seed: number;
  /** Longest wait for a reply, in milliseconds. */
  readonly timeoutMs: number;
  /** The same while a failure is being made shorter. */
  setTimeout(ms: number): void;
  /** What the server printed since the last call. */
  output(): string;
  /** So many kinds of failures end the hunt. Default: 20. */
  readonly most?: number;
  /** Making a failure shorter ends then, in milliseconds. Default: 30,000. */
  readonly shrinkMs?: number;
  readonly signal?: AbortSignal;
  /** So many conversations have been played, and so many kinds of failures found. */
  progress?(done: number, found: number): void;
}

/** A failure that was found, made as short as it gets. */
export interface Found {
  readonly finding: Finding;
  readonly acts: readonly Act[];
  /** Number of the conversation, from 0. */
  readonly conversation: number;
  /** Steps of the conversation as it was drawn. */
  readonly drawn: number;
  /** Conversations that failed so. */
  times: number;
  /** Whether it fails again when played alone. */
  readonly again: boolean;
  /** The last that the server printed. */
  readonly log: string;
}

/** What a hunt came to. */
export interface Hunted {
  readonly found: readonly Found[];
  readonly conversations: number;
  readonly commands: number;
  readonly seconds: number;
  /** False when it was cut off. */
  readonly complete: boolean;
  /** What cut it off, if it was not the user. */
  readonly cutOff?: string;
}

/** Shrinking a failure stops then. */
const SHRINK_MS = 30_000;
/** A server that hangs is not waited for as long as usual while its failure is made shorter. */
const SHRINK_TIMEOUT_MS = 1000;
/** So many kinds of failures are enough for one run. */
const MAX_FOUND = 20;

/** Draws and plays conversations; failures are made shorter, each kind once. */
export async function hunt(
  fc: FastCheck,
  drawn: Arbitrary<Act[]>,
  player: Player,
  options: HuntOptions,
): Promise<Hunted> {
  const start = performance.now();
  const found = new Map<string, Found>();
  let conversation = 0;
  let cutOff: string | undefined;
  const most = options.most ?? MAX_FOUND;
  for (; conversation < options.count && cutOff === undefined; conversation++) {
    const seed = seedOf(options.seed, conversation);
    try {
      const one = await playOne(fc, drawn, player, { ...options, seed }, found);
      if (options.signal?.aborted) break;
      if (one !== undefined) found.set(sameness(one.finding), { ...one, conversation });
    } catch (error) {
      if (options.signal?.aborted) break;
      // What was found so far is not to be lost because the server does not come back.
      if (!(error instanceof HarnessError && error.kind === "start")) throw error;
      cutOff = error.message;
    }
    if (found.size >= most) cutOff = `${found.size} kinds of failures are enough`;
    options.progress?.(conversation + 1, found.size);
  }
  return {
    found: [...found.values()],
    conversations: conversation,
    commands: player.commands,
    seconds: (performance.now() - start) / 1000,
    complete: conversation === options.count && cutOff === undefined,
    ...(cutOff === undefined ? {} : { cutOff }),
  };
}

/** The seed of one conversation: neighbours in number are no neighbours in what is drawn. */
export function seedOf(seed: number, conversation: number): number {
  let mixed = (seed ^ Math.imul(conversation + 1, 0x9e37_79b1)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}

async function playOne(
  fc: FastCheck,
  drawn: Arbitrary<Act[]>,
  player: Player,
  options: HuntOptions,
  known: ReadonlyMap<string, Found>,
): Promise<Found | undefined> {
  let first: { finding: Finding; acts: readonly Act[]; log: string } | undefined;
  let last = first;
  let deadline = Infinity;
  let passed = false;
  let thrown: unknown;
  const property = fc.asyncProperty(drawn, async (acts) => {
    if (passed || performance.now() > deadline || options.signal?.aborted) return true;
    let finding;
    try {
      finding = await player.play(acts);
    } catch (error) {
      // What is thrown is the harness's own trouble: fast-check would take it for the server's.
      [thrown, passed] = [error, true];
      return true;
    }
    if (first === undefined) {
      if (finding === undefined) passed = true;
      else if (known.has(sameness(finding))) {
        known.get(sameness(finding))!.times++;
        passed = true;
      }
      if (passed) return true;
      deadline = performance.now() + (options.shrinkMs ?? SHRINK_MS);
      options.setTimeout(Math.min(options.timeoutMs, SHRINK_TIMEOUT_MS));
      first = last = { finding: finding!, acts, log: options.output() };
      return false;
    }
    if (finding === undefined || sameness(finding) !== sameness(first.finding)) return true;
    last = { finding, acts, log: options.output() };
    return false;
  });
  const parameters = { seed: options.seed, numRuns: 1 };
  await fc.check(property, parameters).finally(() => options.setTimeout(options.timeoutMs));
  if (thrown !== undefined) throw thrown;
  if (first === undefined || last === undefined || options.signal?.aborted) return undefined;
  return await confirmed(player, first, last);
}

interface Played {
  readonly finding: Finding;
  readonly acts: readonly Act[];
  readonly log: string;
}

/** The shortest form that fails with the usual patience, on a fresh server. */
async function confirmed(player: Player, first: Played, last: Played): Promise<Found> {
  const drawn = first.acts.length;
  const common = { conversation: 0, drawn, times: 1 };
  for (const one of last === first ? [first] : [last, first]) {
    // What comes behind the failure has no part in it.
    const acts = one.acts.slice(0, one.finding.at + 1);
    await player.startAnew();
    const finding = await player.play(acts);
    if (finding !== undefined && sameness(finding) === sameness(first.finding)) {
      return { ...common, finding, acts, again: true, log: one.log };
    }
  }
  return { ...common, ...first, again: false };
}
