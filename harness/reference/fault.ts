import type { UnixListener } from "../posix/unix_listener.ts";
import type { Message, Outcome, Reply } from "./message.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";

/** A hook may do its work later; void when the server is to go on as it would. */
type Later<T> = T | Promise<T>;

/** Places where a fault or a freedom can reach into the server. Without them the server has none of them. */
export interface Hooks {
  /** Changes the command line before it is read. */
  words?(words: readonly string[]): readonly string[];
  /** Changes the numbers that the server announces and checks against, before it starts. */
  tune?(settings: Settings): void;
  /** The server listens, and has admitted nobody yet. */
  listen?(listener: UnixListener): Later<void>;
  /** A client has connected. */
  connect?(session: Session): Later<void>;
  /** A header has come over either socket, its body has not: `msgSize` decides how much is read. */
  header?(message: Message, session: Session): Later<void>;
  /** Of the `length` bytes of a part `count` have come over either socket, and the rest has not. */
  partial?(part: "header" | "body", count: number, length: number): Later<void>;
  /** A request has come whole: may change it, or answer it in place of the server. */
  request?(request: Message, session: Session): Later<Outcome | void>;
  /** A reply is about to leave: may change it, or keep it from leaving with `false`. */
  reply?(reply: Reply, request: Message, session: Session): Later<false | void>;
  /** A message of `size` bytes leaves over either socket, and `at` of them have left: how many go next, at least one. */
  piece?(at: number, size: number): Later<number>;
  /** The server sends a command to the client. */
  ask?(command: Reply, session: Session): Later<void>;
  /** The client has answered a command of the server. */
  answer?(answer: Message, command: Reply, session: Session): Later<void>;
  /** The client has gone; what it mapped and bound is still there. `false` leaves it there. */
  disconnect?(session: Session, cause: unknown): Later<false | void>;
  /** SIGTERM or SIGINT has come; `false` for not ending. */
  terminate?(): false | void;
}

/** A deliberate defect of the reference server. */
export interface Fault {
  /** Name for `--fault`. */
  readonly id: string;
  /** What it does wrong, in one sentence. */
  readonly text: string;
  /** The requirement that it breaks: an id of the catalogue. */
  readonly clause: string;
  /** Makes the hooks; their state lives as long as the server. */
  readonly hooks: () => Hooks;
}
