import { Errno } from "../wire/errno.ts";
import { Fd } from "./fd.ts";
import { lastErrno, libc, SystemError, unwrap } from "./libc.ts";
import { wait, waitNow } from "./poll.ts";

const EFD = { NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;
const COUNTER_SIZE = 8n;

/** Options of an {@linkcode EventFd}. */
export interface EventFdOptions {
  /**
   * The counter to begin with, 32 bits.
   *
   * @default {0}
   */
  readonly initial?: number;
  /**
   * Whether the descriptor makes whoever it is passed to wait. We never wait on it either way.
   *
   * @default {false}
   */
  readonly blocking?: boolean;
}

/** A counter in the kernel that signals events, close-on-exec. */
export class EventFd implements Disposable {
  /** The descriptor, owned by the counter. */
  readonly fd: Fd;

  /**
   * Makes a new counter, or takes ownership of the descriptor of one.
   *
   * @throws {SystemError} Such as EMFILE.
   */
  constructor(source: EventFdOptions | Fd = {}) {
    this.fd = source instanceof Fd ? source : create(source);
  }

  /** Makes a counter of an eventfd, which it then owns and leaves as it is. */
  static adopt(fd: Fd): EventFd {
    return new EventFd(fd);
  }

  /**
   * Takes the counter, leaving zero behind.
   *
   * @returns The counter; 0n when nothing was signalled.
   * @throws {SystemError} If the descriptor cannot be read.
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  read(): bigint {
    if (!waitNow(this.fd, "readable", 0)) return 0n;
    const counter = new BigUint64Array(1);
    unwrap("read an eventfd", "read", libc().read(this.fd.number, counter, COUNTER_SIZE));
    return counter[0]!;
  }

  /**
   * Adds to the counter.
   *
   * @param value What to add, below 2 ** 64 - 1; more than 1 may wait on a blocking descriptor.
   * @returns False, adding nothing, when the counter is full.
   * @throws {SystemError} If the descriptor cannot be written.
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  add(value: bigint): boolean {
    if (!waitNow(this.fd, "writable", 0)) return false;
    const counter = BigUint64Array.of(value);
    const count = libc().write(this.fd.number, counter, COUNTER_SIZE);
    const errno = lastErrno();
    if (count >= 0) return true;
    if (errno === Errno.EAGAIN) return false;
    throw new SystemError(`add ${value} to an eventfd`, "write", errno);
  }

  /**
   * Waits for a signal: for the first millisecond synchronously, then asynchronously.
   *
   * @param deadline When to give up, in milliseconds of `performance.now()`.
   * @returns Whether the counter is above zero; false at the deadline, or when disposed meanwhile.
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  wait(deadline: number): Promise<boolean> {
    return wait(this.fd, "readable", deadline);
  }

  /** Closes the descriptor, once. */
  [Symbol.dispose](): void {
    this.fd[Symbol.dispose]();
  }
}

function create({ initial = 0, blocking = false }: EventFdOptions): Fd {
  const flags = EFD.CLOEXEC | (blocking ? 0 : EFD.NONBLOCK);
  return new Fd(unwrap("make an eventfd", "eventfd", libc().eventfd(initial, flags)));
}
