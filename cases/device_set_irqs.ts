import type { Step } from "../harness/case.ts";
import { interruptIndexes, raisedInterrupts } from "../harness/interrupt_facts.ts";
import {
  anyError,
  countDescriptors,
  eventfd,
  expect,
  onlyIf,
  reply,
  sameDescriptors,
  setIrqs,
  signalled,
} from "../harness/steps.ts";
import { IrqFlag, SetIrqsFlag } from "../harness/wire/constants.ts";
import { setIrqsChecks } from "./device_set_irqs_checks.ts";
import { setIrqsMasking } from "./device_set_irqs_masking.ts";
import { setIrqsRobustness } from "./device_set_irqs_robustness.ts";
import { setIrqsUnbinding } from "./device_set_irqs_unbinding.ts";
import { indexes } from "./indexes.ts";
import {
  BIND,
  binds,
  deviceRaises,
  ifTriggered,
  line,
  lineSignals,
  onInterrupts,
  stillBound,
  TRIGGER,
  TRIGGER_SOME,
  triggers,
} from "./interrupts.ts";
import type { Row, RowSuite } from "./row.ts";

const binding: Row[] = [
  {
    id: "one-eventfd",
    title: "Binds an eventfd to the first interrupt of every index",
    clause: "irqset-bind-one",
    needs: ["interrupt"],
    steps: (device) =>
      interruptIndexes(device).flatMap(({ index }) => [
        setIrqs({ flags: BIND, index, fds: [eventfd()] }),
        expect(reply({}, { payloadSize: 0 })),
        ...mayDisable(index),
      ]),
  },
  {
    id: "as-many-as-max-msg-fds",
    title: "Binds as many eventfds as one message can carry, and triggers them",
    clause: "irqset-bind-all",
    needs: ["two-interrupts"],
    steps: onInterrupts(({ index, count }, { capabilities }) => {
      const bound = indexes(Math.min(count, Math.max(capabilities.maxMsgFds, 1)));
      return [
        setIrqs({ flags: BIND, index, count: bound.length, fds: bound.map(line) }),
        expect(reply()),
        ...ifTriggered({ index, count: bound.length }, ...lineSignals(...bound.map(() => 1))),
      ];
    }),
  },
  {
    id: "all-interrupts",
    title: "Binds all interrupts of the largest index in as few messages as possible",
    clause: "irqset-bind-all",
    needs: ["two-interrupts"],
    steps: onInterrupts(({ index, count }, { capabilities }) => {
      const all = indexes(count);
      const most = Math.max(capabilities.maxMsgFds, 1);
      const chunks = indexes(Math.ceil(all.length / most))
        .map((n) => all.slice(n * most, (n + 1) * most));
      return [
        ...chunks.flatMap((chunk) => [
          setIrqs({
            flags: BIND,
            index,
            start: chunk[0]!,
            count: chunk.length,
            fds: chunk.map(line),
          }),
          expect(reply()),
        ]),
        ...ifTriggered({ index, count: all.length }, ...lineSignals(...all.map(() => 1))),
      ];
    }),
  },
  {
    id: "last-interrupt",
    title: "Binds only the last interrupt of the largest index, and triggers it",
    clause: "irqset-bind-offset",
    needs: ["two-interrupts"],
    steps: onInterrupts(({ index, count }) => [
      setIrqs({ flags: BIND, index, start: count - 1, fds: [eventfd("last")] }),
      expect(reply()),
      ...ifTriggered({ index, start: count - 1 }, signalled("last", 1)),
    ]),
  },
  {
    id: "one-behind-the-other",
    title: "Binds an interrupt behind one that is bound, and triggers both",
    clause: "irqset-bind-offset",
    needs: ["two-interrupts"],
    steps: onInterrupts(({ index }) => [...binds(index, 0, 1), ...stillBound(index, [true, true])]),
  },
];

const triggering: Row[] = [
  {
    id: "trigger-one",
    title: "Triggers the second of two interrupts",
    clause: "irqset-trigger-none",
    needs: ["two-interrupts"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0, 1),
      ...triggers(index, 1),
      ...lineSignals(0, 1),
    ]),
  },
  {
    id: "trigger-range",
    title: "Triggers the middle of five interrupts",
    clause: "irqset-trigger-none",
    needs: ["five-interrupts"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0, 1, 2, 3, 4),
      ...triggers(index, 1, 3),
      ...lineSignals(0, 1, 1, 1, 0),
    ]),
  },
  {
    id: "trigger-three-times",
    title: "Triggers an interrupt three times",
    clause: "irqset-trigger-none",
    needs: ["interrupt"],
    steps: onInterrupts(({ index, flags }) => [
      ...binds(index, 0),
      ...indexes(3).flatMap(() => [
        ...triggers(index, 0),
        ...(flags & IrqFlag.AUTOMASKED ? unmasks(index) : []),
        // Each by itself: a server may signal once what has not been taken yet.
        ...lineSignals(1),
      ]),
    ]),
  },
  ...([
    ["one-true", "the second of two interrupts", "two-interrupts", 0, [0, 1]],
    ["none-true", "none of two interrupts", "two-interrupts", 0, [0, 0]],
    ["all-true", "both of two interrupts", "two-interrupts", 0, [1, 1]],
    ["within", "the second and fourth of five interrupts", "five-interrupts", 1, [1, 0, 1]],
  ] as const).map(([id, what, need, start, bools]): Row => ({
    id: `trigger-by-booleans-${id}`,
    title: `Triggers ${what} by booleans`,
    clause: "irqset-trigger-bool",
    needs: [need],
    steps: onInterrupts(({ index }) => {
      const wanted = [...indexes(start).map(() => 0), ...bools];
      return [
        ...binds(index, ...indexes(wanted.length)),
        setIrqs({ flags: TRIGGER_SOME, index, start, count: bools.length, bools }),
        expect(reply({}, { save: "done" }), anyError()),
        onlyIf("done", ...lineSignals(...wanted)),
      ];
    }),
  })),
];

function unmasks(index: number): Step[] {
  const flags = SetIrqsFlag.DATA_NONE | SetIrqsFlag.ACTION_UNMASK;
  return [setIrqs({ flags, index }), expect(reply(), anyError())];
}

function rebinds(index: number): Step[] {
  return ["first", "second"].flatMap((name) => [
    setIrqs({ flags: BIND, index, fds: [eventfd(name)] }),
    expect(reply()),
  ]);
}

const rebinding: Row[] = [
  {
    id: "another-eventfd",
    title: "Binds a second eventfd to an interrupt, and triggers it",
    clause: "irqset-rebind",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => [
      ...rebinds(index),
      ...ifTriggered({ index }, signalled("first", 0), signalled("second", 1)),
    ]),
  },
  {
    id: "another-eventfd-counted",
    title: "Binds eventfds to an interrupt again and again, and counts those of the server",
    clause: "irqset-rebind",
    needs: ["interrupt", "local-process"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0),
      countDescriptors(),
      ...rebinds(index),
      sameDescriptors(),
    ]),
  },
];

const raising: Row[] = [
  {
    id: "raised-by-device",
    title: "Makes the device raise each of its interrupts",
    clause: "irqset-device-fires",
    needs: ["device-interrupt"],
    steps: (device) =>
      raisedInterrupts(device).flatMap((interrupt, i) => [
        setIrqs({
          flags: BIND,
          index: interrupt.index,
          start: interrupt.subIndex,
          fds: [eventfd(`raised ${i}`)],
        }),
        expect(reply()),
        ...deviceRaises(interrupt),
        signalled(`raised ${i}`, 1),
        ...mayDisable(interrupt.index),
      ]),
  },
];

/** For rows that are not about it. */
function mayDisable(index: number): Step[] {
  return [setIrqs({ flags: TRIGGER, index, count: 0 }), expect(reply(), anyError())];
}

/** Section DEVICE_SET_IRQS. */
export const deviceSetIrqsSuite: RowSuite = {
  id: "device-set-irqs",
  title: "DEVICE_SET_IRQS",
  cases: [
    ...binding,
    ...triggering,
    ...rebinding,
    ...setIrqsUnbinding,
    ...raising,
    ...setIrqsMasking,
    ...setIrqsChecks,
    ...setIrqsRobustness,
  ],
};
