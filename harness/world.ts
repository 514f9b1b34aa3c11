import type { Connection } from "./connection.ts";
import type { UnixSocket } from "./posix/unix_socket.ts";
import type { ProcessProbe } from "./process_probe.ts";
import type { Failure } from "./results.ts";
import type { Exit, ServerLimits } from "./server.ts";
import type { Target } from "./target.ts";
import type { Transcript } from "./transcript.ts";

/** What a row needs of its surroundings. */
export interface World {
  /** Longest wait for a reply, in milliseconds. */
  readonly timeoutMs: number;
  /** A new connection; says what happened to the server where there is none to be had. */
  connect(transcript: Transcript): Promise<Connection | Failure>;
  /** VERSION on a new connection; says what went wrong, or nothing. */
  negotiate(connection: Connection): Promise<Failure | undefined>;
  /** How servers are started. */
  readonly target: Target;
  /** How long a start and a stop may take. */
  readonly limits: ServerLimits;
  /** A connection to another server; from then on, until the row ends, all else is about that one. */
  second(transcript: Transcript, resetWillDo: boolean): Promise<Connection | Failure>;
  /** Ends the server; the next connection starts a new one. */
  replace(): Promise<void>;
  /** SIGTERM to the server; how it ended, if it did in time. The next connection starts a new one. */
  endBySigterm(): Promise<Exit | undefined>;
  /** How the server has ended when its client left, if it is one that does. */
  endAlone(): Promise<Exit | undefined>;
  /** The next client of the same server is served; says what happened instead, or nothing. */
  serveNext(transcript: Transcript): Promise<Failure | undefined>;
  /** One more connection beside that of the row, where the server takes or queues it at once. */
  connectBeside(): UnixSocket | undefined;
  /** The server's process, where it can be seen. */
  probe(connection: Connection): ProcessProbe | undefined;
}
