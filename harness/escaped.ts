import { attempt } from "./attempt.ts";
import { ChildProcess, isStartedHere } from "./posix/child_process.ts";
import type { Fd } from "./posix/fd.ts";
import { waitNow } from "./posix/poll.ts";
import { linkTarget, namesIn, readText } from "./posix/proc.ts";
import { adoptOrphans, SIGKILL, signalProcess } from "./posix/process.ts";

/** A process that is being ended may have started another one meanwhile; none can do so for ever. */
const MOST_ROUNDS = 100;
/** A process that is killed ends at once, unless the kernel is busy with it. */
const DYING_MS = 1000;
/** Threads that are being ended start nothing any more after that time. */
const QUIET_MS = 100;
/** While a process becomes another program, it has no environment. */
const EXECUTING_MS = 10;
/** Places in `/proc/PID/stat`, behind the name. */
const [STATE, SESSION] = [0, 3];

/**
 * Ends all children of ours that were started with this variable: a daemon leaves its group, but keeps its environment,
 * and becomes our child when its parent has ended. Says how many there were.
 */
export function endEscaped(variable: string, value: string): number {
  return endAll(adopted, (pid) => wasStartedWith(pid, variable, value));
}

/** Whether processes descend from this one, which was started with the variable; true where that cannot be seen. */
export function hasOffspring(pid: number, variable: string, value: string): boolean {
  const tasks = attempt(() => namesIn(`/proc/${pid}/task`));
  if (tasks === undefined) return true;
  const children = tasks.map((task) => childrenOf(`/proc/${pid}/task/${task}`));
  if (children.some((pids) => pids?.length !== 0)) return true;
  return adopted().some((other) => wasStartedWith(other, variable, value));
}

/** Ends all processes that were started with this variable, whose children ever they are. Says how many there were. */
export function endLeftovers(variable: string, value: string): number {
  return endAll(others, (pid) => wasStartedWith(pid, variable, value));
}

/** Ends all other processes that hold the pipe of this descriptor. Says how many there were. */
export function endHolders(pipe: Fd): number {
  const name = linkOf(`/proc/self/fd/${pipe.number}`);
  return endAll(others, (pid) => descriptorsOf(pid).includes(name));
}

/**
 * Ends all children of ours that are in another session than we are: whoever calls this has no servers any more, and
 * so these have gone out of their way to escape. Says how many there were.
 */
export function endStrays(): number {
  return endAll(strays, () => true);
}

/** Ends all children of ours, of all threads, whatever they are: our process is about to end. */
export function endChildren(): void {
  const children = () =>
    namesIn("/proc/self/task").flatMap((task) => childrenOf(`/proc/self/task/${task}`) ?? []);
  // Another thread may be about to start one.
  for (const deadline = performance.now() + QUIET_MS; performance.now() < deadline;) {
    endAll(children, () => true);
  }
}

/** Takes those children out of the list of processes that have ended by themselves: there could be any number. */
export function buryStrays(): void {
  for (const pid of strays()) {
    if (fieldsOf(pid)[STATE] === "Z") bury(pid);
  }
}

function strays(): number[] {
  const ours = fieldsOf(Deno.pid)[SESSION];
  return adopted().filter((pid) => fieldsOf(pid)[SESSION] !== ours);
}

function bury(pid: number): void {
  using process = attempt(() => ChildProcess.adopt(pid));
  attempt(() => process?.exit); // not every process is our child
}

/** To be called before anything is started that may have children: they become ours when it ends. */
export function adoptEscaped(): void {
  attempt(adoptOrphans); // where that is not known, others() are looked through
}

/** What became ours, and what the main thread has started, if this is another. */
function adopted(): number[] {
  const pids = childrenOf(`/proc/self/task/${Deno.pid}`) ?? others();
  return pids.filter((pid) => !isStartedHere(pid));
}

/** What a thread has started or adopted, where the kernel tells. */
function childrenOf(task: string): number[] | undefined {
  const list = attempt(() => readText(`${task}/children`));
  return list?.split(" ").map(Number).filter((pid) => pid > 1);
}

function others(): number[] {
  return namesIn("/proc").map(Number).filter((pid) => pid > 1 && pid !== Deno.pid);
}

function endAll(candidates: () => number[], isMeant: (pid: number) => boolean): number {
  const ended = new Set<number>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const pids = candidates().filter((pid) => !ended.has(pid) && isMeant(pid));
    if (pids.length === 0) break;
    for (const pid of pids) {
      ended.add(pid);
      end(pid);
    }
  }
  return ended.size;
}

/** Waits for its end, upon which its children become ours. */
function end(pid: number): void {
  using process = attempt(() => ChildProcess.adopt(pid));
  attempt(() => signalProcess(pid, SIGKILL)); // it may have become another user
  if (process !== undefined && waitNow(process.ending, "readable", DYING_MS)) bury(pid);
}

function wasStartedWith(pid: number, variable: string, value: string): boolean {
  const deadline = performance.now() + EXECUTING_MS;
  while (performance.now() < deadline) {
    const environment = attempt(() => readText(`/proc/${pid}/environ`));
    if (environment === undefined || fieldsOf(pid)[STATE] === "Z") return false;
    if (environment !== "") return `\0${environment}`.includes(`\0${variable}=${value}\0`);
  }
  return false;
}

/** What `/proc/PID/stat` has behind the name, which may hold anything; nothing of one that is gone. */
function fieldsOf(pid: number): string[] {
  const stat = attempt(() => readText(`/proc/${pid}/stat`)) ?? "";
  return stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
}

function descriptorsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return attempt(() => namesIn(folder))?.map((name) => linkOf(`${folder}/${name}`)) ?? [];
}

function linkOf(path: string): string {
  return attempt(() => linkTarget(path)) ?? "";
}
