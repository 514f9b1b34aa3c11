/**
 * Every requirement on a server: what it owes, how strongly, and where the specification says so.
 *
 * @module
 */

import type { Clause } from "../../harness/case.ts";
import { concurrencyClauses } from "./concurrency.ts";
import { deviceFeatureClauses } from "./device_feature.ts";
import { deviceGetInfoClauses } from "./device_get_info.ts";
import { deviceGetIrqInfoClauses } from "./device_get_irq_info.ts";
import { deviceGetRegionInfoClauses } from "./device_get_region_info.ts";
import { deviceGetRegionIoFdsClauses } from "./device_get_region_io_fds.ts";
import { deviceResetClauses } from "./device_reset.ts";
import { deviceSetIrqsClauses } from "./device_set_irqs.ts";
import { disconnectionClauses } from "./disconnection.ts";
import { dmaAccessClauses } from "./dma_access.ts";
import { dmaLoggingClauses } from "./dma_logging.ts";
import { dmaMapClauses } from "./dma_map.ts";
import { dmaUnmapClauses } from "./dma_unmap.ts";
import { framingClauses } from "./framing.ts";
import { migrationClauses } from "./migration.ts";
import { programClauses } from "./program.ts";
import { qemuClientClauses } from "./qemu_client.ts";
import { regionAccessClauses } from "./region_access.ts";
import { regionWriteMultiClauses } from "./region_write_multi.ts";
import { versionClauses } from "./version.ts";

export type { Clause, Level } from "../../harness/case.ts";

/** Every clause under its id, in the order of the specification. */
export const CLAUSES:
  & typeof framingClauses
  & typeof versionClauses
  & typeof deviceGetInfoClauses
  & typeof deviceGetRegionInfoClauses
  & typeof deviceGetRegionIoFdsClauses
  & typeof deviceGetIrqInfoClauses
  & typeof deviceSetIrqsClauses
  & typeof regionAccessClauses
  & typeof regionWriteMultiClauses
  & typeof dmaMapClauses
  & typeof dmaUnmapClauses
  & typeof dmaAccessClauses
  & typeof deviceResetClauses
  & typeof deviceFeatureClauses
  & typeof migrationClauses
  & typeof dmaLoggingClauses
  & typeof concurrencyClauses
  & typeof disconnectionClauses
  & typeof programClauses
  & typeof qemuClientClauses = {
    ...framingClauses,
    ...versionClauses,
    ...deviceGetInfoClauses,
    ...deviceGetRegionInfoClauses,
    ...deviceGetRegionIoFdsClauses,
    ...deviceGetIrqInfoClauses,
    ...deviceSetIrqsClauses,
    ...regionAccessClauses,
    ...regionWriteMultiClauses,
    ...dmaMapClauses,
    ...dmaUnmapClauses,
    ...dmaAccessClauses,
    ...deviceResetClauses,
    ...deviceFeatureClauses,
    ...migrationClauses,
    ...dmaLoggingClauses,
    ...concurrencyClauses,
    ...disconnectionClauses,
    ...programClauses,
    ...qemuClientClauses,
  };

/** Id of a clause: a case that names a wrong one does not compile. */
export type ClauseId = keyof typeof CLAUSES;

/** Returns the clause with this id. */
export function clauseOf(id: ClauseId): Clause {
  return CLAUSES[id];
}
