import { HarnessError } from "./harness_error.ts";
import { type CaseResult, type ExpectedFailure, failureText } from "./results.ts";
import { globMatcher } from "./select.ts";

/**
 * Reads a list of expected failures: `[{ "pattern": "dma-map/overlap-*", "reason": "…", "message": "EEXIST" }]`.
 * Throws `HarnessError` of kind `usage` that names the place of a mistake.
 */
export function parseExpectedFailures(text: string, name: string): readonly ExpectedFailure[] {
  const wrong = (what: string) =>
    new HarnessError("usage", `Cannot use the list of expected failures ${name}: ${what}`);
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw wrong((error as Error).message.replace(/\s+/g, " "));
  }
  if (!Array.isArray(list)) throw wrong("the top level must be a list of { pattern, reason }");
  for (const [index, entry] of list.entries()) {
    const mistake = mistakeOf(entry);
    if (mistake !== undefined) throw wrong(`entry ${index + 1} ${mistake}`);
  }
  return list;
}

const REQUIRED = ["pattern", "reason"];

function mistakeOf(entry: unknown): string | undefined {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    return "must be an object with pattern and reason";
  }
  const missing = REQUIRED.find((key) => !(key in entry));
  if (missing !== undefined) return `has no ${missing}`;
  for (const [key, value] of Object.entries(entry)) {
    if (!REQUIRED.includes(key) && key !== "message") {
      return `has an unknown key ${key}: known are pattern, reason, message`;
    }
    if (typeof value !== "string" || value.trim() === "") return `needs a text as ${key}`;
  }
  return undefined;
}

/** Says of each result which entry of a list is about it: the first one whose message fits too, if one does. */
export function expectation(
  list: readonly ExpectedFailure[],
): (result: CaseResult) => ExpectedFailure | undefined {
  const entries = list.map((entry) => ({ entry, matches: globMatcher(entry.pattern) }));
  return ({ id, failure }) => {
    const own = entries.filter(({ matches }) => matches(id)).map(({ entry }) => entry);
    const text = failure === undefined ? "" : failureText(failure);
    return own.find(({ message = "" }) => text.includes(message)) ?? own[0];
  };
}

/** Patterns that name no case at all: the case was renamed, or the pattern is wrong. */
export function stalePatterns(
  list: readonly ExpectedFailure[],
  ids: readonly string[],
): readonly string[] {
  return list.map(({ pattern }) => pattern).filter((pattern) => !ids.some(globMatcher(pattern)));
}

/** A list that expects what failed in a run, each with the start of its message. */
export function expectedFailuresOf(results: readonly CaseResult[]): readonly ExpectedFailure[] {
  return results.flatMap(({ id, verdict, failure, expectedFailure }) => {
    if (verdict !== "fail" || failure === undefined) return [];
    const reason = expectedFailure?.reason ?? `not looked at yet: ${failureText(failure)}`;
    return [{ pattern: id, reason, message: failure.seen.split("\n")[0]! }];
  });
}
