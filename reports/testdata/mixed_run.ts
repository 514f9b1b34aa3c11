import type { RunResult } from "../../harness/results.ts";
import { HOSTILE, HOSTILE_RUN } from "./hostile_run.ts";
import { caseResult, failure, INFO, RESULTS, RUN, TRANSCRIPT } from "./sample_run.ts";

const MISMATCH = failure("mismatch", "a reply of 16 bytes without error");

/** A run that was cut off, with something of everything that a report can show. */
export const MIXED_RUN: RunResult = {
  ...RUN,
  results: [
    ...RESULTS,
    caseResult("dma-map/flaky", {
      verdict: "fail",
      failure: MISMATCH,
      log: "vfu: out of luck\n",
      flaky: { attempts: 5, passed: 2, transcript: TRANSCRIPT, log: "vfu: all is well\n" },
    }),
    caseResult("dma-map/known", {
      verdict: "fail",
      failure: { ...MISMATCH, field: { offset: 8, size: 4 } },
      expectedFailure: {
        pattern: "dma-map/kn*",
        reason: "Not before release 3",
        message: "EEXIST",
      },
    }),
    caseResult("dma-map/better", {
      expectedFailure: { pattern: "dma-map/better", reason: "It was bad" },
    }),
  ],
  complete: false,
  cutOff: "after 60 s, as --max-time asks",
  info: {
    ...INFO,
    jobs: 3,
    shard: "2/4",
    seed: 4711,
    stalePatterns: ["dma-mapp/*"],
  },
};

const FROM_OUTSIDE = {
  title: HOSTILE,
  log: HOSTILE,
  notes: [HOSTILE],
  expectedFailure: { pattern: HOSTILE, reason: HOSTILE, message: HOSTILE },
} as const;

/** The same where everything that can come from outside is hostile. */
export const HOSTILE_MIXED_RUN: RunResult = {
  ...HOSTILE_RUN,
  results: [
    ...HOSTILE_RUN.results,
    caseResult("b/flaky", {
      ...FROM_OUTSIDE,
      verdict: "fail",
      failure: {
        kind: "mismatch",
        expected: [],
        seen: HOSTILE,
        entry: 1,
        field: { offset: -1, size: 2 ** 40 },
      },
      flaky: { attempts: 2, passed: 1, transcript: TRANSCRIPT, log: HOSTILE },
    }),
    caseResult("b/unexpected", FROM_OUTSIDE),
  ],
  info: { ...HOSTILE_RUN.info, shard: HOSTILE, stalePatterns: [HOSTILE] },
  cutOff: HOSTILE,
};
