import type { ProcessProbe } from "./process_probe.ts";

/** With fewer attempts, what a server keeps for good is not told from what it needs at first. */
const LEAST_ATTEMPTS = 10;
/** An allocator takes memory in pieces: less than this says nothing, in bytes. */
const LEAST_GROWTH = 1 << 20;

/** Watches the memory of a server while one case is played again and again, in the second half of the attempts. */
export class MemoryWatch {
  readonly #attempts: number;
  #half: { readonly pid: number; readonly bytes: number } | undefined;
  #growth = 0;

  constructor(attempts: number) {
    this.#attempts = attempts;
  }

  /** Looks at the server after so many attempts; one that was replaced meanwhile is not compared. */
  look(attempt: number, probe: ProcessProbe | undefined): void {
    const bytes = probe?.residentBytes();
    if (this.#attempts < LEAST_ATTEMPTS || probe === undefined || bytes === undefined) return;
    if (attempt === this.#attempts >> 1) this.#half = { pid: probe.pid, bytes };
    else if (attempt === this.#attempts && this.#half?.pid === probe.pid) {
      this.#growth = bytes - this.#half.bytes;
    }
  }

  /** What is to be said of it: a garbage collector may have its own ideas, so it is no verdict. */
  remark(): readonly string[] {
    if (this.#growth < LEAST_GROWTH) return [];
    const attempts = this.#attempts - (this.#attempts >> 1);
    const grown = `${Math.round(this.#growth / 1024)} KiB`;
    return [
      `the server's memory grew by ${grown} in the last ${attempts} of ${this.#attempts} attempts`,
    ];
  }
}
