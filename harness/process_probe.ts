import { attempt } from "./attempt.ts";
import { type FileIdentity, fileIdentity, fileSize, namesIn, readText } from "./posix/proc.ts";

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
    const folder = `/proc/${this.pid}/fd`;
    // Its size tells since Linux 6.2; before, it is 0.
    return attempt(() => Number(fileSize(folder)) || namesIn(folder).length);
  }

  /** Resident memory in bytes, or nothing when it cannot be seen. */
  residentBytes(): number | undefined {
    const status = attempt(() => readText(`/proc/${this.pid}/status`)) ?? "";
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  }

  /** Time that its threads have run or waited for a processor, in milliseconds, or nothing when it cannot be seen. */
  busyMs(): number | undefined {
    const folder = `/proc/${this.pid}/task`;
    const threads = attempt(() => namesIn(folder)) ?? [];
    const times = threads.map((thread) => {
      // nanoseconds run, nanoseconds waited, time slices
      const text = attempt(() => readText(`${folder}/${thread}/schedstat`));
      const [run, waited] = (text ?? "").split(" ");
      return (Number(run) + Number(waited)) / 1e6;
    });
    return times.some(Number.isNaN) ? undefined : times.reduce((sum, ms) => sum + ms, 0);
  }

  /** Whether the process still holds or maps this file. */
  uses(file: FileIdentity): boolean {
    return this.#holds(file) || this.#maps(file);
  }

  #holds(file: FileIdentity): boolean {
    const folder = `/proc/${this.pid}/fd`;
    const names = attempt(() => namesIn(folder)) ?? [];
    return names.some((name) => {
      const held = attempt(() => fileIdentity(`${folder}/${name}`));
      return held?.inode === file.inode && held.device === file.device;
    });
  }

  #maps(file: FileIdentity): boolean {
    const maps = attempt(() => readText(`/proc/${this.pid}/maps`)) ?? "";
    // address perms offset dev inode path
    return maps.split("\n").some((line) => line.split(/\s+/)[4] === String(file.inode));
  }
}
