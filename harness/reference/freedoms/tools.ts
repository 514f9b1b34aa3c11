import { Command, SetIrqsFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { SetIrqs } from "../../wire/messages.ts";
import type { Decoded, Fields, Struct, Values } from "../../wire/struct.ts";
import type { Hooks } from "../fault.ts";
import type { Use } from "../faults/feature_tools.ts";
import { onRequest } from "../faults/tools.ts";
import { concat, type Message } from "../message.ts";
import type { Session } from "../session.ts";

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Refuses the requests of one command for which `test` holds. */
export function refusesIf<F extends Fields>(
  command: number,
  layout: Struct<F>,
  test: (values: Values<F>, request: Message, session: Session) => boolean,
  errno: number = Errno.EINVAL,
): () => Hooks {
  return onRequest(
    command,
    layout,
    (values, request, session) => test(values, request, session) ? { errno } : undefined,
  );
}

/** Reads fields of the requests of one command as if the client had sent others. */
export function readsAs<F extends Fields>(
  command: number,
  layout: Struct<F>,
  change: (values: Values<F>, request: Message) => Partial<Values<F>>,
): () => Hooks {
  return onRequest(command, layout, (values, request) => {
    const bytes = layout.encode({ ...values, ...change(values, request) });
    request.payload = concat(bytes, request.payload.subarray(layout.size));
  });
}

/** Refuses those DEVICE_SET_IRQS for which `test` holds. */
export function refusesIrqsIf(
  test: (set: Decoded<typeof SetIrqs>, request: Message, session: Session) => boolean,
): () => Hooks {
  return refusesIf(Command.DEVICE_SET_IRQS, SetIrqs, test);
}

/** Whether all these SetIrqsFlag bits are set. */
export function hasBits(flags: number, ...names: readonly (keyof typeof SetIrqsFlag)[]): boolean {
  return names.every((name) => (flags & SetIrqsFlag[name]) !== 0);
}

/** Whether this is a GET or SET of the feature. */
export function uses(
  { index, gets, sets, probes }: Use,
  feature: number,
  method: "get" | "set",
): boolean {
  return index === feature && !probes && (method === "get" ? gets && !sets : sets && !gets);
}
