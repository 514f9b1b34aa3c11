import { assertEquals } from "@std/assert";
import type { DmaAnswer } from "./case.ts";
import { Connection } from "./connection.ts";
import { DmaResponder } from "./dma_responder.ts";
import { GuestMemory } from "./guest_memory.ts";
import { libc } from "./posix/libc.ts";
import { UnixSocket } from "./posix/unix_socket.ts";
import { getInfo } from "./steps.ts";
import { Transcript } from "./transcript.ts";
import { Command } from "./wire/constants.ts";
import { DmaAccess, DmaMap, Header } from "./wire/messages.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const ADDRESS = 0x1000n;
const DATA = Uint8Array.of(1, 2, 3, 4);
const HEAD = DmaAccess.encode({ address: ADDRESS, count: 4n });

/** A server's end, and a responder with one page of guest memory without descriptor. */
class Scene implements Disposable {
  readonly firsts: (number | undefined)[] = [];
  readonly guest = new GuestMemory();
  readonly responder = new DmaResponder(this.guest, (command) => {
    this.firsts.push(command.header.msgId);
    return Promise.resolve();
  });
  readonly main: Connection;
  readonly server: UnixSocket;
  readonly #owned = new DisposableStack();

  constructor() {
    const [ours, theirs] = UnixSocket.pair();
    this.main = this.#owned.use(new Connection(ours, new Transcript()));
    this.server = this.#owned.use(theirs);
    const map = DmaMap.encode({ argsz: 32, flags: 3, address: ADDRESS, size: 0x1000n });
    this.guest.follow(Command.DMA_MAP, map, []);
    this.guest.write(ADDRESS, DATA);
  }

  /** A socket beside the main one; returns the server's end. */
  twin(): UnixSocket {
    const [ours, theirs] = UnixSocket.pair();
    this.responder.useTwin(new Connection(ours, new Transcript(), "on the twin socket"));
    return this.#owned.use(theirs);
  }

  /** What the row gets to judge within a short time. */
  async receive() {
    return await this.responder.receive(this.main, performance.now() + 20);
  }

  [Symbol.dispose](): void {
    this.responder[Symbol.dispose]();
    this.#owned.dispose();
  }
}

function message(
  command: number,
  payload: Uint8Array,
  { msgId = 9, flags = 0 }: { msgId?: number; flags?: number } = {},
): Uint8Array {
  const msgSize = Header.size + payload.byteLength;
  return bytesOf(Header.encode({ msgId, command, msgSize, flags }), payload);
}

function bytesOf(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const READ = message(Command.DMA_READ, HEAD);
const WRITE = message(Command.DMA_WRITE, bytesOf(HEAD, Uint8Array.of(5, 6, 7, 8)));

/** Messages that have come to the server, each as header fields and payload. */
function answers(server: UnixSocket) {
  const seen: { msgId: number; flags: number; error: number; payload: Uint8Array }[] = [];
  const result = server.receive(0, server.received.byteLength);
  const end = typeof result === "string" ? 0 : result.count;
  for (let at = 0; at < end;) {
    const { msgId, flags, error, msgSize } = Header.decode(server.received, at);
    const payload = server.received.slice(at + Header.size, at + msgSize);
    seen.push({ msgId, flags, error, payload });
    at += msgSize;
  }
  return seen;
}

const GOOD = { msgId: 9, flags: 1, error: 0, payload: bytesOf(HEAD, DATA) };
const OTHER = DATA.map((byte) => byte ^ 0xff);

const table: readonly (readonly [string, DmaAnswer, readonly unknown[]])[] = [
  ["well", {}, [GOOD]],
  ["with an error", { errno: 5 }, [{ ...GOOD, flags: 0x21, error: 5, payload: new Uint8Array() }]],
  ["with errno 0", { errno: 0 }, [{ ...GOOD, flags: 0x21, payload: new Uint8Array() }]],
  ["with another count", { count: 1n }, [
    { ...GOOD, payload: bytesOf(DmaAccess.encode({ address: ADDRESS, count: 1n }), DATA) },
  ]],
  ["with another address", { otherAddress: true }, [
    { ...GOOD, payload: bytesOf(DmaAccess.encode({ address: 0x2000n, count: 4n }), DATA) },
  ]],
  ["with a cut payload", { payloadSize: 12 }, [{ ...GOOD, payload: HEAD.slice(0, 12) }]],
  ["with a long payload", { payloadSize: 22 }, [
    { ...GOOD, payload: bytesOf(HEAD, DATA, new Uint8Array(2)) },
  ]],
  ["with another ID first", { otherId: true }, [
    { ...GOOD, msgId: 10, payload: bytesOf(HEAD, OTHER) },
    GOOD,
  ]],
  ["in pieces", { cuts: [8, 16, 34, 99] }, [GOOD]],
  ["never", { never: true }, []],
];

Deno.test.each(table)("DMA_READ is answered %s", async (_, answer, expected) => {
  using scene = new Scene();
  scene.responder.answerWith(answer);
  scene.server.send(READ);
  assertEquals((await scene.receive()).kind, "no-reply");
  assertEquals(answers(scene.server), [...expected] as ReturnType<typeof answers>);
});

Deno.test("DMA_WRITE puts its data into guest memory", async () => {
  using scene = new Scene();
  scene.server.send(WRITE);
  await scene.receive();
  assertEquals(answers(scene.server), [{ ...GOOD, payload: HEAD }]);
  assertEquals(scene.guest.read(ADDRESS, 4), Uint8Array.of(5, 6, 7, 8));
});

Deno.test("DMA_WRITE that wants no reply gets none", async () => {
  using scene = new Scene();
  scene.server.send(message(Command.DMA_WRITE, bytesOf(HEAD, OTHER), { flags: 0x10 }));
  await scene.receive();
  assertEquals(answers(scene.server), []);
  assertEquals(scene.guest.read(ADDRESS, 4), OTHER);
});

Deno.test("DMA where the guest has no memory is refused", async () => {
  using scene = new Scene();
  const payload = DmaAccess.encode({ address: 0x1ffen, count: 4n });
  scene.server.send(message(Command.DMA_READ, payload));
  await scene.receive();
  assertEquals(answers(scene.server).map(({ flags, error }) => [flags, error]), [[0x21, 14]]);
});

Deno.test("a command of the row goes before the first answer only, with the server's ID if wanted", async () => {
  using scene = new Scene();
  scene.responder.answerWith({ first: getInfo(), firstTakesItsId: true });
  scene.server.send(READ);
  scene.server.send(READ);
  await scene.receive();
  assertEquals(scene.firsts, [9]);
  assertEquals(answers(scene.server).length, 2);
});

Deno.test("requests are kept until they are looked at", async () => {
  using scene = new Scene();
  const twin = scene.twin();
  scene.server.send(READ);
  twin.send(WRITE);
  assertEquals(await scene.responder.untilAsked(scene.main, performance.now() + 1000), undefined);
  await scene.receive();
  const seen = scene.responder.takeRequests();
  assertEquals(seen.map(({ command, socket, dataSize }) => [command, socket, dataSize]), [
    [Command.DMA_WRITE, "twin", 4],
    [Command.DMA_READ, "main", 0],
  ]);
  assertEquals(scene.responder.takeRequests(), []);
  assertEquals(answers(twin).length, 1);
});

Deno.test("the main socket is still heard when the server closes the twin", async () => {
  using scene = new Scene();
  scene.twin()[Symbol.dispose]();
  scene.server.send(message(Command.DEVICE_GET_INFO, new Uint8Array(16), { flags: 1 }));
  assertEquals((await scene.receive()).kind, "message");
});

Deno.test("anything but a command for DMA is not at home on the twin socket", async () => {
  using scene = new Scene();
  scene.twin().send(message(Command.DEVICE_GET_INFO, new Uint8Array(16), { flags: 1 }));
  assertEquals(await scene.receive(), {
    kind: "malformed",
    text: "a DEVICE_GET_INFO reply of 32 bytes without error on the twin socket",
  });
});
