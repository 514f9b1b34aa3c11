import { EventFd } from "../posix/event_fd.ts";
import { type Fd, pipe } from "../posix/fd.ts";
import { memoryFile } from "../posix/memory.ts";
import { PAGE } from "../wire/constants.ts";
import type { Descriptor } from "./message.ts";

/** The descriptors that conversations send: made once, sent many times. */
export class Descriptors implements Disposable {
  readonly #memory = new Map<string, Fd>();
  readonly #eventFds = new Map<number, EventFd>();
  #pipe: readonly [Fd, Fd] | undefined;
  readonly #owned = new DisposableStack();

  /** The descriptor meant. It stays ours. */
  get(descriptor: Descriptor): Fd {
    if (descriptor.kind === "eventfd") return this.eventFd(descriptor.number).fd;
    if (descriptor.kind === "memory") return this.#memoryFile(descriptor);
    // Both ends are kept: a server that writes to it is not to die of SIGPIPE.
    this.#pipe ??= pipe().map((end) => this.#owned.use(end)) as [Fd, Fd];
    return this.#pipe[1];
  }

  /** The eventfd of this number. */
  eventFd(number: number): EventFd {
    let one = this.#eventFds.get(number);
    if (one === undefined) this.#eventFds.set(number, one = this.#owned.use(new EventFd()));
    return one;
  }

  /** Forgets what was signalled. */
  drain(): void {
    for (const one of this.#eventFds.values()) one.read();
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #memoryFile(descriptor: Descriptor & { kind: "memory" }): Fd {
    const { pages } = descriptor;
    const readOnly = descriptor.readOnly === true;
    const key = `${pages} ${readOnly}`;
    let file = this.#memory.get(key);
    if (file === undefined) {
      this.#memory.set(key, file = this.#owned.use(memoryFile(pages * PAGE, { readOnly })));
    }
    return file;
  }
}
