import { interruptCount, interruptIndexes, raisedInterrupts } from "../harness/interrupt_facts.ts";
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
import { indexes } from "./indexes.ts";
import {
  BIND,
  binds,
  deviceRaises,
  disables,
  ifTriggered,
  lineSignals,
  lineSilent,
  onInterrupts,
  stillBound,
} from "./interrupts.ts";
import type { Row } from "./row.ts";

const unbinding: Row[] = [
  {
    id: "unbind-all",
    title: "Unbinds all interrupts by a message without descriptors, and triggers each",
    clause: "irqset-unbind-all-nofd",
    needs: ["interrupt"],
    steps: onInterrupts(({ index, count }) => {
      const all = indexes(Math.min(count, 8));
      return [
        ...binds(index, ...all),
        setIrqs({ flags: BIND, index, count: all.length }),
        expect(reply()),
        ...stillBound(index, all.map(() => false)),
      ];
    }),
  },
  {
    id: "unbind-all-counted",
    title: "Unbinds an interrupt by a message without descriptors, and counts those of the server",
    clause: "irqset-unbind-all-nofd",
    needs: ["interrupt", "local-process"],
    steps: onInterrupts(({ index }) => [
      countDescriptors(),
      ...binds(index, 0),
      setIrqs({ flags: BIND, index }),
      expect(reply()),
      sameDescriptors(),
    ]),
  },
  {
    id: "unbind-all-raised-by-device",
    title: "Unbinds an interrupt by a message without descriptors, and makes the device raise it",
    clause: "irqset-unbind-all-nofd",
    needs: ["device-interrupt"],
    steps: (device) =>
      raisedInterrupts(device).slice(0, 1).flatMap((interrupt) => [
        ...binds(interrupt.index, interrupt.subIndex),
        setIrqs({
          flags: BIND,
          index: interrupt.index,
          count: interruptCount(device, interrupt.index),
        }),
        expect(reply()),
        ...deviceRaises(interrupt),
        lineSilent(interrupt.subIndex),
      ]),
  },
  {
    id: "unbind-second",
    title: "Unbinds the second of two interrupts, and triggers both",
    clause: "irqset-unbind-one-mid",
    needs: ["two-interrupts"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0, 1),
      setIrqs({ flags: BIND, index, start: 1 }),
      expect(reply()),
      ...stillBound(index, [true, false]),
    ]),
  },
  {
    id: "unbind-fourth",
    title: "Unbinds the fourth of five interrupts, and triggers each",
    clause: "irqset-unbind-one-mid",
    needs: ["five-interrupts"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0, 1, 2, 3, 4),
      setIrqs({ flags: BIND, index, start: 3 }),
      expect(reply()),
      ...stillBound(index, [true, true, true, false, true]),
    ]),
  },
  {
    id: "unbind-middle",
    title: "Unbinds the middle of five interrupts, and triggers each",
    clause: "irqset-unbind-one-mid",
    needs: ["five-interrupts"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0, 1, 2, 3, 4),
      setIrqs({ flags: BIND, index, start: 1, count: 3 }),
      expect(reply()),
      ...stillBound(index, [true, false, false, false, true]),
    ]),
  },
];

const disabling: Row[] = [
  {
    id: "disable",
    title: "Disables an index with bound interrupts, and triggers each",
    clause: "irqset-disable-index",
    needs: ["interrupt"],
    steps: onInterrupts(({ index, count }) => {
      const all = indexes(Math.min(count, 8));
      return [
        ...binds(index, ...all),
        ...disables(index),
        ...stillBound(index, all.map(() => false)),
      ];
    }),
  },
  {
    id: "disable-counted",
    title: "Disables an index with a bound interrupt, and counts the server's descriptors",
    clause: "irqset-disable-index",
    needs: ["interrupt", "local-process"],
    steps: onInterrupts(({ index }) => [
      countDescriptors(),
      ...binds(index, 0),
      ...disables(index),
      sameDescriptors(),
    ]),
  },
  {
    id: "disable-and-bind",
    title: "Disables an index, binds its first interrupt again and triggers it",
    clause: "irqset-disable-index",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0),
      ...disables(index),
      ...binds(index, 0),
      ...ifTriggered({ index }, ...lineSignals(1)),
    ]),
  },
  {
    id: "disable-raised-by-device",
    title: "Disables an index, and makes the device raise its interrupt",
    clause: "irqset-disable-index",
    needs: ["device-interrupt"],
    steps: (device) =>
      raisedInterrupts(device).slice(0, 1).flatMap((interrupt) => [
        ...binds(interrupt.index, interrupt.subIndex),
        ...disables(interrupt.index),
        ...deviceRaises(interrupt),
        lineSilent(interrupt.subIndex),
      ]),
  },
  ...[["largest", 0], ["second-largest", 1]].map(([which, at]): Row => ({
    id: `disable-${which}-index`,
    title: `Disables the ${which} of two indexes with bound interrupts, and triggers the other`,
    clause: "irqset-disable-isolated",
    needs: ["two-interrupt-indexes"],
    steps: (device) => {
      const pair = interruptIndexes(device).slice(0, 2).map(({ index }) => index);
      const [disabled = 0] = pair.splice(Number(at), 1);
      const [kept = 0] = pair;
      return [
        ...binds(disabled, 0),
        setIrqs({ flags: BIND, index: kept, fds: [eventfd("kept")] }),
        // A PCI device may have only one kind of interrupt at a time.
        expect(reply({}, { save: "both" }), anyError()),
        ...disables(disabled),
        onlyIf("both", ...ifTriggered({ index: kept }, signalled("kept", 1))),
      ];
    },
  })),
];

/** How interrupts are unbound: range by range, or a whole index at once. */
export const setIrqsUnbinding: readonly Row[] = [...unbinding, ...disabling];
