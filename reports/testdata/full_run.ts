import type { RunResult } from "../../harness/results.ts";
import { caseResult, failure, RUN } from "./sample_run.ts";

const EXPECTED = { pattern: "irq/*", reason: "bug 17", message: "EEXIST" };

/** A run in which each meaning that a case can have occurs, and the list of expected failures is stale in part. */
export const FULL_RUN: RunResult = {
  ...RUN,
  info: { ...RUN.info, jobs: 2, shard: "1/4", seed: 7, stalePatterns: ["no-such/*"] },
  results: [
    ...RUN.results,
    caseResult("irq/known", {
      verdict: "fail",
      failure: failure("mismatch", "a reply of 16 bytes without error"),
      expectedFailure: EXPECTED,
    }),
    caseResult("irq/other", {
      verdict: "fail",
      failure: failure("no-reply", "nothing within 2000 ms"),
      expectedFailure: { ...EXPECTED, message: "EBUSY" },
    }),
    caseResult("irq/mended", { expectedFailure: EXPECTED }),
    caseResult("irq/now-and-then", {
      verdict: "fail",
      failure: failure("closed", "the server closed the connection"),
      flaky: { attempts: 5, passed: 4, transcript: RUN.results[0]!.transcript, log: "fine\n" },
    }),
    caseResult("irq/left-out", {
      verdict: "skip",
      transcript: [],
      skip: { kind: "user", text: "left out by --skip" },
    }),
  ],
};

/** The same, ended early. */
export const CUT_RUN: RunResult = {
  ...FULL_RUN,
  complete: false,
  cutOff: "after 60 s, as --max-time asks",
};
