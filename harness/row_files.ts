import type { Descriptor } from "./case.ts";
import { EventFd } from "./posix/event_fd.ts";
import { type Fd, openFile, pipe } from "./posix/fd.ts";
import { Mapping, memoryFile, truncate } from "./posix/memory.ts";
import { preadFd, pwriteFd } from "./posix/file_io.ts";
import { UnixSocket } from "./posix/unix_socket.ts";

/** The most that an eventfd can hold. */
const FULL = 0xffff_ffff_ffff_fffen;

/** Files, eventfds and mappings of one row, by name; they live as long as the row. */
export class RowFiles implements Disposable {
  readonly #owned = new DisposableStack();
  readonly #files = new Map<string, Fd>();
  /** The writable descriptor behind a read-only one that was sent. */
  readonly #writable = new Map<Fd, Fd>();
  readonly #events = new Map<string, EventFd>();
  readonly #mappings = new Map<string, Mapping>();
  readonly #received = new Map<string, Fd[]>();

  /** The descriptor to send; made at its first use. */
  open(descriptor: Descriptor): Fd {
    switch (descriptor.kind) {
      case "memory":
        return this.#memory(descriptor);
      case "eventfd":
        return this.#event(descriptor).fd;
      case "pipe":
        return this.#pipe();
      case "broken-pipe": {
        const [read, write] = pipe();
        read[Symbol.dispose]();
        return this.#own(write);
      }
      case "null-device":
        return this.#own(openFile("/dev/null", { write: true }));
      case "directory":
        return this.#own(openFile("/tmp"));
      case "socket": {
        const [ours, theirs] = UnixSocket.pair();
        this.#owned.use(ours);
        return this.#owned.use(theirs).fd;
      }
    }
  }

  /** What we read and write ourselves where this descriptor was sent. */
  backing(descriptor: Descriptor): Fd {
    const sent = this.open(descriptor);
    return this.#writable.get(sent) ?? sent;
  }

  /** Keeps descriptors that a reply brought. */
  keep(name: string, fds: readonly Fd[]): void {
    for (const fd of fds) this.#own(fd);
    this.#received.set(name, [...fds]);
  }

  /** Descriptors kept under a name. Throws `RangeError` when there are none. */
  received(name: string): readonly Fd[] {
    return found(this.#received, name, "descriptors");
  }

  /** A memory file by its name, writable. Throws `RangeError` for an unknown one. */
  file(name: string): Fd {
    const sent = found(this.#files, name, "memory file");
    return this.#writable.get(sent) ?? sent;
  }

  /** Maps a descriptor under a name. Throws `SystemError`. */
  map(
    name: string,
    fd: Fd,
    options: { offset: bigint; size: number; write: boolean },
  ): void {
    this.#mappings.set(name, this.#owned.use(Mapping.map(fd, options)));
  }

  /** Bytes of a mapping or memory file. Throws `SystemError` where a page of it is gone. */
  read(name: string, offset: number, length: number): Uint8Array {
    const mapping = this.#mappings.get(name);
    return mapping?.read(offset, length) ?? preadFd(this.file(name), BigInt(offset), length);
  }

  /** Puts bytes into a mapping or memory file. Throws `SystemError` where a page of it is gone. */
  write(name: string, offset: number, bytes: Uint8Array): void {
    const mapping = this.#mappings.get(name);
    if (mapping !== undefined) mapping.write(offset, bytes.slice());
    else pwriteFd(this.file(name), BigInt(offset), bytes.slice());
  }

  /** Cuts a memory file short. */
  truncate(name: string, size: number): void {
    truncate(this.file(name), size);
  }

  /** How often an eventfd was signalled since the last look. */
  takeSignals(name: string): bigint {
    return found(this.#events, name, "eventfd").read();
  }

  /** Waits until the eventfd is signalled, or the deadline has come. */
  async waitForSignal(name: string, deadline: number): Promise<boolean> {
    return await found(this.#events, name, "eventfd").wait(deadline);
  }

  /** Closes and unmaps everything. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #own(fd: Fd): Fd {
    return this.#owned.use(fd);
  }

  #memory(descriptor: Descriptor & { kind: "memory" }): Fd {
    const { name, size, sealed = true, readOnly = false } = descriptor;
    const known = name === undefined ? undefined : this.#files.get(name);
    if (known !== undefined) return known;
    const file = this.#own(memoryFile(size, { sealShrink: sealed }));
    const sent = readOnly ? this.#own(openFile(`/proc/self/fd/${file.number}`)) : file;
    if (readOnly) this.#writable.set(sent, file);
    if (name !== undefined) this.#files.set(name, sent);
    return sent;
  }

  #event(descriptor: { name?: string; full?: true }): EventFd {
    const { name = "", full = false } = descriptor;
    const known = name === "" ? undefined : this.#events.get(name);
    if (known !== undefined) return known;
    const event = this.#owned.use(new EventFd());
    if (full) event.add(FULL);
    this.#events.set(name, event);
    return event;
  }

  #pipe(): Fd {
    const [read, write] = pipe();
    this.#own(read);
    return this.#own(write);
  }
}

function found<T>(map: ReadonlyMap<string, T>, name: string, what: string): T {
  const value = map.get(name);
  if (value === undefined) {
    throw new RangeError(`Cannot find ${what} ${name}: the row never made it`);
  }
  return value;
}

/** `memory file of 4096 bytes`: what a descriptor is, for a transcript. */
export function describeDescriptor(descriptor: Descriptor): string {
  if (descriptor.kind !== "memory") return descriptor.kind;
  const kind = descriptor.readOnly ? "read-only memory file" : "memory file";
  return `${kind} of ${descriptor.size} bytes`;
}
