import type { Clause } from "../../harness/case.ts";
import { ARGSZ_TOO_SMALL } from "./ambiguities.ts";

const UNMAP_MISS =
  "The specification demands an exact match and names no errno for a miss; any is accepted.";

const UNMAP_FLAGS =
  "The specification calls the flags unused, while clients and servers use two of them as an extension; both answers are accepted.";

/** Clauses of section DMA_UNMAP. */
export const dmaUnmapClauses = {
  "dma-unmap-exact": {
    level: "must",
    section: "DMA_UNMAP",
    text: "DMA_UNMAP of exactly a mapped region succeeds.",
  },
  "dma-unmap-echo": {
    level: "must",
    section: "DMA_UNMAP",
    text: "The reply to DMA_UNMAP carries the 24-byte DMA entry of the request.",
    note:
      "The specification calls argsz the maximum reply size and also returns the original entry; an argsz of 24 and that of the request are accepted.",
  },
  "dma-unmap-unknown": {
    level: "must",
    section: "DMA_UNMAP",
    text: "DMA_UNMAP of a range that was never mapped is answered with an error.",
    note: UNMAP_MISS,
  },
  "dma-unmap-twice": {
    level: "must",
    section: "DMA_UNMAP",
    text: "A second DMA_UNMAP of a region is answered with an error.",
    note: UNMAP_MISS,
  },
  "dma-unmap-partial": {
    level: "must",
    section: "DMA_UNMAP",
    text: "DMA_UNMAP of a part of a region is answered with an error, and the region stays mapped.",
    note: UNMAP_MISS,
  },
  "dma-unmap-superset": {
    level: "must",
    section: "DMA_UNMAP",
    text:
      "DMA_UNMAP of a range larger than a region, or over several regions, is answered with an error, and they stay mapped.",
    note: UNMAP_MISS,
  },
  "dma-unmap-releases-fd": {
    level: "must",
    section: "DMA_UNMAP",
    text:
      "When DMA_UNMAP is answered, the server holds neither the descriptor nor a mapping of the region's file.",
  },
  "dma-unmap-before-reply": {
    level: "should",
    section: "DMA_UNMAP",
    text: "When DMA_UNMAP is answered, the device no longer accesses the region.",
  },
  "dma-unmap-zero": {
    level: "robust",
    section: "DMA_UNMAP",
    text:
      "DMA_UNMAP of size 0 with nothing mapped has no effect or is refused with an error; the server survives.",
  },
  "dma-unmap-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A DMA_UNMAP with an argsz below 24 is carried out or refused with an error; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "dma-unmap-argsz-large": {
    level: "robust",
    section: "Message sizes",
    text:
      "A DMA_UNMAP with an argsz above 24 is carried out or refused with an error; the server survives.",
  },
  "dma-unmap-flags-unknown": {
    level: "robust",
    section: "DMA_UNMAP",
    text: "Undefined flags of DMA_UNMAP are ignored or refused with an error; the server survives.",
    note: UNMAP_FLAGS,
  },
  "dma-unmap-flag-all": {
    level: "may",
    section: "DMA_UNMAP",
    text: "The flag to unmap all, an extension, unmaps every region or is refused with an error.",
    note: UNMAP_FLAGS,
  },
  "dma-unmap-flag-all-args": {
    level: "may",
    section: "DMA_UNMAP",
    text:
      "A server that knows the flag to unmap all refuses it with an error when an address or a size comes with it.",
    note: UNMAP_FLAGS,
  },
  "dma-unmap-flag-dirty": {
    level: "may",
    section: "DMA_UNMAP",
    text:
      "The flag to return the dirty bitmap, an extension, is carried out or refused with an error, and the messages behind it are still understood.",
    note: UNMAP_FLAGS,
  },
  "dma-unmap-flag-dirty-short": {
    level: "robust",
    section: "Security Considerations",
    text:
      "The flag to return the dirty bitmap without the bitmap structure is refused with an error, without a read beyond the message; the server survives.",
    note: UNMAP_FLAGS,
  },
} as const satisfies Record<string, Clause>;
