import { assertEquals } from "@std/assert";
import { Command, HeaderFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { RegionWrite, RegionWriteMulti } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import { encode, negotiated, type RawClient } from "./_raw_client.ts";
import { concat } from "./message.ts";

type Write = Partial<Decoded<typeof RegionWrite>>;

function request(writes: readonly Write[], wrCnt = BigInt(writes.length)): Uint8Array {
  const entries = writes.map((write) => RegionWrite.encode({ count: 1, ...write }));
  return concat(RegionWriteMulti.encode({ wrCnt }), ...entries);
}

async function done(client: RawClient, writes: readonly Write[]): Promise<bigint> {
  const { payload } = await client.succeed(Command.REGION_WRITE_MULTI, request(writes));
  assertEquals(payload.byteLength, RegionWriteMulti.size);
  return RegionWriteMulti.decode(payload).wrCnt;
}

Deno.test("writes of any size are done in their order", async () => {
  await using test = await negotiated();
  const data = 0x0807_0605_0403_0201n;
  const writes = [1, 2, 4, 8].map((count, i) => ({ offset: BigInt(8 * i), count, data }));
  assertEquals(await done(test.client, [...writes, { offset: 0n, data: 0xffn }]), 5n);
  const read = await test.client.read(0, 0, 32);
  assertEquals([...read.subarray(0, 9)], [255, 0, 0, 0, 0, 0, 0, 0, 1]);
  assertEquals([...read.subarray(8)], [
    ...[1, 2, 0, 0, 0, 0, 0, 0],
    ...[1, 2, 3, 4, 0, 0, 0, 0],
    ...[1, 2, 3, 4, 5, 6, 7, 8],
  ]);
  assertEquals(await done(test.client, []), 0n);
});

Deno.test("the writes before one that fails count", async () => {
  await using test = await negotiated();
  const { client } = test;
  const good = { offset: 0n, data: 7n };
  for (const flaw of [{ count: 9 }, { count: 0xffff_ffff }, { offset: 4096n }, { region: 3 }]) {
    assertEquals(await done(client, [good, flaw, { offset: 1n, data: 7n }]), 1n);
    await client.fail(Command.REGION_WRITE_MULTI, request([flaw, good]));
  }
  assertEquals(await client.read(0, 0, 2), Uint8Array.of(7, 0));
});

Deno.test("a number of writes that is not that of the message is refused", async () => {
  await using test = await negotiated();
  const { client } = test;
  const payloads = [1n, 3n, 1n << 63n, (1n << 61n) + 2n].map((count) => request([{}, {}], count));
  for (const payload of [...payloads, new Uint8Array(7), request([{}]).subarray(0, 31)]) {
    assertEquals(await client.fail(Command.REGION_WRITE_MULTI, payload), Errno.EINVAL);
  }
});

Deno.test("a posted message is carried out in silence", async () => {
  await using test = await negotiated();
  const { client } = test;
  const flags = HeaderFlag.NO_REPLY;
  for (const writes of [[{ offset: 1n, data: 5n }], [{ region: 99 }]]) {
    await client.send(encode(Command.REGION_WRITE_MULTI, request(writes), { flags }));
  }
  assertEquals(await client.read(0, 0, 2), Uint8Array.of(0, 5));
});
