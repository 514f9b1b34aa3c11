import { assert, assertEquals } from "@std/assert";
import type { Send } from "./case.ts";
import { encodeMessage } from "./encode.ts";
import {
  deviceFeature,
  dmaMap,
  dmaUnmap,
  getInfo,
  migDataRead,
  regionRead,
  setIrqs,
  version,
} from "./steps.ts";
import { Traces } from "./traces.ts";
import { Feature, FeatureFlag, SetIrqsFlag } from "./wire/constants.ts";

const { DATA_EVENTFD, DATA_NONE, ACTION_MASK, ACTION_TRIGGER } = SetIrqsFlag;
const other = { address: 0x50_0000n };

function payloadOf(message: Send): Uint8Array {
  return encodeMessage(message, 1, new Map()).payload;
}

/** The payloads that put back what these commands have done. */
function undo(...messages: readonly Send[]): Uint8Array[] | undefined {
  const traces = new Traces();
  for (const message of messages) traces.follow(message.command, payloadOf(message));
  return traces.undo()?.map(payloadOf);
}

Deno.test("Traces has nothing to put back after commands that change nothing", () => {
  const probe = deviceFeature({ flags: FeatureFlag.PROBE | FeatureFlag.GET | Feature.MIGRATION });
  assertEquals(undo(getInfo(), regionRead(), probe), []);
});

Deno.test("Traces knows that a command might have changed something", () => {
  const traces = new Traces();
  traces.sent(getInfo().command);
  assert(!traces.stateful);
  traces.sent(dmaMap().command);
  assert(traces.stateful);
});

Deno.test("Traces unmaps what is mapped still", () => {
  assertEquals(undo(dmaMap(), dmaMap(other), dmaUnmap()), [payloadOf(dmaUnmap(other))]);
});

Deno.test("Traces disables the interrupts that were bound", () => {
  const bound = setIrqs({ flags: DATA_EVENTFD | ACTION_TRIGGER, index: 2, count: 3 });
  const disabled = setIrqs({ flags: DATA_NONE | ACTION_TRIGGER, index: 2, count: 0 });
  assertEquals(undo(bound, bound), [payloadOf(disabled)]);
});

for (
  const [name, message] of [
    ["VERSION", version()],
    ["an unmap of what was not mapped", dmaUnmap()],
    ["a masked interrupt", setIrqs({ flags: DATA_NONE | ACTION_MASK })],
    ["a feature that is set", deviceFeature({ flags: FeatureFlag.SET | Feature.MIG_DEVICE_STATE })],
    ["migration data", migDataRead()],
  ] as const
) {
  Deno.test(`Traces cannot put back ${name}`, () => assertEquals(undo(message), undefined));
}

Deno.test("Traces does not guess what a command meant that was cut", () => {
  for (const whole of [dmaMap(), dmaUnmap(), setIrqs(), deviceFeature()]) {
    const traces = new Traces();
    traces.follow(whole.command, payloadOf(whole).subarray(0, 4));
    assertEquals(traces.undo(), undefined);
  }
});

Deno.test("Traces leaves it at a new connection where much is mapped", () => {
  const many = Array.from({ length: 17 }, (_, i) => dmaMap({ address: BigInt(i) << 20n }));
  assertEquals(undo(...many.slice(1))?.length, 16);
  assertEquals(undo(...many), undefined);
});
