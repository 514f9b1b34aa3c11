import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventFd } from "./event_fd.ts";
import { libc } from "./libc.ts";
import { wait, waitAny, waitNow } from "./poll.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

const soon = () => performance.now() + 10_000;

Deno.test("waitNow() waits for fractions of a millisecond", () => {
  using event = new EventFd();
  const start = performance.now();
  assert(!waitNow(event.fd, "readable", 0.25));
  assert(performance.now() - start >= 0.25);
  assert(waitNow(event.fd, "writable", 0));
});

Deno.test("waitNow() takes a negative time for a look", () => {
  using event = new EventFd();
  assert(!waitNow(event.fd, "readable", -Infinity));
  event.add(1n);
  assert(waitNow(event.fd, "readable", -1));
  assert(waitNow(event.fd, "readable", Infinity));
});

Deno.test("wait() keeps its deadline, past the synchronous part and several slices", async () => {
  using event = new EventFd();
  for (const ms of [-1, 0, 0.5, 4, 110]) {
    const deadline = performance.now() + ms;
    assert(!await wait(event.fd, "readable", deadline));
    assert(performance.now() >= deadline);
  }
});

Deno.test("wait() leaves the event loop to others", async () => {
  using event = new EventFd();
  const waiting = wait(event.fd, "readable", soon());
  setTimeout(() => event.add(1n), 0);
  assert(await waiting);
});

Deno.test("wait() ends when the descriptor is closed meanwhile", async () => {
  const event = new EventFd();
  const waiting = wait(event.fd, "readable", Infinity);
  event[Symbol.dispose]();
  using _reusesTheNumber = new EventFd({ initial: 1 });
  assert(!await waiting);
});

Deno.test("waitNow() and wait() refuse a closed descriptor", async () => {
  const { fd } = new EventFd();
  fd[Symbol.dispose]();
  assertThrows(() => waitNow(fd, "readable", 0), Deno.errors.BadResource);
  await assertRejects(() => wait(fd, "readable", 0), Deno.errors.BadResource);
});

Deno.test("waitAny() tells which are readable", async () => {
  using a = new EventFd();
  using b = new EventFd();
  using c = new EventFd();
  const closed = new EventFd();
  closed[Symbol.dispose]();
  const fds = [closed.fd, a.fd, b.fd, c.fd];
  assertEquals(await waitAny(fds, performance.now() + 3), []);
  a.add(1n);
  c.add(1n);
  assertEquals(await waitAny(fds, soon()), [1, 3]);
  a.read();
  c.read();
  const waiting = waitAny(fds, soon());
  b.add(1n);
  assertEquals(await waiting, [2]);
});

Deno.test("waitAny() of nothing ends at once", async () => {
  assertEquals(await waitAny([], soon()), []);
});
