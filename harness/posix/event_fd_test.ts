import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventFd } from "./event_fd.ts";
import { libc } from "./libc.ts";
import { openDescriptors } from "./open_descriptors.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

const soon = () => performance.now() + 10_000;

Deno.test("EventFd.read() takes the counter", () => {
  using event = new EventFd({ initial: 2 });
  assert(event.add(3n));
  assertEquals(event.read(), 5n);
  assertEquals(event.read(), 0n);
});

Deno.test("EventFd.add() refuses what would overflow", () => {
  using event = new EventFd();
  const largest = 2n ** 64n - 2n;
  assert(event.add(largest));
  assert(!event.add(1n));
  assertEquals(event.read(), largest);
  assert(event.add(1n));
});

Deno.test("EventFd never waits on a blocking descriptor", () => {
  using event = new EventFd({ blocking: true });
  assertEquals(event.read(), 0n);
  assert(event.add(2n ** 64n - 2n));
  assert(!event.add(1n));
});

Deno.test("EventFd.wait() tells a signal from the deadline", async () => {
  using event = new EventFd();
  assert(!await event.wait(performance.now() + 3));
  event.add(1n);
  assert(await event.wait(performance.now()));
});

Deno.test("EventFd.wait() hears a signal that comes later", async () => {
  using event = new EventFd();
  const waiting = event.wait(soon());
  event.add(1n);
  assert(await waiting);
});

Deno.test("EventFd.adopt() shares the counter of a descriptor", () => {
  const before = openDescriptors();
  {
    using event = new EventFd();
    using twin = EventFd.adopt(event.fd.duplicate());
    twin.add(7n);
    assertEquals(event.read(), 7n);
  }
  assertEquals(openDescriptors(), before);
});

Deno.test("EventFd refuses to be used once disposed", () => {
  const event = new EventFd();
  event[Symbol.dispose]();
  event[Symbol.dispose]();
  assertThrows(() => event.read(), Deno.errors.BadResource);
  assertThrows(() => event.add(1n), Deno.errors.BadResource);
});
