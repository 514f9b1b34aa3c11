import { assertEquals } from "@std/assert";
import { Command, Feature, FeatureFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { DeviceFeature } from "../wire/messages.ts";
import { failFeature, featureRequest } from "./_features.ts";
import { negotiated, type RawClient } from "./_raw_client.ts";

const { GET, SET, PROBE } = FeatureFlag;

const METHODS: readonly (readonly [string, number, number])[] = [
  ["MIGRATION", Feature.MIGRATION, GET],
  ["MIG_DEVICE_STATE", Feature.MIG_DEVICE_STATE, GET | SET],
  ["DMA_LOGGING_START", Feature.DMA_LOGGING_START, SET],
  ["DMA_LOGGING_STOP", Feature.DMA_LOGGING_STOP, SET],
  ["DMA_LOGGING_REPORT", Feature.DMA_LOGGING_REPORT, GET],
];

async function failAll(client: RawClient, index: number): Promise<void> {
  for (const method of [GET, SET, PROBE]) {
    assertEquals(await failFeature(client, method | index, new Uint8Array(32)), Errno.EINVAL);
  }
}

Deno.test.each(METHODS)("a probe of %s tells its methods", async (_, index, methods) => {
  await using test = await negotiated();
  for (const asked of [0, GET, SET, GET | SET]) {
    const request = featureRequest(PROBE | asked | index, Uint8Array.of(1, 2, 3));
    if ((asked & ~methods) !== 0) await test.client.fail(Command.DEVICE_FEATURE, request);
    else {
      const { payload } = await test.client.succeed(Command.DEVICE_FEATURE, request);
      assertEquals(payload, request);
    }
  }
});

Deno.test("features and flags that do not exist are refused", async () => {
  await using test = await negotiated();
  const { client } = test;
  for (const index of [0, 3, 5, 9, 0xffff]) await failAll(client, index);
  for (const bit of [19, 31]) {
    const flags = (GET | Feature.MIGRATION | 1 << bit) >>> 0;
    assertEquals(await failFeature(client, flags), Errno.EINVAL);
  }
});

Deno.test("a method is named, one, and one that the feature has", async () => {
  await using test = await negotiated();
  for (const [, index, methods] of METHODS) {
    const data = new Uint8Array(32);
    assertEquals(await failFeature(test.client, index, data), Errno.EINVAL);
    assertEquals(await failFeature(test.client, GET | SET | index, data), Errno.EINVAL);
    for (const method of [GET, SET]) {
      if ((methods & method) !== 0) continue;
      assertEquals(await failFeature(test.client, method | index, data), Errno.EINVAL);
    }
  }
});

Deno.test("argsz has to cover the reply", async () => {
  await using test = await negotiated();
  const get = (argsz: number) =>
    DeviceFeature.encode({ argsz, flags: GET | Feature.MIG_DEVICE_STATE });
  for (const argsz of [0, 7, 8, 15]) {
    assertEquals(await test.client.fail(Command.DEVICE_FEATURE, get(argsz)), Errno.EINVAL);
  }
  const { payload } = await test.client.succeed(Command.DEVICE_FEATURE, get(16));
  assertEquals(payload.byteLength, 16);
});

Deno.test("data that are not there are refused", async () => {
  await using test = await negotiated();
  const { MIG_DEVICE_STATE, DMA_LOGGING_START, DMA_LOGGING_REPORT } = Feature;
  for (
    const [flags, size] of [
      [SET | MIG_DEVICE_STATE, 7],
      [SET | DMA_LOGGING_START, 15],
      [GET | DMA_LOGGING_REPORT, 23],
    ] as const
  ) {
    for (const length of [0, size]) {
      const data = new Uint8Array(length);
      assertEquals(await failFeature(test.client, flags, data), Errno.EINVAL);
    }
  }
});

Deno.test("a device without migration and logging has no features", async () => {
  const hooks = {
    tune(settings: { migrationFlags: number; dmaLogging: boolean }) {
      settings.migrationFlags = 0;
      settings.dmaLogging = false;
    },
  };
  await using test = await negotiated({}, hooks);
  for (const [, index] of METHODS) await failAll(test.client, index);
});
