import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { HarnessError } from "./harness_error.ts";
import { libc } from "./posix/libc.ts";
import { signalProcess } from "./posix/process.ts";
import { Server } from "./server.ts";
import type { Target } from "./target.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const LIMITS = { startMs: 5000, graceMs: 200 };
const STUB = new URL("./testdata/stub_server.ts", import.meta.url).pathname;

function stub(behaviour = ""): Target & { kind: "command" } {
  const argv = [Deno.execPath(), "run", "--allow-all", "--quiet", STUB, "{socket}", behaviour];
  return { kind: "command", argv };
}

function shell(script: string): Target & { kind: "command" } {
  return { kind: "command", argv: ["/bin/sh", "-c", script] };
}

Deno.test("Server.start() says that there is no such program", async () => {
  const target: Target = { kind: "command", argv: ["/no/such/program"] };
  const error = await assertRejects(() => Server.start(target, LIMITS), HarnessError);
  assertEquals(error.message, "Cannot start /no/such/program: no such program");
  assertEquals(error.kind, "start");
});

Deno.test("Server.start() says why a program cannot be run", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/program`;
  const why = async (mode: number) => {
    await Deno.writeTextFile(path, "echo no interpreter\n", { mode });
    const start = () => Server.start({ kind: "command", argv: [path] }, LIMITS);
    return (await assertRejects(start, HarnessError)).message.replace(path, "it");
  };
  assertEquals(await why(0o600), "Cannot start it: it may not be run");
  await Deno.remove(path);
  assertStringIncludes(await why(0o700), "neither a program for this machine nor a script");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("connect() says how a server ended that exits at once, and keeps its output", async () => {
  await using server = await Server.start(stub("exits-at-once"), LIMITS);
  const error = await assertRejects(() => server.connect(5000), HarnessError);
  assertEquals(error.message, "Cannot connect to the server: the server exited with code 4");
  assertEquals(server.output.take(), "no such device\n");
});

Deno.test("connect() gives up on a server that never listens", async () => {
  await using server = await Server.start(stub("never-listens"), LIMITS);
  const error = await assertRejects(() => server.connect(50), HarnessError);
  assertStringIncludes(error.message, "after 50 ms (ENOENT)");
});

Deno.test("connect() succeeds as soon as the server listens", async () => {
  await using server = await Server.start(stub(), LIMITS);
  using socket = await server.connect(5000);
  assert(!socket.fd.closed);
  assert(server.listens());
});

Deno.test("a server that is disposed leaves no process of its group and no folder", async () => {
  const script = `trap "" TERM; sleep 1000 & echo $!; echo $$; touch {socket}; wait; wait`;
  const server = await Server.start(shell(script), LIMITS);
  let output = "";
  while (output.split("\n").length < 3) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    output += server.output.take();
  }
  const pids = output.trim().split("\n").map(Number);
  await server[Symbol.asyncDispose]();
  assertEquals(pids.map((pid) => signalProcess(pid, 0) && !isZombie(pid)), [false, false]);
  await assertRejects(() => Deno.stat(server.path), Deno.errors.NotFound);
});

/** A killed grandchild waits for whoever adopted it. */
function isZombie(pid: number): boolean {
  return Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
}

Deno.test("every placeholder is replaced, environment and working folder are set", async () => {
  const target = {
    ...shell(`echo "$GREETING $(pwd) {socket} {socket}"`),
    cwd: "/",
    env: { GREETING: "hello" },
  };
  await using server = await Server.start(target, LIMITS);
  await server.ended(5000);
  assertEquals(server.output.take(), `hello / ${server.path} ${server.path}\n`);
});

Deno.test("a server can be given a listening descriptor", async () => {
  const target = { ...shell(`ls -l /proc/self/fd/{fd}`), passFd: true };
  await using server = await Server.start(target, LIMITS);
  await server.ended(5000);
  assertStringIncludes(server.output.take(), "socket:[");
});

Deno.test("--before runs once the server is started, and its failure is told", async () => {
  const before = ["/bin/sh", "-c", "exit 7"];
  const error = await assertRejects(
    () => Server.start({ ...stub(), before }, LIMITS),
    HarnessError,
  );
  assertEquals(error.message, "Cannot run the --before command /bin/sh -c exit 7: exit code 7");
  const slow = { ...stub(), before: ["/bin/sleep", "1000"] };
  const late = await assertRejects(
    () => Server.start(slow, { ...LIMITS, startMs: 50 }),
    HarnessError,
  );
  assertStringIncludes(late.message, "longer than 50 ms");
});
