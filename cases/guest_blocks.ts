import type { Descriptor } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import { memory } from "../harness/steps.ts";
import { PAGE } from "../harness/wire/constants.ts";

/** Bytes: a multiple of every page size in use, so that no server finds it unaligned. */
export const BLOCK = 0x1_0000;

const FIRST = 0x10_0000n;

/** Address and size of `count` blocks of guest memory; block 0 lies where `dmaMap()` maps. */
export function blocks(at: number, count = 1): { readonly address: bigint; readonly size: bigint } {
  return { address: FIRST + BigInt(at * BLOCK), size: BigInt(count * BLOCK) };
}

/** The same with a file behind it, as most servers want it: without, access is by messages. */
export function backed(
  at: number,
  count = 1,
): ReturnType<typeof blocks> & { readonly fds: readonly Descriptor[] } {
  return { ...blocks(at, count), fds: [memory(count * BLOCK)] };
}

/** The smallest page that the server takes, in bytes. */
export function smallestPage(device: DeviceFacts): bigint {
  const { pgsizes } = device.capabilities;
  return pgsizes === 0n ? BigInt(PAGE) : pgsizes & -pgsizes;
}
