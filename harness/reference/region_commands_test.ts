import { assertEquals } from "@std/assert";
import { Mapping } from "../posix/memory.ts";
import { Command, RegionFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { RegionAccess, RegionInfo } from "../wire/messages.ts";
import { walkRegionCaps } from "../wire/region_caps.ts";
import { negotiated, type RawClient } from "./_raw_client.ts";
import { concat } from "./message.ts";
import profile from "./profile.json" with { type: "json" };

async function info(client: RawClient, index: number, argsz = 32) {
  const request = RegionInfo.encode({ argsz, index });
  const { payload, fds } = await client.succeed(Command.DEVICE_GET_REGION_INFO, request);
  const head = RegionInfo.decode(payload);
  return { ...head, length: payload.length, caps: walkRegionCaps(payload, head.capOffset), fds };
}

function access(region: number, offset: bigint, count: number, data = new Uint8Array()) {
  return concat(RegionAccess.encode({ region, offset, count }), data);
}

const { READ, WRITE, MMAP, CAPS } = RegionFlag;

Deno.test("the regions are those of the profile's device", async () => {
  await using test = await negotiated();
  const seen = [];
  for (let index = 0; index < 9; index++) {
    const { size, flags, offset, fds } = await info(test.client, index);
    seen.push([index, Number(size), flags, Number(offset), fds.length]);
  }
  assertEquals(seen, [
    [0, 0x1000, READ | WRITE, 0, 0],
    [1, 0x4000, READ | WRITE | MMAP, 0x1000, 1],
    [2, 0x1_0000, READ | WRITE | MMAP, 0, 0],
    [3, 0x1000, READ, 0, 0],
    [4, 0x20_0000, READ | WRITE, 0, 0],
    [5, 0, 0, 0, 0],
    [6, 0, 0, 0, 0],
    [7, 0x1000, READ | WRITE, 0, 0],
    [8, 0, 0, 0, 0],
  ]);
});

Deno.test("capabilities come when there is room for all of them", async () => {
  await using test = await negotiated();
  for (const argsz of [32, 33, 79]) {
    const { caps: _, ...short } = await info(test.client, 2, argsz);
    const flags = READ | WRITE | MMAP;
    const size = 0x1_0000n;
    const rest = { index: 2, capOffset: 0, size, offset: 0n, length: 32, fds: [] };
    assertEquals(short, { argsz: 80, flags, ...rest });
  }
  for (const argsz of [80, 4096]) {
    const full = await info(test.client, 2, argsz);
    assertEquals([full.argsz, full.length, full.flags & CAPS, full.fds.length], [80, 80, CAPS, 1]);
    assertEquals(full.caps.flaw, undefined);
    assertEquals(full.caps.caps[0]?.areas, [
      { offset: 0x1000n, size: 0x1000n },
      { offset: 0x8000n, size: 0x2000n },
    ]);
  }
});

Deno.test("region information that cannot be given is refused", async () => {
  await using test = await negotiated();
  for (
    const request of [{ argsz: 31 }, { argsz: 32, index: 9 }, { argsz: 32, index: 0xffff_ffff }]
  ) {
    const payload = RegionInfo.encode(request);
    assertEquals(await test.client.fail(Command.DEVICE_GET_REGION_INFO, payload), Errno.EINVAL);
  }
});

Deno.test("a client without descriptors finds no region to map", async () => {
  await using test = await negotiated({ max_msg_fds: 0 });
  for (const index of [1, 2]) {
    const { flags, fds, argsz } = await info(test.client, index, 4096);
    assertEquals([flags, fds.length, argsz], [READ | WRITE, 0, 32]);
  }
});

Deno.test.each([[1, 0], [2, 0x1000], [2, 0x8000]])(
  "region %i can be mapped at %i, and messages see the same",
  async (index, at) => {
    await using test = await negotiated();
    const { offset, fds } = await info(test.client, index, 4096);
    using mapping = Mapping.map(fds[0]!, { offset: offset + BigInt(at), size: 4096, write: true });
    mapping.bytes.set([1, 2, 3, 4], 8);
    assertEquals(await test.client.read(index, at + 8, 4), Uint8Array.of(1, 2, 3, 4));
    await test.client.write(index, at + 9, Uint8Array.of(7, 8));
    assertEquals(mapping.bytes.slice(8, 12), Uint8Array.of(1, 7, 8, 4));
  },
);

Deno.test("scratch can be written and read in any width and place", async () => {
  await using test = await negotiated();
  for (const { region, offset, size } of profile.scratch) {
    for (const count of [1, 2, 3, 4, 5, 8, 16]) {
      for (const at of [offset, offset + 1, offset + size - count]) {
        const data = crypto.getRandomValues(new Uint8Array(count));
        await test.client.write(region, at, data);
        assertEquals(await test.client.read(region, at, count), data);
      }
    }
  }
});

Deno.test("the largest transfer works both ways", async () => {
  await using test = await negotiated();
  const data = Uint8Array.from({ length: 1048576 }, (_, i) => i * 7 >> 3);
  await test.client.write(4, 0x10_0000, data);
  assertEquals(await test.client.read(4, 0x10_0000, data.length), data);
});

Deno.test("nothing is read or written outside of a region", async () => {
  await using test = await negotiated();
  const outside: readonly (readonly [number, bigint, number])[] = [
    [0, 0x1000n, 1],
    [1, 0x3fffn, 2],
    [7, 0x1000n, 1],
    [4, 0n, 1048577],
    [0, (1n << 64n) - 1n, 2],
    [0, (1n << 64n) - 4n, 8],
    [5, 0n, 4],
    [8, 0n, 0],
    [9, 0n, 4],
    [0xffff_ffff, 0n, 4],
    [0, 0n, 0xffff_ffff],
  ];
  for (const [region, offset, count] of outside) {
    const request = access(region, offset, count);
    assertEquals(await test.client.fail(Command.REGION_READ, request), Errno.EINVAL);
    const data = new Uint8Array(Math.min(count, 8));
    const write = access(region, offset, count, data);
    assertEquals(await test.client.fail(Command.REGION_WRITE, write), Errno.EINVAL);
  }
});

Deno.test("the last byte of a region can be reached", async () => {
  await using test = await negotiated();
  for (const [region, size] of [[0, 0x1000], [1, 0x4000], [3, 0x1000], [7, 0x1000]] as const) {
    assertEquals((await test.client.read(region, size - 1, 1)).length, 1);
  }
});

Deno.test("an access of no bytes succeeds", async () => {
  await using test = await negotiated();
  assertEquals((await test.client.read(0, 0x1000, 0)).length, 0);
  await test.client.write(0, 0, new Uint8Array());
});

Deno.test("a count unlike the data is refused", async () => {
  await using test = await negotiated();
  for (const count of [3, 5, 0xffff_ffff]) {
    const request = access(0, 0n, count, new Uint8Array(4));
    assertEquals(await test.client.fail(Command.REGION_WRITE, request), Errno.EINVAL);
  }
  await test.client.succeed(Command.REGION_READ, access(0, 0n, 4, new Uint8Array(4)));
});

Deno.test("region 3 holds a pattern, and cannot be written", async () => {
  await using test = await negotiated();
  const before = await test.client.read(3, 4, 4);
  assertEquals(before, Uint8Array.of(4, 0, 0xc3, 0xa5));
  const request = access(3, 4n, 4, new Uint8Array(4));
  assertEquals(await test.client.fail(Command.REGION_WRITE, request), Errno.EACCES);
  assertEquals(await test.client.read(3, 4, 4), before);
});

Deno.test("a reset clears the registers, and counts itself", async () => {
  await using test = await negotiated();
  await test.client.write(0, 0, Uint8Array.of(1, 2, 3, 4));
  await test.client.write(0, 0x800, Uint8Array.of(1, 2, 3, 4));
  await test.client.write(7, 4, Uint8Array.of(7, 4));
  await test.client.write(1, 0, Uint8Array.of(9));
  const { payload } = await test.client.succeed(Command.DEVICE_RESET);
  assertEquals(payload.length, 0);
  for (const { region, offset, size, value } of profile.reset) {
    const bytes = new DataView((await test.client.read(region, offset, size)).slice().buffer);
    assertEquals(bytes.getUint32(0, true), value);
  }
  assertEquals(await test.client.read(0, 0x800, 4), new Uint8Array(4));
  assertEquals(await test.client.read(7, 4, 2), new Uint8Array(2));
  assertEquals(await test.client.read(0, 0x58, 1), Uint8Array.of(1));
  assertEquals(await test.client.read(1, 0, 1), Uint8Array.of(9));
});
