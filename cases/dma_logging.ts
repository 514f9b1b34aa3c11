import type { Outcome } from "../harness/case.ts";
import type { Need } from "../harness/needs.ts";
import { anyError, closed, dmaMap, dmaUnmap, expect, remarkable, reply } from "../harness/steps.ts";
import { DeviceFeature, FeatureLoggingControl } from "../harness/wire/messages.ts";
import { report, startLogging, stopLogging, stopMessage } from "./dirty_pages.ts";
import { dmaLoggingDirty } from "./dma_logging_dirty.ts";
import { dmaLoggingReports } from "./dma_logging_reports.ts";
import { echo } from "./echo.ts";
import { backed, blocks } from "./guest_blocks.ts";
import { stopAnyhow } from "./logged_range.ts";
import type { Row, RowSuite } from "./row.ts";

const HEAD = DeviceFeature.size;
const ANYTHING: readonly Outcome[] = [reply(), anyError(), closed()];
/** What one, two and three ranges take. */
const MAPS: readonly (readonly Need[])[] = [[], ["two-dma-maps"], ["three-dma-maps"]];
/** The page size is the server's to choose. */
const PAGE_SIZE: readonly [number, number] = [HEAD, HEAD + 8];

const starts: readonly Row[] = [
  {
    id: "start",
    title: "Starts DMA logging for all of guest memory",
    clause: "log-start-basic",
    needs: ["dma-logging"],
    steps: [startLogging(), expect(echo(startLogging(), PAGE_SIZE)), ...stopLogging()],
  },
  {
    id: "start-with-map",
    title: "Maps a region and starts DMA logging for all of guest memory",
    clause: "log-start-basic",
    needs: ["dma-logging"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      startLogging(),
      expect(echo(startLogging(), PAGE_SIZE)),
      ...stopLogging(),
    ],
  },
  ...[1, 2, 3].map((count): Row => {
    const start = startLogging({
      ranges: Array.from({ length: count }, (_, i) => blocks(2 * i)),
    });
    return {
      id: `start-${count}-ranges`,
      title: `Starts DMA logging for ${count} mapped range${count === 1 ? "" : "s"}`,
      clause: "log-start-ranges",
      needs: ["dma-logging", ...MAPS[count - 1]!],
      steps: [
        ...[0, 2, 4].slice(0, count).flatMap((at) => [dmaMap(backed(at)), expect(reply())]),
        start,
        expect(echo(start, PAGE_SIZE)),
        ...stopLogging(),
      ],
    };
  }),
  ...[3000n, 1n << 40n].map((pageSize): Row => ({
    id: `start-page-size-${pageSize}`,
    title: `Starts DMA logging with the page size ${pageSize}`,
    clause: "log-start-pgsize-hint",
    needs: ["dma-logging"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      startLogging({ pageSize }),
      expect(
        choosesPowerOf2(),
        remarkable(reply(), "the page size chosen is no power of two"),
        remarkable(anyError(), "the page size was refused, though it is a hint"),
      ),
      ...stopLogging(),
    ],
  })),
  {
    id: "start-page-size-0",
    title: "Starts DMA logging with the page size 0",
    clause: "log-start-zero",
    needs: ["dma-logging"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      startLogging({ pageSize: 0n }),
      expect(...ANYTHING),
      ...stopAnyhow(),
    ],
  },
  ...[
    { id: "0-of-4-gi", ranges: 0, numRanges: 0xffff_ffff },
    { id: "0-of-1", ranges: 0, numRanges: 1 },
    { id: "1-of-2", ranges: 1, numRanges: 2 },
    // 16 bytes for each range make this nothing in 32 bits.
    { id: "1-of-256-mi", ranges: 1, numRanges: 0x1000_0000 },
  ].map(({ id, ranges, numRanges }): Row => ({
    id: `start-ranges-${id}`,
    title: `Starts DMA logging for ${numRanges} ranges and sends ${ranges}`,
    clause: "log-start-num-lies",
    needs: ["dma-logging"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      startLogging({ ranges: [blocks(0)].slice(0, ranges), numRanges }),
      expect(...ANYTHING),
      ...stopAnyhow(),
    ],
  })),
  ...[4096n, 65_536n].map((pageSize): Row => ({
    id: `start-twice-page-size-${pageSize}`,
    title: `Starts DMA logging twice, at last with the page size ${pageSize}`,
    clause: "log-start-twice",
    needs: ["dma-logging"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      startLogging(),
      expect(reply(), anyError()),
      startLogging({ pageSize }),
      expect(...ANYTHING),
      ...stopAnyhow(),
    ],
  })),
];

function choosesPowerOf2(): Outcome {
  return reply({}, {
    wants: "a page size that is a power of two",
    check: ({ data }) => {
      if (data.byteLength < FeatureLoggingControl.size) return `${data.byteLength} bytes of data`;
      const { pageSize } = FeatureLoggingControl.decode(data);
      const good = pageSize !== 0n && (pageSize & (pageSize - 1n)) === 0n;
      return good ? undefined : `page size ${pageSize}`;
    },
  });
}

const stops: readonly Row[] = [
  {
    id: "stop",
    title: "Stops DMA logging without data, and then with the data of a start",
    clause: "log-stop",
    needs: ["dma-logging"],
    steps: [
      startLogging(),
      expect(reply()),
      stopMessage("none"),
      expect(reply({}, { save: "stopped" }), anyError()),
      stopMessage("start"),
      expect(
        reply(),
        anyError({
          wants: "one of both forms carried out",
          check: (_, saved) => saved.has("stopped") ? undefined : "errors for both forms",
        }),
      ),
    ],
  },
  ...(["none", "start"] as const).map((data): Row => ({
    id: `stop-idle-with-data-of-${data}`,
    title: `Stops DMA logging that was not started, with ${
      data === "none" ? "no data" : "the data of a start"
    }`,
    clause: "log-stop-idle",
    needs: ["dma-logging"],
    steps: [stopMessage(data), expect(...ANYTHING)],
  })),
];

const changes: readonly Row[] = [
  {
    id: "map-while-logging",
    title: "Maps and unmaps regions while DMA is logged",
    clause: "log-unmap-while-on",
    needs: ["dma-logging"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      startLogging(),
      expect(reply()),
      dmaMap(backed(2)),
      expect(...ANYTHING),
      dmaUnmap(blocks(0)),
      expect(...ANYTHING),
      report(blocks(0)),
      expect(...ANYTHING),
      report(blocks(2)),
      expect(...ANYTHING),
      dmaMap(backed(0)),
      expect(...ANYTHING),
      report(blocks(0)),
      expect(...ANYTHING),
      ...stopAnyhow(),
    ],
  },
  {
    id: "map-less-than-a-page-while-logging",
    title: "Maps a region of one block while DMA is logged in pages of two",
    clause: "log-unmap-while-on",
    needs: ["dma-logging"],
    steps: [
      dmaMap(backed(0, 4)),
      expect(reply()),
      startLogging({ pageSize: 2n * blocks(0).size }),
      expect(...ANYTHING),
      dmaMap(backed(4)),
      expect(...ANYTHING),
      report(blocks(4)),
      expect(...ANYTHING),
      ...stopAnyhow(),
    ],
  },
];

/** Sections DMA_LOGGING_START, DMA_LOGGING_STOP and DMA_LOGGING_REPORT. */
export const dmaLoggingSuite: RowSuite = {
  id: "dma-logging",
  title: "DMA logging",
  cases: [...starts, ...stops, ...dmaLoggingReports, ...dmaLoggingDirty, ...changes],
};
