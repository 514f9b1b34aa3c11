import { EventFd } from "../posix/event_fd.ts";
import type { Fd } from "../posix/fd.ts";
import { linkTarget } from "../posix/proc.ts";
import { IrqFlag, SetIrqsFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { IrqInfo, SetIrqs } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import type { Interrupts } from "./interrupts.ts";
import { type Message, type Outcome, sizedHead } from "./message.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

const DATA = SetIrqsFlag.DATA_NONE | SetIrqsFlag.DATA_BOOL | SetIrqsFlag.DATA_EVENTFD;
const ACTION = SetIrqsFlag.ACTION_MASK | SetIrqsFlag.ACTION_UNMASK | SetIrqsFlag.ACTION_TRIGGER;

type SetIrqsValues = Decoded<typeof SetIrqs>;

/** DEVICE_GET_IRQ_INFO. */
export function getIrqInfo(request: Message, { settings }: Session): Outcome {
  const { index } = sizedHead(request, IrqInfo);
  const irq = settings.irqs[index];
  if (irq === undefined) throw new Refusal(Errno.EINVAL);
  return { payload: IrqInfo.encode({ argsz: IrqInfo.size, ...irq, index }) };
}

/** DEVICE_SET_IRQS. Everything is checked before anything is done. */
export function setIrqs(request: Message, { settings, interrupts }: Session): Outcome {
  const set = sizedHead(request, SetIrqs);
  const data = set.flags & DATA;
  const action = set.flags & ACTION;
  const irq = settings.irqs[set.index];
  if (!isOneBit(data) || !isOneBit(action) || irq === undefined) throw new Refusal(Errno.EINVAL);
  if (action !== SetIrqsFlag.ACTION_TRIGGER && (irq.flags & IrqFlag.MASKABLE) === 0) {
    throw new Refusal(Errno.EINVAL);
  }
  if (set.count === 0) return disable(set, data | action, interrupts);
  if (set.start + set.count > irq.count) throw new Refusal(Errno.EINVAL);
  if (data === SetIrqsFlag.DATA_EVENTFD) bind(set, action, request, interrupts);
  else act(set, action, chosen(request, set, data), interrupts);
  return {};
}

function isOneBit(bits: number): boolean {
  return bits !== 0 && (bits & (bits - 1)) === 0;
}

function disable(set: SetIrqsValues, bits: number, interrupts: Interrupts): Outcome {
  const wanted = SetIrqsFlag.DATA_NONE | SetIrqsFlag.ACTION_TRIGGER;
  if (bits !== wanted || set.start !== 0) throw new Refusal(Errno.EINVAL);
  interrupts.disable(set.index);
  return {};
}

/** The sub-indexes meant: all of the range, or those whose byte is not 0. */
function chosen(request: Message, set: SetIrqsValues, data: number): number[] {
  const range = Array.from({ length: set.count }, (_, i) => set.start + i);
  if (data === SetIrqsFlag.DATA_NONE) return range;
  const bools = request.payload.subarray(SetIrqs.size);
  if (bools.byteLength < set.count) throw new Refusal(Errno.EINVAL);
  return range.filter((_, i) => bools[i] !== 0);
}

function act(
  { index }: SetIrqsValues,
  action: number,
  subIndexes: readonly number[],
  interrupts: Interrupts,
): void {
  for (const subIndex of subIndexes) {
    if (action === SetIrqsFlag.ACTION_TRIGGER) interrupts.fire(index, subIndex);
    else if (action === SetIrqsFlag.ACTION_MASK) interrupts.mask(index, subIndex);
    else interrupts.unmask(index, subIndex);
  }
}

function bind(set: SetIrqsValues, action: number, { fds }: Message, table: Interrupts): void {
  if (fds.length !== 0 && fds.length !== set.count) throw new Refusal(Errno.EINVAL);
  if (!fds.every(isEventFd)) throw new Refusal(Errno.EINVAL);
  const eventFds = fds.splice(0).map((fd) => EventFd.adopt(fd));
  if (action !== SetIrqsFlag.ACTION_TRIGGER) {
    const name = action === SetIrqsFlag.ACTION_MASK ? "mask" : "unmask";
    for (let i = 0; i < set.count; i++) {
      table.holdMaskFd(name, set.index, set.start + i, eventFds[i]);
    }
  } else if (eventFds.length === 0) table.unbind(set.index, set.start, set.count);
  else table.bind(set.index, set.start, eventFds);
}

/** Anything else could block or fail the server when an interrupt is signalled. */
function isEventFd(fd: Fd): boolean {
  return linkTarget(`/proc/self/fd/${fd.number}`) === "anon_inode:[eventfd]";
}
