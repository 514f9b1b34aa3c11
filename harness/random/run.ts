import type { DeviceFacts } from "../device_facts.ts";
import type { DeviceProfile } from "../profile.ts";
import { meet } from "../meet.ts";
import { Stage, type StageOptions } from "../stage.ts";
import type { Target } from "../target.ts";
import { Client } from "./client.ts";
import { drawConversation } from "./draw.ts";
import { drawFuzz } from "./draw_fuzz.ts";
import type { Arbitrary, FastCheck } from "./fast_check.ts";
import type { Finding } from "./finding.ts";
import { FuzzPlayer } from "./fuzz_player.ts";
import { type Ground, groundOf } from "./ground.ts";
import { hunt, type Hunted, type Player } from "./hunt.ts";
import type { Act } from "./message.ts";
import { RandomPlayer } from "./random_player.ts";
import type { Replay } from "./replay_file.ts";

/** Whether answers are compared with the model, or only looked at for what no server may do. */
export type Kind = Replay["kind"];

/** How a server is met. */
export interface MeetOptions extends StageOptions {
  readonly profile: DeviceProfile;
  /** Clauses of which a breach does not count. */
  readonly skipped: readonly string[];
  readonly signal?: AbortSignal;
}

/** How much is played. */
export interface RandomOptions extends MeetOptions {
  /** Conversations. */
  readonly count: number;
  /** Steps of each. */
  readonly commands: number;
  readonly seed: number;
  /** So many kinds of failures end it. Default: 20. */
  readonly most?: number;
  /** Making a failure shorter ends then, in milliseconds. Default: 30,000. */
  readonly shrinkMs?: number;
  /** The server is up and known. */
  started?(device: DeviceFacts): void;
  /** So many conversations have been played, and so many kinds of failures found. */
  progress?(done: number, found: number): void;
}

/** Draws conversations, or mutated messages, and plays them against a server. */
export async function playRandom(
  fc: FastCheck,
  kind: Kind,
  target: Target,
  options: RandomOptions,
): Promise<Hunted> {
  await using met = await meetPlayer(kind, target, options);
  const { client, ground, player } = met;
  options.started?.(ground.device);
  const drawn: Arbitrary<Act[]> = kind === "random"
    ? drawConversation(fc, ground, options.commands)
    : drawFuzz(fc, ground, options.commands);
  return await hunt(fc, drawn, player, {
    count: options.count,
    seed: options.seed,
    timeoutMs: options.timeoutMs,
    setTimeout: (ms) => void (client.timeoutMs = ms),
    output: () => client.output(),
    ...(options.shrinkMs === undefined ? {} : { shrinkMs: options.shrinkMs }),
    ...(options.most === undefined ? {} : { most: options.most }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.progress === undefined ? {} : { progress: options.progress }),
  });
}

/** Plays a replay file: what the server does wrong this time, if it does. */
export async function playReplay(
  replay: Replay,
  target: Target,
  options: MeetOptions,
): Promise<Finding | undefined> {
  await using met = await meetPlayer(replay.kind, target, options);
  return await met.player.play(replay.acts);
}

interface Met extends AsyncDisposable {
  readonly client: Client;
  readonly ground: Ground;
  readonly player: Player;
}

async function meetPlayer(kind: Kind, target: Target, options: MeetOptions): Promise<Met> {
  await using owned = new AsyncDisposableStack();
  const stage = owned.use(new Stage(target, options));
  const stop = () => stage.stop();
  options.signal?.addEventListener("abort", stop);
  owned.defer(() => options.signal?.removeEventListener("abort", stop));
  const ground = groundOf(await meet(stage, options));
  // What met it has left the server as it was, or not: conversations begin with a new one.
  await stage.replace();
  const client = owned.use(new Client(stage));
  const player = owned.use(
    kind === "random"
      ? new RandomPlayer(client, ground, new Set(options.skipped))
      : new FuzzPlayer(client),
  );
  const kept = owned.move();
  return { client, ground, player, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
