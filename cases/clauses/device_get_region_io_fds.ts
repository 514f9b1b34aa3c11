import type { Clause } from "../../harness/case.ts";
import { ARGSZ_TOO_SMALL } from "./ambiguities.ts";

const IO_FDS_NONE =
  "The specification promises at least one descriptor, which cannot hold without sub-regions in the reply; descriptors are demanded only together with sub-regions.";

/** Clauses of section DEVICE_GET_REGION_IO_FDS. */
export const deviceGetRegionIoFdsClauses = {
  "iofds-supported-or-err": {
    level: "may",
    section: "DEVICE_GET_REGION_IO_FDS",
    text:
      "DEVICE_GET_REGION_IO_FDS, which is optional, is carried out or answered with an error, and the messages behind it are still understood.",
  },
  "iofds-flags-nonzero": {
    level: "should",
    section: "DEVICE_GET_REGION_IO_FDS",
    text: "A DEVICE_GET_REGION_IO_FDS with flags other than 0 is answered with an error.",
  },
  "iofds-count-nonzero": {
    level: "should",
    section: "DEVICE_GET_REGION_IO_FDS",
    text: "A DEVICE_GET_REGION_IO_FDS with a count other than 0 is answered with an error.",
  },
  "iofds-index-oob": {
    level: "must",
    section: "DEVICE_GET_REGION_IO_FDS",
    text: "A DEVICE_GET_REGION_IO_FDS with an index from num_regions up is answered with an error.",
  },
  "iofds-unimpl-region": {
    level: "robust",
    section: "DEVICE_GET_REGION_IO_FDS",
    text:
      "Asked for the sub-regions of a region of size 0, the server answers with an error or a count of 0; it survives.",
  },
  "iofds-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A DEVICE_GET_REGION_IO_FDS with an argsz below 16 is refused with an error or answered with the argsz that it needs; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "iofds-argsz-huge": {
    level: "robust",
    section: "Message sizes",
    text:
      "A DEVICE_GET_REGION_IO_FDS with an argsz beyond any transfer size is answered as usual or refused with an error; the server survives.",
  },
  "iofds-none": {
    level: "must",
    section: "DEVICE_GET_REGION_IO_FDS",
    text:
      "For a region without sub-regions the reply has a count of 0, and a payload and an argsz of 16.",
    note: IO_FDS_NONE,
  },
  "iofds-trunc": {
    level: "must",
    section: "Message sizes",
    text:
      "With room for 16 bytes only, the reply for a region with sub-regions is cut to these 16 bytes, and its argsz tells the full size.",
    note: IO_FDS_NONE,
  },
  "iofds-reply-fields": {
    level: "must",
    section: "DEVICE_GET_REGION_IO_FDS",
    text: "The reply has flags of 0 and the index asked for.",
  },
  "iofds-stride": {
    level: "must",
    section: "DEVICE_GET_REGION_IO_FDS",
    text:
      "The sub-regions have equal sizes of at least 40 bytes and fill the reply behind its first 16 bytes up to argsz.",
    note:
      "The specification's formula, (argsz - 32) / count from the start of the payload, does not fit its own 16-byte head; graded by (argsz - 16) / count behind the head, at least 40.",
  },
  "iofds-fd-index": {
    level: "must",
    section: "DEVICE_GET_REGION_IO_FDS",
    text: "Every fd_index names a file descriptor of the same reply; sub-regions may share one.",
  },
  "iofds-type": {
    level: "must",
    section: "DEVICE_GET_REGION_IO_FDS",
    text:
      "The type of every sub-region is one that the specification defines, ioeventfd (0) or ioregionfd (1), or the known extension 2.",
  },
  "iofds-bounds": {
    level: "robust",
    section: "DEVICE_GET_REGION_IO_FDS",
    text: "Every sub-region lies within its region.",
  },
  "iofds-posted": {
    level: "must",
    section: "DEVICE_GET_REGION_IO_FDS",
    text: "An ioregionfd sub-region of size 0 has the flag KVM_IOREGION_POSTED_WRITES.",
  },
  "iofds-eventfd-kick": {
    level: "should",
    section: "DEVICE_GET_REGION_IO_FDS",
    text:
      "A signal on the eventfd of a sub-region reaches the device like the register write that it stands for.",
  },
} as const satisfies Record<string, Clause>;
