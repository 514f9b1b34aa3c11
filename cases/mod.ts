/**
 * Every case of the catalogue, by the messages and topics of the specification, in its order.
 *
 * @module
 */

import { concurrencySuite } from "./concurrency.ts";
import { deviceFeatureSuite } from "./device_feature.ts";
import { deviceGetInfoSuite } from "./device_get_info.ts";
import { deviceGetIrqInfoSuite } from "./device_get_irq_info.ts";
import { deviceGetRegionInfoSuite } from "./device_get_region_info.ts";
import { deviceGetRegionIoFdsSuite } from "./device_get_region_io_fds.ts";
import { deviceResetSuite } from "./device_reset.ts";
import { deviceSetIrqsSuite } from "./device_set_irqs.ts";
import { disconnectionSuite } from "./disconnection.ts";
import { dmaAccessSuite } from "./dma_access.ts";
import { dmaLoggingSuite } from "./dma_logging.ts";
import { dmaMapSuite } from "./dma_map.ts";
import { dmaUnmapSuite } from "./dma_unmap.ts";
import { framingSuite } from "./framing.ts";
import { migrationSuite } from "./migration.ts";
import { pciConfigSuite } from "./pci_config.ts";
import { programSuite } from "./program.ts";
import { qemuClientSuite } from "./qemu_client.ts";
import { regionAccessSuite } from "./region_access.ts";
import { regionWriteMultiSuite } from "./region_write_multi.ts";
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
  deviceGetRegionIoFdsSuite,
  deviceGetIrqInfoSuite,
  deviceSetIrqsSuite,
  regionAccessSuite,
  regionWriteMultiSuite,
  pciConfigSuite,
  dmaMapSuite,
  dmaUnmapSuite,
  dmaAccessSuite,
  deviceResetSuite,
  deviceFeatureSuite,
  migrationSuite,
  dmaLoggingSuite,
  concurrencySuite,
  disconnectionSuite,
  programSuite,
  qemuClientSuite,
];
