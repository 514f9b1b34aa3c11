import { assert, assertEquals } from "@std/assert";
import {
  adoptEscaped,
  buryStrays,
  endEscaped,
  endHolders,
  endLeftovers,
  endStrays,
  hasOffspring,
} from "./escaped.ts";
import { ChildProcess } from "./posix/child_process.ts";
import { type Fd, openFile, pipe } from "./posix/fd.ts";
import { readAvailable } from "./posix/file_io.ts";
import { libc } from "./posix/libc.ts";
import { readText } from "./posix/proc.ts";
import { waitNow } from "./posix/poll.ts";
import { SIGKILL, signalGroup, signalProcess } from "./posix/process.ts";

libc(); // stays open for good: not a leak of the test that happens to come first
adoptEscaped();

/** A process that sleeps. */
function sleeper(variable?: string, stdout?: Fd): ChildProcess {
  using none = openFile("/dev/null", { write: true });
  const env = variable === undefined ? {} : { VFIO_USER_TEST: variable };
  const streams = { stdin: none, stdout: stdout ?? none, stderr: none };
  return ChildProcess.start(["sleep", "60"], { ...streams, env });
}

function endedBy(child: ChildProcess): string | null | undefined {
  return waitNow(child.ending, "readable", 0) ? child.exit?.signal : undefined;
}

function end(child: ChildProcess): void {
  signalProcess(child.pid, SIGKILL);
  assert(waitNow(child.ending, "readable", 5000));
  assertEquals(child.exit?.signal, "SIGKILL");
}

/** The process that a shell leaves behind, once it is the program that it is to become. */
function orphan(script: string, becomes: string): number {
  using none = openFile("/dev/null", { write: true });
  const [read, write] = pipe();
  using output = read;
  {
    using stdout = write;
    using shell = ChildProcess.start(["sh", "-c", `${script} > /dev/null & echo $!`], {
      stdin: none,
      stdout,
      stderr: none,
      env: { VFIO_USER_TEST: "meant" },
    });
    assert(waitNow(shell.ending, "readable", 5000));
    assertEquals(shell.exit?.code, 0);
  }
  const pid = Number(new TextDecoder().decode(readAvailable(output)));
  const deadline = performance.now() + 5000;
  while (readText(`/proc/${pid}/comm`) !== `${becomes}\n`) assert(performance.now() < deadline);
  return pid;
}

Deno.test("endEscaped() ends an orphan with the variable, and what it has started", () => {
  using other = sleeper("other");
  const pid = orphan("setsid sh -c 'sleep 60; true'", "sh");
  assert(endEscaped("VFIO_USER_TEST", "meant") >= 1);
  assert(!signalProcess(pid, 0));
  assertEquals(endEscaped("VFIO_USER_TEST", "meant"), 0);
  assertEquals(endedBy(other), undefined);
  end(other);
});

Deno.test("endStrays() ends an orphan that has nothing of ours any more", () => {
  const pid = orphan("env -i setsid sleep 60", "sleep");
  assertEquals(endEscaped("VFIO_USER_TEST", "meant"), 0);
  assert(signalProcess(pid, 0));
  assert(endStrays() >= 1);
  assert(!signalProcess(pid, 0));
});

Deno.test("buryStrays() takes an orphan out of the list that has ended", () => {
  const pid = orphan("setsid sleep 0.05", "sleep");
  const deadline = performance.now() + 5000;
  while (signalProcess(pid, 0)) {
    buryStrays();
    assert(performance.now() < deadline);
  }
});

Deno.test("hasOffspring() sees a child, and an orphan", () => {
  using none = openFile("/dev/null", { write: true });
  const streams = { stdin: none, stdout: none, stderr: none };
  using alone = sleeper("meant");
  assert(!hasOffspring(alone.pid, "VFIO_USER_TEST", "meant"));
  using parent = ChildProcess.start(["sh", "-c", "sleep 60; true"], streams);
  const deadline = performance.now() + 5000;
  while (!hasOffspring(parent.pid, "VFIO_USER_TEST", "none")) assert(performance.now() < deadline);
  signalGroup(parent.pid, SIGKILL);
  assert(waitNow(parent.ending, "readable", 5000) && parent.exit !== undefined);
  orphan("setsid sleep 60", "sleep");
  assert(hasOffspring(alone.pid, "VFIO_USER_TEST", "meant"));
  end(alone);
  assert(hasOffspring(alone.pid, "VFIO_USER_TEST", "none")); // it cannot be seen any more
  assert(endEscaped("VFIO_USER_TEST", "meant") >= 1);
});

Deno.test("endLeftovers() ends whatever has the variable, and no others", () => {
  using meant = sleeper("meant");
  using other = sleeper("other");
  assertEquals(endLeftovers("VFIO_USER_TEST", "meant"), 1);
  assert(waitNow(meant.ending, "readable", 0));
  assertEquals(endedBy(other), undefined);
  end(other);
});

Deno.test("endHolders() ends those who hold a pipe, whatever their environment, but not us", () => {
  const [read, write] = pipe();
  using _read = read;
  using theirs = write;
  using child = sleeper(undefined, theirs);
  using other = sleeper();
  assertEquals(endHolders(read), 1);
  assert(waitNow(child.ending, "readable", 0));
  assertEquals(endedBy(other), undefined);
  end(other);
});
