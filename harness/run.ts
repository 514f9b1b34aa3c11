import { Agenda, type Stop } from "./agenda.ts";
import type { DeviceFacts } from "./device_facts.ts";
import { Jobs } from "./jobs.ts";
import { meet } from "./meet.ts";
import { playAgenda } from "./play_agenda.ts";
import { now, Player, type PlayerOptions } from "./player.ts";
import type { DeviceProfile } from "./profile.ts";
import type { CaseResult } from "./results.ts";
import type { SelectedCase } from "./select.ts";
import { Stage, type StageOptions } from "./stage.ts";
import type { Target } from "./target.ts";

/** Options of a run. */
export interface PlayOptions extends StageOptions, Omit<PlayerOptions, "beganAt"> {
  readonly profile: DeviceProfile;
  /** Servers that play at once, where a server can be started: 1, or more with the module of the cases. Default: 1. */
  readonly jobs?: number;
  /** Module that exports `SUITES` and `CLAUSES`, for further jobs. */
  readonly casesModule?: string;
  /** Ends the run early: what was not played is listed as not run. */
  readonly signal?: AbortSignal;
}

/** Who watches a run. */
export interface RunListener {
  /** The server is up and known, or the run was cut off before; so many servers will play. */
  started?(device: DeviceFacts | undefined, jobs: number): void;
  caseStarted?(id: string): void;
  /** Called in the order of the cases. The rest is not played when it answers `stop`. */
  caseFinished?(result: CaseResult): "stop" | undefined | void;
}

/** What a run came to. */
export interface Played {
  readonly results: readonly CaseResult[];
  /** How the server lives. */
  readonly life: string;
  /** What was odd about the server, besides what cases say. */
  readonly remarks: readonly string[];
  /** False when it was cut off. */
  readonly complete: boolean;
  /** Why, then. */
  readonly cutOff?: string;
}

/** With fewer cases for each, a further server takes longer to start than it saves. */
const LEAST_CASES = 20;

/**
 * Plays cases against a server, and reports them in the order given.
 *
 * @throws {HarnessError} of kind `start` when the server cannot be started or never answers.
 */
export async function play(
  cases: readonly SelectedCase[],
  target: Target,
  options: PlayOptions,
  listener: RunListener = {},
): Promise<Played> {
  const beganAt = now();
  const limits = {
    timeoutMs: options.timeoutMs,
    startMs: options.startMs,
    graceMs: options.graceMs,
  };
  const { onWait } = options;
  await using stage = new Stage(target, { ...limits, ...(onWait && { onWait }) });
  const further = furtherJobs(cases, target, options);
  const agenda = new Agenda(cases, further + 1);
  const { casesModule = "" } = options;
  await using jobs = new Jobs(further, { target, stage: limits, casesModule });
  using _stopping = onAbort(options.signal, () => {
    agenda.stop("cut-off");
    stage.stop();
    jobs.stop();
  });
  const device = await meet(stage, options).catch((error) => {
    if (!stage.stopped) throw error;
    return undefined; // cut off before it was met, it has not failed
  });
  listener.started?.(device, further + 1);
  const inOrder = new InOrder(cases.length, (result) => {
    if (listener.caseFinished?.(result) === "stop") agenda.stop("fail-fast");
  });
  const { replay = true, repeat = 1, leaks = true, keepGoing = false } = options;
  const how = { replay, repeat, leaks, keepGoing, beganAt };
  const player = new Player(stage, device, agenda, { ...how, clauses: options.clauses });
  const ids = cases.map(({ id, leftOutBy }) => ({ id, ...(leftOutBy && { leftOutBy }) }));
  const jobListener = {
    took: (index: number) => listener.caseStarted?.(cases[index]!.id),
    played: (index: number, result: CaseResult) => inOrder.add(index, result),
  };
  if (device === undefined) jobs.stop();
  else jobs.begin({ cases: ids, device, life: stage.lifeFacts, player: how }, agenda, jobListener);
  await playAgenda(player, cases, agenda, jobListener);
  for (const index of await jobs.ended()) {
    inOrder.add(index, await player.result(cases[index]!));
  }
  return {
    results: inOrder.results,
    life: stage.life,
    remarks: [...stage.remarks].toSorted(),
    ...ending(agenda.stopped, options.signal),
  };
}

function furtherJobs(
  cases: readonly SelectedCase[],
  target: Target,
  { jobs = 1, casesModule }: PlayOptions,
): number {
  if (target.kind === "attach" || casesModule === undefined) return 0;
  return Math.max(0, Math.min(jobs, Math.ceil(cases.length / LEAST_CASES)) - 1);
}

function onAbort(signal: AbortSignal | undefined, stop: () => void): Disposable {
  signal?.addEventListener("abort", stop);
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", stop) };
}

function ending(
  stopped: Stop | undefined,
  signal: AbortSignal | undefined,
): Pick<Played, "complete" | "cutOff"> {
  if (stopped === "lost") {
    return { complete: false, cutOff: "since the server could not be reached any more" };
  }
  if (stopped !== "cut-off") return { complete: true };
  const reason: unknown = signal?.reason;
  return { complete: false, ...(typeof reason === "string" ? { cutOff: reason } : {}) };
}

/** Results as they come, told in the order of the cases. */
class InOrder {
  readonly #results: (CaseResult | undefined)[];
  readonly #tell: (result: CaseResult) => void;
  #told = 0;

  constructor(count: number, tell: (result: CaseResult) => void) {
    this.#results = Array(count).fill(undefined);
    this.#tell = tell;
  }

  /** All, once the last has come. */
  get results(): readonly CaseResult[] {
    return this.#results.filter((result) => result !== undefined);
  }

  add(index: number, result: CaseResult): void {
    this.#results[index] = result;
    for (let next = this.#results[this.#told]; next !== undefined;) {
      this.#tell(next);
      next = this.#results[++this.#told];
    }
  }
}
