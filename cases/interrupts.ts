import type { Descriptor, Step } from "../harness/case.ts";
import type { DeviceFacts, IrqFacts } from "../harness/device_facts.ts";
import { interruptIndexes, interruptIndexesWith } from "../harness/interrupt_facts.ts";
import type { InterruptTrigger } from "../harness/profile.ts";
import {
  anyError,
  eventfd,
  expect,
  onlyIf,
  regionWrite,
  reply,
  setIrqs,
  signalled,
} from "../harness/steps.ts";
import { IrqFlag, SetIrqsFlag } from "../harness/wire/constants.ts";
import { registerBytes } from "./device_dma.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD, ACTION_TRIGGER } = SetIrqsFlag;

/** Flags that trigger a range. */
export const TRIGGER: number = DATA_NONE | ACTION_TRIGGER;
/** Flags that trigger those of a range whose byte is true. */
export const TRIGGER_SOME: number = DATA_BOOL | ACTION_TRIGGER;
/** Flags that bind eventfds to a range, or unbind it where none come along. */
export const BIND: number = DATA_EVENTFD | ACTION_TRIGGER;

/** Steps with the index that has the most interrupts. */
export function onInterrupts(
  steps: (irq: IrqFacts, device: DeviceFacts) => readonly Step[],
): (device: DeviceFacts) => readonly Step[] {
  return (device) => {
    const irq = interruptIndexes(device)[0];
    if (irq === undefined) throw new RangeError("Cannot use interrupts: the case lacks a need");
    return steps(irq, device);
  };
}

/** The same with an index that can be masked, if there is one and these flags are about that: others refuse them anyway. */
export function onInterruptsFor(
  flags: number,
  steps: (irq: IrqFacts) => readonly Step[],
): (device: DeviceFacts) => readonly Step[] {
  const masks = (flags & (SetIrqsFlag.ACTION_MASK | SetIrqsFlag.ACTION_UNMASK)) !== 0;
  return onInterrupts((irq, device) =>
    steps(masks ? interruptIndexesWith(device, IrqFlag.MASKABLE)[0] ?? irq : irq)
  );
}

/** The eventfd of an interrupt; the same name in one row is the same eventfd. */
export function line(subIndex: number): Descriptor {
  return eventfd(lineName(subIndex));
}

function lineName(subIndex: number): string {
  return `interrupt ${subIndex}`;
}

/** Binds interrupts to their eventfds, one by one: a server need not take more than one descriptor. */
export function binds(index: number, ...subIndexes: readonly number[]): Step[] {
  return subIndexes.flatMap((start) => [
    setIrqs({ flags: BIND, index, start, fds: [line(start)] }),
    expect(reply()),
  ]);
}

/** Triggers a range. */
export function triggers(index: number, start: number, count = 1): Step[] {
  return [setIrqs({ flags: TRIGGER, index, start, count }), expect(reply())];
}

/** Triggers a range, and plays these steps where that was not refused: whether it may be is for another case. */
export function ifTriggered(
  { index, start = 0, count = 1 }: { index: number; start?: number; count?: number },
  ...steps: readonly Step[]
): Step[] {
  const name = `triggered ${count} from ${start} of ${index}`;
  return [
    setIrqs({ flags: TRIGGER, index, start, count }),
    expect(reply({}, { save: name }), anyError()),
    onlyIf(name, ...steps),
  ];
}

/** Triggers a range that is not bound, or masked: to refuse that is as good as to do nothing. */
export function mayTrigger(index: number, start: number, count = 1): Step[] {
  return [setIrqs({ flags: TRIGGER, index, start, count }), expect(reply(), anyError())];
}

/** Unbinds all interrupts of an index. */
export function disables(index: number): Step[] {
  return [setIrqs({ flags: TRIGGER, index, start: 0, count: 0 }), expect(reply())];
}

/** The eventfds of interrupts 0, 1, 2… were signalled so many times. */
export function lineSignals(...times: readonly number[]): Step[] {
  return times.map((n, subIndex) => signalled(lineName(subIndex), n));
}

/** The eventfd of this interrupt was not signalled. */
export function lineSilent(subIndex: number): Step {
  return signalled(lineName(subIndex), 0);
}

/** Each of these interrupts is triggered by itself: those not bound stay silent, the others do not. */
export function stillBound(index: number, bound: readonly boolean[]): Step[] {
  return bound.flatMap((is, start) =>
    is
      ? ifTriggered({ index, start }, signalled(lineName(start), 1))
      : [...mayTrigger(index, start), lineSilent(start)]
  );
}

/** The device is made to raise one of its interrupts. */
export function deviceRaises({ writes }: InterruptTrigger): Step[] {
  return writes.flatMap(({ region, offset, ...register }) => [
    regionWrite({ region, offset: BigInt(offset), data: registerBytes(register, 0n, 0) }),
    expect(reply()),
  ]);
}
