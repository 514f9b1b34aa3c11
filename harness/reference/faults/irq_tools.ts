import { Command } from "../../wire/constants.ts";
import { SetIrqs } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { Hooks } from "../fault.ts";
import type { Message, Outcome } from "../message.ts";
import type { Session } from "../session.ts";
import { die, onRequest } from "./tools.ts";

/** Fields of a DEVICE_SET_IRQS request. */
export type Values = Decoded<typeof SetIrqs>;

type Act = (set: Values, request: Message, session: Session) => Outcome | void;
type Test = (set: Values, request: Message, session: Session) => boolean;

/** Sees DEVICE_SET_IRQS. */
export function onSet(act: Act): () => Hooks {
  return onRequest(Command.DEVICE_SET_IRQS, SetIrqs, act);
}

/** Sees DEVICE_SET_IRQS with exactly these flags, and a range that the index has. */
export function onKind(flags: number, act: Act): () => Hooks {
  return onSet((set, request, session) =>
    set.flags === flags && isInside(set, session) ? act(set, request, session) : undefined
  );
}

/** Answers some requests with success, and does nothing. */
export function acceptsIf(test: Test): () => Hooks {
  return onSet((set, request, session) => test(set, request, session) ? {} : undefined);
}

/** Some requests kill the server. */
export function diesIf(test: Test): () => Hooks {
  return onSet((set, request, session) => test(set, request, session) ? die() : undefined);
}

/** Whether the index exists, and has all interrupts of the range. */
export function isInside(set: Values, session: Session): boolean {
  return set.index in session.settings.irqs && set.start + set.count <= lineCount(set, session);
}

/** How many interrupts the index has. */
export function lineCount({ index }: Values, { settings }: Session): number {
  return settings.irqs[index]?.count ?? 0;
}
