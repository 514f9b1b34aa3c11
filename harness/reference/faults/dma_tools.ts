import { Command } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DmaMap } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { DmaRegion, DmaTable } from "../dma_table.ts";
import type { Hooks } from "../fault.ts";
import type { Message, Outcome } from "../message.ts";
import type { Session } from "../session.ts";
import { crash, onRequest } from "./tools.ts";

/** Fields of a DMA_MAP request. */
export type Values = Decoded<typeof DmaMap>;

type Act = (map: Values, request: Message, session: Session) => Outcome | void;
type Test = (map: Values, session: Session, request: Message) => boolean;

/** Sees DMA_MAP. */
export function onMap(act: Act): () => Hooks {
  return onRequest(Command.DMA_MAP, DmaMap, act);
}

/** Some maps kill the server. */
export function diesIf(test: Test): () => Hooks {
  return onMap((map, request, session) => test(map, session, request) ? crash() : undefined);
}

/** Some maps are refused. */
export function refusesIf(test: Test, errno: number = Errno.EINVAL): () => Hooks {
  return onMap((map, request, session) => test(map, session, request) ? { errno } : undefined);
}

/** Some maps are answered with success, and nothing is mapped. */
export function acceptsIf(test: Test): () => Hooks {
  return onMap((map, request, session) => test(map, session, request) ? {} : undefined);
}

/** The first byte behind a range. */
export function end({ address, size }: { address: bigint; size: bigint }): bigint {
  return address + size;
}

/** The regions that a range shares a byte with. */
export function others(map: { address: bigint; size: bigint }, dma: DmaTable): DmaRegion[] {
  return dma.regions.filter((region) => end(map) > region.address && map.address < end(region));
}

/** Whether a map shares a byte with a region. */
export function overlaps(map: Values, { dma }: Session): boolean {
  return map.size > 0n && dma.overlaps(map.address, map.size);
}
