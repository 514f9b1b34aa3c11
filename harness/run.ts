import { ask } from "./ask.ts";
import type { Case, Clause } from "./case.ts";
import { checkProfile } from "./check_profile.ts";
import { Conversation, leavesStream } from "./converse.ts";
import type { DeviceFacts, FeatureFacts } from "./device_facts.ts";
import { HarnessError } from "./harness_error.ts";
import { learnDevice, learnFeatures, versionFacts } from "./learn.ts";
import { learnIoFds } from "./learn_io_fds.ts";
import { learnTwin } from "./learn_twin.ts";
import { unmetNeed } from "./needs.ts";
import { sanitizerReport } from "./output_tail.ts";
import type { DeviceProfile } from "./profile.ts";
import type { CaseResult, Failure, Skip } from "./results.ts";
import type { SelectedCase } from "./select.ts";
import { Stage, type StageOptions } from "./stage.ts";
import { getInfo } from "./steps.ts";
import { claimsConventions, type Target } from "./target.ts";
import { Transcript } from "./transcript.ts";

/** Options of a run. */
export interface PlayOptions extends StageOptions {
  readonly profile: DeviceProfile;
  readonly clauses: Readonly<Record<string, Clause>>;
  /** Play a failing row again, alone, before it is reported. Default: true. */
  readonly replay?: boolean;
  /** Ends the run early: what was not played is listed as not run. */
  readonly signal?: AbortSignal;
}

/** Who watches a run. */
export interface RunListener {
  /** The server is up and known. */
  started?(device: DeviceFacts): void;
  caseStarted?(id: string): void;
  caseFinished?(result: CaseResult): void;
}

/** What a run came to. */
export interface Played {
  readonly results: readonly CaseResult[];
  /** How the server lives. */
  readonly life: string;
  /** False when it was cut off. */
  readonly complete: boolean;
}

/** As many cases in a row without a server end the run. */
const MAX_LOST = 3;

/**
 * Plays cases one after the other against a server, in the order given.
 *
 * @throws {HarnessError} of kind `start` when the server cannot be started or never answers.
 */
export async function play(
  cases: readonly SelectedCase[],
  target: Target,
  options: PlayOptions,
  listener: RunListener = {},
): Promise<Played> {
  await using stage = new Stage(target, options);
  const stop = () => stage.stop();
  options.signal?.addEventListener("abort", stop);
  using _listening = { [Symbol.dispose]: () => options.signal?.removeEventListener("abort", stop) };
  const device = await meet(stage, options);
  listener.started?.(device);
  const player = new Player(stage, device, options);
  const results: CaseResult[] = [];
  for (const selected of cases) {
    listener.caseStarted?.(selected.id);
    const result = await player.result(selected);
    results.push(result);
    listener.caseFinished?.(result);
  }
  return { results, life: stage.life, complete: player.complete };
}

/**
 * Meets the server: learns what the device is, and how the server lives.
 *
 * @throws {HarnessError} of kind `start` when the server cannot be started or never answers, of kind `usage` when
 * the device has not what the profile names.
 */
export async function meet(
  stage: Stage,
  options: StageOptions & { readonly profile: DeviceProfile },
): Promise<DeviceFacts> {
  const { connection, reply } = await stage.first();
  const device = await learnDevice(connection, versionFacts(reply), {
    timeoutMs: options.timeoutMs,
    profile: options.profile,
    localProcess: stage.probe(connection) !== undefined,
    conventions: claimsConventions(stage.target),
    startable: stage.target.kind === "command",
  }).catch((error) => {
    connection[Symbol.dispose]();
    throw error;
  });
  checkProfile(device);
  await stage.learnLife(connection, options.profile.life);
  const known = await learnIoFds(stage, await learnTwin(stage, device));
  return { ...known, life: stage.life, features: await meetFeatures(stage, options.timeoutMs) };
}

/** On a connection of its own: some servers do not outlive the question. */
async function meetFeatures(stage: Stage, timeoutMs: number): Promise<FeatureFacts> {
  const connection = await stage.negotiated();
  const features = await learnFeatures(connection, timeoutMs);
  const usable = !connection.ended &&
    typeof await ask(connection, getInfo(), timeoutMs) !== "string";
  if (usable) stage.share(connection);
  else {
    connection[Symbol.dispose]();
    await stage.replace();
  }
  return features;
}

interface Attempt {
  readonly failure?: Failure;
  readonly notes: readonly string[];
  readonly transcript: Transcript;
  readonly log: string;
}

/** Turns cases into results. */
class Player {
  complete = true;
  readonly #stage: Stage;
  readonly #device: DeviceFacts;
  readonly #clauses: Readonly<Record<string, Clause>>;
  readonly #replay: boolean;
  readonly #start: number = performance.now();
  /** Cases in a row that found no server. */
  #lost = 0;

  constructor(stage: Stage, device: DeviceFacts, options: PlayOptions) {
    this.#stage = stage;
    this.#device = device;
    this.#clauses = options.clauses;
    this.#replay = options.replay ?? true;
  }

  async result(selected: SelectedCase): Promise<CaseResult> {
    const started = performance.now();
    const outcome = await this.#outcome(selected);
    const { suite, row } = selected;
    const clause = this.#clauses[row.clause];
    if (clause === undefined) throw new HarnessError("internal", `No clause ${row.clause}`);
    const { level, section, text, note } = clause;
    return {
      id: selected.id,
      suite: suite.id,
      suiteTitle: suite.title,
      title: row.title,
      clause: { id: row.clause, level, section, text, ...(note === undefined ? {} : { note }) },
      startMs: started - this.#start,
      durationMs: performance.now() - started,
      ...outcome,
    };
  }

  async #outcome(selected: SelectedCase) {
    const skip = this.#skip(selected);
    if (skip !== undefined) {
      return { verdict: "skip", skip, notes: [], transcript: [], log: "" } as const;
    }
    try {
      const attempt = await this.#fairly(selected.row);
      this.#lost = 0;
      if (this.#stage.stopped) return this.#interrupted();
      return {
        verdict: attempt.failure === undefined ? "pass" : "fail",
        ...(attempt.failure === undefined ? {} : { failure: attempt.failure }),
        notes: attempt.notes,
        transcript: attempt.transcript.entries(),
        log: attempt.log,
      } as const;
    } catch (error) {
      if (this.#stage.stopped) return this.#interrupted();
      if (error instanceof HarnessError && error.kind === "second-server") {
        const skip: Skip = { kind: "need", text: error.message };
        return { verdict: "skip", skip, notes: [], transcript: [], log: "" } as const;
      }
      if (error instanceof HarnessError && error.kind === "start") this.#lost++;
      await this.#stage.replace();
      const seen = error instanceof HarnessError ? error.message : String((error as Error).stack);
      const failure = { kind: "harness", expected: [], seen } as const;
      const log = await this.#stage.takeOutput();
      return { verdict: "error", failure, notes: [], transcript: [], log } as const;
    }
  }

  #interrupted() {
    this.complete = false;
    const skip: Skip = { kind: "not-run", text: "the run was cut off" };
    return { verdict: "skip", skip, notes: [], transcript: [], log: "" } as const;
  }

  #skip(selected: SelectedCase): Skip | undefined {
    if (selected.leftOutBy !== undefined) {
      return { kind: "user", text: `left out by --skip ${selected.leftOutBy}` };
    }
    if (this.#stage.stopped || this.#lost >= MAX_LOST) {
      this.complete = false;
      const lost = "the server could not be reached any more";
      return { kind: "not-run", text: this.#stage.stopped ? "the run was cut off" : lost };
    }
    const unmet = unmetNeed(this.#device, selected.row.needs ?? []);
    return unmet === undefined ? undefined : { kind: "need", text: unmet };
  }

  /** A failure is looked at twice before it is reported. */
  async #fairly(row: Case): Promise<Attempt> {
    const alone = this.#stage.fresh;
    const attempt = await this.#attempt(row);
    if (attempt.failure === undefined) return attempt;
    if (attempt.failure.kind === "leak") {
      // What a server opens once, when it is first needed, is no leak.
      return await this.#again(row, "the server held more at first, and no more the second time");
    }
    await this.#stage.replace();
    if (alone || !this.#replay || this.#stage.stopped) return attempt;
    return await this.#again(
      row,
      "failed at first, after other cases on the same server, and passed alone",
    );
  }

  /** The second attempt counts. */
  async #again(row: Case, noteWhenPassed: string): Promise<Attempt> {
    const again = await this.#attempt(row);
    if (again.failure === undefined) return { ...again, notes: [...again.notes, noteWhenPassed] };
    await this.#stage.replace();
    return again;
  }

  async #attempt(row: Case): Promise<Attempt> {
    const stage = this.#stage;
    stage.forgetOutput();
    await using _first = { [Symbol.asyncDispose]: () => stage.endSecond() };
    const transcript = new Transcript();
    const connection = row.begins === "connected" ? await stage.raw() : await stage.negotiated();
    using conversation = new Conversation(stage, transcript, connection);
    let failure = await conversation.play(row, this.#device);
    failure = failure === undefined
      ? await this.#settle(row, conversation)
      : await this.#explain(failure);
    const log = await stage.takeOutput();
    const report = sanitizerReport(log);
    if (report !== undefined) {
      failure = { kind: "crash", expected: ["no sanitizer report"], seen: report };
    }
    const notes = conversation.notes;
    return { ...(failure === undefined ? {} : { failure }), notes, transcript, log };
  }

  /** Shares the connection with the next row, or checks that the next client is served. */
  async #settle(row: Case, conversation: Conversation): Promise<Failure | undefined> {
    const { open, used } = conversation;
    const connection = conversation.takeConnection();
    if (open && !used && connection?.negotiated && !leavesStream(row)) {
      this.#stage.share(connection);
      return undefined;
    }
    connection?.[Symbol.dispose]();
    const failure = await this.#stage.nextClientServed();
    const mayExit = row.ends === "may-exit" && failure?.kind === "exit";
    if (mayExit) await this.#stage.replace();
    return mayExit ? undefined : failure;
  }

  /** A connection that closed, or a silence, may be a crash. */
  async #explain(failure: Failure): Promise<Failure> {
    if (failure.kind !== "closed" && failure.kind !== "no-reply") return failure;
    const death = await this.#stage.died();
    if (death === undefined) return failure;
    return { ...failure, kind: death.kind, seen: `${failure.seen}: ${death.seen}` };
  }
}
