import type { Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import {
  anyError,
  closed,
  countDescriptors,
  dmaMap,
  dmaUnmap,
  expect,
  memory,
  reply,
  sameDescriptors,
} from "../harness/steps.ts";
import { PAGE } from "../harness/wire/constants.ts";
import { backed, BLOCK, blocks, smallestPage } from "./guest_blocks.ts";
import type { Row } from "./row.ts";

/** A server that announces more, or nothing, is asked for no more than this. */
const MOST_MAPS = 4096;
const CHURN = 2000;
const REFUSALS = 200;

/** Address and size of page `n` of guest memory. */
function page(device: DeviceFacts, n: number): { address: bigint; size: bigint } {
  const size = smallestPage(device);
  return { address: 0x1000_0000n + BigInt(n) * size, size };
}

function mapMany(device: DeviceFacts, count: number): Step[] {
  return Array.from({ length: count }, (_, n) => [dmaMap(page(device, n)), expect(reply())]).flat();
}

/** How many regions there can be, at the same time and one after the other. */
export const dmaMapLimits: readonly Row[] = [
  {
    id: "as-many-as-announced",
    title: `Maps max_dma_maps regions, or ${MOST_MAPS} if there may be more`,
    clause: "dma-map-max",
    steps: (device) => mapMany(device, Math.min(device.capabilities.maxDmaMaps, MOST_MAPS)),
  },
  {
    id: "one-more-than-announced",
    title: "Maps one region more than max_dma_maps",
    clause: "dma-map-over-max",
    needs: ["announced-max-dma-maps", "max-dma-maps<=4096"],
    steps: (device) => [
      ...mapMany(device, device.capabilities.maxDmaMaps),
      dmaMap(page(device, device.capabilities.maxDmaMaps)),
      expect(anyError(), reply(), closed()),
    ],
  },
  {
    id: "another-after-unmap-at-the-limit",
    title: "Maps max_dma_maps regions, unmaps one and maps another",
    clause: "dma-map-free-slot",
    needs: ["announced-max-dma-maps", "max-dma-maps<=4096"],
    steps: (device) => [
      ...mapMany(device, device.capabilities.maxDmaMaps),
      dmaUnmap(page(device, 0)),
      expect(reply()),
      dmaMap(page(device, device.capabilities.maxDmaMaps)),
      expect(reply()),
    ],
  },
  {
    id: "map-and-unmap-thousands-of-times",
    title: `Maps and unmaps a region with a descriptor ${CHURN} times`,
    clause: "dma-map-many-churn",
    needs: ["local-process"],
    steps: () => [
      countDescriptors(),
      ...Array.from({ length: CHURN }, () => [
        dmaMap({ fds: [memory(PAGE, { name: "guest" })] }),
        expect(reply()),
        dmaUnmap(),
        expect(reply()),
      ]).flat(),
      sameDescriptors(),
    ],
  },
  {
    id: "refused-hundreds-of-times",
    title: `Maps a range that is mapped already ${REFUSALS} times, each with a descriptor`,
    clause: "dma-map-many-churn",
    needs: ["local-process"],
    steps: () => [
      dmaMap(backed(0, 2)),
      expect(reply()),
      countDescriptors(),
      ...Array.from({ length: REFUSALS }, () => [
        dmaMap({ ...blocks(1), fds: [memory(BLOCK, { name: "guest" })] }),
        expect(anyError(), reply()),
      ]).flat(),
      dmaUnmap(blocks(1)),
      expect(anyError(), reply()),
      sameDescriptors(),
    ],
  },
];
