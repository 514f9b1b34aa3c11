import { assert, assertEquals } from "@std/assert";
import { UnixSocket } from "../posix/unix_socket.ts";
import { Command, HeaderFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { DeviceInfo, DmaAccess, DmaMap, RegionAccess } from "../wire/messages.ts";
import { encodeWrite } from "./_profile.ts";
import { type Answer, encode, negotiated, RawClient, TestSession } from "./_raw_client.ts";
import { concat } from "./message.ts";
import profile from "./profile.json" with { type: "json" };
import { Register } from "./registers.ts";

const ADDRESS = 0x1_0000n;
const GET_INFO = DeviceInfo.encode({ argsz: 16 });

async function mapByMessages(client: RawClient): Promise<void> {
  const request = DmaMap.encode({ argsz: 32, flags: 3, address: ADDRESS, size: 4096n });
  await client.succeed(Command.DMA_MAP, request);
}

/** Starts a DMA; the reply to its last write comes when the DMA is over. */
async function startDma(client: RawClient, direction: "dmaRead" | "dmaWrite", count: number) {
  for (const write of profile[direction].writes) {
    const data = encodeWrite(write, { address: ADDRESS, count: BigInt(count) });
    const { region, offset } = write;
    const head = RegionAccess.encode({ region, offset: BigInt(offset), count: data.length });
    if (write.value === "address" || write.value === "count") {
      await client.write(region, offset, data);
    } else await client.send(encode(Command.REGION_WRITE, concat(head, data)));
  }
}

async function endDma(client: RawClient): Promise<number> {
  const reply = await client.receive();
  assertEquals([reply?.command, reply?.flags, reply?.msgId], [Command.REGION_WRITE, 1, 0x1234]);
  const status = await client.read(0, Register.DMA_STATUS, 4);
  return new DataView(status.buffer, status.byteOffset).getUint32(0, true);
}

async function request(client: RawClient, command: number): Promise<Answer> {
  const message = await client.receive();
  assert(message);
  assertEquals([message.command, message.flags, message.error], [command, 0, 0]);
  return message;
}

async function reply(
  client: RawClient,
  { command, msgId }: Answer,
  payload: Uint8Array,
  flags = 1,
) {
  await client.send(encode(command, payload, { msgId, flags }));
}

Deno.test("the device reads by messages, in pieces that the client takes", async () => {
  await using test = await negotiated({ max_data_xfer_size: 48 });
  const { client } = test;
  await mapByMessages(client);
  await startDma(client, "dmaRead", 100);
  for (const [at, count] of [[0, 48], [48, 48], [96, 4]] as const) {
    const read = await request(client, Command.DMA_READ);
    const head = DmaAccess.encode({ address: ADDRESS + BigInt(at), count: BigInt(count) });
    assertEquals(read.payload, head);
    await reply(client, read, concat(head, new Uint8Array(count).fill(at + 1)));
  }
  assertEquals(await endDma(client), 0);
  assertEquals(await client.read(0, 0x800 + 46, 4), Uint8Array.of(1, 1, 49, 49));
});

const writeReplies = [
  ["16 bytes", (head: Uint8Array) => head.slice(0, 16)],
  ["12 bytes", (head: Uint8Array) => head.slice(0, 12)],
  ["the header alone", () => new Uint8Array()],
] as const;

Deno.test.each(writeReplies)(
  "the device writes by messages that are answered with %s",
  async (_, cut) => {
    await using test = await negotiated();
    const { client } = test;
    await mapByMessages(client);
    await client.write(0, 0x800, Uint8Array.of(1, 2, 3, 4));
    await startDma(client, "dmaWrite", 4);
    const write = await request(client, Command.DMA_WRITE);
    const head = DmaAccess.encode({ address: ADDRESS, count: 4n });
    assertEquals(write.payload, concat(head, Uint8Array.of(1, 2, 3, 4)));
    await reply(client, write, cut(head));
    assertEquals(await endDma(client), 0);
  },
);

const head4 = DmaAccess.encode({ address: ADDRESS, count: 4n });
const failures: readonly (readonly [string, number, Uint8Array, number])[] = [
  ["too few bytes", 1, concat(head4, new Uint8Array(3)), Errno.EIO],
  ["too many bytes", 1, concat(head4, new Uint8Array(5)), Errno.EIO],
  ["another count", 1, concat(DmaAccess.encode({ count: 5n }), new Uint8Array(4)), Errno.EIO],
  ["no payload", 1, new Uint8Array(), Errno.EIO],
  ["an error", 1 | HeaderFlag.ERROR, new Uint8Array(), Errno.EIO],
];

Deno.test.each(failures)(
  "a DMA that is answered with %s fails, and the session goes on",
  async (_, flags, payload, status) => {
    await using test = await negotiated();
    const { client } = test;
    await mapByMessages(client);
    await startDma(client, "dmaRead", 4);
    await reply(client, await request(client, Command.DMA_READ), payload, flags);
    assertEquals(await endDma(client), status);
  },
);

Deno.test("a DMA that is answered with another ID fails", async () => {
  await using test = await negotiated();
  const { client } = test;
  await mapByMessages(client);
  await startDma(client, "dmaRead", 4);
  const read = await request(client, Command.DMA_READ);
  await reply(client, { ...read, msgId: read.msgId + 1 }, concat(head4, new Uint8Array(4)));
  assertEquals(await endDma(client), Errno.EPROTO);
});

Deno.test("a DMA for a client that takes no data fails", async () => {
  await using test = await negotiated({ max_data_xfer_size: 0 });
  await mapByMessages(test.client);
  await startDma(test.client, "dmaRead", 4);
  assertEquals(await endDma(test.client), Errno.EINVAL);
});

Deno.test("commands that come while a DMA is under way have their turn", async () => {
  await using test = await negotiated();
  const { client } = test;
  await mapByMessages(client);
  await startDma(client, "dmaRead", 4);
  const read = await request(client, Command.DMA_READ);
  for (const msgId of [read.msgId, 7, 8]) {
    await client.send(encode(Command.DEVICE_GET_INFO, GET_INFO, { msgId }));
  }
  await reply(client, read, concat(head4, Uint8Array.of(1, 2, 3, 4)));
  assertEquals((await client.receive())?.command, Command.REGION_WRITE);
  for (const msgId of [read.msgId, 7, 8]) assertEquals((await client.receive())?.msgId, msgId);
  assertEquals(await client.read(0, 0x800, 4), Uint8Array.of(1, 2, 3, 4));
});

Deno.test("a client that goes while the server waits for it ends its session", async () => {
  await using test = await negotiated();
  await mapByMessages(test.client);
  await startDma(test.client, "dmaRead", 4);
  await request(test.client, Command.DMA_READ);
  test.client[Symbol.dispose]();
  await test.done;
});

async function withTwin(): Promise<{ test: TestSession; twin: RawClient }> {
  const test = new TestSession();
  const { fds } = await test.client.negotiate({ twin_socket: { supported: true } });
  return { test, twin: new RawClient(UnixSocket.adopt(fds[0]!.duplicate())) };
}

Deno.test("with a twin-socket the server asks there, and commands wait", async () => {
  const both = await withTwin();
  await using test = both.test;
  using twin = both.twin;
  await mapByMessages(test.client);
  await startDma(test.client, "dmaRead", 4);
  const read = await request(twin, Command.DMA_READ);
  await test.client.send(encode(Command.DEVICE_GET_INFO, GET_INFO, { msgId: 7 }));
  await twin.send(encode(Command.DEVICE_GET_INFO, GET_INFO));
  await reply(twin, read, concat(head4, Uint8Array.of(1, 2, 3, 4)));
  assertEquals((await test.client.receive())?.command, Command.REGION_WRITE);
  assertEquals((await test.client.receive())?.msgId, 7);
  assertEquals(await test.client.read(0, 0x800, 4), Uint8Array.of(1, 2, 3, 4));
});

Deno.test("without its twin-socket a DMA fails, and the session goes on", async () => {
  const both = await withTwin();
  await using test = both.test;
  await mapByMessages(test.client);
  await startDma(test.client, "dmaRead", 4);
  await request(both.twin, Command.DMA_READ);
  both.twin[Symbol.dispose]();
  // The test's own copy of the descriptor keeps the socket open otherwise.
  test.client.closeFds();
  assertEquals(await endDma(test.client), Errno.EIO);
  await startDma(test.client, "dmaRead", 4);
  assertEquals(await endDma(test.client), Errno.EIO);
});
