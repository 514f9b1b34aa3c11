import type { ProcessProbe } from "./process_probe.ts";

/** A server has a second to close what it no longer needs: it may do so after its reply. */
const RELEASE_MS = 1000;
const LOOK_AGAIN_MS = 5;

/** Where servers and their only client are. */
export interface IdleServer {
  /** The process, while one negotiated client is connected and idle; nothing where it cannot be seen. */
  readonly idleProbe: ProcessProbe | undefined;
  /** Puts a new client in the place of that one. */
  renew(): Promise<void>;
}

/** Watches the descriptors of a server: with one new client, they do not become more from case to case. */
export class DescriptorWatch {
  #pid: number | undefined;
  #count = 0;

  /** How many more the server holds for good than before, if not each client costs some; 0 for another process. */
  async grown(server: IdleServer): Promise<number> {
    const probe = server.idleProbe;
    if (probe === undefined || probe.pid !== this.#pid) {
      this.#pid = probe?.pid;
      this.#count = probe?.openDescriptors() ?? 0;
      return 0;
    }
    if (this.#more(probe) === 0) return 0;
    // It may hold some for a client as long as that is there.
    const more = await this.#moreForNext(server, probe);
    return more > 0 && await this.#moreForNext(server, probe) === 0 ? more : 0;
  }

  /** How many more it holds for a new client than it held before, from which is counted from now on. */
  async #moreForNext(server: IdleServer, probe: ProcessProbe): Promise<number> {
    await server.renew();
    const deadline = performance.now() + RELEASE_MS;
    while (this.#more(probe) > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    const more = this.#more(probe);
    this.#count += more;
    return more;
  }

  #more(probe: ProcessProbe): number {
    return Math.max(0, (probe.openDescriptors() ?? 0) - this.#count);
  }
}
