/**
 * What the reference server can be made to do wrong, in the order of the specification.
 *
 * @module
 */
import type { Fault } from "../fault.ts";
import { agreementFaults } from "./agreements.ts";
import { clientDmaFaults } from "./client_dma.ts";
import { deviceFaults } from "./device.ts";
import { dmaMapFaults } from "./dma_map.ts";
import { dmaRangeFaults } from "./dma_ranges.ts";
import { dmaUnmapFaults } from "./dma_unmap.ts";
import { framingFaults } from "./framing.ts";
import { irqCheckFaults } from "./irq_checks.ts";
import { irqEffectFaults } from "./irq_effects.ts";
import { irqInfoFaults } from "./irq_info.ts";
import { orderFaults } from "./order.ts";
import { payloadFaults } from "./payloads.ts";
import { pciConfigFaults } from "./pci_config.ts";
import { proposalFaults } from "./proposals.ts";
import { regionAccessFaults } from "./region_access.ts";
import { regionCapsFaults } from "./region_caps.ts";
import { regionDataFaults } from "./region_data.ts";
import { regionInfoFaults } from "./region_info.ts";
import { replyFaults } from "./replies.ts";
import { sessionFaults } from "./sessions.ts";
import { streamFaults } from "./stream.ts";

/** All faults; their ids are unique. */
export const FAULTS: readonly Fault[] = [
  ...replyFaults,
  ...framingFaults,
  ...payloadFaults,
  ...streamFaults,
  ...proposalFaults,
  ...agreementFaults,
  ...deviceFaults,
  ...regionInfoFaults,
  ...regionCapsFaults,
  ...irqInfoFaults,
  ...irqEffectFaults,
  ...irqCheckFaults,
  ...regionDataFaults,
  ...regionAccessFaults,
  ...pciConfigFaults,
  ...dmaRangeFaults,
  ...dmaMapFaults,
  ...dmaUnmapFaults,
  ...clientDmaFaults,
  ...orderFaults,
  ...sessionFaults,
];
