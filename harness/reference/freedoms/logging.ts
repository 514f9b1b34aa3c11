import { Feature } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { FeatureLoggingControl, FeatureLoggingReport } from "../../wire/messages.ts";
import { onUse } from "../faults/feature_tools.ts";
import type { Freedom } from "../freedom.ts";
import { concat } from "../message.ts";
import { uses } from "./tools.ts";

/** DMA logging (catalogue 2.14, A11, A12). */
export const loggingFreedoms: readonly Freedom[] = [
  {
    id: "logging-by-64-kib",
    clause: "log-start-pgsize-hint",
    text:
      "Pages are logged by 64 KiB, whatever the client proposes: reports call more dirty than was written.",
    suites: ["dma-logging"],
    kind: "logging",
    hooks: onUse((use) => {
      if (!uses(use, Feature.DMA_LOGGING_START, "set") || use.data.byteLength < 16) return;
      const control = FeatureLoggingControl.decode(use.data);
      const bytes = FeatureLoggingControl.encode({ ...control, pageSize: 0x1_0000n });
      const { payload } = use.request;
      use.request.payload = concat(payload.subarray(0, 8), bytes, payload.subarray(24));
    }),
  },
  {
    id: "logging-reports-keep",
    clause: "log-report-clear",
    text: "A report leaves pages dirty.",
    suites: ["dma-logging"],
    hooks: () => ({
      connect({ dmaLog }) {
        const { take, start } = dmaLog;
        const written: [bigint, number][] = [];
        const { note } = dmaLog;
        dmaLog.note = (address, count) => {
          written.push([address, count]);
          note.call(dmaLog, address, count);
        };
        dmaLog.start = (pageSize, ranges) => {
          written.length = 0;
          start.call(dmaLog, pageSize, ranges);
        };
        dmaLog.take = (range, pageSize) => {
          const bitmap = take.call(dmaLog, range, pageSize);
          for (const [address, count] of written) note.call(dmaLog, address, count);
          return bitmap;
        };
      },
    }),
  },
  {
    id: "logging-starts-twice",
    clause: "log-start-twice",
    text: "A second START of DMA logging is taken for a new one.",
    suites: ["dma-logging"],
    hooks: onUse((use) => {
      if (uses(use, Feature.DMA_LOGGING_START, "set")) use.session.dmaLog.stop();
    }),
  },
  {
    id: "logging-stop-idle-refused",
    clause: "log-stop-idle",
    text: "A STOP of DMA logging that was not started is refused.",
    suites: ["dma-logging"],
    hooks: onUse((use) =>
      uses(use, Feature.DMA_LOGGING_STOP, "set") && !use.session.dmaLog.started
        ? { errno: Errno.EINVAL }
        : undefined
    ),
  },
  {
    id: "logging-stop-without-data",
    clause: "log-stop",
    text: "STOP of DMA logging takes no data.",
    suites: ["dma-logging", "device-feature", "dma-map"],
    kind: "logging-stop",
    hooks: onUse((use) =>
      uses(use, Feature.DMA_LOGGING_STOP, "set") && use.data.byteLength > 0
        ? { errno: Errno.EINVAL }
        : undefined
    ),
  },
  {
    id: "logging-stop-with-data",
    clause: "log-stop",
    text: "STOP of DMA logging takes the data of START, and nothing less.",
    suites: ["dma-logging", "device-feature", "dma-map"],
    kind: "logging-stop",
    hooks: onUse((use) =>
      uses(use, Feature.DMA_LOGGING_STOP, "set") && use.data.byteLength < FeatureLoggingControl.size
        ? { errno: Errno.EINVAL }
        : undefined
    ),
  },
  {
    id: "logging-unmapped-refused",
    clause: "log-report-unmapped",
    text: "A report on memory that is not mapped is refused.",
    suites: ["dma-logging"],
    hooks: onUse((use) => {
      if (!uses(use, Feature.DMA_LOGGING_REPORT, "get") || use.data.byteLength < 24) {
        return undefined;
      }
      const { iova, length } = FeatureLoggingReport.decode(use.data);
      const { dma } = use.session;
      for (let at = iova; at < iova + length;) {
        const region = dma.at(at);
        if (region === undefined) return { errno: Errno.ENOENT };
        at = region.address + region.size;
      }
      return undefined;
    }),
  },
  {
    id: "logging-messages-refused",
    clause: "log-report-msg-region",
    text: "A report on memory without a descriptor is refused.",
    suites: ["dma-logging"],
    hooks: onUse((use) => {
      if (!uses(use, Feature.DMA_LOGGING_REPORT, "get") || use.data.byteLength < 24) {
        return undefined;
      }
      const { iova } = FeatureLoggingReport.decode(use.data);
      const region = use.session.dma.at(iova);
      return region !== undefined && region.mapping === undefined
        ? { errno: Errno.EINVAL }
        : undefined;
    }),
  },
  {
    id: "logging-no-messages",
    clause: "log-report-dirty",
    text:
      "Memory that the device writes by messages is not logged: the client knows what it has written.",
    suites: ["dma-logging"],
    hooks: () => ({
      connect({ dma, dmaLog }) {
        const { note } = dmaLog;
        dmaLog.note = (address, count) => {
          if (dma.at(address)?.mapping !== undefined) note.call(dmaLog, address, count);
        };
      },
    }),
  },
];
