import type { Behaviour } from "./behaviour.ts";
import { CLAIMS } from "./claims.ts";
import { DESCRIPTORS } from "./descriptors.ts";
import { ENDINGS } from "./endings.ts";
import { FILES } from "./files.ts";
import { SILENCES, SIZES, STREAMS } from "./lies.ts";
import { OUTPUT } from "./output.ts";
import { PROCESSES } from "./processes.ts";

/** Every behaviour. */
export const BEHAVIOURS: readonly Behaviour[] = [
  ...SILENCES,
  ...SIZES,
  ...STREAMS,
  ...CLAIMS,
  ...DESCRIPTORS,
  ...PROCESSES,
  ...OUTPUT,
  ...FILES,
  ...ENDINGS,
];
