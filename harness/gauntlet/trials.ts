import type { TrialOptions } from "./trial.ts";

/** What a run against one behaviour must come to. */
export interface Expected {
  readonly behaviour: string;
  readonly options?: TrialOptions;
}

/** A server that never comes up is not waited for as long as one that is only slow. */
const SHORT: TrialOptions = { startMs: 1000 };

export const TRIALS: readonly Expected[] = [
  { behaviour: "never-listens", options: SHORT },
  { behaviour: "stops-at-start", options: SHORT },
  { behaviour: "pours-and-never-listens", options: SHORT },
];
