import { Server, type ServerLimits } from "./server.ts";
import { ServerFolders } from "./server_folder.ts";
import type { Target } from "./target.ts";

/** The next server, which comes up while another one is at work. */
export class SpareServer implements AsyncDisposable {
  readonly #target: Target;
  readonly #limits: ServerLimits;
  readonly #folders = new ServerFolders();
  #spare: Promise<Server | undefined> | undefined;

  constructor(target: Target, limits: ServerLimits) {
    this.#target = target;
    this.#limits = limits;
  }

  /** Starts one, if none is there. */
  warmUp(): void {
    // Commands that go with a start may not bear a second server beside the first.
    if (this.#target.kind !== "command" || this.#target.before || this.#target.after) return;
    this.#spare ??= this.#start().catch(() => undefined);
  }

  /** Gives the one away that is there and runs, or a new one. Throws `HarnessError` of kind `start`. */
  async take(): Promise<Server> {
    const spare = await this.#spare;
    this.#spare = undefined;
    if (spare !== undefined && spare.exit === undefined) return spare;
    await spare?.[Symbol.asyncDispose]();
    return await this.#start();
  }

  /** Ends it at once. */
  kill(): void {
    void this.#spare?.then((spare) => spare?.kill());
  }

  /** Stops it. All that were given away must have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#spare)?.[Symbol.asyncDispose]();
    this.#spare = undefined;
    await this.#folders[Symbol.asyncDispose]();
  }

  async #start(): Promise<Server> {
    return await Server.start(this.#target, this.#limits, { folders: this.#folders });
  }
}
