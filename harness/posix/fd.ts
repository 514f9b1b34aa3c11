import { cString, libc, unwrap } from "./libc.ts";

const O = { RDONLY: 0, RDWR: 2, NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;
const F = { SETFD: 2, GETFL: 3, SETFL: 4, DUPFD_CLOEXEC: 1030 } as const;
const FD_CLOEXEC = 1;
const SOL_SOCKET = 1;
const SO = { TYPE: 3, DOMAIN: 39 } as const;
const AF_UNIX = 1;
const SOCK_STREAM = 1;

/** A file descriptor and the duty to close it. */
export class Fd implements Disposable {
  readonly #number: number;
  #state: "open" | "closed" | "given away" = "open";

  /**
   * Takes ownership of a descriptor.
   *
   * @throws {RangeError} For what cannot be a descriptor.
   */
  constructor(number: number) {
    if (!Number.isInteger(number) || number < 0) {
      throw new RangeError(`Cannot own descriptor ${number}: must be an integer >= 0`);
    }
    this.#number = number;
  }

  /**
   * The number that the kernel knows it by.
   *
   * @throws {Deno.errors.BadResource} Once closed or given away.
   */
  get number(): number {
    if (this.#state === "open") return this.#number;
    throw new Deno.errors.BadResource(`Cannot use descriptor ${this.#number}: ${this.#state}`);
  }

  /** Whether the descriptor was closed or given away. */
  get closed(): boolean {
    return this.#state !== "open";
  }

  /**
   * Gives ownership away: the caller closes the number.
   *
   * @throws {Deno.errors.BadResource} Once closed or given away.
   */
  release(): number {
    const number = this.number;
    this.#state = "given away";
    return number;
  }

  /**
   * A second descriptor of the same open file, close-on-exec.
   *
   * @throws {SystemError} Such as EMFILE.
   */
  duplicate(): Fd {
    const what = `duplicate descriptor ${this.number}`;
    return new Fd(unwrap(what, "fcntl", libc().fcntl(this.#number, F.DUPFD_CLOEXEC, 0)));
  }

  /**
   * Says whether a child process is spared the descriptor (as it is from the start for all that is
   * opened here) or inherits it.
   *
   * @throws {SystemError} If the number is not open.
   */
  setCloseOnExec(on: boolean): void {
    const what = `set close-on-exec of descriptor ${this.number}`;
    unwrap(what, "fcntl", libc().fcntl(this.#number, F.SETFD, on ? FD_CLOEXEC : 0));
  }

  /**
   * Makes reads and writes of the open file, through whichever descriptor, return instead of wait,
   * or wait again.
   *
   * @throws {SystemError} If the number is not open.
   */
  setNonBlocking(on = true): void {
    const what = `make descriptor ${this.number} ${on ? "non-blocking" : "blocking"}`;
    const flags = unwrap(what, "fcntl", libc().fcntl(this.#number, F.GETFL, 0));
    const rest = flags & ~O.NONBLOCK;
    unwrap(what, "fcntl", libc().fcntl(this.#number, F.SETFL, on ? rest | O.NONBLOCK : rest));
  }

  /**
   * Closes the descriptor, once.
   *
   * @throws {SystemError} EBADF, if somebody else closed the number behind our back.
   */
  [Symbol.dispose](): void {
    if (this.closed) return;
    this.#state = "closed";
    unwrap(`close descriptor ${this.#number}`, "close", libc().close(this.#number));
  }
}

/**
 * Opens a file, device or folder, close-on-exec.
 *
 * @param path Where it is.
 * @param flags `write`: for reading and writing, instead of for reading alone.
 * @throws {SystemError} Such as ENOENT.
 */
export function openFile(path: string, flags: { write?: boolean } = {}): Fd {
  const mode = (flags.write ? O.RDWR : O.RDONLY) | O.CLOEXEC;
  const name = cString(path);
  return new Fd(unwrap(`open ${path}`, "open", libc().open(name, mode)));
}

/**
 * Makes a pipe, close-on-exec.
 *
 * @param options `blocking: false` makes both ends return instead of wait. Default: true.
 * @throws {SystemError} Such as EMFILE.
 */
export function pipe(options: { blocking?: boolean } = {}): [read: Fd, write: Fd] {
  const flags = O.CLOEXEC | (options.blocking === false ? O.NONBLOCK : 0);
  const ends = new Int32Array(2);
  unwrap("make a pipe", "pipe2", libc().pipe2(ends, flags));
  return [new Fd(ends[0]!), new Fd(ends[1]!)];
}

/**
 * Whether a descriptor is a UNIX stream socket; false for everything else that is open.
 *
 * @throws {Deno.errors.BadResource} Once closed or given away.
 */
export function isUnixStreamSocket(fd: Fd): boolean {
  return socketOption(fd, SO.DOMAIN) === AF_UNIX && socketOption(fd, SO.TYPE) === SOCK_STREAM;
}

function socketOption(fd: Fd, option: number): number | undefined {
  const value = new Int32Array(1);
  const size = Uint32Array.of(value.byteLength);
  const result = libc().getsockopt(fd.number, SOL_SOCKET, option, value, size);
  return result === 0 ? value[0] : undefined;
}
