import { Command, SetIrqsFlag } from "../wire/constants.ts";
import { SetIrqs } from "../wire/messages.ts";
import { drawIndex, mostly } from "./draw.ts";
import type { Arbitrary, FastCheck } from "./fast_check.ts";
import type { Ground } from "./ground.ts";
import { type Descriptor, type Message, message } from "./message.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD, ACTION_TRIGGER, ACTION_MASK, ACTION_UNMASK } =
  SetIrqsFlag;

/** Eventfds of a conversation. */
const EVENTFDS = 12;

/** Draws a DEVICE_GET_IRQ_INFO. */
export function drawIrqInfo(fc: FastCheck, { device }: Ground): Arbitrary<Message> {
  return fc.record({
    argsz: mostly(fc, 16, 4096, 15, 0),
    index: drawIndex(fc, device.numIrqs),
    flags: mostly(fc, 0, 1),
  }).map((fields) => message(Command.DEVICE_GET_IRQ_INFO, fields));
}

/** Draws a DEVICE_SET_IRQS. */
export function drawSetIrqs(fc: FastCheck, { device }: Ground): Arbitrary<Message> {
  const known = device.irqs.filter(({ count }) => count > 0).map(({ index }) => index);
  const largest = device.irqs.toSorted((a, b) => b.count - a.count)[0]?.index;
  const most = Math.max(1, ...device.irqs.map(({ count }) => Math.min(count, 32)));
  return fc.record({
    data: mostly(fc, DATA_EVENTFD, DATA_NONE, DATA_NONE, DATA_BOOL, 0, 3, 7).chain((data) =>
      // The usual one is not all there is to see: triggers show what is bound.
      fc.constantFrom(data, data, DATA_NONE)
    ),
    action: mostly<number>(
      fc,
      ACTION_TRIGGER,
      ACTION_MASK,
      ACTION_UNMASK,
      0,
      ACTION_MASK | ACTION_TRIGGER,
    ),
    index: fc.constantFrom(
      ...known.flatMap((index) => Array.from({ length: index === largest ? 12 : 2 }, () => index)),
      ...device.irqs.map(({ index }) => index),
      device.numIrqs,
      0xffff_ffff,
    ),
    start: fc.oneof({ weight: 9, arbitrary: fc.nat(most) }, {
      weight: 1,
      arbitrary: fc.constantFrom(0xffff_ffff, 1000),
    }),
    count: fc.oneof({ weight: 9, arbitrary: fc.nat(Math.min(most, 4)) }, {
      weight: 1,
      arbitrary: fc.constantFrom(0xffff_ffff, most + 1),
    }),
    argsz: mostly(fc, 0, -1, 4),
    fds: fc.constantFrom("all", "all", "all", "none", "fewer", "more", "file"),
    first: fc.nat(EVENTFDS - 1),
    bools: fc.nat(255),
  }).map(setIrqs);
}

interface Drawn {
  readonly data: number;
  readonly action: number;
  readonly index: number;
  readonly start: number;
  readonly count: number;
  /** Off from the usual one. */
  readonly argsz: number;
  readonly fds: string;
  readonly first: number;
  readonly bools: number;
}

function setIrqs(drawn: Drawn): Message {
  const { data: dataFlag, action, index, start, count } = drawn;
  const small = Math.min(count, EVENTFDS);
  const bools = dataFlag === DATA_BOOL
    ? Uint8Array.from({ length: small }, (_, i) => (drawn.bools >> (i & 7)) & 1)
    : new Uint8Array();
  const argsz = SetIrqs.size + bools.byteLength + drawn.argsz;
  const flags = dataFlag | action;
  const fds = dataFlag === DATA_EVENTFD ? eventFds(drawn, small) : [];
  return message(Command.DEVICE_SET_IRQS, { argsz, flags, index, start, count }, {
    data: bools,
    fds,
  });
}

function eventFds({ fds, first }: Drawn, count: number): Descriptor[] {
  const off = { none: -count, fewer: -1, more: 1 }[fds] ?? 0;
  const all = Array.from({ length: Math.max(0, count + off) }, (_, i): Descriptor => ({
    kind: "eventfd",
    number: (first + i) % EVENTFDS,
  }));
  return fds === "file" ? all.fill({ kind: "memory", pages: 1 }) : all;
}
