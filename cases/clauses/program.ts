import type { Clause } from "../../harness/case.ts";

/** Clauses of section Backend Program Conventions. */
export const programClauses = {
  "prog-socket-path": {
    level: "must",
    section: "Backend Program Conventions",
    text: "The program accepts --socket-path=PATH and listens on a UNIX socket at that path.",
  },
  "prog-fd": {
    level: "must",
    section: "Backend Program Conventions",
    text: "The program accepts --fd=FDNUM and serves on that inherited UNIX socket.",
    note:
      "The specification does not say whether the descriptor is listening or connected; graded as passed when either works.",
  },
  "prog-exclusive": {
    level: "should",
    section: "Backend Program Conventions",
    text:
      "The program refuses to start with both --socket-path and --fd, and exits with a status other than 0.",
  },
  "prog-sigterm": {
    level: "must",
    section: "Backend Program Conventions",
    text: "The program exits on SIGTERM, with or without a client.",
  },
  "prog-sigterm-socket": {
    level: "robust",
    section: "Backend Program Conventions",
    text: "The program removes its socket file when it exits on SIGTERM.",
  },
  "prog-no-daemon": {
    level: "must",
    section: "Backend Program Conventions",
    text: "The program does not daemonize: the process that was started is the server.",
  },
  "prog-std-fds": {
    level: "should",
    section: "Backend Program Conventions",
    text: "The program works with its standard input, output and error redirected.",
  },
  "prog-stale-socket": {
    level: "robust",
    section: "Backend Program Conventions",
    text:
      "A stale socket file at its path makes the program take the path over or exit with an error; it does not hang.",
  },
  "prog-json": {
    level: "must",
    section: "Backend Program Conventions",
    text: "The program comes with a JSON description under /usr/share/vfio-user.",
    noCase:
      "The description belongs to the installed package and not to the running program, and the specification defines no schema for it.",
  },
  "prog-no-privileges": {
    level: "should",
    section: "Backend Program Conventions",
    text: "The program runs as an unprivileged user.",
  },
  "prog-socket-mode": {
    level: "robust",
    section: "Authentication",
    text: "The socket file of the program cannot be written by everyone.",
  },
} as const satisfies Record<string, Clause>;
