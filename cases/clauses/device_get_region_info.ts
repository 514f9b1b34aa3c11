import type { Clause } from "../../harness/case.ts";
import { ARGSZ_TOO_SMALL } from "./ambiguities.ts";

/** Clauses of section DEVICE_GET_REGION_INFO and region capabilities. */
export const deviceGetRegionInfoClauses = {
  "reg-each-index": {
    level: "must",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "Every index below num_regions is answered with a region info, also where the region is not implemented.",
    note:
      "The specification does not say how a standard region is reported that the device lacks; a region of size 0 is expected, and an error gives a warning.",
  },
  "reg-index-echo": {
    level: "must",
    section: "DEVICE_GET_REGION_INFO",
    text: "The index in the reply is the index asked for.",
  },
  "reg-index-oob": {
    level: "must",
    section: "DEVICE_GET_REGION_INFO",
    text: "An index from num_regions up is answered with an error.",
  },
  "reg-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A DEVICE_GET_REGION_INFO with an argsz below 32 is refused with an error or answered with the argsz that it needs; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "reg-argsz-exact-nocaps": {
    level: "must",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "The info of a region without capabilities has a payload and an argsz of 32, a cap_offset of 0 and the CAPS flag clear.",
  },
  "reg-argsz-large-nocaps": {
    level: "must",
    section: "Message sizes",
    text:
      "The info of a region without capabilities is not padded when the argsz of the request allows more than its 32 bytes.",
  },
  "reg-trunc-argsz": {
    level: "must",
    section: "Message sizes",
    text:
      "With room for 32 bytes only, the info of a region with capabilities is cut to these 32 bytes, and its argsz tells the full size.",
  },
  "reg-trunc-payload-bound": {
    level: "must",
    section: "Message sizes",
    text:
      "A reply to DEVICE_GET_REGION_INFO never carries more payload than the argsz of the request allows.",
  },
  "reg-trunc-flags": {
    level: "robust",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "In a region info without room for its capabilities, the CAPS flag and cap_offset agree: both clear, or set with an offset from 32 up to the announced argsz.",
  },
  "reg-full-caps": {
    level: "must",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "Given the argsz that it asked for, the server sends the full region info, with the CAPS flag and a cap_offset that points at a capability within the payload.",
  },
  "reg-caps-aligned": {
    level: "robust",
    section: "VFIO region capabilities",
    text: "The cap_offset and each next of the capabilities are multiples of 8.",
  },
  "reg-caps-chain": {
    level: "must",
    section: "VFIO region capabilities",
    text: "The chain of capabilities ends, has no loop and lies within the payload.",
  },
  "reg-caps-unknown": {
    level: "should",
    section: "VFIO region capabilities",
    text: "A region may have capabilities that the specification does not describe.",
    noCase:
      "Any capability is allowed, so no answer of a server breaches this; every case steps over those that it does not know.",
  },
  "reg-sparse-version": {
    level: "must",
    section: "VFIO region info cap sparse mmap",
    text: "The sparse mmap capability has version 1.",
  },
  "reg-sparse-nr": {
    level: "must",
    section: "VFIO region info cap sparse mmap",
    text:
      "The nr_areas areas of a sparse mmap capability fit between its start and the next capability or the end of the payload.",
  },
  "reg-sparse-bounds": {
    level: "must",
    section: "VFIO region info cap sparse mmap",
    text: "Every sparse mmap area has a size above 0 and lies within its region.",
  },
  "reg-sparse-page-aligned": {
    level: "robust",
    section: "VFIO region info cap sparse mmap",
    text: "Sparse mmap areas start and end on page boundaries, as only whole pages can be mapped.",
  },
  "reg-sparse-disjoint": {
    level: "robust",
    section: "VFIO region info cap sparse mmap",
    text: "Sparse mmap areas of a region do not overlap.",
  },
  "reg-mmap-fd": {
    level: "must",
    section: "DEVICE_GET_REGION_INFO",
    text: "The full info of a region with the MMAP flag comes with a file descriptor.",
    note:
      "The MMAP flag promises a descriptor in the reply, yet a reply cut by argsz has to be asked for again; the descriptor is demanded of the full reply only.",
  },
  "reg-nommap-nofd": {
    level: "should",
    section: "DEVICE_GET_REGION_INFO",
    text: "The info of a region without the MMAP flag comes without file descriptors.",
  },
  "reg-fd-count": {
    level: "robust",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "A region info carries one file descriptor at most, and never more than the max_msg_fds of the client.",
  },
  "reg-mmap-works": {
    level: "must",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "The mappable parts of a region can be mapped with mmap at the announced offset, with the protection that the READ and WRITE flags allow.",
  },
  "reg-mmap-coherent": {
    level: "should",
    section: "Read and Write Operations",
    text:
      "What is written through the mapping of a region is seen by REGION_READ, and what REGION_WRITE writes is seen through the mapping.",
  },
  "reg-mmap-rw-still": {
    level: "must",
    section: "Read and Write Operations",
    text: "A mappable region with the READ flag also answers REGION_READ.",
  },
  "reg-flags-known": {
    level: "should",
    section: "DEVICE_GET_REGION_INFO",
    text: "A region info sets no flags but READ, WRITE, MMAP and CAPS.",
  },
  "reg-flags-size0": {
    level: "robust",
    section: "DEVICE_GET_REGION_INFO",
    text: "A region of size 0 has the READ, WRITE and MMAP flags clear.",
  },
  "reg-config-region": {
    level: "robust",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "The PCI configuration space (region 7) has 256 or 4096 bytes, can be read, and cannot be mapped; one that cannot be written gives a note.",
  },
  "reg-bar-size-pow2": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "The size of a BAR is 0 or a power of two, at least 4 for I/O space and 16 for memory space.",
  },
  "reg-64bit-upper": {
    level: "robust",
    section: "PCI configuration space",
    text: "The region of the upper half of a 64-bit BAR has size 0.",
  },
  "reg-type-cap": {
    level: "must",
    section: "Device-Specific Regions",
    text: "A region beyond the 9 standard ones has a type capability.",
  },
  "reg-nonzero-request": {
    level: "robust",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "A DEVICE_GET_REGION_INFO whose other fields are not zero is answered as usual or refused with an error; the server survives.",
  },
  "reg-fd-not-leaked": {
    level: "robust",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "Asking for region info time and again does not raise the number of descriptors that the server holds.",
  },
} as const satisfies Record<string, Clause>;
