import type { Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import { expect, regionRead, regionWrite, reply, saved } from "../harness/steps.ts";

/** A few bytes of scratch memory, as the head of a region access. */
export interface Cell {
  readonly region: number;
  readonly offset: bigint;
  readonly count: number;
}

/** Bytes for the cell, others for each `n` below 256. */
export function pattern({ count }: Cell, n: number): Uint8Array {
  return Uint8Array.of(n, 0xa5, 0x5a, 0xff - n).subarray(0, count);
}

/** Steps on the first four bytes of scratch memory, which get back what they held; `size` says how many more there are. */
export function onScratch(
  steps: (cell: Cell, size: number, device: DeviceFacts) => readonly Step[],
): (device: DeviceFacts) => readonly Step[] {
  return (device) => {
    const scratch = device.profile.scratch?.[0];
    if (scratch === undefined) {
      throw new RangeError("Cannot use scratch memory: the case lacks a need");
    }
    const { region, offset, size } = scratch;
    const cell = { region, offset: BigInt(offset), count: Math.min(size, 4) };
    return [
      regionRead(cell),
      expect(reply({}, { save: "held before" })),
      ...steps(cell, size, device),
      regionWrite({ ...cell, data: saved("held before") }),
      expect(reply()),
    ];
  };
}
