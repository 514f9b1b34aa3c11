import type { DeviceFacts } from "./device_facts.ts";
import type { Need } from "./needs.ts";

/**
 * How strongly a clause binds.
 *
 * - `must`: the specification states it, or its layouts define it.
 * - `should`: the specification recommends or strongly implies it.
 * - `may`: it belongs to an optional feature, judged only where the server offers that.
 * - `robust`: the specification is silent, yet a server that faces a client it cannot trust survives:
 *   no crash, no hang, no leak, and no corruption of what follows.
 * - `qemu`: the vfio-user client of QEMU needs it.
 */
export type Level = "must" | "should" | "may" | "robust" | "qemu";

/** One requirement on a server. */
export interface Clause {
  /** How strongly it binds. */
  readonly level: Level;
  /** Section of the specification, by its heading without the prefix `VFIO_USER_` or `VFIO_`. */
  readonly section: string;
  /** What the server owes, in our own words. */
  readonly text: string;
  /** Where the specification contradicts itself or leaves this open, and how that is graded. */
  readonly note?: string;
  /** Why no case can show this clause kept or broken; absent for all others. */
  readonly noCase?: string;
}

/** Cases about one message or topic. */
export interface Suite<ClauseId extends string = string> {
  /** Kebab-case of the message or topic: `dma-map`. */
  readonly id: string;
  /** For reports. */
  readonly title: string;
  /** In the order of the specification. */
  readonly cases: readonly Case<ClauseId>[];
}

/** One row: what is sent, and what must come back. */
export interface Case<ClauseId extends string = string> {
  /** Kebab-case, unique within its suite; names the deviation. */
  readonly id: string;
  /** What we do, in present tense. */
  readonly title: string;
  /** What they owe. */
  readonly clause: ClauseId;
  /** Facts of the device or server without which the row is skipped. */
  readonly needs?: readonly Need[];
  /** `connected` rows begin before VERSION. Default: `negotiated`. */
  readonly begins?: "connected" | "negotiated";
  /**
   * What is checked at the end of the row. `in-sync`: the server answers a fence and nothing else is in the stream.
   * `alive`: the stream has no meaning any more, so only the next client is checked. `may-exit`: the same, but a
   * server that has closed the connection may also end its program, unless it crashes. Default: `in-sync`.
   */
  readonly ends?: "in-sync" | "alive" | "may-exit";
  /** A function only to put in the device's own numbers. */
  readonly steps: readonly Step[] | ((device: DeviceFacts) => readonly Step[]);
}

/** A value read earlier in the row, put in where it is sent or compared. */
export interface Saved {
  readonly saved: string;
}

/** A descriptor to be sent. The same name in one row is the same file. */
export type Descriptor =
  | {
    readonly kind: "memory";
    /** Bytes. */
    readonly size: number;
    readonly name?: string;
    readonly readOnly?: boolean;
    /** Default: true. An unsealed file may be truncated later in the row. */
    readonly sealed?: boolean;
  }
  | { readonly kind: "eventfd"; readonly name?: string; readonly initial?: number }
  | { readonly kind: "pipe" | "null-device" | "directory" | "socket" };

/** Header fields of a command that a row sets itself. */
export interface HeaderPatch {
  /** Default: the next free one. */
  readonly msgId?: number;
  /** Default: what is really sent. */
  readonly msgSize?: number;
  /** Default: a command that wants a reply. */
  readonly flags?: number;
  readonly error?: number;
}

/** One command to the server. */
export interface Send {
  readonly step: "send";
  readonly command: number;
  readonly payload: readonly (Uint8Array | Saved)[];
  readonly fds: readonly Descriptor[];
  readonly header: HeaderPatch;
  /** Byte positions at which the message is cut into separate sends, each read by the server before the next. */
  readonly cuts: readonly number[];
  /** Attach the descriptors to this piece of a cut message. Default: 0. */
  readonly fdsAtCut?: number;
  /** Sends only so many bytes of the message, which then is owed no answer. Default: all. */
  readonly only?: number;
}

/** What a field must hold: a value, or a named condition. */
export type FieldMatch = number | bigint | Condition;

/** A condition on a value, with the words for a report: `at least 9`. */
export interface Condition {
  readonly text: string;
  readonly holds: (value: number | bigint) => boolean;
}

/** A reply as a row sees it. */
export interface Reply {
  readonly command: number;
  readonly flags: number;
  readonly error: number;
  readonly msgSize: number;
  /** The head of the payload, decoded; empty when the payload is shorter than its layout. */
  readonly fields: Readonly<Record<string, number | bigint>>;
  readonly payload: Uint8Array;
  /** What follows the head. */
  readonly data: Uint8Array;
  /** Descriptors that came with it. */
  readonly fdCount: number;
}

/** What a row demands of a reply beyond its fields. */
export interface ReplyDemands {
  /** Bytes of the payload: exact, or a condition. */
  readonly payloadSize?: FieldMatch;
  /** Bytes after the head of the payload. */
  readonly data?: Uint8Array | Saved;
  /** Descriptors that came with it. */
  readonly fdCount?: FieldMatch;
  /** Keeps the bytes after the head under this name. */
  readonly save?: string;
  /** Keeps the descriptors under this name. */
  readonly saveFds?: string;
  /** Anything else: says what was seen instead of what is owed, or nothing. */
  readonly check?: (reply: Reply, saved: ReadonlyMap<string, Uint8Array>) => string | undefined;
  /** What `check` asks for, in the words of a report. */
  readonly wants?: string;
}

/** What the server may do; a `remark` becomes a note in the report when it does it. */
export type Outcome = Permitted & { readonly remark?: string };

type Permitted =
  | {
    readonly outcome: "reply";
    readonly fields: Readonly<Record<string, FieldMatch>>;
    readonly demands: ReplyDemands;
  }
  | {
    readonly outcome: "error";
    /** Errnos that are permitted; any when absent. */
    readonly errno?: readonly number[];
    readonly demands: ReplyDemands;
  }
  | { readonly outcome: "closed" }
  | { readonly outcome: "nothing" }
  | { readonly outcome: "silence" };

/** Waits for what the server does about the oldest command that is not answered yet. */
export interface Expect {
  readonly step: "expect";
  /** Best first; the rest is permitted. */
  readonly outcomes: readonly Outcome[];
}

/** A mapping of a descriptor that a reply brought. */
export interface MapDescriptor {
  readonly step: "map-descriptor";
  /** Name given with `saveFds`. */
  readonly from: string;
  readonly offset: bigint;
  /** Bytes. */
  readonly size: number;
  readonly write: boolean;
  /** Name for `read-memory` and `write-memory`. */
  readonly name: string;
}

/** One line of a row. */
export type Step =
  | Send
  | Expect
  /** Several messages in a single send. */
  | { readonly step: "send-together"; readonly messages: readonly Send[] }
  /** Closes our side, without reading what is left. */
  | { readonly step: "disconnect" }
  /** A new connection, negotiated or not. */
  | { readonly step: "connect"; readonly negotiate: boolean }
  /** No more bytes from us. */
  | { readonly step: "shutdown-write" }
  /** Remembers how many descriptors the server holds. */
  | { readonly step: "count-descriptors" }
  /** The server holds as many descriptors, and as many mappings of our memory files, as remembered. */
  | { readonly step: "same-descriptors" }
  /** A mapping of a file named in the row is gone from the server, and so is the descriptor. */
  | { readonly step: "memory-released"; readonly name: string }
  | MapDescriptor
  /** Bytes of a memory file or mapping: they are these. */
  | {
    readonly step: "read-memory";
    readonly name: string;
    readonly offset: number;
    readonly bytes: Uint8Array | Saved;
  }
  | {
    readonly step: "write-memory";
    readonly name: string;
    readonly offset: number;
    readonly bytes: Uint8Array;
  }
  /** Bytes of guest memory, as this row's DMA_MAPs lay it out, with or without descriptor. */
  | { readonly step: "read-guest"; readonly address: bigint; readonly bytes: Uint8Array | Saved }
  | { readonly step: "write-guest"; readonly address: bigint; readonly bytes: Uint8Array }
  /** Cuts the memory file short behind the server's back. */
  | { readonly step: "truncate-memory"; readonly name: string; readonly size: number }
  /** The eventfd has been signalled this many times, and is taken back to 0. */
  | { readonly step: "signalled"; readonly name: string; readonly times: number }
  /** The descriptor of a reply is a connected stream socket. */
  | { readonly step: "stream-socket"; readonly from: string; readonly index: "fdIndex" | number };
