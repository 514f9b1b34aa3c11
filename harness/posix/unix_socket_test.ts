import { assert, assertEquals, assertThrows } from "@std/assert";
import { expectBytes, pairTest, soon, take } from "./_socket_pairs.ts";
import { Fd } from "./fd.ts";
import { libc } from "./libc.ts";
import { UnixSocket } from "./unix_socket.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

function fill(socket: UnixSocket, piece: Uint8Array): number {
  let sent = 0;
  let result = socket.send(piece);
  for (; typeof result === "number"; result = socket.send(piece)) sent += result;
  assertEquals(result, "would-block");
  return sent;
}

function drain(socket: UnixSocket): number {
  let count = 0;
  let result = socket.receive(0, 4096);
  for (; typeof result === "object"; result = socket.receive(0, 4096)) count += result.count;
  assertEquals(result, "would-block");
  return count;
}

pairTest("UnixSocket carries bytes to where they are wanted", (a, b) => {
  assertEquals(b.receive(0, 8), "would-block");
  assertEquals(a.send(Uint8Array.of(1, 2, 3, 4)), 4);
  assertEquals(b.receive(100, 3), { count: 3, fds: [] });
  assertEquals(b.receive(103, 8), { count: 1, fds: [] });
  assertEquals(b.received.slice(99, 105), Uint8Array.of(0, 1, 2, 3, 4, 0));
  assertEquals(b.receive(0, 8), "would-block");
});

pairTest("UnixSocket carries a part of a larger array", (a, b, stack) => {
  const all = Uint8Array.from({ length: 300 }, (_, index) => index);
  a.send(all.subarray(200, 203));
  assertEquals(take(b, 16, stack), [[200, 201, 202], []]);
});

pairTest("UnixSocket.receive() keeps within its buffer", (a) => {
  const size = a.received.length;
  for (const [offset, length] of [[0, 0], [-1, 4], [size, 1], [1, size], [0, NaN]] as const) {
    assertThrows(() => a.receive(offset, length), RangeError, `the buffer has ${size} bytes`);
  }
});

pairTest("UnixSocket goes on when a full peer has made room", async (a, b) => {
  const sent = fill(a, new Uint8Array(10_000));
  assert(sent > 10_000);
  assert(!a.waitNow("writable", 0));
  assert(!await a.wait("writable", performance.now() + 3));
  const writable = a.wait("writable", soon());
  assertEquals(drain(b), sent);
  assert(await writable);
  assert(typeof a.send(new Uint8Array(10)) === "number");
});

pairTest("UnixSocket.send() takes what fits of a large message", (a, b) => {
  const large = Uint8Array.from({ length: 300_000 }, (_, index) => index >> 4);
  let received = 0;
  for (let sent = 0; sent < large.length;) {
    const taken = a.send(large.subarray(sent));
    assert(typeof taken === "number");
    sent += taken;
    while (received < sent) received += expectBytes(b.receive(received, sent - received)).count;
  }
  assertEquals(b.received.subarray(0, received), large);
});

pairTest("UnixSocket.unreadByPeer() reaches 0 when all is read", (a, b) => {
  assertEquals(a.unreadByPeer(), 0);
  a.send(new Uint8Array(100));
  a.send(new Uint8Array(100));
  const all = a.unreadByPeer();
  assert(all >= 200);
  b.receive(0, 150);
  assert(a.unreadByPeer() > 0 && a.unreadByPeer() <= all);
  b.receive(0, 150);
  assertEquals(a.unreadByPeer(), 0);
});

pairTest("UnixSocket.shutdownWrite() ends one direction behind what was sent", (a, b, stack) => {
  a.send(Uint8Array.of(1));
  a.shutdownWrite();
  assertEquals(take(b, 8, stack), [[1], []]);
  assert(b.waitNow("readable", 0));
  assertEquals(b.receive(0, 8), "closed");
  assertEquals(a.send(Uint8Array.of(2)), "closed");
  b.send(Uint8Array.of(3));
  assertEquals(take(a, 8, stack), [[3], []]);
});

pairTest("UnixSocket tells that the peer closed", async (a, b, stack) => {
  b.send(Uint8Array.of(1));
  const waiting = a.wait("readable", soon());
  b[Symbol.dispose]();
  assert(await waiting);
  assertEquals(take(a, 8, stack), [[1], []]);
  assert(await a.wait("readable", soon()));
  assertEquals(a.receive(0, 8), "closed");
  assertEquals(a.receive(0, 8), "closed");
  assertEquals(a.send(Uint8Array.of(1)), "closed");
});

pairTest("UnixSocket tells that the peer closed with bytes unread", async (a, b) => {
  a.send(Uint8Array.of(1));
  b[Symbol.dispose]();
  assert(await a.wait("readable", soon()));
  assertEquals(a.receive(0, 8), "reset");
  assertEquals(a.receive(0, 8), "closed");
});

pairTest("UnixSocket.wait() hears what comes later", async (a, b) => {
  assert(!await b.wait("readable", performance.now() + 3));
  const waiting = b.wait("readable", soon());
  a.send(Uint8Array.of(1));
  assert(await waiting);
});

pairTest("UnixSocket.adopt() makes a descriptor non-blocking", (a, _b) => {
  const number = a.fd.release();
  using adopted = UnixSocket.adopt(new Fd(number), { receiveBytes: 64 });
  assertEquals(adopted.received.length, 64);
  assertEquals(adopted.receive(0, 64), "would-block");
});

pairTest("UnixSocket.peerPid() is the process on the other side", (a) => {
  assertEquals(a.peerPid(), Deno.pid);
});

pairTest("UnixSocket refuses to be used once disposed", (a) => {
  const { received } = a;
  const part = received.subarray(0, 16);
  a[Symbol.dispose]();
  a[Symbol.dispose]();
  assertEquals([received.length, part.length], [0, 0]);
  assertThrows(() => a.send(Uint8Array.of(1)), Deno.errors.BadResource);
  assertThrows(() => a.receive(0, 1), Deno.errors.BadResource);
  assertThrows(() => a.waitNow("readable", 0), Deno.errors.BadResource);
});

Deno.test("UnixSocket uses memory as far as messages reach", () => {
  using stack = new DisposableStack();
  const before = Deno.memoryUsage().rss;
  for (let count = 0; count < 200; count++) UnixSocket.pair().forEach((end) => stack.use(end));
  assert(Deno.memoryUsage().rss - before < 20 * 1024 * 1024);
});
