import { assertEquals } from "@std/assert";
import type { Fd } from "../posix/fd.ts";
import { memoryFile } from "../posix/memory.ts";
import { Command, Feature, FeatureFlag, MessageType } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import {
  DeviceFeature,
  DmaAccess,
  DmaMap,
  DmaUnmap,
  FeatureLoggingControl,
  FeatureLoggingReport,
  LoggingRange,
  RegionAccess,
} from "../wire/messages.ts";
import { failFeature, getFeature, setFeature } from "./_features.ts";
import { runDma } from "./_profile.ts";
import { encode, negotiated, type RawClient } from "./_raw_client.ts";
import { concat } from "./message.ts";
import { DmaCommand, Register } from "./registers.ts";

const { DMA_LOGGING_START, DMA_LOGGING_STOP, DMA_LOGGING_REPORT } = Feature;
const PAGE = 4096n;
const BASE = 0x10_0000n;

type Range = readonly [iova: bigint, length: bigint];

function startData(pageSize: bigint, ranges: readonly Range[], numRanges = ranges.length) {
  return concat(
    FeatureLoggingControl.encode({ pageSize, numRanges }),
    ...ranges.map(([iova, length]) => LoggingRange.encode({ iova, length })),
  );
}

/** Starts, and returns the page size that the server has chosen. */
async function start(
  client: RawClient,
  pageSize = PAGE,
  ...ranges: readonly Range[]
): Promise<bigint> {
  const data = startData(pageSize, ranges);
  const answer = await setFeature(client, DMA_LOGGING_START, data);
  assertEquals(answer.slice(8), data.slice(8));
  return FeatureLoggingControl.decode(answer).pageSize;
}

/** Numbers of the pages whose bits are set. */
async function report(client: RawClient, [iova, length]: Range, pageSize = PAGE) {
  const data = FeatureLoggingReport.encode({ iova, length, pageSize });
  const answer = await getFeature(client, DMA_LOGGING_REPORT, data);
  assertEquals(answer.slice(0, 24), data);
  const pages = (length + pageSize - 1n) / pageSize;
  assertEquals(answer.byteLength - 24, 8 * Math.ceil(Number(pages) / 64));
  const words = new BigUint64Array(answer.slice(24).buffer);
  return [...words].flatMap((word, index) =>
    Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => word >> BigInt(bit) & 1n)
      .map((bit) => index * 64 + bit)
  );
}

async function failReport(
  client: RawClient,
  values: Parameters<typeof FeatureLoggingReport.encode>[0] = {},
): Promise<number> {
  const data = FeatureLoggingReport.encode({
    iova: BASE,
    length: PAGE,
    pageSize: PAGE,
    ...values,
  });
  return await failFeature(client, FeatureFlag.GET | DMA_LOGGING_REPORT, data);
}

async function map(client: RawClient, address: bigint, size: bigint, fds: readonly Fd[]) {
  await client.succeed(Command.DMA_MAP, DmaMap.encode({ argsz: 32, flags: 3, address, size }), {
    fds,
  });
}

/** 128 pages of guest memory. */
async function mapped(client: RawClient): Promise<void> {
  using file = memoryFile(128 * 4096);
  await map(client, BASE, 128n * PAGE, [file]);
}

Deno.test("pages that the device writes are reported once", async () => {
  await using test = await negotiated();
  const { client } = test;
  await mapped(client);
  assertEquals(await runDma(client, "dmaWrite", BASE, 4), 0);
  assertEquals(await start(client), PAGE);
  const all: Range = [BASE, 128n * PAGE];
  assertEquals(await report(client, all), []);
  for (const page of [1n, 63n, 64n, 127n]) await runDma(client, "dmaWrite", BASE + page * PAGE, 4);
  await runDma(client, "dmaWrite", BASE + 100n * PAGE - 2n, 4);
  await runDma(client, "dmaRead", BASE + 5n * PAGE, 4);
  assertEquals(await runDma(client, "dmaWrite", BASE + 128n * PAGE, 4), Errno.EFAULT);
  assertEquals(await report(client, [BASE + 64n * PAGE, 64n * PAGE]), [0, 35, 36, 63]);
  assertEquals(await report(client, all), [1, 63]);
  assertEquals(await report(client, all), []);
});

Deno.test("a report has pages of any size", async () => {
  await using test = await negotiated();
  const { client } = test;
  await mapped(client);
  await start(client);
  const dirty = () => runDma(client, "dmaWrite", BASE + 17n * PAGE, 4);
  await dirty();
  assertEquals(await report(client, [BASE, 32n * PAGE], 0x1_0000n), [1]);
  await dirty();
  assertEquals(await report(client, [BASE, 32n * PAGE], 2048n), [34, 35]);
  await dirty();
  assertEquals(await report(client, [BASE, 32n * PAGE], 1n << 40n), [0]);
  await dirty();
  assertEquals(await report(client, [BASE + 17n * PAGE + 100n, 100n], 64n), [0, 1]);
  assertEquals(await report(client, [BASE + 17n * PAGE, PAGE]), [0]);
});

Deno.test("the page size of a start is a hint", async () => {
  await using test = await negotiated();
  const { client } = test;
  await mapped(client);
  for (
    const [hint, chosen] of [
      [0n, PAGE],
      [3000n, PAGE],
      [2048n, PAGE],
      [0x1_0000n, 0x1_0000n],
      [1n << 40n, 1n << 21n],
    ] as const
  ) {
    assertEquals(await start(client, hint), chosen);
    await setFeature(client, DMA_LOGGING_STOP);
  }
  await start(client, 0x1_0000n);
  await runDma(client, "dmaWrite", BASE + 17n * PAGE, 4);
  const expected = Array.from({ length: 16 }, (_, i) => 16 + i);
  assertEquals(await report(client, [BASE, 64n * PAGE]), expected);
});

Deno.test("ranges say what is logged", async () => {
  await using test = await negotiated();
  const { client } = test;
  await mapped(client);
  await start(client, PAGE, [BASE + PAGE, PAGE], [BASE + 3n * PAGE, 2n * PAGE]);
  for (let page = 0n; page < 6n; page++) await runDma(client, "dmaWrite", BASE + page * PAGE, 4);
  assertEquals(await report(client, [BASE, 6n * PAGE]), [1, 3, 4]);
});

/** Has the device write to memory without descriptor, and takes what it writes. */
async function writeByMessage(client: RawClient, address: bigint): Promise<void> {
  await client.write(0, Register.DMA_ADDRESS, new Uint8Array(BigUint64Array.of(address).buffer));
  const head = RegionAccess.encode({ offset: BigInt(Register.DMA_COMMAND), count: 4 });
  const start = Uint8Array.of(DmaCommand.WRITE, 0, 0, 0);
  await client.send(encode(Command.REGION_WRITE, concat(head, start)));
  const written = await client.receive();
  assertEquals(written?.command, Command.DMA_WRITE);
  const { msgId, payload } = written!;
  const details = { msgId, flags: MessageType.REPLY };
  await client.send(encode(Command.DMA_WRITE, payload.slice(0, DmaAccess.size), details));
  assertEquals((await client.receive())?.command, Command.REGION_WRITE);
}

Deno.test("a report spans maps with and without a descriptor, and what is not mapped", async () => {
  await using test = await negotiated();
  const { client } = test;
  await mapped(client);
  await map(client, BASE + 128n * PAGE, PAGE, []);
  await start(client);
  await runDma(client, "dmaWrite", BASE + 127n * PAGE, 4);
  await writeByMessage(client, BASE + 128n * PAGE);
  assertEquals(await report(client, [BASE, 256n * PAGE]), [127, 128]);
  await client.succeed(
    Command.DMA_UNMAP,
    DmaUnmap.encode({ argsz: 24, address: BASE, size: 128n * PAGE }),
  );
  assertEquals(await report(client, [BASE, PAGE]), []);
});

Deno.test("there are reports only between start and stop", async () => {
  await using test = await negotiated();
  const { client } = test;
  await mapped(client);
  assertEquals(await failReport(client), Errno.EINVAL);
  await setFeature(client, DMA_LOGGING_STOP);
  await start(client);
  const again = startData(PAGE, []);
  const set = FeatureFlag.SET | DMA_LOGGING_START;
  assertEquals(await failFeature(client, set, again), Errno.EINVAL);
  await runDma(client, "dmaWrite", BASE, 4);
  assertEquals(await setFeature(client, DMA_LOGGING_STOP, again), again);
  assertEquals(await failReport(client), Errno.EINVAL);
  await start(client);
  assertEquals(await report(client, [BASE, PAGE]), []);
});

Deno.test("what cannot be reported is refused", async () => {
  await using test = await negotiated();
  const { client } = test;
  await start(client);
  for (
    const values of [
      { pageSize: 0n },
      { pageSize: 3000n },
      { length: 0n },
      { iova: (1n << 64n) - PAGE, length: 2n * PAGE },
      { length: 1n << 63n, pageSize: 1n },
      { length: 1n << 36n },
    ]
  ) assertEquals(await failReport(client, values), Errno.EINVAL);
  const request = concat(
    DeviceFeature.encode({ argsz: 39, flags: FeatureFlag.GET | DMA_LOGGING_REPORT }),
    FeatureLoggingReport.encode({ iova: BASE, length: PAGE, pageSize: PAGE }),
  );
  assertEquals(await client.fail(Command.DEVICE_FEATURE, request), Errno.EINVAL);
});

Deno.test("ranges that are not there, or no ranges, are refused", async () => {
  await using test = await negotiated();
  const set = FeatureFlag.SET | DMA_LOGGING_START;
  for (
    const data of [
      startData(PAGE, [], 1),
      startData(PAGE, [], 0xffff_ffff),
      startData(PAGE, [[0n, PAGE]], 2),
      startData(PAGE, [[0n, PAGE]], 0),
      startData(PAGE, [[0n, 0n]]),
      startData(PAGE, [[(1n << 64n) - PAGE, 2n * PAGE]]),
    ]
  ) assertEquals(await failFeature(test.client, set, data), Errno.EINVAL);
});
