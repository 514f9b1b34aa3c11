import { assert, assertEquals, assertThrows } from "@std/assert";
import { Errno } from "../wire/errno.ts";
import { libc, SystemError } from "./libc.ts";
import { openFileLimit, signalGroup, signalProcess } from "./process.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

const SIGTERM = 15;

function start(...command: [string, ...string[]]): Deno.ChildProcess {
  const [program, ...args] = command;
  return new Deno.Command(program, { args, stdin: "null", stdout: "piped" }).spawn();
}

Deno.test("signalProcess() ends a process, and tells when there is none", async () => {
  await using child = start("cat", "/dev/zero");
  assert(signalProcess(child.pid, 0));
  assert(signalProcess(child.pid, SIGTERM));
  await child.stdout.cancel();
  assertEquals((await child.status).signal, "SIGTERM");
  assert(!signalProcess(child.pid, SIGTERM));
});

Deno.test("signalGroup() ends a leader and its children", async () => {
  await using child = start("setsid", "sh", "-c", "echo ready; sleep 1000 & wait");
  const reader = child.stdout.getReader();
  await reader.read();
  assert(signalGroup(child.pid, SIGTERM));
  // The pipe ends when the last process that inherited it has ended.
  assertEquals((await reader.read()).done, true);
  assertEquals((await child.status).signal, "SIGTERM");
});

Deno.test("signalGroup() tells when there is no such group", async () => {
  await using child = start("cat", "/dev/zero");
  assert(!signalGroup(child.pid, 0));
  await child.stdout.cancel();
});

Deno.test("signalProcess() and signalGroup() refuse what means many processes", () => {
  for (const pid of [-1, 0, 1, NaN]) {
    assertThrows(() => signalProcess(pid, 0), RangeError);
    assertThrows(() => signalGroup(pid, 0), RangeError);
  }
});

Deno.test("signalProcess() says what it cannot send", () => {
  const error = assertThrows(() => signalProcess(Deno.pid, 4711), SystemError);
  assertEquals(error.message, `Cannot send signal 4711 to process ${Deno.pid}: EINVAL`);
  assertEquals(error.errno, Errno.EINVAL);
});

Deno.test("openFileLimit() is the soft limit of the shell", async () => {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "ulimit -Sn"] }).output();
  const limit = new TextDecoder().decode(stdout).trim();
  assertEquals(String(openFileLimit()), limit);
});
