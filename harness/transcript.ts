import type { TranscriptEntry } from "./results.ts";

/** Bytes kept of each message. */
const HEAD_BYTES = 2048;
/** Entries kept from the beginning of a case, and as many from its end. */
const KEPT_ENTRIES = 60;

interface Recorded {
  readonly kind: TranscriptEntry["kind"];
  readonly at: number;
  readonly head: Uint8Array;
  readonly size: number;
  readonly fdCount: number;
  readonly text: string;
}

/** The wire log of one case, bounded: its beginning and its end. */
export class Transcript {
  readonly #start: number = performance.now();
  readonly #first: Recorded[] = [];
  #last: Recorded[] = [];
  #dropped = 0;

  /** A message that we sent; `text` names its descriptors. */
  sent(bytes: Uint8Array, fdCount: number, text: string): void {
    this.#add({ kind: "sent", head: head(bytes), size: bytes.byteLength, fdCount, text });
  }

  /** A message that the server sent, or as much of it as came; `text` says where, if not on the main socket. */
  received(bytes: Uint8Array, fdCount: number, text = ""): void {
    this.#add({ kind: "received", head: head(bytes), size: bytes.byteLength, fdCount, text });
  }

  /** Anything else: `the server closed the connection`. */
  note(text: string): void {
    this.#add({ kind: "note", head: new Uint8Array(), size: 0, fdCount: 0, text });
  }

  /** Index that the newest entry has in `entries()`. */
  get newest(): number {
    return this.#first.length + this.#last.length + (this.#dropped > 0 ? 1 : 0) - 1;
  }

  /** What is kept, in order; a note says how many entries are left out. */
  entries(): TranscriptEntry[] {
    const left: Recorded[] = this.#dropped === 0 ? [] : [{
      kind: "note",
      at: this.#last[0]?.at ?? this.#start,
      head: new Uint8Array(),
      size: 0,
      fdCount: 0,
      text: `${this.#dropped} more messages are left out here`,
    }];
    return [...this.#first, ...left, ...this.#last].map((entry) => ({
      kind: entry.kind,
      atMs: Math.round((entry.at - this.#start) * 1000) / 1000,
      hex: entry.head.toHex(),
      size: entry.size,
      fdCount: entry.fdCount,
      text: entry.text,
    }));
  }

  #add(entry: Omit<Recorded, "at">): void {
    const recorded = { ...entry, at: performance.now() };
    if (this.#first.length < KEPT_ENTRIES) {
      this.#first.push(recorded);
      return;
    }
    this.#last.push(recorded);
    if (this.#last.length > 2 * KEPT_ENTRIES) {
      this.#dropped += KEPT_ENTRIES;
      this.#last = this.#last.slice(KEPT_ENTRIES);
    }
  }
}

function head(bytes: Uint8Array): Uint8Array {
  return bytes.slice(0, HEAD_BYTES);
}
