import type { ReplyDemands } from "../harness/case.ts";
import { anyError, closed, command, dmaMap, dmaUnmap, expect, reply } from "../harness/steps.ts";
import { Command, PAGE } from "../harness/wire/constants.ts";
import { DmaUnmap } from "../harness/wire/messages.ts";
import { struct, u64 } from "../harness/wire/struct.ts";
import type { ClauseId } from "./clauses/mod.ts";
import { backed, blocks } from "./guest_blocks.ts";
import type { Row } from "./row.ts";

/** Flags of an extension. */
const GET_DIRTY_BITMAP = 0x1;
const UNMAP_ALL = 0x2;

/** What follows the head of DMA_UNMAP with GET_DIRTY_BITMAP. */
const Bitmap = struct({
  pgsize: u64, // 0
  size: u64, //   8  bytes of the bitmap that the reply carries behind this
});

const oddities: Row[] = ([
  ["dma-unmap-argsz-small", "argsz-0", "argsz 0", { argsz: 0 }],
  ["dma-unmap-argsz-small", "argsz-23", "argsz 23", { argsz: 23 }],
  ["dma-unmap-argsz-large", "argsz-1-mib", "argsz 1 MiB", { argsz: 1 << 20 }],
  ["dma-unmap-argsz-large", "argsz-huge", "argsz 0xffffffff", { argsz: 0xffff_ffff }],
  ["dma-unmap-flags-unknown", "flag-bit-2", "flag bit 2", { flags: 0x4 }],
  ["dma-unmap-flags-unknown", "flag-bit-31", "flag bit 31", { flags: 0x8000_0000 }],
  [
    "dma-unmap-flag-dirty-short",
    "dirty-bitmap-without-structure",
    "the flag to return the dirty bitmap but no bitmap structure",
    { flags: GET_DIRTY_BITMAP },
  ],
] satisfies [ClauseId, string, string, Parameters<typeof dmaUnmap>[0]][]).map((
  [clause, id, what, given],
) => ({
  id,
  title: `Unmaps a region with ${what}`,
  clause,
  steps: [
    dmaMap(backed(0)),
    expect(reply()),
    dmaUnmap({ ...blocks(0), ...given }),
    expect(anyError(), reply(), closed()),
  ],
}));

/** Holds for this outcome only after a reply without error to the flag to unmap all. */
const allWereUnmapped: ReplyDemands = {
  wants: "as all regions had been unmapped",
  check: (_, saved) => saved.has("all") ? undefined : "the region gone, though unmap all failed",
};

const unlessAllWereUnmapped: ReplyDemands = {
  wants: "unless unmap all succeeded",
  check: (_, saved) => saved.has("all") ? "the region mapped, after unmap all" : undefined,
};

/** DMA_UNMAP beyond what the specification describes. */
export const dmaUnmapRobustness: readonly Row[] = [
  {
    id: "nothing-at-all",
    title: "Unmaps 0 bytes at address 0 while nothing is mapped",
    clause: "dma-unmap-zero",
    steps: [dmaUnmap({ address: 0n, size: 0n }), expect(anyError(), reply(), closed())],
  },
  ...oddities,
  {
    id: "unmap-all",
    title: "Unmaps everything with the flag of an extension, and then what was mapped",
    clause: "dma-unmap-flag-all",
    needs: ["two-dma-maps"],
    steps: [
      ...[0, 2].flatMap((at) => [dmaMap(backed(at)), expect(reply())]),
      dmaUnmap({ flags: UNMAP_ALL, address: 0n, size: 0n }),
      expect(reply({}, { save: "all" }), anyError()),
      ...[0, 2].flatMap((at) => [
        dmaUnmap(blocks(at)),
        expect(anyError(allWereUnmapped), reply({}, unlessAllWereUnmapped)),
      ]),
    ],
  },
  {
    id: "unmap-all-with-address-and-size",
    title: "Unmaps everything with the flag of an extension, but names a region",
    clause: "dma-unmap-flag-all-args",
    steps: [
      dmaUnmap({ flags: UNMAP_ALL, address: 0n, size: 0n }),
      expect(reply({}, { save: "all" }), anyError()),
      dmaMap(backed(0)),
      expect(reply()),
      dmaUnmap({ ...blocks(0), flags: UNMAP_ALL }),
      expect(
        anyError(),
        reply({}, {
          wants: "unless it knows the flag",
          check: (_, saved) => saved.has("all") ? "a reply though it knows the flag" : undefined,
        }),
      ),
    ],
  },
  {
    id: "dirty-bitmap",
    title: "Unmaps a region with the flag to return the dirty bitmap and the bitmap structure",
    clause: "dma-unmap-flag-dirty",
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      command(
        Command.DMA_UNMAP,
        DmaUnmap.encode({
          argsz: DmaUnmap.size + Bitmap.size + 8,
          flags: GET_DIRTY_BITMAP,
          ...blocks(0),
        }),
        Bitmap.encode({ pgsize: BigInt(PAGE), size: 8n }),
      ),
      expect(reply(), anyError()),
    ],
  },
];
