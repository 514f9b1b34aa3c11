/** A look at another process from outside, through /proc. */
export class ProcessProbe {
  readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }

  /** Whether /proc of the process can be read. */
  get readable(): boolean {
    return this.openDescriptors() !== undefined;
  }

  /** Open descriptors, or nothing when it cannot be seen (any more). */
  openDescriptors(): number | undefined {
    return attempt(() => [...Deno.readDirSync(`/proc/${this.pid}/fd`)].length);
  }

  /** Resident memory in bytes, or nothing when it cannot be seen. */
  residentBytes(): number | undefined {
    const status = attempt(() => Deno.readTextFileSync(`/proc/${this.pid}/status`)) ?? "";
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  }

  /** Time that its threads have run or waited for a processor, in milliseconds, or nothing when it cannot be seen. */
  busyMs(): number | undefined {
    const folder = `/proc/${this.pid}/task`;
    const threads = attempt(() => [...Deno.readDirSync(folder)].map(({ name }) => name)) ?? [];
    const times = threads.map((thread) => {
      // nanoseconds run, nanoseconds waited, time slices
      const text = attempt(() => Deno.readTextFileSync(`${folder}/${thread}/schedstat`));
      const [run, waited] = (text ?? "").split(" ");
      return (Number(run) + Number(waited)) / 1e6;
    });
    return times.some(Number.isNaN) ? undefined : times.reduce((sum, ms) => sum + ms, 0);
  }

  /** Whether the process still holds or maps this file. */
  uses(file: Deno.FileInfo): boolean {
    return this.#holds(file) || this.#maps(file);
  }

  #holds(file: Deno.FileInfo): boolean {
    const folder = `/proc/${this.pid}/fd`;
    const names = attempt(() => [...Deno.readDirSync(folder)].map((entry) => entry.name)) ?? [];
    return names.some((name) => {
      const info = attempt(() => Deno.statSync(`${folder}/${name}`));
      return info?.ino === file.ino && info.dev === file.dev;
    });
  }

  #maps(file: Deno.FileInfo): boolean {
    const maps = attempt(() => Deno.readTextFileSync(`/proc/${this.pid}/maps`)) ?? "";
    // address perms offset dev inode path
    return maps.split("\n").some((line) => line.split(/\s+/)[4] === String(file.ino));
  }
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
