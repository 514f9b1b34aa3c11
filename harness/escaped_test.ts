import { assert, assertEquals } from "@std/assert";
import { endEscaped, endHolders } from "./escaped.ts";
import { ChildProcess } from "./posix/child_process.ts";
import { type Fd, openFile, pipe } from "./posix/fd.ts";
import { libc } from "./posix/libc.ts";
import { waitNow } from "./posix/poll.ts";
import { SIGKILL, signalProcess } from "./posix/process.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

function sleeper(options: Partial<Deno.CommandOptions>): Deno.ChildProcess {
  const words: Deno.CommandOptions = {
    args: ["60"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    ...options,
  };
  return new Deno.Command("sleep", words).spawn();
}

Deno.test("endEscaped() ends those with the variable, and no others", async () => {
  await using other = sleeper({ env: { VFIO_USER_TEST: "other" } });
  const child = sleeper({ env: { VFIO_USER_TEST: "meant" }, detached: true });
  endEscaped("VFIO_USER_TEST", "meant");
  assertEquals((await child.status).signal, "SIGKILL");
  other.kill("SIGTERM");
  assertEquals((await other.status).signal, "SIGTERM");
});

Deno.test("endHolders() ends those who hold a pipe, whatever their environment, but not us", () => {
  using none = openFile("/dev/null", { write: true });
  const [read, write] = pipe();
  using _read = read;
  using theirs = write;
  const start = (stdout: Fd) =>
    ChildProcess.start(["sleep", "60"], { stdin: none, stdout, stderr: none });
  using child = start(theirs);
  using other = start(none);
  assertEquals(endHolders(read), 1);
  assert(waitNow(child.ending, "readable", 5000));
  assertEquals(child.exit, { code: 0, signal: "SIGKILL" });
  assertEquals(other.exit, undefined);
  signalProcess(other.pid, SIGKILL);
  assert(waitNow(other.ending, "readable", 5000));
  assertEquals(other.exit, { code: 0, signal: "SIGKILL" });
});
