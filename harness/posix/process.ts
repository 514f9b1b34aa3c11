import { Errno } from "../wire/errno.ts";
import { lastErrno, libc, SystemError, unwrap } from "./libc.ts";

const RLIMIT_NOFILE = 7;
const PR_SET_CHILD_SUBREAPER = 36;
/** From 1 on, as on every machine that we support. */
const SIGNALS = (
  "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM " +
  "SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO " +
  "SIGPWR SIGSYS"
).split(" ");

/** Asks a process to end. */
export const SIGTERM = 15;

/** Lets a process go on that was stopped. */
export const SIGCONT = 18;

/** Ends a process, whatever it does. */
export const SIGKILL = 9;

/**
 * Sends a signal to a process.
 *
 * @param pid The process.
 * @param signal The number of the signal; 0 only asks whether the process exists.
 * @returns False when there is no such process.
 * @throws {RangeError} For a `pid` below 2, which the kernel takes for many processes or init.
 * @throws {SystemError} EPERM, when it is not ours; EINVAL, when there is no such signal.
 */
export function signalProcess(pid: number, signal: number): boolean {
  return kill(pid, 1, signal, `send signal ${signal} to process ${pid}`);
}

/**
 * Sends a signal to every process of a group.
 *
 * @param pid The leader of the group.
 * @param signal The number of the signal; 0 only asks whether the group exists.
 * @returns False when there is no such group.
 * @throws {RangeError} For a `pid` below 2, which the kernel takes for all processes.
 * @throws {SystemError} EPERM, when none is ours; EINVAL, when there is no such signal.
 */
export function signalGroup(pid: number, signal: number): boolean {
  return kill(pid, -1, signal, `send signal ${signal} to process group ${pid}`);
}

/**
 * Makes us the parent of every process whose parent has ended and which descends from us: none gets away.
 *
 * @throws {SystemError} EINVAL, on a system that does not know that.
 */
export function adoptOrphans(): void {
  unwrap("adopt orphans", "prctl", libc().prctl(PR_SET_CHILD_SUBREAPER, 1n));
}

/** `SIGSEGV` for 11; a real-time signal has a number only. */
export function signalName(signal: number): string {
  return SIGNALS[signal - 1] ?? `signal ${signal}`;
}

/**
 * How many descriptors this process may have open at a time: the soft limit.
 *
 * @throws {SystemError} If the kernel cannot tell.
 */
export function openFileLimit(): number {
  const limits = new BigUint64Array(2);
  unwrap("ask for the limit of open files", "getrlimit", libc().getrlimit(RLIMIT_NOFILE, limits));
  return Number(limits[0]);
}

function kill(pid: number, sign: 1 | -1, signal: number, what: string): boolean {
  if (!(Number.isInteger(pid) && pid > 1)) throw new RangeError(`Cannot ${what}: must be above 1`);
  const result = libc().kill(sign * pid, signal);
  const errno = lastErrno();
  if (result === 0) return true;
  if (errno === Errno.ESRCH) return false;
  throw new SystemError(what, "kill", errno);
}
