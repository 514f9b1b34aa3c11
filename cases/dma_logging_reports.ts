import type { Outcome, Step } from "../harness/case.ts";
import {
  anyError,
  atMost,
  closed,
  countDescriptors,
  dmaMap,
  expect,
  memory,
  remarkable,
  reply,
  sameDescriptors,
} from "../harness/steps.ts";
import { PAGE } from "../harness/wire/constants.ts";
import { DeviceFeature } from "../harness/wire/messages.ts";
import {
  bitmapSize,
  dirty,
  report,
  REPORT_HEAD,
  reported,
  startLogging,
  stopLogging,
} from "./dirty_pages.ts";
import { backed, BLOCK, blocks, smallestPage } from "./guest_blocks.ts";
import {
  demanded,
  inPage,
  logging,
  PAGES,
  pages,
  RANGE,
  stopAnyhow,
  writtenAndReported,
} from "./logged_range.ts";
import type { Row } from "./row.ts";

const ANYTHING: readonly Outcome[] = [reply(), anyError(), closed()];

const shapes: readonly Row[] = [
  {
    id: "report",
    title: "Asks for a report on a mapped region",
    clause: "log-report-basic",
    needs: ["dma-logging"],
    steps: [
      ...logging(),
      report(RANGE),
      expect(reply({
        argsz: REPORT_HEAD + bitmapSize(RANGE),
      }, {
        payloadSize: REPORT_HEAD + bitmapSize(RANGE),
        wants: "the range and page size of the request",
        check: ({ payload }) => {
          const [head, data] = report(RANGE).payload as Uint8Array[];
          const same = data?.every((byte, i) => payload[head!.byteLength + i] === byte);
          return same ? undefined : "others";
        },
      })),
      ...stopLogging(),
    ],
  },
  ...[1, 16, 63, 64, 65, 128].map((count): Row => ({
    id: `report-on-${count}-pages`,
    title: `Maps ${count} page${count === 1 ? "" : "s"} and looks at the size of a report`,
    clause: "log-report-bits-outside",
    needs: ["dma-logging"],
    steps: (device) => {
      // Some servers take only maps of larger pages.
      const smallest = smallestPage(device);
      const pageSize = smallest > BigInt(PAGE) ? smallest : BigInt(PAGE);
      const range = { ...RANGE, size: BigInt(count) * pageSize };
      return [
        dmaMap({ ...range, fds: [memory(Number(range.size))] }),
        expect(reply()),
        startLogging({ pageSize }),
        expect(reply({}, { save: "started" })),
        ...demanded({ range, pageSize, written: [] }),
        ...stopLogging(),
      ];
    },
  })),
  {
    id: "written-behind-range",
    title: "Makes the device write behind the last page of a report",
    clause: "log-report-bits-outside",
    needs: ["dma-logging", "device-dma-write"],
    steps: (device) => [
      ...logging(),
      ...writtenAndReported(device, {
        written: [inPage(2), inPage(20), inPage(70)],
        range: pages(0, 16),
      }),
      ...stopLogging(),
    ],
  },
];

const order: readonly Row[] = [
  {
    id: "report-before-start",
    title: "Asks for a report before DMA logging is started",
    clause: "log-report-not-started",
    needs: ["dma-logging"],
    steps: [dmaMap(backed(0)), expect(reply()), report(blocks(0)), expect(anyError())],
  },
  {
    id: "report-after-stop",
    title: "Asks for a report after DMA logging was stopped",
    clause: "log-report-not-started",
    needs: ["dma-logging"],
    steps: [...logging(), ...stopLogging(), report(RANGE), expect(anyError())],
  },
  {
    id: "report-twice",
    title: "Asks for a report twice after the device has written",
    clause: "log-report-clear",
    needs: ["dma-logging", "device-dma-write"],
    steps: (device) => [
      ...logging(),
      ...writtenAndReported(device, { written: [inPage(3), inPage(64)] }),
      ...demanded({ written: [] }),
      ...stopLogging(),
    ],
  },
  {
    id: "report-twice-without-writes",
    title: "Asks for a report twice without any DMA",
    clause: "log-report-clear",
    needs: ["dma-logging"],
    steps: [
      ...logging(),
      report(RANGE),
      expect(reply()),
      ...demanded({ written: [] }),
      ...stopLogging(),
    ],
  },
];

const pageSizes: readonly Row[] = [
  ...[0n, 3000n, 4097n].map((pageSize): Row => ({
    id: `report-page-size-${pageSize}`,
    title: `Asks for a report with the page size ${pageSize}`,
    clause: "log-report-pgsize-pow2",
    needs: ["dma-logging"],
    steps: [
      ...logging(),
      report(RANGE, { pageSize, argsz: 2 * PAGE }),
      expect(anyError()),
      ...stopLogging(),
    ],
  })),
  ...[512n, 2048n, 16_384n, 65_536n, 524_288n].flatMap((pageSize): Row[] => [
    {
      id: `report-page-size-${pageSize}`,
      title: `Asks for a report with the page size ${pageSize}, though it is not that of the start`,
      clause: "log-report-pgsize-vary",
      needs: ["dma-logging"],
      steps: [
        ...logging(),
        report(RANGE, { pageSize }),
        expect(reported(RANGE, pageSize)),
        ...stopLogging(),
      ],
    },
    {
      id: `report-page-size-${pageSize}-written`,
      title: `Makes the device write and asks for a report with the page size ${pageSize}`,
      clause: "log-report-pgsize-vary",
      needs: ["dma-logging", "device-dma-write"],
      steps: (device) => [
        ...logging(),
        ...writtenAndReported(device, { written: [inPage(5), inPage(127)], pageSize }),
        ...stopLogging(),
      ],
    },
  ]),
];

/** How many bits one logged page becomes is a number that a byte does not always hold. */
const smallPages: readonly Row[] = [2048n, 512n, 16n].map((pageSize) => ({
  id: `report-in-small-pages-of-${pageSize}`,
  title: `Asks for a report in pages of ${pageSize} bytes, which are smaller than those logged`,
  clause: "log-report-pgsize-small",
  needs: ["dma-logging"],
  steps: [...logging(), report(RANGE, { pageSize }), expect(...ANYTHING), ...stopAnyhow()],
}));

const ranges: readonly Row[] = [
  ...[
    { id: "first-pages", title: "the first pages", first: 0, count: 16 },
    { id: "middle-pages", title: "some pages in the middle", first: 32, count: 16 },
    { id: "last-page", title: "the last page", first: PAGES - 1, count: 1 },
  ].flatMap(({ id, title, first, count }): Row[] => [
    {
      id: `report-on-${id}`,
      title: `Asks for a report on ${title} of a mapped region`,
      clause: "log-report-subrange",
      needs: ["dma-logging"],
      steps: [
        ...logging(),
        report(pages(first, count)),
        expect(reported(pages(first, count))),
        ...stopLogging(),
      ],
    },
    {
      id: `report-on-${id}-written`,
      title: `Makes the device write and asks for a report on ${title} of a mapped region`,
      clause: "log-report-subrange",
      needs: ["dma-logging", "device-dma-write"],
      steps: (device) => [
        ...logging(),
        ...writtenAndReported(device, {
          written: [inPage(first), inPage(first + count - 1), inPage((first + count) % PAGES)],
          range: pages(first, count),
        }),
        ...stopLogging(),
      ],
    },
  ]),
  {
    id: "report-on-two-regions",
    title: "Asks for one report on two adjacent regions",
    clause: "log-report-span",
    needs: ["two-dma-maps", "dma-logging"],
    steps: [
      ...loggingTwo(),
      report(blocks(0, 2)),
      expect(reported(blocks(0, 2))),
      ...stopLogging(),
    ],
  },
  {
    id: "report-on-two-regions-written",
    title: "Makes the device write to two adjacent regions and asks for one report on both",
    clause: "log-report-span",
    needs: ["two-dma-maps", "dma-logging", "device-dma-write"],
    steps: (device) => [
      ...loggingTwo(),
      ...writtenAndReported(device, {
        written: [inPage(1), inPage(BLOCK / PAGE), inPage(2 * BLOCK / PAGE - 1)],
        range: blocks(0, 2),
      }),
      ...stopLogging(),
    ],
  },
  {
    id: "report-on-unmapped-range",
    title: "Asks for a report on a range that is not mapped",
    clause: "log-report-unmapped",
    needs: ["dma-logging"],
    steps: [
      ...logging(),
      report(blocks(16)),
      expect(
        anyError(),
        reply({}, dirty(blocks(16), [])),
        remarkable(reply(), "bits are set for memory that is not mapped, or the size is wrong"),
        closed(),
      ),
      ...stopAnyhow(),
    ],
  },
  {
    id: "report-on-region-without-descriptor",
    title: "Asks for a report on a region without a descriptor",
    clause: "log-report-msg-region",
    needs: ["dma-logging"],
    steps: [
      dmaMap(blocks(0)),
      expect(reply()),
      startLogging(),
      expect(reply(), anyError()),
      report(blocks(0)),
      expect(...ANYTHING),
      ...stopAnyhow(),
    ],
  },
];

function loggingTwo(): Step[] {
  return [
    dmaMap(backed(0)),
    expect(reply()),
    dmaMap(backed(1)),
    expect(reply()),
    startLogging(),
    expect(reply({}, { save: "started" })),
  ];
}

const LARGEST = { address: 0n, size: 1n << 63n };

const sizes: readonly Row[] = [
  ...[0, DeviceFeature.size, REPORT_HEAD, REPORT_HEAD + bitmapSize(RANGE) - 1].map(
    (argsz): Row => ({
      id: `report-argsz-${argsz}`,
      title: `Asks for a report with argsz ${argsz}`,
      clause: "log-report-argsz-small",
      needs: ["dma-logging"],
      steps: [
        ...logging(),
        report(RANGE, { argsz }),
        expect(
          anyError(),
          reply({ argsz: REPORT_HEAD + bitmapSize(RANGE) }, { payloadSize: atMost(argsz) }),
          remarkable(reply(), "the reply is larger than argsz, or does not say what it needs"),
          closed(),
        ),
        ...stopAnyhow(),
      ],
    }),
  ),
  ...[
    { id: "of-2-63-bytes", range: LARGEST, pageSize: 1n },
    { id: "of-2-63-bytes-in-pages", range: LARGEST, pageSize: 4096n },
    { id: "of-2-64-bytes", range: { address: 0n, size: (1n << 64n) - 1n }, pageSize: 1n },
    {
      id: "beyond-2-64",
      range: { address: (1n << 64n) - 4096n, size: 8192n },
      pageSize: 4096n,
    },
  ].map(({ id, range, pageSize }): Row => ({
    id: `report-${id}`,
    title: `Asks for a report on ${range.size} bytes in pages of ${pageSize}`,
    clause: "log-report-huge",
    needs: ["dma-logging"],
    steps: [
      ...logging(),
      report(range, { pageSize, argsz: 0xffff_ffff }),
      expect(anyError(), remarkable(reply(), "the report was answered without error"), closed()),
      ...stopAnyhow(),
    ],
  })),
  {
    id: "report-of-4-gib-memory",
    title: "Asks for a report with a bitmap of 2 GiB and watches the memory of the server",
    clause: "log-report-huge",
    needs: ["dma-logging", "local-process"],
    steps: [
      ...logging(),
      countDescriptors(),
      report({ address: RANGE.address, size: 1n << 34n }, { pageSize: 1n, argsz: 0xffff_ffff }),
      expect(anyError(), closed()),
      sameDescriptors(),
      ...stopAnyhow(),
    ],
  },
];

/** Section DMA_LOGGING_REPORT, but for what the device has written. */
export const dmaLoggingReports: readonly Row[] = [
  ...shapes,
  ...order,
  ...pageSizes,
  ...smallPages,
  ...ranges,
  ...sizes,
];
