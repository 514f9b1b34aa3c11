import { printable } from "./wire/printable.ts";

/** Bytes kept from the beginning of a case's output, and as many from its end. */
const KEPT_BYTES = 16 * 1024;

/** Lines by which sanitizers and valgrind report. */
const SANITIZER =
  /(?:ERROR: \w+Sanitizer|SUMMARY: \w+Sanitizer|runtime error:|==\d+== (?:Invalid (?:read|write)|Conditional jump|Use of uninit|Process terminating|Jump to the invalid)|definitely lost: [1-9])[^\n]*/;

/** What a server prints: always drained, kept as a bounded head and tail. */
export class OutputTail {
  #head: Uint8Array = new Uint8Array();
  #tail: Uint8Array = new Uint8Array();
  #dropped = 0;
  readonly #readers: readonly ReadableStreamDefaultReader<Uint8Array>[];
  readonly #drained: Promise<unknown>;

  /** Begins to drain at once. */
  constructor(...streams: readonly ReadableStream<Uint8Array>[]) {
    this.#readers = streams.map((stream) => stream.getReader());
    this.#drained = Promise.allSettled(this.#readers.map((reader) => this.#drain(reader)));
  }

  /** Whether every stream ends within `ms`: a grandchild may hold them open. */
  async ended(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(() => resolve(false), ms);
    const ended = await Promise.race([this.#drained.then(() => true), promise]);
    clearTimeout(timer);
    return ended;
  }

  /** What was printed since the last call, made printable. */
  take(): string {
    const gap = this.#dropped === 0 ? "" : `\n[… ${this.#dropped} bytes left out …]\n`;
    const text = lines(this.#head) + gap + lines(this.#tail);
    this.#head = new Uint8Array();
    this.#tail = new Uint8Array();
    this.#dropped = 0;
    return text;
  }

  /** Stops draining: whoever holds the other end is not ours any more. */
  async cancel(): Promise<void> {
    await Promise.allSettled(this.#readers.map((reader) => reader.cancel()));
  }

  async #drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      this.#add(read.value);
    }
  }

  #add(chunk: Uint8Array): void {
    const room = KEPT_BYTES - this.#head.byteLength;
    if (room > 0) this.#head = joined(this.#head, chunk.subarray(0, room));
    const rest = chunk.subarray(Math.max(room, 0));
    const tail = joined(this.#tail, rest.subarray(-KEPT_BYTES));
    this.#dropped += this.#tail.byteLength + rest.byteLength -
      Math.min(tail.byteLength, KEPT_BYTES);
    this.#tail = tail.slice(-KEPT_BYTES);
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
