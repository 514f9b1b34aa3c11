import { assert, assertEquals, assertThrows } from "@std/assert";
import { Errno } from "../wire/errno.ts";
import { type ChildOptions, ChildProcess } from "./child_process.ts";
import { type Fd, openFile, pipe } from "./fd.ts";
import { readAvailable } from "./file_io.ts";
import { libc, SystemError } from "./libc.ts";
import { waitNow } from "./poll.ts";
import { signalGroup, SIGTERM } from "./process.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

/** What a shell prints, and how it ends. */
function shell(script: string, more: Partial<ChildOptions> = {}) {
  using none = openFile("/dev/null", { write: true });
  const [read, write] = pipe();
  using output = read;
  using child = startAndClose(
    write,
    (stdout) =>
      ChildProcess.start(["sh", "-c", script], { stdin: none, stdout, stderr: none, ...more }),
  );
  assert(waitNow(child.ending, "readable", 5000));
  return { text: new TextDecoder().decode(readAvailable(output)), exit: child.exit };
}

function startAndClose(write: Fd, start: (stdout: Fd) => ChildProcess): ChildProcess {
  using stdout = write;
  return start(stdout);
}

Deno.test("ChildProcess has its exit code, or its signal", () => {
  assertEquals(shell("exit 3").exit, { code: 3, signal: null });
  assertEquals(shell("kill -SEGV $$").exit, { code: 0, signal: "SIGSEGV" });
  assertEquals(shell("kill -40 $$").exit, { code: 0, signal: "signal 40" });
});

Deno.test("ChildProcess adds to our environment, and takes the place of what is there", () => {
  const { text } = shell('echo "$PATH $GREETING"', { env: { GREETING: "hello", PATH: "/bin" } });
  assertEquals(text, "/bin hello\n");
  assertEquals(shell('echo "$PATH"').text, `${Deno.env.get("PATH")}\n`);
});

Deno.test("ChildProcess works in the folder that it is given", () => {
  assertEquals(shell("pwd", { cwd: "/proc" }).text, "/proc\n");
});

Deno.test("ChildProcess inherits its streams and the descriptor that it is given, no others", () => {
  using inherited = openFile("/dev/zero");
  using other = openFile("/dev/full");
  const { text } = shell("ls -l /proc/$$/fd", { inherited });
  assert(text.includes(` 0 -> /dev/null\n`));
  assert(text.includes(` ${inherited.number} -> /dev/zero\n`));
  assert(!text.includes(` ${other.number} -> /dev/full\n`));
});

Deno.test("ChildProcess neither blocks nor ignores signals, and leads a group of its own", () => {
  const { text } = shell("grep -E '^Sig(Blk|Ign)' /proc/$$/status; cat /proc/$$/stat");
  const [blocked, ignored, stat] = text.split("\n");
  assertEquals(blocked, "SigBlk:\t0000000000000000");
  assertEquals(ignored?.replace("18", "00"), "SigIgn:\t0000000000000000"); // 32 and 33 are the library's own
  const [pid, , , , group, session] = stat!.split(" ");
  assertEquals([group, session], [pid, pid]);
});

Deno.test("ChildProcess runs until it ends", () => {
  using none = openFile("/dev/null", { write: true });
  using child = ChildProcess.start(["sleep", "60"], { stdin: none, stdout: none, stderr: none });
  assertEquals(child.exit, undefined);
  assert(signalGroup(child.pid, SIGTERM));
  assert(waitNow(child.ending, "readable", 5000));
  assertEquals(child.exit, { code: 0, signal: "SIGTERM" });
  assertEquals(child.exit, { code: 0, signal: "SIGTERM" }); // as often as it is asked
});

Deno.test("ChildProcess says that there is no such program, and no such folder", () => {
  using none = openFile("/dev/null", { write: true });
  const streams = { stdin: none, stdout: none, stderr: none };
  for (const [program, cwd] of [["/no/such", "/"], ["true", "/no/such"]] as const) {
    const start = () => ChildProcess.start([program], { ...streams, cwd });
    assertEquals(assertThrows(start, SystemError).errno, Errno.ENOENT);
  }
});
