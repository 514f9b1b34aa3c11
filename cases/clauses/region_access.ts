import type { Clause } from "../../harness/case.ts";

const COUNT_ZERO =
  "The specification does not mention a count of 0; an error, the usual reply and a reply without payload are accepted.";

const TRANSFER_LIMIT =
  "The specification limits count by the peer's max_data_xfer_size, which for a read may mean either side; graded with equal limits on both sides.";

/** Clauses of sections REGION_READ and REGION_WRITE, and the PCI configuration space behind them. */
export const regionAccessClauses = {
  "rd-basic": {
    level: "must",
    section: "REGION_READ",
    text:
      "REGION_READ is answered with the offset, region and count of the access, followed by the data.",
  },
  "wr-basic": {
    level: "must",
    section: "REGION_WRITE",
    text: "REGION_WRITE is answered with the offset, region and count of the access, and no data.",
  },
  "rd-count-le": {
    level: "must",
    section: "REGION_READ",
    text:
      "The count in a REGION_READ reply is at most the count asked for, and exactly that many bytes of data follow.",
  },
  "rd-last-byte": {
    level: "must",
    section: "REGION_READ",
    text:
      "The last byte of a region can be read; a BAR may refuse the width of the access with an error.",
  },
  "rd-past-end": {
    level: "must",
    section: "REGION_READ",
    text:
      "A read beyond the end of a region is answered with an error, or with no more than the bytes that lie within the region.",
  },
  "wr-past-end": {
    level: "must",
    section: "REGION_WRITE",
    text:
      "A write beyond the end of a region is answered with an error and changes nothing, or writes no more than the part within the region.",
  },
  "rw-offset-wrap": {
    level: "must",
    section: "Security Considerations",
    text:
      "An access whose offset plus count exceeds 64 bits is answered with an error; the server survives.",
  },
  "rw-region-oob": {
    level: "must",
    section: "REGION_READ, REGION_WRITE",
    text: "An access to a region index from num_regions up is answered with an error.",
  },
  "rw-region-size0": {
    level: "must",
    section: "REGION_READ, REGION_WRITE",
    text: "An access to a region of size 0 is answered with an error.",
  },
  "rd-count-zero": {
    level: "robust",
    section: "REGION_READ",
    text:
      "A read of 0 bytes is answered without data or refused with an error; the server survives, and the next message is understood.",
    note: COUNT_ZERO,
  },
  "wr-count-zero": {
    level: "robust",
    section: "REGION_WRITE",
    text:
      "A write of 0 bytes is answered as usual or refused with an error; the server survives, and the next message is understood.",
    note: COUNT_ZERO,
  },
  "rd-count-huge": {
    level: "must",
    section: "Read and Write Operations",
    text:
      "A read with a count above max_data_xfer_size is answered with an error, and no buffer of that size is allocated.",
    note: TRANSFER_LIMIT,
  },
  "rd-count-max": {
    level: "should",
    section: "Read and Write Operations",
    text:
      "A read of max_data_xfer_size bytes, or of the whole region where that is smaller, is carried out, in full or in part.",
    note: TRANSFER_LIMIT,
  },
  "wr-count-max": {
    level: "should",
    section: "Read and Write Operations",
    text:
      "A write of max_data_xfer_size bytes is carried out where the region has room for it, and answered with an error where not; the next message is understood.",
  },
  "wr-count-mismatch-short": {
    level: "must",
    section: "REGION_WRITE",
    text: "A write with less data than its count is answered with an error.",
  },
  "wr-count-mismatch-long": {
    level: "robust",
    section: "REGION_WRITE",
    text:
      "A write with more data than its count is carried out or refused with an error; the server survives, and the next message is understood.",
  },
  "rd-with-data": {
    level: "robust",
    section: "REGION_READ",
    text:
      "A read request with data behind it is carried out or refused with an error; the server survives, and the next message is understood.",
  },
  "rd-noread-region": {
    level: "should",
    section: "DEVICE_GET_REGION_INFO",
    text: "A read from a region without the READ flag is answered with an error.",
  },
  "wr-readonly-region": {
    level: "should",
    section: "DEVICE_GET_REGION_INFO",
    text:
      "A write to a region without the WRITE flag is answered with an error and changes nothing.",
  },
  "rw-unaligned": {
    level: "robust",
    section: "REGION_READ, REGION_WRITE",
    text:
      "An access of unnatural width or alignment is carried out or refused with an error; the server survives, and the next message is understood.",
  },
  "rw-1-2-4-8": {
    level: "robust",
    section: "REGION_READ, REGION_WRITE",
    text:
      "Naturally aligned accesses of 1, 2, 4 and 8 bytes are carried out or refused with an error; the server survives, and the next message is understood.",
  },
  "rw-readback": {
    level: "robust",
    section: "REGION_READ, REGION_WRITE",
    text: "What is written to a plain register is read back.",
  },
  "rw-exact-after-err": {
    level: "must",
    section: "Header",
    text:
      "A write that is answered with an error takes its data off the stream, so that the next message is understood.",
  },
  "cfg-vendor": {
    level: "must",
    section: "PCI configuration space",
    text: "The vendor ID in the configuration space is not 0xffff, which stands for no device.",
  },
  "cfg-bulk-read": {
    level: "qemu",
    section: "REGION_READ",
    text:
      "A single REGION_READ of the whole configuration space, as QEMU sends it, returns all its bytes.",
  },
  "cfg-read-any-width": {
    level: "should",
    section: "PCI configuration space",
    text: "Reads of the configuration space give the same bytes, whatever their width and offset.",
  },
  "cfg-past-end": {
    level: "must",
    section: "REGION_READ",
    text: "A read behind the end of the configuration space is answered with an error.",
  },
  "cfg-ro-ids": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "Read-only identification fields keep their values when written, whether the write is ignored or refused with an error.",
  },
  "cfg-bar-sizing": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "A BAR written with ones reads back as the mask of its size, with its low flag bits kept.",
  },
  "cfg-bar-unimpl": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "The BAR of a region that is not implemented reads as 0, before and after it is written with ones.",
  },
  "cfg-bar-64": {
    level: "robust",
    section: "PCI configuration space",
    text: "A 64-bit BAR says so in its type bits, and its upper half takes part in the sizing.",
  },
  "cfg-bar-partial": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "A write to a part of a BAR is carried out or refused with an error; the server survives.",
  },
  "cfg-cmd-rw": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "The bits for I/O space, memory space, bus master and interrupt disable in the command register can be written and read back.",
  },
  "cfg-cmd-all-ones": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "A command register written with ones takes the bits that the device implements, keeps reserved bits at 0 and reports no error.",
  },
  "cfg-cmd-1-byte": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "A write of the low byte of the command register leaves its high byte unchanged, without a read beyond the message.",
  },
  "cfg-status-w1c": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "Writing ones to the status register leaves its read-only bits unchanged and reports no error.",
  },
  "cfg-intline": {
    level: "robust",
    section: "PCI configuration space",
    text: "The interrupt line register can be written and read back.",
  },
  "cfg-intpin": {
    level: "robust",
    section: "PCI configuration space",
    text: "The interrupt pin register is non-zero exactly when the device has an INTX interrupt.",
  },
  "cfg-rom-sizing": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "The expansion ROM register written with ones reads back as the mask of the ROM's size, or as 0 without a ROM.",
  },
  "cfg-caps-walk": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "The list of capabilities in the configuration space ends, has no loop, and its entries are aligned to 4 bytes and lie behind the header.",
  },
  "cfg-extcaps-walk": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "The list of extended capabilities in a configuration space of 4096 bytes is empty, or ends without a loop.",
  },
  "cfg-msix-consistent": {
    level: "qemu",
    section: "PCI configuration space",
    text:
      "The MSI-X table and pending bit array lie within the BARs that the capability names; QEMU refuses the device otherwise.",
  },
  "cfg-write-undefined": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "A write to a part of the configuration space that holds nothing is ignored or refused with an error; the server survives, and the next message is understood.",
  },
  "cfg-not-mappable": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "The configuration space does not have the MMAP flag, as the server has to see every access to it.",
  },
} as const satisfies Record<string, Clause>;
