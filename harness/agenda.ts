import type { Need } from "./needs.ts";

/** Why the rest of a run is not played. */
export type Stop = "cut-off" | "fail-fast" | "unanswered" | "lost";

const STOPS: readonly Stop[] = ["cut-off", "fail-fast", "unanswered", "lost"];

/** Places in the shared memory; behind them, one for each suite. */
const NEXT = 0;
const NEXT_START = 1;
const STARTING = 2;
const STOPPED = 3;
const SUITES = 4;
/** As many cases of a suite in a row without an answer, and it is given up. */
const MAX_UNANSWERED = 3;

/** What an agenda asks of a case. */
export interface AgendaCase {
  readonly suite: { readonly id: string };
  readonly row: { readonly needs?: readonly Need[] };
}

/** Which case is next, for whoever is free, and why no more are played. Threads share one. */
export class Agenda {
  /** What makes the same agenda in another thread. */
  readonly shared: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #suites: readonly string[];
  /** Indexes of cases that start servers of their own, and of all others. */
  readonly #starting: readonly number[];
  readonly #others: readonly number[];
  readonly #most: number;
  #starts = false;

  /** With several jobs, half of them are kept free of cases that start servers of their own. */
  constructor(cases: readonly AgendaCase[], jobs = 1, shared?: SharedArrayBuffer) {
    this.#suites = [...new Set(cases.map(({ suite }) => suite.id))];
    this.#most = jobs >> 1;
    const starts = (index: number) => this.#most > 0 && startsServers(cases[index]!);
    this.#starting = [...cases.keys()].filter(starts);
    this.#others = [...cases.keys()].filter((index) => !starts(index));
    this.shared = shared ??
      new SharedArrayBuffer((SUITES + this.#suites.length) * Int32Array.BYTES_PER_ELEMENT);
    this.#cells = new Int32Array(this.shared);
  }

  /** Index of the next case, which is the caller's until it takes another; nothing when all are taken. */
  take(): number | undefined {
    if (this.#starts) Atomics.sub(this.#cells, STARTING, 1);
    this.#starts = false;
    return this.#takeStarting() ?? this.#others[Atomics.add(this.#cells, NEXT, 1)] ??
      this.#starting[Atomics.add(this.#cells, NEXT_START, 1)];
  }

  /** To start servers is more work than any other, and work for more than one processor: two at once get in each other's way. */
  #takeStarting(): number | undefined {
    if (Atomics.add(this.#cells, STARTING, 1) < this.#most) {
      const index = this.#starting[Atomics.add(this.#cells, NEXT_START, 1)];
      this.#starts = index !== undefined;
      if (this.#starts) return index;
    }
    Atomics.sub(this.#cells, STARTING, 1);
    return undefined;
  }

  /** What is not taken yet will not be played; the first reason holds. */
  stop(why: Stop): void {
    Atomics.compareExchange(this.#cells, STOPPED, 0, STOPS.indexOf(why) + 1);
  }

  /** Why no more is played. */
  get stopped(): Stop | undefined {
    return STOPS[Atomics.load(this.#cells, STOPPED) - 1];
  }

  /** Counts a case whose server kept silent; true for the one at which its suite is given up. */
  unanswered(suite: string): boolean {
    return Atomics.add(this.#cells, this.#cell(suite), 1) + 1 === MAX_UNANSWERED;
  }

  /** A case of the suite got its answers: the count begins again, unless the suite is given up. */
  answered(suite: string): void {
    const count = Atomics.load(this.#cells, this.#cell(suite));
    if (count > 0 && count < MAX_UNANSWERED) {
      Atomics.compareExchange(this.#cells, this.#cell(suite), count, 0);
    }
  }

  /** Whether the rest of the suite is not played. */
  givenUp(suite: string): boolean {
    return Atomics.load(this.#cells, this.#cell(suite)) >= MAX_UNANSWERED;
  }

  #cell(suite: string): number {
    return SUITES + this.#suites.indexOf(suite);
  }
}

function startsServers({ row }: AgendaCase): boolean {
  return row.needs?.some((need) => need === "conventions" || need === "second-server") ?? false;
}
