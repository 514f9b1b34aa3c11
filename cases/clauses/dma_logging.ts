import type { Clause } from "../../harness/case.ts";
import { ARGSZ_TOO_SMALL } from "./ambiguities.ts";

/** Clauses of sections DEVICE_FEATURE_DMA_LOGGING_START, _STOP and _REPORT. */
export const dmaLoggingClauses = {
  "log-start-basic": {
    level: "may",
    section: "DEVICE_FEATURE_DMA_LOGGING_START",
    text:
      "DMA logging can be started for all regions, and the reply is the request with the page size that the server chose.",
  },
  "log-start-ranges": {
    level: "may",
    section: "DEVICE_FEATURE_DMA_LOGGING_START",
    text: "DMA logging can be started for some ranges, which the reply repeats.",
  },
  "log-start-pgsize-hint": {
    level: "may",
    section: "DEVICE_FEATURE_DMA_LOGGING_START",
    text:
      "A page size that the server does not support is replaced by one of its choice, as it is a hint.",
  },
  "log-start-zero": {
    level: "robust",
    section: "DEVICE_FEATURE_DMA_LOGGING_START",
    text:
      "A page size of 0 is replaced by one of the server's choice or refused with an error; the server survives.",
  },
  "log-start-num-lies": {
    level: "must",
    section: "Security Considerations",
    text:
      "A num_ranges above the number of ranges in the message is ignored or answered with an error, without a read beyond the message; the server survives.",
  },
  "log-start-twice": {
    level: "robust",
    section: "DEVICE_FEATURE_DMA_LOGGING_START",
    text:
      "Starting DMA logging a second time succeeds or is refused with an error; the server survives.",
  },
  "log-start-nodma": {
    level: "robust",
    section: "Security Considerations",
    text:
      "Starting DMA logging on a device without DMA is refused with an error or has no effect; the server survives.",
    noCase:
      "A client cannot tell a device without DMA from one with it; a server that dies of the start fails the cases that start DMA logging.",
  },
  "log-stop": {
    level: "may",
    section: "DEVICE_FEATURE_DMA_LOGGING_STOP",
    text: "DMA logging can be stopped, without data or with data like those of the start.",
    note:
      "The specification gives stop the data of start by a common heading, while the interface that it follows has none; graded as passed when either form works.",
  },
  "log-stop-idle": {
    level: "robust",
    section: "DEVICE_FEATURE_DMA_LOGGING_STOP",
    text:
      "Stopping DMA logging that was not started succeeds or is refused with an error; the server survives.",
  },
  "log-report-basic": {
    level: "may",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text:
      "With DMA logging started, a report has the 24 bytes of its request and then the bitmap, and its argsz is the size of the payload.",
  },
  "log-report-clear": {
    level: "may",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text: "A report after another, with no DMA in between, has no bits set.",
  },
  "log-report-not-started": {
    level: "must",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text: "A report while DMA logging is not started is answered with an error.",
  },
  "log-report-pgsize-pow2": {
    level: "must",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text: "A report with a page size that is no power of two is answered with an error.",
  },
  "log-report-pgsize-vary": {
    level: "may",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text:
      "A report can have another page size than the start; the bits are repeated or merged to fit it.",
  },
  "log-report-pgsize-small": {
    level: "robust",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text:
      "A report in smaller pages than DMA is logged in is answered in time or refused with an error; the server survives.",
  },
  "log-report-subrange": {
    level: "should",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text: "A report can cover a part of a mapped region.",
  },
  "log-report-span": {
    level: "should",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text: "A report can cover several adjacent regions.",
  },
  "log-report-unmapped": {
    level: "robust",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text:
      "A report on a range that is not mapped has no bits set or is refused with an error; the server survives.",
  },
  "log-report-msg-region": {
    level: "robust",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text:
      "A report on a region without descriptor is answered with a bitmap or with an error; the server survives.",
  },
  "log-report-bits-outside": {
    level: "must",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text:
      "The bitmap is made of whole 64-bit words, and its bits outside the range asked for are 0.",
  },
  "log-report-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A report with an argsz too small for the bitmap is refused with an error or answered with the argsz that it needs; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "log-report-huge": {
    level: "robust",
    section: "Security Considerations",
    text:
      "A report that needs a bitmap beyond all memory is refused with an error, and no such buffer is allocated; the server survives.",
  },
  "log-report-dirty": {
    level: "should",
    section: "DEVICE_FEATURE_DMA_LOGGING_REPORT",
    text:
      "A page that the device has written has its bit set in the report, and pages that it has not written have theirs clear.",
    note:
      "The specification's formula takes the word by the page number and the bit by the byte address; graded by page p in bit p % 64 of word p / 64.",
  },
  "log-unmap-while-on": {
    level: "robust",
    section: "DEVICE_FEATURE_DMA_LOGGING_START",
    text: "Regions can be mapped and unmapped while DMA is logged, and the server survives.",
  },
} as const satisfies Record<string, Clause>;
