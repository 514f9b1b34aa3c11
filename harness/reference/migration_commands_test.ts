import { assert, assertEquals } from "@std/assert";
import { Command, DeviceState, Feature, FeatureFlag, MigrationFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { FeatureDeviceState, FeatureMigration, MigData } from "../wire/messages.ts";
import { failFeature, getFeature, setFeature } from "./_features.ts";
import { negotiated, type RawClient } from "./_raw_client.ts";
import { concat } from "./message.ts";
import type { Settings } from "./settings.ts";

const { ERROR, STOP, RUNNING, STOP_COPY, RESUMING, PRE_COPY } = DeviceState;
const SET_STATE = FeatureFlag.SET | Feature.MIG_DEVICE_STATE;
const STATES = [STOP, RUNNING, STOP_COPY, RESUMING, PRE_COPY];

async function go(client: RawClient, ...states: number[]): Promise<void> {
  for (const deviceState of states) {
    const data = FeatureDeviceState.encode({ deviceState });
    assertEquals(await setFeature(client, Feature.MIG_DEVICE_STATE, data), data);
  }
}

async function failGo(client: RawClient, deviceState: number): Promise<number> {
  return await failFeature(client, SET_STATE, FeatureDeviceState.encode({ deviceState }));
}

async function stateOf(client: RawClient): Promise<number> {
  return FeatureDeviceState.decode(await getFeature(client, Feature.MIG_DEVICE_STATE)).deviceState;
}

function sized(size: number, argsz = MigData.size + size): Uint8Array {
  return MigData.encode({ argsz, size });
}

async function readData(client: RawClient, size = 4096): Promise<Uint8Array> {
  const { payload } = await client.succeed(Command.MIG_DATA_READ, sized(size));
  const data = payload.slice(MigData.size);
  assertEquals(MigData.decode(payload), { argsz: payload.byteLength, size: data.byteLength });
  return data;
}

/** Reads until a read comes short. */
async function readAll(client: RawClient, chunk = 4096): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  do parts.push(await readData(client, chunk)); while (parts.at(-1)!.byteLength === chunk);
  return concat(...parts);
}

async function writeData(client: RawClient, data: Uint8Array): Promise<void> {
  const request = concat(sized(data.byteLength, 0), data);
  assertEquals((await client.succeed(Command.MIG_DATA_WRITE, request)).payload.byteLength, 0);
}

/** Gets to a state, so that it can be left for any other. */
async function reach(client: RawClient, state: number): Promise<void> {
  await go(client, STOP_COPY);
  const data = await readAll(client);
  await go(client, RUNNING, state);
  if (state === RESUMING) await writeData(client, data);
}

const PRE_COPY_ONLY_FROM_RUNNING = `${STOP_COPY} ${PRE_COPY}`;

Deno.test("every state can be reached from every other, but for PRE_COPY from STOP_COPY", async () => {
  await using test = await negotiated();
  const { client } = test;
  assertEquals(await stateOf(client), RUNNING);
  for (const from of STATES) {
    for (const to of STATES) {
      await reach(client, from);
      if (`${from} ${to}` === PRE_COPY_ONLY_FROM_RUNNING) {
        assertEquals(await failGo(client, to), Errno.EINVAL);
        assertEquals(await stateOf(client), from);
      } else {
        await go(client, to);
        assertEquals(await stateOf(client), to);
        // Nothing has been written to a device that is newly in RESUMING.
        if (to === RESUMING && from !== to) test.session.device.reset();
      }
      await go(client, RUNNING);
    }
  }
});

Deno.test("no other state can be set, and none changes by the attempt", async () => {
  await using test = await negotiated();
  for (const from of STATES) {
    await reach(test.client, from);
    for (const state of [ERROR, 5, 7, 8, 99, 0xffff_ffff]) {
      assertEquals(await failGo(test.client, state), Errno.EINVAL);
      assertEquals(await stateOf(test.client), from);
    }
    await go(test.client, RUNNING);
  }
});

Deno.test("a device without PRE_COPY says so, and does not get there", async () => {
  const tune = (settings: Settings) => {
    settings.migrationFlags = MigrationFlag.STOP_COPY;
  };
  await using test = await negotiated({}, { tune });
  const { flags } = FeatureMigration.decode(await getFeature(test.client, Feature.MIGRATION));
  assertEquals(flags, 1n);
  assertEquals(await failGo(test.client, PRE_COPY), Errno.EINVAL);
  await go(test.client, STOP);
  assertEquals(await failGo(test.client, PRE_COPY), Errno.EINVAL);
  assertEquals(await stateOf(test.client), STOP);
});

Deno.test("migration data are read in PRE_COPY and STOP_COPY only, and written in RESUMING", async () => {
  await using test = await negotiated();
  const { client } = test;
  for (const state of STATES) {
    await reach(client, state);
    if (state === PRE_COPY || state === STOP_COPY) await readData(client);
    else assertEquals(await client.fail(Command.MIG_DATA_READ, sized(64)), Errno.EINVAL);
    const write = concat(sized(4), new Uint8Array(4));
    if (state !== RESUMING) {
      assertEquals(await client.fail(Command.MIG_DATA_WRITE, write), Errno.EINVAL);
    }
    await go(client, RUNNING);
  }
});

Deno.test("a read is short at the end of the data, and empty behind it", async () => {
  await using test = await negotiated();
  const { client } = test;
  await go(client, STOP_COPY);
  const whole = await readAll(client);
  assertEquals((await readData(client)).byteLength, 0);
  await go(client, STOP, STOP_COPY);
  assertEquals(await readAll(client, 7), whole);
});

Deno.test("sizes of reads and writes are checked", async () => {
  await using test = await negotiated({ max_data_xfer_size: 4096 });
  const { client } = test;
  await go(client, STOP_COPY);
  const reads = [sized(64, 71), sized(64, 0), sized(4097), sized(0xffff_fff0), new Uint8Array(7)];
  for (const request of reads) {
    assertEquals(await client.fail(Command.MIG_DATA_READ, request), Errno.EINVAL);
  }
  await go(client, RESUMING);
  const lies = [concat(sized(5), new Uint8Array(4)), concat(sized(3), new Uint8Array(4))];
  const large = concat(sized(1_048_577), new Uint8Array(1_048_577));
  for (const request of [...lies, large, sized(0xffff_fff0), new Uint8Array(7)]) {
    assertEquals(await client.fail(Command.MIG_DATA_WRITE, request), Errno.EINVAL);
  }
});

/** Fills what can be written, differently for each seed. */
async function fill(client: RawClient, seed: number): Promise<void> {
  await client.write(0, 0, new Uint8Array(64).fill(seed));
  await client.write(0, 0x800, new Uint8Array(1024).fill(seed + 1));
  await client.write(1, 0x3ff0, new Uint8Array(16).fill(seed + 2));
  await client.write(2, 0x8000, new Uint8Array(16).fill(seed + 3));
  await client.write(4, 0x1f_fff0, new Uint8Array(16).fill(seed + 4));
  await client.write(7, 0x3c, Uint8Array.of(seed + 5));
}

async function contents(client: RawClient): Promise<Uint8Array[]> {
  const sizes: [region: number, size: number][] = [
    [0, 4096],
    [1, 16384],
    [2, 65536],
    [4, 16],
    [7, 4096],
  ];
  const reads: Uint8Array[] = [];
  for (const [region, size] of sizes) reads.push(await client.read(region, 0, size));
  return [...reads, await client.read(4, 0x1f_fff0, 16)];
}

Deno.test("another device becomes what the saved one was, in pieces of any size", async () => {
  await using source = await negotiated();
  await fill(source.client, 1);
  await source.client.succeed(Command.DEVICE_RESET);
  await fill(source.client, 1);
  const expected = await contents(source.client);
  await go(source.client, STOP_COPY);
  const data = await readAll(source.client);
  for (const chunk of [1, 7, data.byteLength]) {
    await using target = await negotiated();
    await fill(target.client, 50);
    await target.client.write(1, 0, Uint8Array.of(1, 2, 3));
    await go(target.client, RESUMING);
    for (let at = 0; at < data.byteLength; at += chunk) {
      await writeData(target.client, data.subarray(at, at + chunk));
    }
    await go(target.client, RUNNING);
    assertEquals(await contents(target.client), expected);
  }
});

Deno.test("what changes after a first part in PRE_COPY is in the rest", async () => {
  await using test = await negotiated();
  const { client } = test;
  await fill(client, 1);
  await go(client, PRE_COPY);
  const first = await readAll(client);
  assert(first.byteLength > 0);
  await fill(client, 0);
  await client.write(2, 0, Uint8Array.of(9));
  const expected = await contents(client);
  await go(client, STOP_COPY);
  const rest = await readAll(client);
  await fill(client, 77);
  await go(client, RESUMING);
  await writeData(client, first);
  await writeData(client, rest);
  await go(client, RUNNING);
  assertEquals(await contents(client), expected);
});

const bad: readonly (readonly [string, (data: Uint8Array) => Uint8Array])[] = [
  ["nothing", () => new Uint8Array()],
  ["garbage", () => new Uint8Array(600).fill(0xa5)],
  ["less than a header", (data) => data.subarray(0, 15)],
  ["all but the last byte", (data) => data.subarray(0, -1)],
  ["one byte too many", (data) => concat(data, Uint8Array.of(0))],
  ["a part behind the last one", (data) => concat(data, data)],
  ["another magic", (data) => patched(data, 0)],
  ["another kind of part", (data) => patched(data, 4)],
  ["another length", (data) => patched(data, 8)],
  ["a region that is not there", (data) => patched(data, 16)],
  ["another length of a piece", (data) => patched(data, 21)],
  ["a piece beyond its region", (data) => patched(data, 30)],
];

function patched(data: Uint8Array, at: number): Uint8Array {
  const bytes = data.slice();
  bytes[at] = bytes[at]! ^ 0x55;
  return bytes;
}

Deno.test.each(bad)(
  "resuming with %s fails, and a reset brings the device back",
  async (_, flaw) => {
    await using test = await negotiated();
    const { client } = test;
    await fill(client, 1);
    const before = await contents(client);
    await go(client, STOP_COPY);
    const data = flaw(await readAll(client));
    await go(client, RESUMING);
    if (data.byteLength > 0) await writeData(client, data);
    assertEquals(await failGo(client, RUNNING), Errno.EINVAL);
    assertEquals(await stateOf(client), ERROR);
    assertEquals(await contents(client), before);
    for (const state of [RUNNING, STOP, ERROR]) {
      assertEquals(await failGo(client, state), Errno.EINVAL);
    }
    await client.succeed(Command.DEVICE_RESET);
    assertEquals(await stateOf(client), RUNNING);
  },
);

Deno.test("what is written for a device has a limit", async () => {
  await using test = await negotiated();
  await go(test.client, RESUMING);
  const data = new Uint8Array(1_048_576);
  for (let i = 0; i < 8; i++) await writeData(test.client, data);
  const more = concat(sized(1), Uint8Array.of(1));
  assertEquals(await test.client.fail(Command.MIG_DATA_WRITE, more), Errno.EFBIG);
});
