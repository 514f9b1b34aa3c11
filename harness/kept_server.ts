import { ask, CLIENT_VERSION } from "./ask.ts";
import { Connection } from "./connection.ts";
import type { Server } from "./server.ts";
import { deviceReset } from "./steps.ts";
import { Transcript } from "./transcript.ts";

/** A server that one row has used and another may use once its device is reset. */
export class KeptServer implements AsyncDisposable {
  readonly #end: (server: Server) => Promise<void>;
  #server: Server | undefined;
  /** Whether they can be reset, as far as is known: to try again might cost a timeout each time. */
  #resets = true;

  /** Servers that are not used again are given to `end`. */
  constructor(end: (server: Server) => Promise<void>) {
    this.#end = end;
  }

  /** Takes ownership of a server; false when none is taken, since they cannot be reset. */
  keep(server: Server): boolean {
    if (this.#resets) this.#server = server;
    return this.#resets;
  }

  /** Gives it away, if there is one and it does as it is told within `timeoutMs`. */
  async takeReset(timeoutMs: number): Promise<Server | undefined> {
    const server = this.#server;
    if (server === undefined) return undefined;
    this.#resets = await resets(server, timeoutMs);
    if (this.#resets) this.#server = undefined;
    else await this[Symbol.asyncDispose]();
    return this.#resets ? server : undefined;
  }

  /** Ends it at once. */
  kill(): void {
    this.#server?.kill();
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await this.#end(server);
  }
}

async function resets(server: Server, timeoutMs: number): Promise<boolean> {
  const socket = server.connectNow();
  if (socket === undefined) return false;
  using connection = new Connection(socket, new Transcript());
  return typeof await ask(connection, CLIENT_VERSION, timeoutMs) !== "string" &&
    typeof await ask(connection, deviceReset(), timeoutMs) !== "string";
}
