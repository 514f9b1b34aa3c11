import { type CaseResult, failureText, type Meaning } from "../harness/results.ts";
import { oneLine } from "./text.ts";

/** Why a case means what it means, in one harmless line; empty for one that passed. */
export function reasonText(result: CaseResult, meaning: Meaning): string {
  const { failure, flaky, skip, expectedFailure } = result;
  const seen = failure === undefined ? "no reason is known" : failureText(failure);
  switch (meaning) {
    case "passed":
      return "";
    case "skipped":
      return oneLine(skip?.text ?? "no reason is known");
    case "not run":
      return `not run: ${oneLine(skip?.text ?? "no reason is known")}`;
    case "expected failure":
      return `expected failure: ${oneLine(expectedFailure?.reason ?? "no reason is known")}`;
    case "unexpected pass":
      return `passed, but is expected to fail: ${oneLine(expectedFailure?.reason ?? "")}`;
    case "failed":
    case "warning":
    case "error": {
      if (flaky === undefined) return oneLine(seen);
      const failed = flaky.attempts - flaky.passed;
      return `flaky: failed ${failed} of ${flaky.attempts}: ${oneLine(seen)}`;
    }
  }
}
