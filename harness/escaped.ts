import type { Fd } from "./posix/fd.ts";
import { linkTarget, namesIn, readText } from "./posix/proc.ts";
import { SIGKILL, signalProcess } from "./posix/process.ts";

/** A process that is being ended may have started another one meanwhile; none can do so for ever. */
const MOST_ROUNDS = 100;

/**
 * Ends all processes that were started with this variable: a daemon leaves its group, but keeps its environment. Says
 * how many there were.
 */
export function endEscaped(variable: string, value: string): number {
  const [mark, entry] = [`\0${variable}=`, `\0${variable}=${value}\0`];
  return endAll((pid) => {
    if (strangers.has(pid)) return false;
    const environment = environmentOf(pid);
    if (!environment.includes(mark)) strangers.add(pid);
    return environment.includes(entry);
  });
}

/** Processes that were started without any such variable: to look at them each time would take longest of all. */
const strangers = new Set<number>();

/** Ends all other processes that hold the pipe of this descriptor. Says how many there were. */
export function endHolders(pipe: Fd): number {
  const name = linkOf(`/proc/self/fd/${pipe.number}`);
  return endAll((pid) => descriptorsOf(pid).includes(name));
}

function endAll(isMeant: (pid: number) => boolean): number {
  const ended = new Set<number>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const all = new Set(namesIn("/proc").map(Number).filter((pid) => pid > 1 && pid !== Deno.pid));
    for (const pid of strangers) if (!all.has(pid)) strangers.delete(pid); // the number may be given again
    const pids = [...all].filter(isMeant);
    if (pids.length === 0) break;
    for (const pid of pids) {
      signalProcess(pid, SIGKILL);
      ended.add(pid);
    }
  }
  return ended.size;
}

function environmentOf(pid: number): string {
  try {
    return `\0${readText(`/proc/${pid}/environ`)}\0`;
  } catch {
    return ""; // not ours, or gone by now
  }
}

function descriptorsOf(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return namesIn(folder).map((name) => linkOf(`${folder}/${name}`));
  } catch {
    return []; // not ours, or gone by now
  }
}

function linkOf(path: string): string {
  try {
    return linkTarget(path);
  } catch {
    return "";
  }
}
