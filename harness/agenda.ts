/** Why the rest of a run is not played. */
export type Stop = "cut-off" | "fail-fast" | "unanswered" | "lost";

const STOPS: readonly Stop[] = ["cut-off", "fail-fast", "unanswered", "lost"];

/** Places in the shared memory; behind them, one for each suite. */
const NEXT = 0;
const STOPPED = 1;
const SUITES = 2;
/** As many cases of a suite in a row without an answer, and it is given up. */
const MAX_UNANSWERED = 3;

/** Which case is next, for whoever is free, and why no more are played. Threads share one. */
export class Agenda {
  /** What makes the same agenda in another thread. */
  readonly shared: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #cases: number;
  readonly #suites: readonly string[];

  constructor(
    cases: readonly { readonly suite: { readonly id: string } }[],
    shared?: SharedArrayBuffer,
  ) {
    this.#suites = [...new Set(cases.map(({ suite }) => suite.id))];
    this.#cases = cases.length;
    this.shared = shared ??
      new SharedArrayBuffer((SUITES + this.#suites.length) * Int32Array.BYTES_PER_ELEMENT);
    this.#cells = new Int32Array(this.shared);
  }

  /** Index of the next case, which is the caller's from then on; nothing when all are taken. */
  take(): number | undefined {
    const index = Atomics.add(this.#cells, NEXT, 1);
    return index < this.#cases ? index : undefined;
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
