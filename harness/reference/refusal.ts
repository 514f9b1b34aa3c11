/** A request that is answered with an error reply. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** The error number of the reply. */
  readonly errno: number;

  /** Takes the error number, as in `Errno`. */
  constructor(errno: number) {
    super(`Refused with error ${errno}`);
    this.errno = errno;
  }
}

/** The client has gone, or is to be let go: ends the session, not the server. */
export class Disconnected extends Error {
  override readonly name = "Disconnected";

  /** Says what was going on. */
  constructor(during: "receiving" | "sending" = "receiving") {
    super(`The client went while ${during}`);
  }
}
