/**
 * Every case of the catalogue, by the messages and topics of the specification, in its order.
 *
 * @module
 */

import { concurrencySuite } from "./concurrency.ts";
import { deviceGetInfoSuite } from "./device_get_info.ts";
import { deviceGetIrqInfoSuite } from "./device_get_irq_info.ts";
import { deviceGetRegionInfoSuite } from "./device_get_region_info.ts";
import { dmaMapSuite } from "./dma_map.ts";
import { dmaUnmapSuite } from "./dma_unmap.ts";
import { framingSuite } from "./framing.ts";
import { pciConfigSuite } from "./pci_config.ts";
import { regionAccessSuite } from "./region_access.ts";
import type { RowSuite } from "./row.ts";
import { versionSuite } from "./version.ts";

export { type Clause, type ClauseId, clauseOf, CLAUSES, type Level } from "./clauses/mod.ts";
export type { Row, RowSuite } from "./row.ts";

/** All suites, in the order of the specification. */
export const SUITES: readonly RowSuite[] = [
  framingSuite,
  versionSuite,
  deviceGetInfoSuite,
  deviceGetRegionInfoSuite,
  deviceGetIrqInfoSuite,
  regionAccessSuite,
  pciConfigSuite,
  dmaMapSuite,
  dmaUnmapSuite,
  concurrencySuite,
];
