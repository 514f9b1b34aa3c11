import type { Descriptor, Step } from "../harness/case.ts";
import { truncate } from "../harness/mutate.ts";
import {
  anyError,
  closed,
  countDescriptors,
  eventfd,
  expect,
  reconnect,
  sameDescriptors,
  setIrqs,
} from "../harness/steps.ts";
import { PciIrq, SetIrqsFlag } from "../harness/wire/constants.ts";
import { SetIrqs } from "../harness/wire/messages.ts";
import { indexes } from "./indexes.ts";
import { BIND, onInterrupts, onInterruptsFor, TRIGGER, TRIGGER_SOME } from "./interrupts.ts";
import type { Row } from "./row.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD } = SetIrqsFlag;
const { ACTION_MASK, ACTION_UNMASK, ACTION_TRIGGER } = SetIrqsFlag;
const MOST = 0xffff_ffff;
/** As many as most servers take in one message. */
const MOST_FDS = 8;

type Given = NonNullable<Parameters<typeof setIrqs>[0]>;

/** A message that is to be refused. */
function refused(given: Given): Step[] {
  return [setIrqs(given), expect(anyError(), closed())];
}

/** What is done to a range. */
const WAYS: readonly { id: string; does: string; given: (count: number) => Given }[] = [
  { id: "trigger", does: "Triggers", given: () => ({ flags: TRIGGER }) },
  { id: "bind", does: "Binds", given: (count) => ({ flags: BIND, fds: eventfds(count) }) },
  { id: "unbind", does: "Unbinds", given: () => ({ flags: BIND }) },
  { id: "mask", does: "Masks", given: () => ({ flags: DATA_NONE | ACTION_MASK }) },
];

/** One for each interrupt, where a message can carry them. */
function eventfds(count: number): Descriptor[] {
  return indexes(count > MOST_FDS ? 1 : count).map(() => eventfd());
}

/** Ranges that fit no index; `start` and `count` by how many interrupts the index has. */
const RANGES: readonly {
  clause: "irqset-start-oob" | "irqset-range-oob" | "irqset-range-wrap";
  id: string;
  what: string;
  start: (interrupts: number) => number;
  count: (interrupts: number) => number;
}[] = [
  {
    clause: "irqset-start-oob",
    id: "behind-last",
    what: "the interrupt behind the last one",
    start: (interrupts) => interrupts,
    count: () => 1,
  },
  {
    clause: "irqset-start-oob",
    id: "last-of-all",
    what: "interrupt 0xffffffff",
    start: () => MOST,
    count: () => 1,
  },
  {
    clause: "irqset-range-oob",
    id: "one-too-many",
    what: "a range that ends one behind the last interrupt",
    start: () => 0,
    count: (interrupts) => interrupts + 1,
  },
  {
    clause: "irqset-range-oob",
    id: "from-last-on",
    what: "a range of two from the last interrupt on",
    start: (interrupts) => interrupts - 1,
    count: () => 2,
  },
  {
    clause: "irqset-range-oob",
    id: "thousand-too-many",
    what: "a range that ends a thousand behind the last interrupt",
    start: () => 0,
    count: (interrupts) => interrupts + 1000,
  },
  {
    clause: "irqset-range-wrap",
    id: "from-one-to-zero",
    what: "0xffffffff interrupts from 1 on",
    start: () => 1,
    count: () => MOST,
  },
  {
    clause: "irqset-range-wrap",
    id: "from-two-to-one",
    what: "0xffffffff interrupts from 2 on",
    start: () => 2,
    count: () => MOST,
  },
  {
    clause: "irqset-range-wrap",
    id: "from-end-to-end",
    what: "0xffffffff interrupts from 0xffffffff on",
    start: () => MOST,
    count: () => MOST,
  },
];

const ranges: Row[] = RANGES.flatMap(({ clause, id, what, start, count }) =>
  WAYS.map((way): Row => ({
    id: `${way.id}-${id}`,
    title: `${way.does} ${what}`,
    clause,
    needs: ["interrupt"],
    steps: onInterruptsFor(way.given(1).flags!, (irq) => {
      const range = { start: start(irq.count), count: count(irq.count) };
      if (range.start > MOST || range.count > MOST) return []; // no field can say so
      return refused({ ...way.given(range.count), index: irq.index, ...range });
    }),
  }))
);

const booleanRanges: Row[] = [
  {
    id: "trigger-by-booleans-behind-last",
    title: "Triggers the interrupt behind the last one by a boolean",
    clause: "irqset-start-oob",
    needs: ["interrupt"],
    steps: onInterrupts(({ index, count }) =>
      refused({ flags: TRIGGER_SOME, index, start: count, bools: [1] })
    ),
  },
  {
    id: "trigger-by-booleans-from-last-on",
    title: "Triggers two interrupts from the last one on by booleans",
    clause: "irqset-range-oob",
    needs: ["interrupt"],
    steps: onInterrupts(({ index, count }) =>
      refused({ flags: TRIGGER_SOME, index, start: count - 1, count: 2, bools: [1, 1] })
    ),
  },
];

const unknownIndexes: Row[] = ([
  ["num-irqs", "the index behind the last one", (numIrqs: number) => numIrqs],
  ["4294967295", "index 0xffffffff", () => MOST],
] as const).flatMap(([id, what, of]) => [
  ...WAYS.map((way): Row => ({
    id: `${way.id}-index-${id}`,
    title: `${way.does} interrupt 0 of ${what}`,
    clause: "irqset-index-oob",
    steps: ({ numIrqs }) => refused({ ...way.given(1), index: of(numIrqs) }),
  })),
  {
    id: `disable-index-${id}`,
    title: `Disables ${what}`,
    clause: "irqset-index-oob",
    steps: ({ numIrqs }) => refused({ flags: TRIGGER, index: of(numIrqs), count: 0 }),
  } satisfies Row,
]);

/** Flags that are to be refused, with the byte or descriptor that may belong to them. */
const FLAGS: readonly {
  clause:
    | "irqset-no-data-flag"
    | "irqset-no-action-flag"
    | "irqset-two-data"
    | "irqset-two-action";
  id: string;
  flags: number;
}[] = [
  { clause: "irqset-no-data-flag", id: "no-flags", flags: 0 },
  { clause: "irqset-no-data-flag", id: "only-trigger", flags: ACTION_TRIGGER },
  { clause: "irqset-no-data-flag", id: "only-mask", flags: ACTION_MASK },
  { clause: "irqset-no-data-flag", id: "only-unmask", flags: ACTION_UNMASK },
  { clause: "irqset-no-action-flag", id: "only-none", flags: DATA_NONE },
  { clause: "irqset-no-action-flag", id: "only-bool", flags: DATA_BOOL },
  { clause: "irqset-no-action-flag", id: "only-eventfd", flags: DATA_EVENTFD },
  {
    clause: "irqset-two-data",
    id: "none-and-bool",
    flags: DATA_NONE | DATA_BOOL | ACTION_TRIGGER,
  },
  {
    clause: "irqset-two-data",
    id: "none-and-eventfd",
    flags: DATA_NONE | DATA_EVENTFD | ACTION_TRIGGER,
  },
  {
    clause: "irqset-two-data",
    id: "bool-and-eventfd",
    flags: DATA_BOOL | DATA_EVENTFD | ACTION_TRIGGER,
  },
  {
    clause: "irqset-two-data",
    id: "all-data-flags",
    flags: DATA_NONE | DATA_BOOL | DATA_EVENTFD | ACTION_TRIGGER,
  },
  {
    clause: "irqset-two-action",
    id: "mask-and-unmask",
    flags: DATA_NONE | ACTION_MASK | ACTION_UNMASK,
  },
  {
    clause: "irqset-two-action",
    id: "mask-and-trigger",
    flags: DATA_NONE | ACTION_MASK | ACTION_TRIGGER,
  },
  {
    clause: "irqset-two-action",
    id: "unmask-and-trigger",
    flags: DATA_NONE | ACTION_UNMASK | ACTION_TRIGGER,
  },
  {
    clause: "irqset-two-action",
    id: "all-action-flags",
    flags: DATA_NONE | ACTION_MASK | ACTION_UNMASK | ACTION_TRIGGER,
  },
];

const flagRows: Row[] = FLAGS.map(({ clause, id, flags }) => ({
  id: `flags-${id}`,
  title: `Sets an interrupt with flags 0x${flags.toString(16)}: ${id.replaceAll("-", " ")}`,
  clause,
  needs: ["interrupt"],
  steps: onInterruptsFor(flags, ({ index }) =>
    refused({
      flags,
      index,
      bools: flags & DATA_BOOL ? [1] : [],
      fds: flags & DATA_EVENTFD ? [eventfd()] : [],
    })),
}));

const bools = [1];

const shortData: Row[] = [
  {
    id: "no-boolean-of-one",
    title: "Triggers an interrupt by booleans, and sends none",
    clause: "irqset-bool-short",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => refused({ flags: TRIGGER_SOME, index })),
  },
  {
    id: "no-boolean-of-one-with-argsz",
    title: "Triggers an interrupt by booleans with an argsz that counts one, and sends none",
    clause: "irqset-bool-short",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => [
      truncate(setIrqs({ flags: TRIGGER_SOME, index, bools }), SetIrqs.size),
      expect(anyError(), closed()),
    ]),
  },
  {
    id: "one-boolean-of-two",
    title: "Triggers two interrupts by booleans, and sends one",
    clause: "irqset-bool-short",
    needs: ["two-interrupts"],
    steps: onInterrupts(({ index }) => refused({ flags: TRIGGER_SOME, index, count: 2, bools })),
  },
  {
    id: "one-eventfd-of-two",
    title: "Binds two interrupts, and sends one eventfd",
    clause: "irqset-fds-fewer",
    needs: ["two-interrupts"],
    steps: onInterrupts(({ index }) => refused({ flags: BIND, index, count: 2, fds: [eventfd()] })),
  },
  {
    id: "one-eventfd-of-two-counted",
    title: "Binds two interrupts, sends one eventfd, and counts the server's descriptors",
    clause: "irqset-fds-fewer",
    needs: ["two-interrupts", "local-process"],
    steps: onInterrupts(({ index }) =>
      keepsNone({ flags: BIND, index, count: 2, fds: [eventfd()] })
    ),
  },
];

function keepsNone(given: Given & { fds: readonly Descriptor[] }): Step[] {
  return [countDescriptors(), ...refused(given), reconnect(), sameDescriptors()];
}

const errorIndex: Row[] = WAYS.filter(({ id }) => id !== "mask").map((way) => ({
  id: `${way.id}-two-errors`,
  title: `${way.does} two interrupts of the index ERR`,
  clause: "irqset-err-req-count2",
  needs: ["pci"],
  steps: refused({ ...way.given(2), index: PciIrq.ERR, count: 2 }),
}));

/** Messages that must be refused. */
export const setIrqsChecks: readonly Row[] = [
  ...ranges,
  ...booleanRanges,
  ...unknownIndexes,
  ...flagRows,
  ...shortData,
  ...errorIndex,
];
