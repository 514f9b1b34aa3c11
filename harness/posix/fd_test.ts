import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Errno } from "../wire/errno.ts";
import { EventFd } from "./event_fd.ts";
import { Fd, isUnixStreamSocket, openFile, pipe } from "./fd.ts";
import { preadFd } from "./file_io.ts";
import { libc, SystemError } from "./libc.ts";
import { memoryFile } from "./memory.ts";
import { openDescriptors } from "./open_descriptors.ts";
import { UnixSocket } from "./unix_socket.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

const F_GETFD = 1;

function closesOnExec(fd: Fd): boolean {
  return libc().fcntl(fd.number, F_GETFD, 0) === 1;
}

Deno.test("Fd closes its number once", () => {
  const before = openDescriptors();
  const fd = openFile("/dev/null");
  const { number } = fd;
  fd[Symbol.dispose]();
  assertEquals(openDescriptors(), before);

  using next = openFile("/dev/null");
  assertEquals(next.number, number);
  fd[Symbol.dispose]();
  assert(openDescriptors().includes(number));
});

Deno.test("Fd refuses its number once closed", () => {
  const fd = openFile("/dev/null");
  fd[Symbol.dispose]();
  assert(fd.closed);
  assertThrows(() => fd.number, Deno.errors.BadResource, "closed");
  assertThrows(() => fd.duplicate(), Deno.errors.BadResource);
  assertThrows(() => fd.release(), Deno.errors.BadResource);
});

Deno.test("Fd.release() gives ownership away", () => {
  const before = openDescriptors();
  const fd = openFile("/dev/null");
  const number = fd.release();
  fd[Symbol.dispose]();
  assert(fd.closed);
  assertThrows(() => fd.number, Deno.errors.BadResource, "given away");
  assert(openDescriptors().includes(number));
  new Fd(number)[Symbol.dispose]();
  assertEquals(openDescriptors(), before);
});

Deno.test("Fd() refuses what is no descriptor", () => {
  for (const number of [-1, 1.5, NaN]) assertThrows(() => new Fd(number), RangeError);
});

Deno.test("Fd reports a number that somebody else closed", () => {
  const fd = openFile("/dev/null");
  new Fd(fd.number)[Symbol.dispose]();
  assertEquals(assertThrows(() => fd[Symbol.dispose](), SystemError).errno, Errno.EBADF);
});

Deno.test("Fd.duplicate() is another descriptor that outlives the first", () => {
  const fd = openFile("/dev/zero");
  using twin = fd.duplicate();
  assertNotEquals(twin.number, fd.number);
  fd[Symbol.dispose]();
  assertEquals(preadFd(twin, 0n, 2), new Uint8Array(2));
});

Deno.test("Fd.setCloseOnExec() lets a child inherit, or not", () => {
  using fd = openFile("/dev/null");
  using twin = fd.duplicate();
  assert(closesOnExec(fd) && closesOnExec(twin));
  fd.setCloseOnExec(false);
  assert(!closesOnExec(fd));
  fd.setCloseOnExec(true);
  assert(closesOnExec(fd));
});

Deno.test("Fd.setNonBlocking() makes reads return, or wait again", async () => {
  const [read, write] = pipe();
  using _write = write;
  using fd = read;
  const O_NONBLOCK = 0o4000;
  const isNonBlocking = async () => {
    const info = await Deno.readTextFile(`/proc/self/fdinfo/${fd.number}`);
    return (parseInt(/flags:\s+(\d+)/.exec(info)![1]!, 8) & O_NONBLOCK) !== 0;
  };
  fd.setNonBlocking();
  assertEquals(await isNonBlocking(), true);
  fd.setNonBlocking(false);
  assertEquals(await isNonBlocking(), false);
});

Deno.test("openFile() opens folders, and says what it cannot open", () => {
  using _folder = openFile("/");
  const error = assertThrows(() => openFile("/no/such/file"), SystemError);
  assertEquals(error.message, "Cannot open /no/such/file: ENOENT");
  assertEquals(
    assertThrows(() => openFile("/", { write: true }), SystemError).errno,
    Errno.EISDIR,
  );
});

Deno.test("pipe() carries bytes from its write end to its read end", () => {
  const [readEnd, writeEnd] = pipe();
  using output = readEnd;
  using input = writeEnd;
  assert(closesOnExec(output) && closesOnExec(input));
  assertEquals(libc().write(input.number, Uint8Array.of(1, 2, 3), 3n), 3);
  const bytes = new Uint8Array(8);
  assertEquals(libc().read(output.number, bytes, 8n), 3);
  assertEquals(bytes.subarray(0, 3), Uint8Array.of(1, 2, 3));
});

Deno.test("isUnixStreamSocket() tells a UNIX stream socket from all else", () => {
  const [AF_UNIX, AF_INET, SOCK_STREAM, SOCK_DGRAM] = [1, 2, 1, 2];
  const [a, b] = UnixSocket.pair();
  using left = a;
  using _right = b;
  assert(isUnixStreamSocket(left.fd));

  using datagram = new Fd(libc().socket(AF_UNIX, SOCK_DGRAM, 0));
  using internet = new Fd(libc().socket(AF_INET, SOCK_STREAM, 0));
  using event = new EventFd();
  using memory = memoryFile(4096);
  using file = openFile("/dev/null");
  for (const other of [datagram, internet, event.fd, memory, file]) {
    assert(!isUnixStreamSocket(other));
  }
});
