import { launch } from "../harness/steps.ts";
import type { Row, RowSuite } from "./row.ts";

// Each row starts a server of its own, with the user's own arguments unless it is about others.

const options: readonly Row[] = [
  {
    id: "socket-path",
    title: "Starts the program with --socket-path=PATH, and again with = in PATH",
    clause: "prog-socket-path",
    steps: [undefined, "server=1.sock"].map((socketName) =>
      launch({
        socketPath: "one-word",
        ...(socketName === undefined ? {} : { socketName }),
        expect: ["serves"],
      })
    ),
  },
  {
    id: "socket-path-in-two-words",
    title: "Starts the program with --socket-path PATH",
    clause: "prog-socket-path",
    steps: [launch({ socketPath: "two-words", expect: ["serves", "refuses"] })],
  },
  {
    id: "fd",
    title: "Starts the program with --fd=N, a listening socket or else a connected one",
    clause: "prog-fd",
    steps: [launch({ fd: "either", expect: ["serves"] })],
  },
  {
    id: "socket-path-and-fd",
    title: "Starts the program with both --socket-path and --fd",
    clause: "prog-exclusive",
    steps: [launch({ socketPath: "one-word", fd: "connected", expect: ["refuses"] })],
  },
];

const sigterm: readonly Row[] = [
  ...([
    ["without-client", "before any client has come"],
    ["after-client", "when its client has gone"],
    ["with-client", "while a client is there"],
    ["with-stalled-client", "while a client has sent half a header"],
    ["with-deaf-client", "while a client asks and does not read the replies"],
  ] as const).map(([moment, when]): Row => ({
    id: `sigterm-${moment}`,
    title: `Sends SIGTERM ${when}`,
    clause: "prog-sigterm",
    steps: [launch({ sigterm: moment, expect: ["serves"] })],
  })),
  {
    id: "socket-file-behind-sigterm",
    title: "Looks for the socket file when the program has ended on SIGTERM",
    clause: "prog-sigterm-socket",
    steps: [
      launch({
        socketPath: "one-word",
        sigterm: "after-client",
        looksAt: "socket-file-removed",
        expect: ["serves"],
      }),
    ],
  },
];

const surroundings: readonly Row[] = [
  {
    id: "foreground",
    title: "Looks whether the started process is the one that serves",
    clause: "prog-no-daemon",
    steps: [launch({ looksAt: "process", expect: ["serves"] })],
  },
  // With pipes as its standard streams it is started by every other case.
  {
    id: "streams-null",
    title: "Starts the program with /dev/null as its standard streams",
    clause: "prog-std-fds",
    steps: [launch({ stdio: "null", expect: ["serves"] })],
  },
  {
    id: "stale-socket-file",
    title: "Starts the program with a socket file at its path that nobody serves",
    clause: "prog-stale-socket",
    steps: [
      launch({ socketPath: "one-word", staleSocket: true, expect: ["serves", "refuses"] }),
    ],
  },
  {
    id: "unprivileged",
    title: "Starts the program as an unprivileged user",
    clause: "prog-no-privileges",
    steps: [launch({ unprivileged: true, expect: ["serves"] })],
  },
  {
    id: "socket-file-mode",
    title: "Looks whether everyone may write to the socket file",
    clause: "prog-socket-mode",
    steps: [
      launch({ socketPath: "one-word", looksAt: "socket-file-mode", expect: ["serves"] }),
    ],
  },
];

/** Section Backend Program Conventions. */
export const programSuite: RowSuite = {
  id: "program",
  title: "Backend program conventions",
  cases: [...options, ...sigterm, ...surroundings]
    .map((row) => ({ ...row, needs: ["conventions"] })),
};
