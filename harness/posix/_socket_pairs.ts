import { assert, assertEquals } from "@std/assert";
import type { Fd } from "./fd.ts";
import { preadFd, pwriteFd } from "./file_io.ts";
import { memoryFile } from "./memory.ts";
import { openDescriptors } from "./open_descriptors.ts";
import { type Received, type ReceiveResult, UnixSocket } from "./unix_socket.ts";

/** A deadline that no test reaches. */
export const soon = () => performance.now() + 10_000;

/** A pair of sockets, and the check that neither they nor what was put on the stack leaks. */
export function pairTest(
  name: string,
  body: (a: UnixSocket, b: UnixSocket, stack: DisposableStack) => void | Promise<void>,
): void {
  Deno.test(name, async () => {
    const before = openDescriptors();
    {
      using stack = new DisposableStack();
      const [a, b] = UnixSocket.pair();
      await body(stack.use(a), stack.use(b), stack);
    }
    assertEquals(openDescriptors(), before);
  });
}

/** Memory files that begin with the bytes 0, 1, 2, … */
export function numberedFiles(count: number, stack: DisposableStack): Fd[] {
  return Array.from({ length: count }, (_, index) => {
    const file = stack.use(memoryFile(16));
    pwriteFd(file, 0n, Uint8Array.of(index));
    return file;
  });
}

/** Receives, and shows the bytes and the numbers of the files that came with them. */
export function take(
  socket: UnixSocket,
  length: number,
  stack: DisposableStack,
): [number[], number[]] {
  const received = expectBytes(socket.receive(0, length));
  for (const fd of received.fds) stack.use(fd);
  const bytes = Array.from(socket.received.subarray(0, received.count));
  return [bytes, received.fds.map((fd) => preadFd(fd, 0n, 1)[0]!)];
}

/** The result of a `receive` that brought bytes. */
export function expectBytes(result: ReceiveResult): Received {
  assert(typeof result === "object", `Expected bytes: got ${String(result)}`);
  return result;
}
