import { assertEquals } from "@std/assert";
import { Command, DeviceState, Feature, FeatureFlag, SetIrqsFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { FeatureDeviceState } from "../wire/messages.ts";
import { GROUND } from "./_device.ts";
import type { Expectation, Outcome } from "./expectation.ts";
import { type Descriptor, type Message, message, USUAL_PROPOSAL } from "./message.ts";
import { Model } from "./model.ts";

const MEMORY: Descriptor = { kind: "memory", pages: 16 };

function map(page: number, pages = 1, fds: Descriptor[] = []): Message {
  const [address, size] = [BigInt(page * 4096), BigInt(pages * 4096)];
  return message(Command.DMA_MAP, { argsz: 32, flags: 3, address, size }, { fds });
}

function unmap(page: number, pages = 1): Message {
  const [address, size] = [BigInt(page * 4096), BigInt(pages * 4096)];
  return message(Command.DMA_UNMAP, { argsz: 24, address, size });
}

function setIrqs(flags: number, start: number, count: number, fds = 0): Message {
  return message(Command.DEVICE_SET_IRQS, { argsz: 20, flags, index: 2, start, count }, {
    fds: Array.from({ length: fds }, (_, number): Descriptor => ({ kind: "eventfd", number })),
  });
}

function write(offset: number, ...bytes: number[]): Message {
  const fields = { region: 0, offset: BigInt(offset), count: bytes.length };
  return message(Command.REGION_WRITE, fields, { data: Uint8Array.from(bytes) });
}

function setState(deviceState: number): Message {
  const flags = FeatureFlag.SET | Feature.MIG_DEVICE_STATE;
  const data = FeatureDeviceState.encode({ deviceState });
  return message(Command.DEVICE_FEATURE, { argsz: 16, flags }, { data });
}

const BIND = SetIrqsFlag.DATA_EVENTFD | SetIrqsFlag.ACTION_TRIGGER;
const TRIGGER = SetIrqsFlag.DATA_NONE | SetIrqsFlag.ACTION_TRIGGER;
const RESET = message(Command.DEVICE_RESET);
const { STOP, STOP_COPY, RUNNING, RESUMING, PRE_COPY } = DeviceState;

/** What is owed for the last of these commands when those before were answered so. */
function owedAfter(
  before: readonly (readonly [Message, Outcome])[],
  last: Message,
  signals: (eventfd: number) => bigint = () => 0n,
): Expectation {
  const model = new Model(GROUND, signals);
  model.connected(USUAL_PROPOSAL);
  for (const [one, outcome] of before) model.expect(one).follow?.(outcome);
  return model.expect(last);
}

type Row = readonly [
  name: string,
  before: readonly (readonly [Message, Outcome])[],
  last: Message,
  owed: Expectation["owed"],
];

const ROWS: readonly Row[] = [
  ["a first map", [], map(1), "success"],
  ["a map with descriptor", [], map(1, 1, [MEMORY]), "success"],
  ["a map again", [[map(1), "success"]], map(1), "error"],
  ["a map beside", [[map(1), "success"]], map(2), "success"],
  ["a map again that was refused", [[map(1), "error"]], map(1), "success"],
  ["a map again of which nobody knows", [[map(1), "unknown"]], map(1), "either"],
  ["an unmap of nothing", [], unmap(1), "error"],
  ["an unmap", [[map(1), "success"]], unmap(1), "success"],
  ["an unmap again", [[map(1), "success"], [unmap(1), "success"]], unmap(1), "error"],
  ["an unmap of a part", [[map(1, 2), "success"]], unmap(1), "error"],
  ["an unmap after a reset", [[map(1), "success"], [RESET, "success"]], unmap(1), "either"],
  [
    "an unmap after one that should have failed",
    [
      [map(1), "success"],
      [map(1), "success"],
    ],
    unmap(1),
    "either",
  ],
  ["binding", [], setIrqs(BIND, 0, 2, 2), "success"],
  ["binding too few", [], setIrqs(BIND, 0, 2, 1), "error"],
  ["binding behind the end", [], setIrqs(BIND, 7, 2, 2), "error"],
  [
    "a trigger of what is bound",
    [[setIrqs(BIND, 0, 2, 2), "success"]],
    setIrqs(TRIGGER, 0, 2),
    "success",
  ],
  ["a trigger of what is not bound", [], setIrqs(TRIGGER, 0, 1), "either"],
  ["a write", [], write(0, 1, 2, 3, 4), "success"],
  ["a write of three bytes", [], write(0, 1, 2, 3), "either"],
  ["a write outside of scratch memory", [], write(1024, 1, 2, 3, 4), "either"],
  ["a write behind the end", [], write(4096, 1, 2, 3, 4), "error"],
  ["STOP", [], setState(STOP), "success"],
  ["ERROR", [], setState(DeviceState.ERROR), "error"],
  ["PRE_COPY in STOP_COPY", [[setState(STOP_COPY), "success"]], setState(PRE_COPY), "error"],
  ["RUNNING in RESUMING", [[setState(RESUMING), "success"]], setState(RUNNING), "either"],
  ["a map in STOP", [[setState(STOP), "success"]], map(1), "either"],
  ["a wrong map in STOP", [[setState(STOP), "success"]], unmap(1), "error"],
  [
    "a map back in RUNNING",
    [
      [setState(STOP), "success"],
      [setState(RUNNING), "success"],
    ],
    map(1),
    "success",
  ],
  ["a short map", [], { ...map(1), payloadSize: 31 }, "error"],
  ["a long map", [], { ...map(1), data: new Uint8Array(4) }, "either"],
  ["GET_INFO", [], message(Command.DEVICE_GET_INFO, { argsz: 16 }), "success"],
  ["GET_INFO with a small argsz", [], message(Command.DEVICE_GET_INFO, { argsz: 15 }), "either"],
  ["a command that is not known", [], message(19), "either"],
];

for (const [name, before, last, owed] of ROWS) {
  Deno.test(`Model: ${name}: ${owed}`, () => {
    assertEquals(owedAfter(before, last).owed, owed);
  });
}

Deno.test("Model names the error of an overlap", () => {
  assertEquals(owedAfter([[map(1), "success"]], map(1)).errno, Errno.EEXIST);
});

Deno.test("Model compares what is read with what was written", () => {
  const read = message(Command.REGION_READ, { region: 0, offset: 0n, count: 4 });
  const { check } = owedAfter([[write(0, 1, 2, 3, 4), "success"]], read);
  const payload = new Uint8Array(20);
  payload[12] = 4;
  payload.set([1, 2, 3, 4], 16);
  assertEquals(check?.({ payload, fdCount: 0 }), undefined);
  payload[19] = 5;
  assertEquals(check?.({ payload, fdCount: 0 })?.clause, "rw-readback");
});

Deno.test("Model counts signals of each eventfd", () => {
  for (
    const [seen, clause] of [[1n, undefined], [0n, "irqset-trigger-none"], [
      2n,
      "irqset-trigger-none",
    ]] as const
  ) {
    const before = [[setIrqs(BIND, 0, 2, 2), "success"]] as const;
    const { check } = owedAfter(before, setIrqs(TRIGGER, 1, 1), (fd) => fd === 1 ? seen : 0n);
    assertEquals(check?.({ payload: new Uint8Array(), fdCount: 0 })?.clause, clause);
  }
});
