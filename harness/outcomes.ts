import type { Condition, Expect, FieldMatch, Outcome, ReplyDemands } from "./case.ts";

/** The server does one of these, best first. */
export function expect(...outcomes: Outcome[]): Expect {
  return { step: "expect", outcomes };
}

/** A reply without error. */
export function reply(
  fields: Readonly<Record<string, FieldMatch>> = {},
  demands: ReplyDemands = {},
): Outcome {
  return { outcome: "reply", fields, demands };
}

/** An error reply with one of these errnos. */
export function error(...errno: number[]): Outcome {
  return { outcome: "error", errno, demands: {} };
}

/** An error reply with whatever errno. */
export function anyError(demands: ReplyDemands = {}): Outcome {
  return { outcome: "error", demands };
}

/** The server closes the connection, and lives on. */
export function closed(): Outcome {
  return { outcome: "closed" };
}

/** No reply: a fence sent behind is answered first. */
export function nothing(): Outcome {
  return { outcome: "nothing" };
}

/** No answer yet: the server waits for bytes that were announced and never come. */
export function silence(): Outcome {
  return { outcome: "silence" };
}

/** A permitted outcome that is worth a note in the report, though no failure. */
export function remarkable(outcome: Outcome, remark: string): Outcome {
  return { ...outcome, remark };
}

/** At least `least`. */
export function atLeast(least: number | bigint): Condition {
  return { text: `at least ${least}`, holds: (value) => value >= least };
}

/** At most `most`. */
export function atMost(most: number | bigint): Condition {
  return { text: `at most ${most}`, holds: (value) => value <= most };
}

/** From `least` to `most`, both included. */
export function between(least: number | bigint, most: number | bigint): Condition {
  return { text: `${least} to ${most}`, holds: (value) => value >= least && value <= most };
}

/** One of `values`. */
export function oneOf(...values: readonly (number | bigint)[]): Condition {
  return {
    text: values.join(" or "),
    holds: (value) => values.some((one) => BigInt(one) === BigInt(value)),
  };
}

/** All bits of `set` set and all bits of `clear` clear. */
export function bits(expected: { set?: number; clear?: number }): Condition {
  const { set = 0, clear = 0 } = expected;
  const words = [];
  if (set !== 0) words.push(`with 0x${(set >>> 0).toString(16)} set`);
  if (clear !== 0) words.push(`with 0x${(clear >>> 0).toString(16)} clear`);
  return {
    text: words.join(" and "),
    holds: (value) => (Number(value) & set) === set && (Number(value) & clear) === 0,
  };
}
