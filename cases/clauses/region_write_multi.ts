import type { Clause } from "../../harness/case.ts";

/** Clauses of section REGION_WRITE_MULTI. */
export const regionWriteMultiClauses = {
  "multi-unsupported": {
    level: "must",
    section: "REGION_WRITE_MULTI",
    text:
      "Where write_multiple was not offered, REGION_WRITE_MULTI is answered with an error, and the messages behind it are still understood.",
  },
  "multi-basic": {
    level: "may",
    section: "REGION_WRITE_MULTI",
    text: "REGION_WRITE_MULTI carries out its writes, and wr_cnt in the reply is their number.",
  },
  "multi-order": {
    level: "may",
    section: "REGION_WRITE_MULTI",
    text: "The writes of one message are carried out in the order of the array.",
  },
  "multi-zero": {
    level: "robust",
    section: "REGION_WRITE_MULTI",
    text:
      "A message with no writes is answered with a wr_cnt of 0 or refused with an error; the server survives.",
  },
  "multi-count-gt-8": {
    level: "may",
    section: "REGION_WRITE_MULTI",
    text:
      "A write with a count above 8, for which an entry has no room, is not carried out: the message fails, or wr_cnt in the reply is smaller.",
  },
  "multi-cnt-lies": {
    level: "may",
    section: "Security Considerations",
    text:
      "A wr_cnt above the number of writes in the message is answered with an error; the server survives.",
  },
  "multi-partial-fail": {
    level: "may",
    section: "REGION_WRITE_MULTI",
    text:
      "Where one of several writes fails, the reply counts the writes that were completed, or is an error.",
  },
  "multi-noreply": {
    level: "may",
    section: "Header",
    text:
      "REGION_WRITE_MULTI with No_reply gets no reply, and a read after it sees what was written.",
  },
} as const satisfies Record<string, Clause>;
