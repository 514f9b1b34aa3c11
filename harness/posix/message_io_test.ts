import { assertEquals, assertThrows } from "@std/assert";
import { expectBytes, numberedFiles, pairTest, take } from "./_socket_pairs.ts";
import type { Fd } from "./fd.ts";
import { preadFd } from "./file_io.ts";
import { libc } from "./libc.ts";
import { openDescriptors } from "./open_descriptors.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

pairTest("UnixSocket carries descriptors both ways, in order", (a, b, stack) => {
  const files = numberedFiles(253, stack);
  for (const [from, to] of [[a, b], [b, a]] as const) {
    for (const count of [1, 2, 3, 253]) {
      from.send(Uint8Array.of(count), files.slice(0, count));
      assertEquals(take(to, 16, stack), [[count], files.slice(0, count).map((_, at) => at)]);
    }
  }
});

pairTest("UnixSocket receives descriptors close-on-exec", (a, b, stack) => {
  a.send(Uint8Array.of(0), numberedFiles(1, stack));
  const fd = stack.use(expectBytes(b.receive(0, 1)).fds[0]!);
  const F_GETFD = 1;
  assertEquals(libc().fcntl(fd.number, F_GETFD, 0), 1);
});

pairTest("UnixSocket keeps descriptors with the message that they came with", (a, b, stack) => {
  const files = numberedFiles(3, stack);
  const message = (id: number) => Uint8Array.of(id, id, id, id);
  a.send(message(1), files.slice(0, 1));
  a.send(message(2));
  a.send(message(3), files.slice(1));
  a.send(message(4));
  assertEquals(take(b, 4, stack), [[1, 1, 1, 1], [0]]);
  assertEquals(take(b, 4, stack), [[2, 2, 2, 2], []]);
  assertEquals(take(b, 2, stack), [[3, 3], [1, 2]]);
  assertEquals(take(b, 2, stack), [[3, 3], []]);
  assertEquals(take(b, 4, stack), [[4, 4, 4, 4], []]);
});

pairTest("UnixSocket.receive() stops behind a message with descriptors", (a, b, stack) => {
  const files = numberedFiles(2, stack);
  a.send(Uint8Array.of(1));
  a.send(Uint8Array.of(2), files.slice(0, 1));
  a.send(Uint8Array.of(3), files.slice(1));
  assertEquals(take(b, 16, stack), [[1, 2], [0]]);
  assertEquals(take(b, 16, stack), [[3], [1]]);
});

pairTest("UnixSocket.receive() flags descriptors that the limit cut off", (a, b, stack) => {
  const files = numberedFiles(5, stack);
  a.send(Uint8Array.of(1), files);
  a.send(Uint8Array.of(2));
  const received = expectBytes(withRoomFor(2, () => b.receive(0, 1)));
  for (const fd of received.fds) stack.use(fd);
  assertEquals(received.truncated, true);
  assertEquals(received.fds.map((fd) => preadFd(fd, 0n, 1)[0]), [0, 1]);
  assertEquals(take(b, 16, stack), [[2], []]);
});

/** Runs with so low a limit of open files that only `count` more can be opened. */
function withRoomFor<T>(count: number, fn: () => T): T {
  const open = new Set(openDescriptors());
  let limit = 0;
  for (let free = 0; free < count; limit++) if (!open.has(limit)) free++;
  using own = new DisposableStack();
  const library = own.adopt(
    Deno.dlopen("libc.so.6", {
      getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
      setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
    }),
    (library) => library.close(),
  );
  const [RLIMIT_NOFILE, old] = [7, new BigUint64Array(2)];
  library.symbols.getrlimit(RLIMIT_NOFILE, old);
  own.defer(() => library.symbols.setrlimit(RLIMIT_NOFILE, old));
  library.symbols.setrlimit(RLIMIT_NOFILE, BigUint64Array.of(BigInt(limit), old[1]!));
  return fn();
}

pairTest("UnixSocket.send() refuses nothing, and too many descriptors", (a, b, stack) => {
  const [file] = numberedFiles(1, stack);
  assertThrows(() => a.send(new Uint8Array()), RangeError, "it has no bytes");
  const fds = new Array<Fd>(254).fill(file!);
  assertThrows(() => a.send(Uint8Array.of(1), fds), RangeError, "a message takes 253");
  assertEquals(b.receive(0, 1), "would-block");
});

pairTest("UnixSocket leaves descriptors that nobody received to the kernel", (a, b, stack) => {
  a.send(Uint8Array.of(1), numberedFiles(3, stack));
  b[Symbol.dispose]();
});
