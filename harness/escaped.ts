import { SIGKILL, signalProcess } from "./posix/process.ts";

/** A process that is being ended may have started another one meanwhile; none can do so for ever. */
const MOST_ROUNDS = 100;

/** Ends all processes that were started with this variable: a daemon leaves its group, but keeps its environment. */
export function endEscaped(variable: string, value: string): void {
  const entry = `${variable}=${value}\0`;
  endAll((pid) => contentOf(`/proc/${pid}/environ`).includes(entry));
}

/** Ends all processes that hold one of these pipes, as `outputsOf` names them. */
export function endHolders(pipes: readonly string[]): void {
  endAll((pid) => descriptorsOf(pid).some((name) => pipes.includes(name)));
}

/** The pipes to which a process writes: nobody holds them but its children, and we. */
export function outputsOf(pid: number): string[] {
  return [1, 2].map((number) => linkOf(`/proc/${pid}/fd/${number}`))
    .filter((name) => /^(?:pipe|socket):/.test(name));
}

function endAll(isMeant: (pid: number) => boolean): void {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const pids = [...Deno.readDirSync("/proc")].map(({ name }) => Number(name))
      .filter((pid) => pid > 1 && pid !== Deno.pid && isMeant(pid));
    if (pids.length === 0) return;
    for (const pid of pids) signalProcess(pid, SIGKILL);
  }
}

function contentOf(path: string): string {
  try {
    return `${Deno.readTextFileSync(path)}\0`;
  } catch {
    return ""; // not ours, or gone by now
  }
}

function descriptorsOf(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return [...Deno.readDirSync(folder)].map(({ name }) => linkOf(`${folder}/${name}`));
  } catch {
    return []; // not ours, or gone by now
  }
}

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "";
  }
}
