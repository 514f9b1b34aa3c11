import type { Agenda } from "./agenda.ts";
import type { DeviceFacts } from "./device_facts.ts";
import type { JobListener } from "./play_agenda.ts";
import type { PlayerOptions } from "./player.ts";
import type { CaseResult } from "./results.ts";
import type { SelectedCase } from "./select.ts";
import type { LifeFacts, StageOptions } from "./stage.ts";
import type { Target } from "./target.ts";

/** What a job is told at first: it loads the cases and starts a server while the first server is being met. */
export interface JobStart {
  readonly kind: "start";
  readonly target: Target;
  readonly stage: StageOptions;
  /** Module that exports `SUITES` and `CLAUSES`. */
  readonly casesModule: string;
}

/** What a job is told once the server is known. */
export interface JobOrder {
  readonly kind: "play";
  readonly cases: readonly Pick<SelectedCase, "id" | "leftOutBy">[];
  readonly agenda: SharedArrayBuffer;
  /** How many play, with the main thread. */
  readonly jobs: number;
  readonly device: DeviceFacts;
  readonly life: LifeFacts;
  readonly player: Omit<PlayerOptions, "clauses">;
}

/** To a job. */
export type ToJob = JobStart | JobOrder | { readonly kind: "stop" };

/** From a job. One that ends without having played what it took had no server for it. */
export type FromJob =
  | { readonly kind: "took"; readonly index: number }
  | { readonly kind: "played"; readonly index: number; readonly result: CaseResult }
  | { readonly kind: "ended" };

/** Longer than a job needs to stop its server. */
const ENDING_MS = 5000;

/** Threads that play cases beside the main one, each with a server of its own. */
export class Jobs implements AsyncDisposable {
  readonly #jobs: readonly Job[];
  readonly #graceMs: number;

  /** Begins to load. */
  constructor(count: number, start: Omit<JobStart, "kind">) {
    this.#jobs = Array.from({ length: count }, () => new Job({ kind: "start", ...start }));
    this.#graceMs = start.stage.graceMs;
  }

  /** Lets them play what the agenda gives them. */
  begin(
    order: Omit<JobOrder, "kind" | "agenda" | "jobs">,
    agenda: Agenda,
    listener: JobListener,
  ): void {
    for (const job of this.#jobs) {
      const shared = { agenda: agenda.shared, jobs: this.#jobs.length + 1 };
      job.begin({ kind: "play", ...order, ...shared }, listener);
    }
  }

  /** When all have ended: indexes of the cases that they took and did not play. */
  async ended(): Promise<readonly number[]> {
    await Promise.all(this.#jobs.map((job) => job.ended));
    return this.#jobs.flatMap((job) => job.left);
  }

  /** Ends their servers: what they play is not finished. */
  stop(): void {
    for (const job of this.#jobs) job.tell({ kind: "stop" });
  }

  /** Ends all threads, and their servers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#graceMs + ENDING_MS);
    await Promise.race([this.ended(), promise]);
    clearTimeout(timer);
    for (const job of this.#jobs) job.terminate();
  }
}

class Job {
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #end: () => void;
  #listener: JobListener | undefined;
  readonly #taken = new Set<number>();

  constructor(start: JobStart) {
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.ended, this.#end] = [promise, resolve];
    this.#worker = new Worker(import.meta.resolve("./job_worker.ts"), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromJob>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault(); // its case is played by the main thread, which meets the same mistake
      resolve();
    };
    this.tell(start);
  }

  /** The cases that it took and did not play. */
  get left(): readonly number[] {
    return [...this.#taken];
  }

  begin(order: JobOrder, listener: JobListener): void {
    this.#listener = listener;
    this.tell(order);
  }

  tell(message: ToJob): void {
    this.#worker.postMessage(message);
  }

  terminate(): void {
    this.#worker.terminate();
  }

  #hear(message: FromJob): void {
    if (message.kind === "took") {
      this.#taken.add(message.index);
      this.#listener?.took(message.index);
    } else if (message.kind === "played") {
      this.#taken.delete(message.index);
      this.#listener?.played(message.index, message.result);
    } else if (message.kind === "ended") {
      this.#end();
    }
  }
}
