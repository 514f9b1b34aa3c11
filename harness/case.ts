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
  | {
    readonly kind: "eventfd";
    readonly name?: string;
    /** Nothing can be added to its counter. */
    readonly full?: true;
  }
  /** A broken pipe has no reader any more. */
  | { readonly kind: "pipe" | "broken-pipe" | "null-device" | "directory" | "socket" };

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

/** The migration data of a device, from it or to it, as `saved` under the name. */
export interface MigrationData {
  /** `save`: reads until a read comes short, and puts it behind what is saved. `load`: writes what was saved. */
  readonly step: "save-migration-data" | "load-migration-data";
  readonly name: string;
  /** Bytes asked for, or written, by each message. */
  readonly chunk: number;
  /** Reads of a save at most. Default: as many as it takes, within reason. */
  readonly reads?: number;
  /** Bytes of each message of a load after the first 2,000. Default: `chunk`. */
  readonly rest?: number;
  /** What each reply owes besides. */
  readonly each?: ReplyDemands;
}

/** How our side answers DMA_READ and DMA_WRITE: well, but for what is named here. */
export interface DmaAnswer {
  /** An error reply, with 0 too. */
  readonly errno?: number;
  /** The count of the reply, whatever its data. */
  readonly count?: bigint;
  /** Bytes of the payload, which is cut or lengthened with zeroes. */
  readonly payloadSize?: number;
  /** The reply names the address of the next page. */
  readonly otherAddress?: true;
  /** Other data under another message ID; where the server goes on waiting, the good answer follows. */
  readonly otherId?: true;
  /** Byte positions at which the reply is cut into separate sends, each read before the next. */
  readonly cuts?: readonly number[];
  /** A command of ours that goes before the first answer, and whose reply is owed to the row from then on. */
  readonly first?: Send;
  /** That command takes the message ID of the server's. */
  readonly firstTakesItsId?: true;
  /** No answer. */
  readonly never?: true;
}

/** A DMA_READ or DMA_WRITE of the server's. */
export interface DmaRequest {
  readonly command: number;
  readonly msgId: number;
  readonly flags: number;
  readonly msgSize: number;
  /** Absent, as is `count`, where the payload is too short for them. */
  readonly address?: bigint;
  readonly count?: bigint;
  /** Bytes behind address and count. */
  readonly dataSize: number;
  /** Where it came. */
  readonly socket: "main" | "twin";
}

/** What a row demands of the requests since it began, or since it last looked. */
export interface DmaDemands {
  /** What `check` asks for, in the words of a report. */
  readonly wants: string;
  /** Says what was seen instead of what is owed, or nothing. */
  readonly check: (requests: readonly DmaRequest[]) => string | undefined;
}

/** Another server, started with other arguments by the backend program conventions; it is gone behind the step. */
export interface Launch {
  readonly step: "launch";
  /** `--socket-path=PATH`. Default, without `fd` too: the user's own arguments. */
  readonly socketPath?: "one-word" | "two-words";
  /** Name of the socket file at the end of PATH. Default: one that raises no questions. */
  readonly socketName?: string;
  /** `--fd=N`; `either`: listening or connected, as the program wants it. */
  readonly fd?: "listening" | "connected" | "either";
  /** Standard input, output and error. Default: pipes. */
  readonly stdio?: "null" | "pipes";
  /** A socket file that nobody serves stands at the path. */
  readonly staleSocket?: true;
  /** As a user who owns nothing but the folder of the socket. */
  readonly unprivileged?: true;
  /** What the program may do, best first. It refuses by ending with a status other than 0. */
  readonly expect: readonly ("serves" | "refuses")[];
  /** When SIGTERM is sent, upon which the program ends. Default: never. */
  readonly sigterm?:
    | "without-client"
    | "after-client"
    | "with-client"
    | "with-stalled-client"
    | "with-deaf-client";
  /** What else is looked at: the started process serves; the file's mode; no file is left by SIGTERM. */
  readonly looksAt?: "process" | "socket-file-mode" | "socket-file-removed";
}

/** One line of a row. */
export type Step =
  | Send
  | Expect
  | Launch
  /** Several messages in a single send. */
  | { readonly step: "send-together"; readonly messages: readonly Send[] }
  /** Closes our side, without reading what is left. */
  | { readonly step: "disconnect" }
  /** A new connection, negotiated or not. */
  | { readonly step: "connect"; readonly negotiate: boolean }
  /** The row goes on with a negotiated connection to another server, new or reset; the first one waits. */
  | { readonly step: "second-server"; readonly resetWillDo: boolean }
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
  /** Steps that are played only when an `expect` has saved something under this name. */
  | { readonly step: "only-if"; readonly saved: string; readonly steps: readonly Step[] }
  /** A second client, beside the row's own: its connection may be refused, queued or served. */
  | { readonly step: "second-client"; readonly does: "connects" | "proposes" | "waits" | "leaves" }
  /** The server that our side has left: if it exits then, it does so with status 0; or it serves one client more. */
  | { readonly step: "left-server"; readonly does: "ends-well" | "serves-next" }
  /** A descriptor of a reply is a socket whose other end the server closes. */
  | { readonly step: "socket-closed"; readonly from: string; readonly index: "fdIndex" | number }
  /** Adds 1 to an eventfd that came with a reply. */
  | { readonly step: "signal-received"; readonly from: string; readonly index: number }
  /** The descriptor of a reply is a connected stream socket. */
  | { readonly step: "stream-socket"; readonly from: string; readonly index: "fdIndex" | number }
  | MigrationData
  /** How our side answers DMA commands from now on, on either socket. */
  | { readonly step: "answer-dma"; readonly answer: DmaAnswer }
  /** Waits until the server has sent a DMA command that no step has looked at. */
  | { readonly step: "await-dma" }
  | ({ readonly step: "dma-requests" } & DmaDemands)
  /** Takes the descriptor at `fd_index` of a VERSION reply, saved with `save` and `saveFds`, for our end. */
  | { readonly step: "use-twin"; readonly from: string }
  | { readonly step: "close-twin" }
  /** SIGTERM ends the server; the next connection starts another. */
  | { readonly step: "sigterm" };
