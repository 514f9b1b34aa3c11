import type { Exchange } from "./exchange.ts";
import type { Client } from "./client.ts";

/** One way to be hostile. What is left out is done honestly. */
export interface Behaviour {
  /** `never-listens` */
  readonly id: string;
  /** What it does to its client, in one sentence without a subject. */
  readonly text: string;
  /** Before the socket is there; one that never listens never returns. */
  readonly start?: (path: string) => unknown;
  /** Instead of accepting clients. */
  readonly listening?: (path: string) => unknown;
  /** Before the first command of a client is read. */
  readonly accepted?: (client: Client, path: string) => unknown;
  /** Instead of the honest answer. */
  readonly answer?: (exchange: Exchange) => unknown;
}

/** Answers one command in its own way, and all others honestly. */
export function at(
  command: number,
  act: (exchange: Exchange) => unknown,
): NonNullable<Behaviour["answer"]> {
  return (exchange) => exchange.command === command ? act(exchange) : exchange.honest();
}

/** Never returns. */
export function forever(): Promise<never> {
  return new Promise(() => setInterval(() => {}, 60_000));
}
