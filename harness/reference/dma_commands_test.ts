import { assert, assertEquals } from "@std/assert";
import { EventFd } from "../posix/event_fd.ts";
import type { Fd } from "../posix/fd.ts";
import { Mapping, memoryFile, truncate } from "../posix/memory.ts";
import { Command } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { DmaMap, DmaUnmap } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import { negotiated, type RawClient } from "./_raw_client.ts";
import { runDma } from "./_profile.ts";

const PAGE = 4096n;

type MapValues = Partial<Decoded<typeof DmaMap>>;

function mapRequest(values: MapValues): Uint8Array {
  return DmaMap.encode({ argsz: 32, flags: 3, address: 0x1_0000n, size: PAGE, ...values });
}

async function map(client: RawClient, values: MapValues = {}, fds: readonly Fd[] = []) {
  const { payload } = await client.succeed(Command.DMA_MAP, mapRequest(values), { fds });
  assertEquals(payload.length, 0);
}

async function failMap(client: RawClient, values: MapValues, fds: readonly Fd[] = []) {
  return await client.fail(Command.DMA_MAP, mapRequest(values), { fds });
}

function unmapRequest(address: bigint, size: bigint): Uint8Array {
  return DmaUnmap.encode({ argsz: 24, address, size });
}

async function unmap(client: RawClient, address = 0x1_0000n, size = PAGE) {
  const request = unmapRequest(address, size);
  assertEquals((await client.succeed(Command.DMA_UNMAP, request)).payload, request);
}

Deno.test("a range can be mapped, unmapped by its exact extent, and mapped again", async () => {
  await using test = await negotiated();
  const { client } = test;
  await map(client, { size: 4n * PAGE });
  for (
    const [address, size] of [[0x1_0000n, PAGE], [0x1_1000n, PAGE], [0x1_0000n, 5n * PAGE]] as const
  ) {
    assertEquals(await client.fail(Command.DMA_UNMAP, unmapRequest(address, size)), Errno.ENOENT);
  }
  await unmap(client, 0x1_0000n, 4n * PAGE);
  assertEquals(await client.fail(Command.DMA_UNMAP, unmapRequest(0x1_0000n, PAGE)), Errno.ENOENT);
  await map(client);
});

Deno.test("any overlap is refused with EEXIST, and neighbours are not", async () => {
  await using test = await negotiated();
  const { client } = test;
  await map(client, { address: 0x10_0000n, size: 4n * PAGE });
  const overlapping: readonly (readonly [bigint, bigint])[] = [
    [0x10_0000n, 4n * PAGE],
    [0x10_1000n, PAGE],
    [0xf_f000n, 6n * PAGE],
    [0xf_f000n, 2n * PAGE],
    [0x10_3000n, 2n * PAGE],
    [0xf_f000n, PAGE + 1n],
    [0x10_3fffn, PAGE],
  ];
  for (const [address, size] of overlapping) {
    assertEquals(await failMap(client, { address, size }), Errno.EEXIST);
  }
  await map(client, { address: 0xf_f000n });
  await map(client, { address: 0x10_4000n });
});

Deno.test("a map that makes no sense is refused", async () => {
  await using test = await negotiated();
  const wrong: readonly MapValues[] = [
    { argsz: 31 },
    { size: 0n },
    { size: 100n },
    { address: 1n },
    { flags: 0 },
    { flags: 7 },
    { flags: 0x8000_0001 },
    { address: (1n << 64n) - PAGE, size: 2n * PAGE },
  ];
  for (const values of wrong) {
    assertEquals(await failMap(test.client, values), Errno.EINVAL);
  }
  await map(test.client, { address: (1n << 64n) - PAGE });
  await unmap(test.client, (1n << 64n) - PAGE);
});

Deno.test("a file that cannot be mapped so is refused", async () => {
  await using test = await negotiated();
  const { client } = test;
  using file = memoryFile(8192);
  using readOnly = memoryFile(8192, { readOnly: true });
  using eventFd = new EventFd();
  assertEquals(await failMap(client, {}, [file, file]), Errno.EINVAL);
  assertEquals(await failMap(client, { offset: 1n }, [file]), Errno.EINVAL);
  assertEquals(await failMap(client, { offset: 1n << 63n }, [file]), Errno.EOVERFLOW);
  assertEquals(await failMap(client, { size: 1n << 50n }, [file]), Errno.ENOMEM);
  assertEquals(await failMap(client, { size: 1n << 60n }, [file]), Errno.ENOMEM);
  assertEquals(await failMap(client, {}, [readOnly]), Errno.EACCES);
  assertEquals(await failMap(client, {}, [eventFd.fd]), Errno.ENODEV);
  await map(client, { flags: 1 }, [readOnly]);
});

Deno.test("as many ranges as announced can be mapped", async () => {
  await using test = await negotiated();
  for (let i = 0n; i < 64n; i++) await map(test.client, { address: i * PAGE });
  assertEquals(await failMap(test.client, { address: 64n * PAGE }), Errno.ENOSPC);
  await unmap(test.client, 0n);
  await map(test.client, { address: 64n * PAGE });
});

Deno.test("unmapping releases the memory", async () => {
  await using test = await negotiated();
  using file = memoryFile(8192);
  const maps = () => Deno.readTextFileSync("/proc/self/maps").split("vfio-user-memory").length;
  const before = maps();
  await map(test.client, {}, [file]);
  assertEquals(maps(), before + 1);
  await unmap(test.client);
  assertEquals(maps(), before);
});

Deno.test("the device moves bytes both ways through a mapping", async () => {
  await using test = await negotiated();
  const { client } = test;
  using file = memoryFile(16384);
  using guest = Mapping.map(file, { size: 16384, write: true });
  await map(client, { address: 0x1_0000n, size: 2n * PAGE, offset: PAGE }, [file]);
  guest.bytes.fill(0xab, 4096 + 16, 4096 + 16 + 1024);
  assertEquals(await runDma(client, "dmaRead", 0x1_0010n, 1024), 0);
  assertEquals(await client.read(0, 0x800, 1024), new Uint8Array(1024).fill(0xab));
  await client.write(0, 0x800, Uint8Array.of(1, 2, 3));
  assertEquals(await runDma(client, "dmaWrite", 0x1_1ffdn, 3), 0);
  assertEquals(guest.bytes.slice(12284, 12290), Uint8Array.of(0, 1, 2, 3, 0, 0));
});

Deno.test("the device moves bytes over two ranges that touch", async () => {
  await using test = await negotiated();
  using file = memoryFile(8192);
  using guest = Mapping.map(file, { size: 8192, write: true });
  await map(test.client, { address: 0x1_0000n }, [file]);
  await map(test.client, { address: 0x1_1000n, offset: PAGE }, [file]);
  await test.client.write(0, 0x800, Uint8Array.of(1, 2, 3, 4));
  assertEquals(await runDma(test.client, "dmaWrite", 0x1_0ffen, 4), 0);
  assertEquals(guest.bytes.slice(4094, 4098), Uint8Array.of(1, 2, 3, 4));
});

Deno.test("the device respects what is mapped, and how", async () => {
  await using test = await negotiated();
  const { client } = test;
  using file = memoryFile(4096, { sealShrink: false });
  await map(client, { flags: 1 }, [file]);
  await map(client, { flags: 2, address: 0x2_0000n }, [file]);
  assertEquals(await runDma(client, "dmaWrite", 0x1_0000n, 4), Errno.EACCES);
  assertEquals(await runDma(client, "dmaRead", 0x2_0000n, 4), Errno.EACCES);
  assertEquals(await runDma(client, "dmaWrite", 0x2_0000n, 4), 0);
  assertEquals(await runDma(client, "dmaRead", 0x1_0ffen, 4), Errno.EFAULT);
  assertEquals(await runDma(client, "dmaRead", 0x5_0000n, 4), Errno.EFAULT);
  assertEquals(await runDma(client, "dmaRead", 0x1_0000n, 1025), Errno.EINVAL);
  truncate(file, 0);
  assertEquals(await runDma(client, "dmaRead", 0x1_0000n, 4), Errno.EFAULT);
  assertEquals(await runDma(client, "dmaWrite", 0x2_0000n, 4), Errno.EFAULT);
});

Deno.test("what a client has mapped goes with it", async () => {
  using file = memoryFile(4096);
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = open();
  {
    await using test = await negotiated();
    await map(test.client, {}, [file]);
    assert(open() > before);
  }
  assertEquals(open(), before);
});
