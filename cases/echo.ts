import type { Outcome, Send } from "../harness/case.ts";
import { reply } from "../harness/steps.ts";

/** The reply has the payload of the request, but for the bytes from `free[0]` up to `free[1]`. */
export function echo({ payload }: Send, free: readonly [number, number] = [0, 0]): Outcome {
  const owed = payload.flatMap((part) => part instanceof Uint8Array ? [...part] : []);
  return reply({}, {
    wants: "the payload of the request",
    check: ({ payload }) => {
      const at = owed.findIndex((byte, i) => payload[i] !== byte && (i < free[0] || i >= free[1]));
      if (payload.byteLength !== owed.length) return `a payload of ${payload.byteLength} bytes`;
      return at < 0 ? undefined : `a payload that differs at byte ${at}`;
    },
  });
}
