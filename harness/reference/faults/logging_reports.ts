import { Feature } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DeviceFeature, FeatureLoggingReport } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { DmaRegion } from "../dma_table.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Outcome, type Reply } from "../message.ts";
import { bitmapSize } from "../dma_log.ts";
import { answer, HEAD, onAnswer, onUse, type Use } from "./feature_tools.ts";
import { crash, hang, pad, patch, setPayload } from "./tools.ts";

/** Bytes of a reply before the bitmap. */
const BITMAP = HEAD + FeatureLoggingReport.size;

type Report = Decoded<typeof FeatureLoggingReport>;
type Test = (report: Report, use: Use) => boolean;

function reportOf({ index, gets, sets, probes, data }: Use): Report | undefined {
  if (index !== Feature.DMA_LOGGING_REPORT || !gets || sets || probes) return undefined;
  return data.byteLength < FeatureLoggingReport.size
    ? undefined
    : FeatureLoggingReport.decode(data);
}

function onReport(
  act: (report: Report, use: Use) => Outcome | Promise<Outcome> | void,
): () => Hooks {
  return onUse((use) => {
    const report = reportOf(use);
    return report && act(report, use);
  });
}

function diesIf(test: Test): () => Hooks {
  return onReport((report, use) => test(report, use) ? crash() : undefined);
}

function refusesIf(test: Test, errno: number = Errno.EINVAL): () => Hooks {
  return onReport((report, use) => test(report, use) ? { errno } : undefined);
}

/** A bitmap of zeroes, where it has a sensible size. */
function blank(report: Report, use: Use): Outcome | undefined {
  const { length, pageSize } = report;
  const size = bitmapSize(length, pageSize || 4096n);
  if (size > 65_536) return undefined;
  return answer(use, concat(FeatureLoggingReport.encode(report), new Uint8Array(size)));
}

function onBitmap(change: (reply: Reply, report: Report, use: Use) => void): () => Hooks {
  return onAnswer((reply, use) => {
    const report = reportOf(use);
    if (report && reply.payload.byteLength >= BITMAP) change(reply, report, use);
  });
}

/** Changes the words of the bitmap. */
function onWords(change: (words: BigUint64Array, report: Report, use: Use) => void): () => Hooks {
  return onBitmap((reply, report, use) => {
    const words = new BigUint64Array(reply.payload.slice(BITMAP).buffer);
    change(words, report, use);
    reply.payload = concat(reply.payload.subarray(0, BITMAP), new Uint8Array(words.buffer));
  });
}

function pageCount({ length, pageSize }: Report): bigint {
  return (length + pageSize - 1n) / pageSize;
}

/** Numbers of the pages whose bits are set. */
function pagesIn(words: BigUint64Array): bigint[] {
  const pages: bigint[] = [];
  words.forEach((word, index) => {
    for (let bit = 0n; bit < 64n; bit++) {
      if ((word >> bit & 1n) === 1n) pages.push(BigInt(index) * 64n + bit);
    }
  });
  return pages;
}

function regionsIn({ iova, length }: Report, { session: { dma } }: Use): DmaRegion[] {
  return dma.regions.filter(({ address, size }) =>
    address < iova + length && iova < address + size
  );
}

const requests: readonly Fault[] = [
  {
    id: "logging-report-any-time",
    clause: "log-report-not-started",
    text: "There are reports of no pages while DMA is not logged.",
    hooks: onReport((report, use) => use.session.dmaLog.started ? undefined : blank(report, use)),
  },
  {
    id: "logging-report-odd-page-size",
    clause: "log-report-pgsize-pow2",
    text: "A report has a page size that is no power of two.",
    hooks: onReport((report, use) => {
      const { pageSize } = report;
      return (pageSize & (pageSize - 1n)) === 0n ? undefined : blank(report, use);
    }),
  },
  {
    id: "logging-report-page-size-rounded",
    clause: "log-report-pgsize-pow2",
    text: "A page size that is no power of two is rounded up to one of at least 4096.",
    hooks: onReport((report, use) => {
      const { pageSize } = report;
      if (pageSize > 0n && (pageSize & (pageSize - 1n)) === 0n) return;
      let rounded = 4096n;
      while (rounded < pageSize) rounded *= 2n;
      patch(use.request, FeatureLoggingReport, { pageSize: rounded }, HEAD);
    }),
  },
  {
    id: "logging-report-page-size-0-dies",
    clause: "log-report-pgsize-pow2",
    text: "A report with page size 0 kills the server.",
    hooks: diesIf(({ pageSize }) => pageSize === 0n),
  },
  {
    id: "logging-report-small-pages-refused",
    clause: "log-report-pgsize-vary",
    text: "A report with a page size below 4096 is refused.",
    hooks: refusesIf(({ pageSize }) => pageSize < 4096n),
  },
  {
    id: "logging-report-from-start-only",
    clause: "log-report-subrange",
    text: "A report that begins within a map is refused.",
    hooks: refusesIf(({ iova }, { session: { dma } }) => {
      const region = dma.at(iova);
      return region !== undefined && region.address !== iova;
    }, Errno.EOPNOTSUPP),
  },
  {
    id: "logging-report-of-whole-maps-only",
    clause: "log-report-subrange",
    text: "A report that ends within a map is refused.",
    hooks: refusesIf(({ iova, length }, { session: { dma } }) => {
      const region = dma.at(iova + length - 1n);
      return region !== undefined && region.address + region.size !== iova + length;
    }),
  },
  {
    id: "logging-report-on-two-maps-empty",
    clause: "log-report-span",
    text: "A report on two maps is answered without a payload.",
    hooks: onReport((report, use) => regionsIn(report, use).length > 1 ? {} : undefined),
  },
  {
    id: "logging-report-on-two-maps-blank",
    clause: "log-report-span",
    text: "A report on two maps has no pages of the second.",
    hooks: onWords((words, report, use) => {
      const [first, second] = regionsIn(report, use);
      if (!first || !second) return;
      const end = (first.address + first.size - report.iova) / report.pageSize;
      for (const page of pagesIn(words)) {
        if (page >= end) words[Number(page / 64n)]! &= ~(1n << page % 64n);
      }
    }),
  },
  {
    id: "logging-report-unmapped-dies",
    clause: "log-report-unmapped",
    text: "A report on what is not mapped kills the server.",
    hooks: diesIf(({ iova }, { session: { dma, dmaLog } }) =>
      dmaLog.started && dma.count > 0 && iova < 1n << 62n &&
      dma.regions.every((region) => region.address + region.size <= iova)
    ),
  },
  {
    id: "logging-report-without-fd-dies",
    clause: "log-report-msg-region",
    text: "A report on a map without descriptor kills the server.",
    hooks: diesIf(({ iova }, { session: { dma } }) => {
      const region = dma.at(iova);
      return region !== undefined && region.mapping === undefined;
    }),
  },
  {
    id: "logging-report-small-argsz-dies",
    clause: "log-report-argsz-small",
    text: "A report with an argsz too small for its bitmap kills the server.",
    hooks: diesIf((report, { argsz, session: { dmaLog } }) => {
      const { length, pageSize } = report;
      return dmaLog.started && pageSize === 4096n && length <= 1n << 30n &&
        argsz < BITMAP + bitmapSize(length, pageSize);
    }),
  },
  {
    id: "logging-report-beyond-top-dies",
    clause: "log-report-huge",
    text: "A report on pages on both sides of the end of the address space kills the server.",
    hooks: diesIf(({ iova, length }) => iova + length > 1n << 64n && length < 1n << 40n),
  },
  {
    id: "logging-report-small-pages-hang",
    clause: "log-report-pgsize-small",
    text:
      "A report of 256 bits and more in pages smaller than those logged hangs, as by a counter of a byte.",
    hooks: onReport((report) =>
      report.pageSize > 0n && report.pageSize < 4096n && pageCount(report) >= 256n
        ? hang()
        : undefined
    ),
  },
  {
    id: "logging-report-small-pages-die",
    clause: "log-report-pgsize-small",
    text: "A report in pages less than a hundredth of those logged kills the server.",
    hooks: diesIf(({ pageSize }) => pageSize > 1n && pageSize < 40n),
  },
  {
    id: "logging-report-huge-dies",
    clause: "log-report-huge",
    text: "A report with a bitmap above 1 GiB kills the server.",
    hooks: diesIf(({ length, pageSize }) => pageSize > 0n && length / pageSize > 1n << 33n),
  },
];

const replies: readonly Fault[] = [
  {
    id: "logging-report-word-too-many",
    clause: "log-report-bits-outside",
    text: "The bitmap of a report whose last word is full has one more.",
    hooks: onBitmap((reply, report) => {
      if (pageCount(report) % 64n === 0n) pad(reply, reply.payload.byteLength + 8);
    }),
  },
  {
    id: "logging-second-report-dirty",
    clause: "log-report-clear",
    text: "From a client's second report on each has its first bit set.",
    hooks: () => {
      let reports = 0;
      return {
        connect: () => void (reports = 0),
        ...onWords((words) => {
          if (reports++ > 0) words[0]! |= 1n;
        })(),
      };
    },
  },
  {
    id: "logging-report-argsz-32",
    clause: "log-report-basic",
    text: "The argsz of a report leaves the bitmap out.",
    hooks: onBitmap((reply) => {
      const { flags } = DeviceFeature.decode(reply.payload);
      const head = DeviceFeature.encode({ argsz: BITMAP, flags });
      reply.payload = concat(head, reply.payload.subarray(HEAD));
    }),
  },
  {
    id: "logging-report-without-range",
    clause: "log-report-basic",
    text: "A report has zeroes where the request has its range.",
    hooks: onBitmap((reply) => void reply.payload.fill(0, HEAD, HEAD + 16)),
  },
  {
    id: "logging-report-keeps-bits",
    clause: "log-report-clear",
    text: "Pages that have been reported are reported again.",
    hooks: onWords((words, { iova, pageSize }, { session: { dmaLog } }) => {
      for (const page of pagesIn(words)) dmaLog.note(iova + page * pageSize, Number(pageSize));
    }),
  },
  {
    id: "logging-report-other-size-blank",
    clause: "log-report-pgsize-vary",
    text: "A report with a page size above 4096 has no bits set.",
    hooks: onWords((words, { pageSize }) => {
      if (pageSize > 4096n) words.fill(0n);
    }),
  },
  {
    id: "logging-report-bits-outside",
    clause: "log-report-bits-outside",
    text: "The bits behind the last page of a report are set.",
    hooks: onWords((words, report) => {
      const used = pageCount(report) % 64n;
      if (used > 0n) words[words.length - 1]! |= BigInt.asUintN(64, -1n << used);
    }),
  },
  {
    id: "logging-report-in-bytes",
    clause: "log-report-bits-outside",
    text: "The bitmap of a report has as many bytes as its pages need, not whole words.",
    hooks: onBitmap((reply, report) => {
      const size = Number((pageCount(report) + 7n) / 8n);
      const payload = reply.payload.slice(0, BITMAP + size);
      setPayload(reply, payload);
    }),
  },
  {
    id: "logging-report-bit-by-address",
    clause: "log-report-dirty",
    text: "A page has the word of its number, and the bit of its address modulo 64.",
    hooks: onWords((words) => {
      const pages = pagesIn(words);
      words.fill(0n);
      for (const page of pages) if (page < words.length) words[Number(page)]! |= 1n;
    }),
  },
  {
    id: "logging-report-bits-mirrored",
    clause: "log-report-dirty",
    text: "The first page of a word has its highest bit.",
    hooks: onWords((words) => {
      const pages = pagesIn(words);
      words.fill(0n);
      for (const page of pages) words[Number(page / 64n)]! |= 1n << 63n - page % 64n;
    }),
  },
  {
    id: "logging-report-all-dirty",
    clause: "log-report-dirty",
    text: "When one page is dirty, the whole report is.",
    hooks: onWords((words, report) => {
      if (words.every((word) => word === 0n)) return;
      for (let page = 0n; page < pageCount(report); page++) {
        words[Number(page / 64n)]! |= 1n << page % 64n;
      }
    }),
  },
];

/** Faults in DMA_LOGGING_REPORT (catalogue 2.14). */
export const loggingReportFaults: readonly Fault[] = [...requests, ...replies];
