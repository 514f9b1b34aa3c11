import { assertEquals } from "@std/assert";
import { endEscaped, endHolders, outputsOf } from "./escaped.ts";
import { libc } from "./posix/libc.ts";

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

Deno.test("endHolders() ends those who hold a pipe, whatever their environment", async () => {
  await using other = sleeper({ stdout: "piped" });
  const child = sleeper({ stdout: "piped", clearEnv: true, detached: true });
  endHolders(outputsOf(child.pid));
  assertEquals((await child.status).signal, "SIGKILL");
  other.kill("SIGTERM");
  assertEquals((await other.status).signal, "SIGTERM");
  await Promise.all([child.stdout.cancel(), other.stdout.cancel()]);
});

Deno.test("outputsOf() names no files and devices", async () => {
  await using child = sleeper({});
  assertEquals(outputsOf(child.pid), []);
  child.kill("SIGTERM");
});
