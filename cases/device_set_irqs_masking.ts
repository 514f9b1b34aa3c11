import type { Step } from "../harness/case.ts";
import { interruptIndexesWith, raisedInterrupts } from "../harness/interrupt_facts.ts";
import { anyError, eventfd, expect, reply, setIrqs, signalled } from "../harness/steps.ts";
import { IrqFlag, SetIrqsFlag } from "../harness/wire/constants.ts";
import {
  BIND,
  binds,
  deviceRaises,
  ifTriggered,
  lineSignals,
  mayTrigger,
  onInterrupts,
} from "./interrupts.ts";
import type { Row } from "./row.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD, ACTION_MASK, ACTION_UNMASK } = SetIrqsFlag;
const { MASKABLE, NORESIZE } = IrqFlag;
const ACTIONS = [ACTION_MASK, ACTION_UNMASK];

/** To mask, or to unmask, is granted or refused. */
function mayMask(index: number, action: number, start = 0): Step[] {
  return [setIrqs({ flags: DATA_NONE | action, index, start }), expect(reply(), anyError())];
}

const masking: Row[] = [
  {
    id: "mask-and-unmask",
    title: "Masks and unmasks the first interrupt of every index that is maskable",
    clause: "irqset-mask-none",
    needs: ["maskable-interrupt"],
    steps: (device) =>
      interruptIndexesWith(device, MASKABLE).flatMap(({ index }) =>
        ACTIONS.flatMap((action) => [
          setIrqs({ flags: DATA_NONE | action, index }),
          expect(reply({}, { payloadSize: 0 })),
        ])
      ),
  },
  {
    id: "mask-and-unmask-anyway",
    title: "Masks and unmasks an interrupt whether it is maskable or not",
    clause: "irqset-mask-none",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => ACTIONS.flatMap((action) => mayMask(index, action))),
  },
  {
    id: "mask-by-booleans",
    title: "Masks the first of two interrupts by booleans, and triggers the second",
    clause: "irqset-mask-bool",
    needs: ["two-interrupts"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0, 1),
      setIrqs({ flags: DATA_BOOL | ACTION_MASK, index, count: 2, bools: [1, 0] }),
      expect(reply(), anyError()),
      ...ifTriggered({ index, start: 1 }, ...lineSignals(0, 1)),
      setIrqs({ flags: DATA_BOOL | ACTION_UNMASK, index, count: 2, bools: [1, 0] }),
      expect(reply(), anyError()),
    ]),
  },
  {
    id: "mask-and-trigger",
    title: "Masks an interrupt, triggers and unmasks it, and triggers it again",
    clause: "irqset-mask-effect",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0),
      ...mayMask(index, ACTION_MASK),
      ...mayTrigger(index, 0),
      ...mayMask(index, ACTION_UNMASK),
      // What the mask has held back went to the first eventfd, and may have masked the interrupt again.
      setIrqs({ flags: BIND, index, fds: [eventfd("unmasked")] }),
      expect(reply()),
      ...mayMask(index, ACTION_UNMASK),
      ...ifTriggered({ index }, signalled("unmasked", 1)),
    ]),
  },
  {
    id: "mask-and-raise",
    title: "Masks an interrupt, and makes the device raise it",
    clause: "irqset-mask-effect",
    needs: ["maskable-device-interrupt"],
    steps: (device) =>
      raisedInterrupts(device, MASKABLE).flatMap((interrupt, i) => {
        const { index, subIndex: start } = interrupt;
        return [
          setIrqs({ flags: BIND, index, start, fds: [eventfd(`masked ${i}`)] }),
          expect(reply()),
          setIrqs({ flags: DATA_NONE | ACTION_MASK, index, start }),
          expect(reply()),
          ...deviceRaises(interrupt),
          signalled(`masked ${i}`, 0),
          ...mayMask(index, ACTION_UNMASK, start),
        ];
      }),
  },
  ...([["mask", ACTION_MASK], ["unmask", ACTION_UNMASK]] as const).map(([name, action]): Row => ({
    id: `${name}-eventfd`,
    title: `Binds an eventfd to the action ${name} of an interrupt, and unbinds it`,
    clause: "irqset-mask-eventfd",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0),
      setIrqs({ flags: DATA_EVENTFD | action, index, fds: [eventfd()] }),
      expect(reply(), anyError()),
      setIrqs({ flags: DATA_EVENTFD | action, index }),
      expect(reply(), anyError()),
      ...ifTriggered({ index }, ...lineSignals(1)),
    ]),
  })),
  {
    id: "resize",
    title: "Binds one interrupt and then another of an index that cannot be resized",
    clause: "irqset-noresize",
    needs: ["noresize-interrupt"],
    steps: (device) =>
      interruptIndexesWith(device, NORESIZE).slice(0, 1).flatMap(({ index, count }) => [
        ...binds(index, 0),
        setIrqs({ flags: BIND, index, start: count - 1, fds: [eventfd()] }),
        expect(reply(), anyError()),
      ]),
  },
];

/** The actions MASK and UNMASK, and types that cannot be resized. */
export const setIrqsMasking: readonly Row[] = masking;
