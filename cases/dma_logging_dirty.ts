import type { DmaRequest } from "../harness/case.ts";
import { dmaMap, expect, reply } from "../harness/steps.ts";
import { PAGE } from "../harness/wire/constants.ts";
import { deviceReads, deviceWrites, mark } from "./device_dma.ts";
import { dirty, report, startLogging, stopLogging } from "./dirty_pages.ts";
import { backed } from "./guest_blocks.ts";
import {
  COUNT,
  demanded,
  inPage,
  logging,
  RANGE,
  seeRequests,
  writtenAndReported,
} from "./logged_range.ts";
import type { Row } from "./row.ts";

const writes: readonly Row[] = [
  { id: "page-0", title: "the first page", written: [inPage(0, 0)] },
  { id: "page-5", title: "page 5", written: [inPage(5)] },
  { id: "page-63", title: "the last page of the first word", written: [inPage(63, PAGE - COUNT)] },
  { id: "page-64", title: "the first page of the second word", written: [inPage(64, 0)] },
  { id: "page-127", title: "the last page", written: [inPage(127, PAGE - COUNT)] },
  {
    id: "pages-0-1-63-64-127",
    title: "five pages",
    written: [0, 1, 63, 64, 127].map((page) => inPage(page)),
  },
  {
    id: "two-pages-at-once",
    title: "the end of one page and the next",
    written: [inPage(9, PAGE - 2)],
  },
  { id: "page-twice", title: "a page twice", written: [inPage(8), inPage(8, 0x200)] },
].map(({ id, title, written }): Row => ({
  id: `written-${id}`,
  title: `Makes the device write ${title} and looks at every bit of the report`,
  clause: "log-report-dirty",
  needs: ["dma-logging", "device-dma-write"],
  steps: (device) => [...logging(), ...writtenAndReported(device, { written }), ...stopLogging()],
}));

const cleans: readonly Row[] = [
  {
    id: "written-before-start",
    title: "Makes the device write before DMA logging is started",
    clause: "log-report-dirty",
    needs: ["dma-logging", "device-dma-write"],
    steps: (device) => [
      dmaMap(backed(0, 8)),
      expect(reply()),
      ...deviceWrites(device, { ...inPage(7), bytes: mark(1) }),
      startLogging(),
      expect(reply({}, { save: "started" })),
      ...demanded({ written: [] }),
      ...stopLogging(),
    ],
  },
  {
    id: "written-between-reports",
    title: "Makes the device write another page after a report",
    clause: "log-report-dirty",
    needs: ["dma-logging", "device-dma-write"],
    steps: (device) => {
      const byMessage: DmaRequest[] = [];
      return [
        ...logging(),
        ...writtenAndReported(device, { written: [inPage(11)] }),
        ...deviceWrites(device, { ...inPage(99), bytes: mark(2) }),
        seeRequests(byMessage),
        report(RANGE),
        // Whether a report clears is for a row of its own: the first page may be set or not.
        expect(
          reply({}, dirty(RANGE, [inPage(99)], { byMessage })),
          reply({}, dirty(RANGE, [inPage(11), inPage(99)], { byMessage })),
        ),
        ...stopLogging(),
      ];
    },
  },
  {
    id: "written-before-second-start",
    title: "Makes the device write, stops DMA logging and starts it again",
    clause: "log-report-dirty",
    needs: ["dma-logging", "device-dma-write"],
    steps: (device) => [
      ...logging(),
      ...deviceWrites(device, { ...inPage(12), bytes: mark(3) }),
      ...stopLogging(),
      startLogging(),
      expect(reply({}, { save: "started" })),
      ...demanded({ written: [] }),
      ...stopLogging(),
    ],
  },
  {
    id: "read-by-device",
    title: "Makes the device read a page and looks at every bit of the report",
    clause: "log-report-dirty",
    needs: ["dma-logging", "device-dma-read"],
    steps: (device) => [
      ...logging(),
      ...deviceReads(device, { address: inPage(6).address, bytes: new Uint8Array(COUNT) }),
      ...demanded({ written: [] }),
      ...stopLogging(),
    ],
  },
];

/** Section DMA_LOGGING_REPORT: which bits are set. */
export const dmaLoggingDirty: readonly Row[] = [...writes, ...cleans];
