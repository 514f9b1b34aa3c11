/** What kept the harness from judging: never the fault of a case. `second-server` leaves out the row that wants one. */
export type HarnessErrorKind = "usage" | "start" | "second-server" | "internal";

/** The command line, the server's start or the harness itself is at fault. */
export class HarnessError extends Error {
  /** Name of the class. */
  override readonly name = "HarnessError";
  /** Who is at fault. */
  readonly kind: HarnessErrorKind;

  /** `message` is one line for the user. */
  constructor(kind: HarnessErrorKind, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.kind = kind;
  }
}
