import type { DeviceFacts } from "../harness/device_facts.ts";

/** How many clients come one after the other: a server that ends with its client keeps nothing for the next. */
export function clients({ life }: DeviceFacts, count: number): number {
  return life === "exits" ? Math.min(count, 2) : count;
}
