import { assertEquals } from "@std/assert";
import { faultNamed, freedomsNamed, readArguments } from "./arguments.ts";

Deno.test("readArguments() takes a path or a descriptor", () => {
  const path = { kind: "serve", entrance: { path: "/tmp/a=b" } } as const;
  assertEquals(readArguments(["--socket-path=/tmp/a=b"]), path);
  assertEquals(readArguments(["--socket-path", "/tmp/a=b"]), path);
  const fd = { kind: "serve", entrance: { fd: 7 } } as const;
  assertEquals(readArguments(["--fd=7", "--fault", "x"]), fd);
  assertEquals(readArguments(["--fd=7", "--help"]), { kind: "help" });
  assertEquals(readArguments(["--list-faults"]), { kind: "list-faults" });
  assertEquals(readArguments(["--list-freedoms"]), { kind: "list-freedoms" });
  const two = ["--socket-path=/tmp/a=b", "--freedom=x", "--fault=y", "--freedom", "z:9"];
  assertEquals(readArguments(two), path);
});

Deno.test("faultNamed() finds the fault on a command line that is wrong too", () => {
  assertEquals(faultNamed(["--fault=a=b", "--socket-path=x", "--fd=1"]), "a=b");
  assertEquals(faultNamed(["--what", "--fault", "x"]), "x");
  assertEquals(faultNamed(["--fault"]), undefined);
  assertEquals(faultNamed(["--faults=x", "--fd=1"]), undefined);
});

Deno.test("freedomsNamed() finds all of them, with their delays", () => {
  const words = ["--freedom=a", "--what", "--freedom", "b:300", "--freedom=c:", "--freedom"];
  assertEquals(freedomsNamed(words), [{ id: "a" }, { id: "b", delayMs: 300 }, { id: "c:" }]);
});

Deno.test("readArguments() says what is wrong", () => {
  const reasons = [
    [[], "--socket-path=PATH or --fd=N is needed"],
    [["--socket-path"], "--socket-path needs a value"],
    [["--socket-path="], "--socket-path needs a value"],
    [["--fd=x"], "--fd needs the number of a descriptor, not x"],
    [["--fd=1", "--socket-path=x"], "--socket-path and --fd cannot be used together"],
    [["--fd=1", "--fd=2"], "--fd is given twice"],
    [["--verbose"], "unknown argument --verbose"],
    [["x.sock"], "unknown argument x.sock"],
  ] as const;
  for (const [words, reason] of reasons) {
    assertEquals(readArguments(words), { kind: "wrong", reason });
  }
});
