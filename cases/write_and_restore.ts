import type { Outcome, Step } from "../harness/case.ts";
import { anyError, expect, regionRead, regionWrite, reply, saved } from "../harness/steps.ts";

/** What is written, and what may come of it. */
export interface WriteAndRestore {
  /** What is read, before and after, and put back. */
  readonly place: { readonly region: number; readonly offset: bigint; readonly count: number };
  readonly data: Uint8Array;
  /** Answers to the write. */
  readonly written: readonly Outcome[];
  /** Answers to the read behind it; the bytes from before are saved as `old`. */
  readonly seen: readonly Outcome[];
}

/** Writes and reads back. The old bytes are on their way before anything is judged: a failure leaves no trace. */
export function writeAndRestore({ place, data, written, seen }: WriteAndRestore): Step[] {
  const { region, offset } = place;
  return [
    regionRead(place),
    expect(reply({}, { save: "old" })),
    regionWrite({ region, offset, data }),
    regionRead(place),
    regionWrite({ ...place, data: saved("old") }),
    expect(...written),
    expect(...seen),
    expect(reply(), anyError()),
  ];
}
