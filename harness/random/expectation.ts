/** A breach of a clause: what the server owed, and what it did. */
export interface Breach {
  readonly clause: string;
  readonly expected: string;
  readonly seen: string;
}

/** A reply without error, as far as the model looks at it. */
export interface SuccessReply {
  readonly payload: Uint8Array;
  readonly fdCount: number;
}

/** What became of a command; `unknown` where no reply was wanted, or none can be had any more. */
export type Outcome = "success" | "error" | "unknown";

/** What the model says of a command before it is sent. */
export interface Expectation {
  /** The clause that is to blame where the server does not do as it owes. */
  readonly clause: string;
  /**
   * `success`: a reply without error. `error`: any error, or a closed connection. `either`: the specification leaves it
   * open.
   */
  readonly owed: "success" | "error" | "either";
  /** The error number, where the specification names one. */
  readonly errno?: number;
  /** Looks at a reply without error. */
  check?(reply: SuccessReply): Breach | undefined;
  /** Brings the state of the model up to what became of the command; contradictions make it uncertain. */
  follow?(outcome: Outcome): void;
}

/** Whatever the server answers is fine. */
export function either(clause: string, more: Partial<Expectation> = {}): Expectation {
  return { clause, owed: "either", ...more };
}

/** The command must be refused. */
export function refused(clause: string, more: Partial<Expectation> = {}): Expectation {
  return { clause, owed: "error", ...more };
}

/** The command must succeed. */
export function succeeds(clause: string, more: Partial<Expectation> = {}): Expectation {
  return { clause, owed: "success", ...more };
}

/** The same for a command with something odd about it: it may be refused, too. */
export function loosened(expectation: Expectation): Expectation {
  const { errno: _, ...rest } = expectation;
  return { ...rest, owed: rest.owed === "success" ? "either" : rest.owed };
}

/** A breach, unless the value is as it must be. */
export function demand(
  clause: string,
  name: string,
  value: number | bigint,
  wanted: number | bigint,
): Breach | undefined {
  if (value === wanted) return undefined;
  return { clause, expected: `${name} ${wanted}`, seen: `${name} ${value}` };
}

/** A breach, unless the condition holds. */
export function demandThat(
  holds: boolean,
  clause: string,
  expected: string,
  seen: string,
): Breach | undefined {
  return holds ? undefined : { clause, expected, seen };
}
