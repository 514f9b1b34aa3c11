/**
 * Legal behaviour of the reference server that looks odd, in the order of the specification.
 *
 * @module
 */
import type { Freedom } from "../freedom.ts";
import { dmaFreedoms } from "./dma.ts";
import { featureFreedoms } from "./features.ts";
import { interruptFreedoms } from "./interrupts.ts";
import { lifeFreedoms } from "./life.ts";
import { loggingFreedoms } from "./logging.ts";
import { refusalFreedoms } from "./refusals.ts";
import { regionAccessFreedoms } from "./region_access.ts";
import { regionCapFreedoms } from "./region_caps.ts";
import { regionFreedoms } from "./regions.ts";
import { requestFreedoms } from "./requests.ts";
import { streamFreedoms } from "./stream.ts";
import { truncationFreedoms } from "./truncation.ts";
import { versionFreedoms } from "./version.ts";

/** All freedoms; their ids are unique. */
export const FREEDOMS: readonly Freedom[] = [
  ...streamFreedoms,
  ...refusalFreedoms,
  ...requestFreedoms,
  ...versionFreedoms,
  ...regionFreedoms,
  ...regionCapFreedoms,
  ...truncationFreedoms,
  ...regionAccessFreedoms,
  ...interruptFreedoms,
  ...dmaFreedoms,
  ...featureFreedoms,
  ...loggingFreedoms,
  ...lifeFreedoms,
];
