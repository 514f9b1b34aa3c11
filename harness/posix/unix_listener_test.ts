import { assert, assertEquals, assertThrows } from "@std/assert";
import { Errno } from "../wire/errno.ts";
import { libc, SystemError } from "./libc.ts";
import { openDescriptors } from "./open_descriptors.ts";
import { UnixListener } from "./unix_listener.ts";
import { UnixSocket } from "./unix_socket.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

const soon = () => performance.now() + 10_000;

class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "posix-" });
  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function files(folder: Folder): string[] {
  return Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
}

Deno.test("UnixListener accepts clients in their order", async () => {
  using folder = new Folder();
  const path = `${folder.path}/socket`;
  const before = openDescriptors();
  {
    using listener = UnixListener.listen(path);
    assertEquals(listener.accept(), undefined);
    assert(!await listener.wait(performance.now() + 3));

    using first = UnixSocket.connect(path);
    using second = UnixSocket.connect(path, { receiveBytes: 16 });
    assert(listener.waitNow(0));
    assert(await listener.wait(soon()));
    using a = listener.accept()!;
    using b = listener.accept({ receiveBytes: 32 })!;
    assertEquals([second.received.length, b.received.length], [16, 32]);
    assertEquals([first.peerPid(), a.peerPid()], [Deno.pid, Deno.pid]);
    second.send(Uint8Array.of(2));
    assert(b.waitNow("readable", 0));
    assertEquals(a.receive(0, 1), "would-block");
  }
  assertEquals(openDescriptors(), before);
  assertEquals(files(folder), []);
});

Deno.test("UnixListener.wait() hears a client that comes later", async () => {
  using folder = new Folder();
  using listener = UnixListener.listen(`${folder.path}/socket`);
  const waiting = listener.wait(soon());
  using _client = UnixSocket.connect(`${folder.path}/socket`);
  assert(await waiting);
});

Deno.test("UnixListener.listen() refuses a path that exists, and leaves it", () => {
  using folder = new Folder();
  const path = `${folder.path}/socket`;
  const before = openDescriptors();
  Deno.writeTextFileSync(path, "");
  const error = assertThrows(() => UnixListener.listen(path), SystemError);
  assertEquals(error.message, `Cannot listen at ${path}: EADDRINUSE`);
  assertEquals(files(folder), ["socket"]);
  assertEquals(openDescriptors(), before);
});

Deno.test("UnixListener.adopt() leaves the socket file to its owner", () => {
  using folder = new Folder();
  const path = `${folder.path}/socket`;
  using owner = UnixListener.listen(path);
  {
    using adopted = UnixListener.adopt(owner.fd.duplicate());
    using _client = UnixSocket.connect(path);
    using _accepted = adopted.accept()!;
  }
  assertEquals(files(folder), ["socket"]);
});

Deno.test("UnixListener.accept() reports a socket that does not listen", () => {
  const [a, b] = UnixSocket.pair();
  using _left = a;
  using right = b;
  using listener = UnixListener.adopt(right.fd.duplicate());
  assertEquals(assertThrows(() => listener.accept(), SystemError).errno, Errno.EINVAL);
});

Deno.test("UnixSocket.connect() says why it cannot", () => {
  using folder = new Folder();
  const path = `${folder.path}/socket`;
  const before = openDescriptors();
  const failure = () => assertThrows(() => UnixSocket.connect(path), SystemError).message;
  assertEquals(failure(), `Cannot connect to ${path}: ENOENT`);
  {
    using listener = UnixListener.listen(path, 0);
    using _waits = UnixSocket.connect(path);
    assertEquals(failure(), `Cannot connect to ${path}: EAGAIN`);
    listener.fd[Symbol.dispose]();
    assertEquals(failure(), `Cannot connect to ${path}: ECONNREFUSED`);
  }
  assertEquals(openDescriptors(), before);
});

Deno.test("UnixSocket.connect() counts the bytes of a path", () => {
  using folder = new Folder();
  const fill = 107 - folder.path.length - 1;
  using _longest = UnixListener.listen(`${folder.path}/${"x".repeat(fill)}`);
  using _client = UnixSocket.connect(`${folder.path}/${"x".repeat(fill)}`);

  const long = `${folder.path}/é${"x".repeat(fill - 1)}`;
  const error = assertThrows(() => UnixSocket.connect(long), SystemError);
  assertEquals(error.errno, Errno.ENAMETOOLONG);
  const detail = "a socket path may have 107 bytes, this one has 108";
  assertEquals(error.message, `Cannot connect to ${long}: ENAMETOOLONG (${detail})`);
  assertThrows(() => UnixListener.listen(long), SystemError, detail);
});
