import { assert, assertEquals } from "@std/assert";
import type { Fd } from "./fd.ts";
import { preadFd, pwriteFd } from "./file_io.ts";
import { libc } from "./libc.ts";
import { memoryFile } from "./memory.ts";
import { openDescriptors } from "./open_descriptors.ts";
import { UnixSocket } from "./unix_socket.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

const MESSAGES = 1_000_000;
const BATCH = 50;
const HEADER = 16;
const FILES = 16;
const SLOW_BATCHES = 50;

/** One direction: what is sent, and the check that all of it arrives, in order. */
class Direction {
  readonly #from: UnixSocket;
  readonly #to: UnixSocket;
  readonly #files: readonly Fd[];
  readonly #message = new Uint8Array(HEADER + 64);
  readonly #header = new Uint32Array(this.#message.buffer, 0, HEADER / 4);
  #sent = 0;
  #received = 0;

  constructor(from: UnixSocket, to: UnixSocket, files: readonly Fd[]) {
    this.#from = from;
    this.#to = to;
    this.#files = files;
  }

  get received(): number {
    return this.#received;
  }

  send(): void {
    for (let count = 0; count < BATCH; count++) {
      const id = this.#sent++;
      const size = HEADER + bodySize(id);
      this.#header.set([id, size, ~id]);
      const fds = hasFile(id) ? [this.#files[fileOf(id)]!] : [];
      assertEquals(this.#from.send(this.#message.subarray(0, size), fds), size);
    }
  }

  receive(): void {
    for (let count = 0; count < BATCH; count++) {
      const id = this.#received++;
      this.#receive(id, HEADER, hasFile(id) ? 1 : 0);
      const [gotId, gotSize, gotInverse] = new Uint32Array(this.#to.received.buffer, 0, 3);
      const wrong = gotId !== id || gotSize !== HEADER + bodySize(id) || gotInverse !== ~id >>> 0;
      assert(!wrong, `Expected message ${id}: got ${gotId} of ${gotSize} bytes`);
      if (bodySize(id) > 0) this.#receive(id, bodySize(id), 0);
    }
    assertEquals(this.#to.receive(0, 1), "would-block");
  }

  arrival(): Promise<boolean> {
    return this.#to.wait("readable", performance.now() + 10_000);
  }

  #receive(id: number, length: number, files: number): void {
    const result = this.#to.receive(0, length);
    assert(typeof result === "object" && result.count === length, `Lost bytes of message ${id}`);
    assert(result.fds.length === files, `Lost or gained a descriptor of message ${id}`);
    for (const file of result.fds) {
      using received = file;
      assertEquals(preadFd(received, 0n, 1)[0], fileOf(id));
    }
  }
}

function bodySize(id: number): number {
  return (id * 8) % 56;
}

function hasFile(id: number): boolean {
  return id % 16 === 0;
}

function fileOf(id: number): number {
  return (id / 16) % FILES;
}

/** Litters the heap: small objects, arrays that die young, and now and then one that lives on. */
class Litter {
  readonly #kept: unknown[] = [];

  drop(seed: number): void {
    const heap = Array.from({ length: 400 }, (_, index) => ({ index, text: `${seed} ${index}` }));
    this.#kept[seed % 200] = [heap, new Uint8Array(24), new Uint8Array(100_000), BigInt(seed)];
  }
}

Deno.test("UnixSocket loses nothing in a million messages", async () => {
  const before = openDescriptors();
  {
    using stack = new DisposableStack();
    const [a, b] = UnixSocket.pair();
    stack.use(a);
    stack.use(b);
    const files = Array.from({ length: FILES }, (_, index) => {
      const file = stack.use(memoryFile(1));
      pwriteFd(file, 0n, Uint8Array.of(index));
      return file;
    });
    const directions = [new Direction(a, b, files), new Direction(b, a, files)];
    const litter = new Litter();
    const rounds = MESSAGES / BATCH / directions.length;
    for (let round = 0; round < rounds; round++) {
      for (const direction of directions) {
        if (round % (rounds / SLOW_BATCHES) === 0) await lateBatch(direction);
        else direction.send();
        litter.drop(round);
      }
      for (const direction of directions) direction.receive();
    }
    assertEquals(directions.map((direction) => direction.received), [MESSAGES / 2, MESSAGES / 2]);
  }
  assertEquals(openDescriptors(), before);
});

/** Sends while the other side already waits in the asynchronous way. */
async function lateBatch(direction: Direction): Promise<void> {
  const arrival = direction.arrival();
  direction.send();
  assert(await arrival);
}
