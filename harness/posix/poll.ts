import { Errno } from "../wire/errno.ts";
import type { Fd } from "./fd.ts";
import { lastErrno, libc, SystemError } from "./libc.ts";

/** What a descriptor may become. A hang-up or an error counts as either: the next call tells which. */
export type Readiness = "readable" | "writable";

const EVENTS: Record<Readiness, number> = { readable: 0x1, writable: 0x4 };

/** A server that is quick has answered by then; longer, and the event loop would starve. */
const SYNCHRONOUS_MS = 1;

/** A call on a pool thread cannot be cancelled, and holds the process until it returns. */
const SLICE_MS = 50;

/**
 * Waits synchronously, holding the event loop.
 *
 * @param fd What to look at.
 * @param readiness What to wait for.
 * @param ms The longest wait in milliseconds, fractions included; 0 only looks.
 * @returns Whether it became ready.
 * @throws {SystemError} If the kernel cannot poll.
 * @throws {Deno.errors.BadResource} Once `fd` is closed.
 */
export function waitNow(fd: Fd, readiness: Readiness, ms: number): boolean {
  single ??= new PollList(1);
  single.watch(0, fd.number, readiness);
  return single.poll(ms);
}

/**
 * Waits: for the first millisecond synchronously, then asynchronously.
 *
 * @param fd What to look at.
 * @param readiness What to wait for.
 * @param deadline When to give up, in milliseconds of `performance.now()`.
 * @returns Whether it became ready; false when `fd` is closed meanwhile.
 * @throws {SystemError} If the kernel cannot poll.
 * @throws {Deno.errors.BadResource} If `fd` is closed already.
 */
export async function wait(fd: Fd, readiness: Readiness, deadline: number): Promise<boolean> {
  const left = deadline - performance.now();
  if (waitNow(fd, readiness, Math.min(SYNCHRONOUS_MS, left))) return true;
  return left > SYNCHRONOUS_MS && (await waitInSlices([fd], readiness, deadline)).length > 0;
}

/**
 * Waits until one of several descriptors is readable.
 *
 * @param fds What to look at; closed ones are passed over.
 * @param deadline When to give up, in milliseconds of `performance.now()`.
 * @returns Indices into `fds` of those that are readable; none at the deadline, or when all are closed.
 * @throws {SystemError} If the kernel cannot poll.
 */
export async function waitAny(fds: readonly Fd[], deadline: number): Promise<number[]> {
  const left = deadline - performance.now();
  const list = new PollList(fds.length);
  fds.forEach((fd, index) => list.watch(index, fd.closed ? -1 : fd.number, "readable"));
  if (list.poll(Math.min(SYNCHRONOUS_MS, left)) || left <= SYNCHRONOUS_MS) return list.ready();
  return await waitInSlices(fds, "readable", deadline);
}

/**
 * Waits asynchronously from the start, for as long as any of several descriptors is open, until one is readable: for
 * what goes on beside the work.
 *
 * @throws {SystemError} If the kernel cannot poll.
 */
export async function waitAside(fds: readonly Fd[]): Promise<void> {
  await waitInSlices(fds, "readable", Infinity);
}

async function waitInSlices(
  fds: readonly Fd[],
  readiness: Readiness,
  deadline: number,
): Promise<number[]> {
  const list = new PollList(fds.length);
  while (fds.some((fd) => !fd.closed)) {
    const left = deadline - performance.now();
    fds.forEach((fd, index) => list.watch(index, fd.closed ? -1 : fd.number, readiness));
    await list.pollAsync(Math.min(SLICE_MS, left));
    const ready = list.ready().filter((index) => !fds[index]!.closed);
    if (ready.length > 0 || left <= 0) return ready;
  }
  return [];
}

/** A `struct timespec` and an array of `struct pollfd`, off the JavaScript heap. */
class PollList {
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #count: bigint;
  readonly #timeout: Deno.PointerValue;
  readonly #fds: Deno.PointerValue;

  constructor(count: number) {
    const memory = new ArrayBuffer(TIMESPEC_SIZE + POLLFD_SIZE * count);
    this.#words = new Int32Array(memory);
    this.#count = BigInt(count);
    this.#timeout = Deno.UnsafePointer.of(this.#words);
    this.#fds = Deno.UnsafePointer.of(new Uint8Array(memory, TIMESPEC_SIZE));
  }

  watch(index: number, fd: number, readiness: Readiness): void {
    this.#words[4 + 2 * index] = fd;
    this.#words[5 + 2 * index] = EVENTS[readiness];
  }

  poll(ms: number): boolean {
    const deadline = performance.now() + ms;
    for (let left = ms;; left = deadline - performance.now()) {
      this.#setTimeout(left);
      const count = libc().ppoll(this.#fds, this.#count, this.#timeout, null);
      const errno = lastErrno();
      if (count >= 0) return count > 0;
      if (errno !== Errno.EINTR) throw new SystemError("wait for descriptors", "ppoll", errno);
    }
  }

  async pollAsync(ms: number): Promise<void> {
    const count = await libc().pollAsync(this.#fds, this.#count, Math.ceil(Math.max(ms, 0)));
    // The errno of a pool thread cannot be read: a synchronous look tells, or throws.
    if (count < 0) this.poll(0);
  }

  ready(): number[] {
    const indices = Array.from({ length: Number(this.#count) }, (_, index) => index);
    return indices.filter((index) => this.#words[5 + 2 * index]! >>> 16 !== 0);
  }

  #setTimeout(ms: number): void {
    const bounded = Math.min(Math.max(ms, 0), MAX_MS);
    this.#words[0] = bounded / 1000;
    this.#words[2] = (bounded % 1000) * 1e6;
  }
}

const TIMESPEC_SIZE = 16;
const POLLFD_SIZE = 8;
const MAX_MS = 86_400_000;

let single: PollList | undefined;
