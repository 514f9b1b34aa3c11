/**
 * What the reference server can be made to do wrong, in the order of the specification.
 *
 * @module
 */
import type { Fault } from "../fault.ts";
import { agreementFaults } from "./agreements.ts";
import { clientDmaFaults } from "./client_dma.ts";
import { deviceFaults } from "./device.ts";
import { disconnectionFaults } from "./disconnections.ts";
import { dmaLoggingFaults } from "./dma_logging.ts";
import { dmaMapFaults } from "./dma_map.ts";
import { dmaRangeFaults } from "./dma_ranges.ts";
import { dmaTransferFaults } from "./dma_transfers.ts";
import { dmaUnmapFaults } from "./dma_unmap.ts";
import { featureFaults } from "./features.ts";
import { framingFaults } from "./framing.ts";
import { ioFdFaults } from "./io_fds.ts";
import { irqCheckFaults } from "./irq_checks.ts";
import { irqEffectFaults } from "./irq_effects.ts";
import { irqInfoFaults } from "./irq_info.ts";
import { irqMaskingFaults } from "./irq_masking.ts";
import { irqOddityFaults } from "./irq_oddities.ts";
import { laterRequestFaults } from "./later_requests.ts";
import { loggingReportFaults } from "./logging_reports.ts";
import { migrationDataFaults } from "./migration_data.ts";
import { migrationFailureFaults } from "./migration_failures.ts";
import { migrationStateFaults } from "./migration_states.ts";
import { nearlyRightFaults } from "./nearly_right.ts";
import { oddMapFaults } from "./odd_maps.ts";
import { orderFaults } from "./order.ts";
import { payloadFaults } from "./payloads.ts";
import { pciConfigFaults } from "./pci_config.ts";
import { programFaults } from "./program.ts";
import { proposalFaults } from "./proposals.ts";
import { qemuLimitFaults } from "./qemu_limits.ts";
import { qemuRequestFaults } from "./qemu_requests.ts";
import { regionAccessFaults } from "./region_access.ts";
import { regionCapsFaults } from "./region_caps.ts";
import { regionDataFaults } from "./region_data.ts";
import { regionInfoFaults } from "./region_info.ts";
import { replyFaults } from "./replies.ts";
import { resetFaults } from "./resets.ts";
import { sessionFaults } from "./sessions.ts";
import { streamFaults } from "./stream.ts";
import { survivorFaults } from "./survivors.ts";
import { writeMultiFaults } from "./write_multi.ts";

const single: readonly Fault[] = [
  ...replyFaults,
  ...laterRequestFaults,
  ...framingFaults,
  ...payloadFaults,
  ...streamFaults,
  ...proposalFaults,
  ...agreementFaults,
  ...deviceFaults,
  ...resetFaults,
  ...regionInfoFaults,
  ...regionCapsFaults,
  ...ioFdFaults,
  ...irqInfoFaults,
  ...irqEffectFaults,
  ...irqCheckFaults,
  ...irqOddityFaults,
  ...irqMaskingFaults,
  ...regionDataFaults,
  ...regionAccessFaults,
  ...pciConfigFaults,
  ...writeMultiFaults,
  ...dmaRangeFaults,
  ...dmaMapFaults,
  ...oddMapFaults,
  ...dmaUnmapFaults,
  ...clientDmaFaults,
  ...dmaTransferFaults,
  ...featureFaults,
  ...migrationStateFaults,
  ...migrationFailureFaults,
  ...migrationDataFaults,
  ...dmaLoggingFaults,
  ...loggingReportFaults,
  ...orderFaults,
  ...sessionFaults,
  ...disconnectionFaults,
  ...programFaults,
  ...qemuLimitFaults,
  ...qemuRequestFaults,
  ...nearlyRightFaults,
];

/** All faults; their ids are unique. */
export const FAULTS: readonly Fault[] = [...single, ...survivorFaults(single)];
