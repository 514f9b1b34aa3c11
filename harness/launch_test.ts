import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Launch } from "./case.ts";
import { Connection } from "./connection.ts";
import { Conversation } from "./converse.ts";
import { launch } from "./launch.ts";
import { libc } from "./posix/libc.ts";
import { UnixSocket } from "./posix/unix_socket.ts";
import { failureText } from "./results.ts";
import { Stage } from "./stage.ts";
import type { Target } from "./target.ts";
import { Transcript } from "./transcript.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const LIMITS = { startMs: 5000, graceMs: 200, timeoutMs: 1000 };
const REFERENCE = new URL("./reference/main.ts", import.meta.url).pathname;
const SOCKET = "--socket-path={socket}";

function reference(...words: string[]): Target {
  const argv = [Deno.execPath(), "run", "--allow-all", "--quiet", REFERENCE, ...words, SOCKET];
  return { kind: "command", argv };
}

function shell(script: string): Target {
  return { kind: "command", argv: ["/bin/sh", "-c", script, "sh", SOCKET] };
}

/** What one launch comes to: the reason of its failure and its notes. */
async function launched(
  target: Target,
  how: Omit<Launch, "step">,
  limits = LIMITS,
): Promise<{ reason: string | undefined; notes: readonly string[] }> {
  await using stage = new Stage(target, limits);
  const [ours, theirs] = UnixSocket.pair();
  using _theirs = theirs;
  const transcript = new Transcript();
  using row = new Conversation(stage, transcript, new Connection(ours, transcript));
  const failure = await launch(row, { step: "launch", ...how });
  return { reason: failure && failureText(failure), notes: row.notes };
}

const SERVED: readonly Omit<Launch, "step">[] = [
  { socketPath: "one-word", expect: ["serves"], stdio: "null", sigterm: "with-client" },
  { socketPath: "two-words", expect: ["serves"], sigterm: "with-deaf-client" },
  { fd: "listening", expect: ["serves"], sigterm: "with-stalled-client" },
  { fd: "connected", expect: ["serves"], looksAt: "process" },
  { fd: "either", expect: ["serves"], sigterm: "after-client" },
  { socketPath: "one-word", staleSocket: true, expect: ["serves"], looksAt: "socket-file-mode" },
  {
    socketPath: "one-word",
    expect: ["serves"],
    sigterm: "without-client",
    looksAt: "socket-file-removed",
  },
];

for (const how of SERVED) {
  Deno.test(`launch() is content with the reference server: ${JSON.stringify(how)}`, async () => {
    assertEquals(await launched(reference(), how), { reason: undefined, notes: [] });
  });
}

Deno.test("launch() takes an exit with a status other than 0 for a refusal", async () => {
  const both = { socketPath: "one-word", fd: "connected", expect: ["refuses"] } as const;
  assertEquals(await launched(reference(), both), { reason: undefined, notes: [] });
  const { reason } = await launched(shell("exit 3"), { expect: ["serves"] });
  assertEquals(
    reason,
    "Expected the program to serve a client: got the server exited with code 3",
  );
});

Deno.test("launch() notes what is permitted and not best", async () => {
  const { reason, notes } = await launched(shell("exit 3"), { expect: ["serves", "refuses"] });
  assertEquals(reason, undefined);
  assertEquals(notes, ["the program refuses to start: the server exited with code 3"]);
});

Deno.test("launch() takes status 0 for no refusal", async () => {
  const { reason } = await launched(shell("exit 0"), { expect: ["refuses"] });
  assertMatch(reason ?? "", /other than 0: got the server exited with code 0$/);
});

Deno.test("launch() gives up on a program that neither serves nor ends, and ends it", async () => {
  const limits = { ...LIMITS, startMs: 100 };
  const { reason } = await launched(shell("sleep 1000"), { expect: ["serves"] }, limits);
  assertEquals(reason, "Expected the program to serve a client: got nothing within 100 ms");
});

Deno.test("launch() says what each kind of descriptor came to", async () => {
  const { reason } = await launched(shell("exit 4"), { fd: "either", expect: ["serves"] });
  assertStringIncludes(reason ?? "", "with a listening descriptor the server exited with code 4");
  assertStringIncludes(reason ?? "", "with a connected one the server exited with code 4");
});

Deno.test("launch() sees a program that survives SIGTERM", async () => {
  const target = reference("--fault=sigterm-ignored");
  const { reason } = await launched(target, { expect: ["serves"], sigterm: "with-client" });
  assertEquals(
    reason,
    "Expected the program to end within 1000 ms of SIGTERM: got it still running",
  );
});

Deno.test("launch() notes a socket file that is left behind", async () => {
  const how = { sigterm: "after-client", looksAt: "socket-file-removed" } as const;
  const target = reference("--fault=socket-file-left");
  const { notes } = await launched(target, { socketPath: "one-word", expect: ["serves"], ...how });
  assertEquals(notes, ["the socket file is left behind"]);
});

Deno.test("launch() sees a daemon, and ends it", async () => {
  const name = `daemon-${crypto.randomUUID()}`;
  const { argv } = reference() as { argv: readonly string[] };
  const command = argv.slice(0, -1).join(" ");
  const target = { ...shell(`setsid ${command} "$@" & sleep 0.4`), env: { NAME: name } };
  const { reason } = await launched(target, { looksAt: "process", expect: ["serves"] });
  assertMatch(reason ?? "", /the started process to be the server: got process \d+ serving when/);
  assertEquals(processesNamed(name), []);
});

function processesNamed(name: string): string[] {
  return Array.from(Deno.readDirSync("/proc"), (entry) => entry.name)
    .filter((pid) => isNamed(pid, name));
}

function isNamed(pid: string, name: string): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/environ`).includes(name);
  } catch {
    return false;
  }
}
