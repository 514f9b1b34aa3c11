import type { Fd } from "./posix/fd.ts";
import { readAvailable } from "./posix/file_io.ts";
import { wait } from "./posix/poll.ts";
import { printable } from "./wire/printable.ts";

/** Bytes kept from the beginning of a case's output, and as many from its end. */
const KEPT_BYTES = 16 * 1024;

/** Reads in one go, each of what a pipe holds: the server is to get on meanwhile, but so are we. */
const MAX_READS = 16;

/** Lines by which sanitizers and valgrind report. */
const SANITIZER =
  /(?:ERROR: \w+Sanitizer|SUMMARY: \w+Sanitizer|runtime error:|==\d+== (?:Invalid (?:read|write)|Conditional jump|Use of uninit|Process terminating|Jump to the invalid)|definitely lost: [1-9])[^\n]*/;

/** What a server prints: always drained, kept as a bounded head and tail. */
export class OutputTail implements Disposable {
  readonly #source: Fd | undefined;
  #head: Uint8Array = new Uint8Array();
  #tail: Uint8Array | undefined;
  #tailSize = 0;
  #dropped = 0;

  /** Takes ownership of a pipe that never makes a reader wait; without one there is no output. */
  constructor(source?: Fd) {
    this.#source = source;
  }

  /** The pipe, while more may come. */
  get source(): Fd | undefined {
    return this.#source?.closed === false ? this.#source : undefined;
  }

  /** Takes what is in the pipe; who writes faster than we read is read again at the next call. */
  drain(): void {
    for (let i = 0; i < MAX_READS && this.source !== undefined; i++) {
      const bytes = readAvailable(this.source);
      if (bytes === undefined) return;
      if (bytes.byteLength === 0) this[Symbol.dispose]();
      else this.#add(bytes);
    }
  }

  /** Whether the stream ends within `ms`: a grandchild may hold it open. */
  async ended(ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    for (this.drain(); this.source !== undefined; this.drain()) {
      if (performance.now() >= deadline) return false;
      await wait(this.source, "readable", deadline);
    }
    return true;
  }

  /** What was printed since the last call, made printable. */
  take(): string {
    this.drain();
    const gap = this.#dropped === 0 ? "" : `\n[… ${this.#dropped} bytes left out …]\n`;
    const tail = this.#tail?.subarray(0, this.#tailSize) ?? new Uint8Array();
    const text = lines(this.#head) + gap + lines(tail);
    this.#head = new Uint8Array();
    this.#tailSize = 0;
    this.#dropped = 0;
    return text;
  }

  /** Closes the pipe: whoever holds the other end is not ours any more. */
  [Symbol.dispose](): void {
    this.#source?.[Symbol.dispose]();
  }

  #add(chunk: Uint8Array): void {
    const room = KEPT_BYTES - this.#head.byteLength;
    if (room > 0) this.#head = joined(this.#head, chunk.subarray(0, room));
    const rest = chunk.subarray(Math.max(room, 0));
    if (rest.byteLength > 0) this.#addToTail(rest);
  }

  /** In one piece of memory for good: a server that floods us is not to make us collect garbage. */
  #addToTail(rest: Uint8Array): void {
    const tail = this.#tail ??= new Uint8Array(KEPT_BYTES);
    const last = rest.subarray(-KEPT_BYTES);
    const kept = Math.min(this.#tailSize, KEPT_BYTES - last.byteLength);
    this.#dropped += this.#tailSize - kept + rest.byteLength - last.byteLength;
    tail.copyWithin(0, this.#tailSize - kept, this.#tailSize);
    tail.set(last, kept);
    this.#tailSize = kept + last.byteLength;
  }
}

/** The first line of a sanitizer's or valgrind's report, or nothing. */
export function sanitizerReport(output: string): string | undefined {
  return SANITIZER.exec(output)?.[0];
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (b.byteLength === 0) return a;
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}

function lines(bytes: Uint8Array): string {
  return printable(bytes, { keepLines: true });
}
