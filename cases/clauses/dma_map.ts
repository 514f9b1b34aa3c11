import type { Clause } from "../../harness/case.ts";
import { ARGSZ_TOO_SMALL } from "./ambiguities.ts";

const EEXIST_NAMED =
  "The specification names EEXIST: accepting the map is the full breach, an error with another errno a lesser one.";

/** Clauses of section DMA_MAP. */
export const dmaMapClauses = {
  "dma-map-fd": {
    level: "must",
    section: "DMA_MAP",
    text: "A region with a file descriptor can be mapped, and the reply has no payload.",
  },
  "dma-map-nofd": {
    level: "must",
    section: "DMA_MAP",
    text: "A region without a file descriptor can be mapped; the server reaches it by messages.",
  },
  "dma-map-offset": {
    level: "must",
    section: "DMA_MAP",
    text:
      "A region that starts at an offset of its file can be mapped, and DMA reaches the file from that offset on.",
  },
  "dma-map-readonly": {
    level: "must",
    section: "DMA_MAP",
    text: "A readable region with a read-only file descriptor can be mapped.",
  },
  "dma-map-writeonly": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A region that is only writeable is mapped or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-noperm": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A region that is neither readable nor writeable is mapped or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-overlap-exact": {
    level: "must",
    section: "DMA_MAP",
    text: "A second map of a region that is mapped already is answered with the error EEXIST.",
    note: EEXIST_NAMED,
  },
  "dma-map-overlap-exact-otherfd": {
    level: "must",
    section: "DMA_MAP",
    text:
      "A second map of a mapped range with another descriptor, offset or flags is answered with the error EEXIST.",
    note: EEXIST_NAMED,
  },
  "dma-map-overlap-inside": {
    level: "must",
    section: "DMA_MAP",
    text: "A map within a mapped region is answered with the error EEXIST.",
    note: EEXIST_NAMED,
  },
  "dma-map-overlap-superset": {
    level: "must",
    section: "DMA_MAP",
    text: "A map that contains a mapped region is answered with the error EEXIST.",
    note: EEXIST_NAMED,
  },
  "dma-map-overlap-head-tail": {
    level: "must",
    section: "DMA_MAP",
    text:
      "A map that shares its first or last bytes with a mapped region is answered with the error EEXIST.",
    note: EEXIST_NAMED,
  },
  "dma-map-adjacent": {
    level: "must",
    section: "DMA_MAP",
    text: "A region that touches mapped regions without overlap can be mapped.",
  },
  "dma-map-overlap-keeps-old": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A map that is refused for its overlap leaves the region that was there mapped; it can still be unmapped.",
  },
  "dma-map-max": {
    level: "must",
    section: "VERSION",
    text: "As many regions as the server's max_dma_maps allows can be mapped at the same time.",
    note:
      "A server that does not announce max_dma_maps promises 65535 by default; only a refusal below the announced limit and within the first 4096 regions is a failure.",
  },
  "dma-map-over-max": {
    level: "robust",
    section: "VERSION",
    text:
      "A map beyond the announced max_dma_maps is carried out or refused with an error; the server survives.",
  },
  "dma-map-free-slot": {
    level: "should",
    section: "DMA_UNMAP",
    text: "A region that is unmapped at the limit makes room for another.",
  },
  "dma-map-pgsizes": {
    level: "robust",
    section: "VERSION",
    text:
      "An address or size that is no multiple of the smallest supported page is mapped or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-offset-unaligned": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A file offset that is no multiple of the page size is mapped or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-zero-size": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A map of size 0 is refused with an error, or taken and then unmapped like any other; the server survives.",
  },
  "dma-map-wrap": {
    level: "robust",
    section: "Security Considerations",
    text:
      "A map whose address plus size exceeds 64 bits is refused with an error or does no harm to other maps; the server survives.",
  },
  "dma-map-top-page": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "The last page of the 64-bit address space is mapped, and then can be unmapped, or is refused with an error; the server survives.",
  },
  "dma-map-huge": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A map of nearly the whole address space without a descriptor is carried out or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-huge-fd": {
    level: "robust",
    section: "Security Considerations",
    text:
      "A map far larger than the file behind its descriptor is carried out or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-beyond-eof": {
    level: "robust",
    section: "Security Considerations",
    text:
      "A map beyond the end of its file is carried out or refused with an error that maps nothing; the server survives, also when the device accesses it.",
  },
  "dma-map-truncate-later": {
    level: "robust",
    section: "Security Considerations",
    text:
      "A file that the client shortens after the map does not end the server when the device accesses the region.",
  },
  "dma-map-offset-negative": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A file offset beyond what a file can have is refused with an error, or does no harm until it is unmapped; the server survives.",
  },
  "dma-map-ro-fd-rw": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A writeable map of a read-only descriptor is carried out or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-fd-pipe": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A descriptor of a kind that cannot be mapped is refused with an error that maps nothing, or taken for access by file operations; the server survives and leaks none.",
  },
  "dma-map-two-fds": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A map with two descriptors is carried out or refused with an error that maps nothing; the server survives and leaks none.",
  },
  "dma-map-flags-unknown": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "Undefined flags of DMA_MAP are ignored or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-ext-mmap-nofd": {
    level: "may",
    section: "DMA_MAP",
    text:
      "Flags 2 and 3, with which an extension says how to reach the file, are ignored or refused with an error that maps nothing when no descriptor comes with them.",
  },
  "dma-map-argsz-small": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A DMA_MAP with an argsz below 32 is carried out or refused with an error that maps nothing; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "dma-map-argsz-large": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A DMA_MAP with an argsz above 32 is carried out or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-nofd-offset": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A map with a file offset but no descriptor is carried out or refused with an error that maps nothing; the server survives.",
  },
  "dma-map-unsupported-dma": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "A device without DMA carries out maps and unmaps or refuses them with an error; the server survives, and its replies are well formed.",
  },
  "dma-map-after-unmap": {
    level: "must",
    section: "DMA_UNMAP",
    text: "A range that has been unmapped can be mapped again.",
  },
  "dma-map-many-churn": {
    level: "robust",
    section: "DMA_MAP",
    text:
      "Thousands of maps and unmaps raise neither the number of descriptors that the server holds nor its time to answer.",
  },
  "dma-map-same-fd-many": {
    level: "must",
    section: "DMA_MAP",
    text: "Several regions of one file can be mapped, and unmapping one leaves the others mapped.",
  },
} as const satisfies Record<string, Clause>;
