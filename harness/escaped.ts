import { namesIn, readText } from "./posix/proc.ts";
import { SIGKILL, signalProcess } from "./posix/process.ts";

/**
 * Ends all processes that were started with this variable: a daemon leaves its group, but keeps its environment. Says
 * how many there were.
 */
export function endEscaped(variable: string, value: string): number {
  let count = 0;
  const entry = `\0${variable}=${value}\0`;
  for (const name of namesIn("/proc")) {
    const pid = Number(name);
    if (pid > 1 && pid !== Deno.pid && environmentOf(pid).includes(entry)) {
      signalProcess(pid, SIGKILL);
      count++;
    }
  }
  return count;
}

function environmentOf(pid: number): string {
  try {
    return `\0${readText(`/proc/${pid}/environ`)}\0`;
  } catch {
    return ""; // not ours, or gone by now
  }
}
