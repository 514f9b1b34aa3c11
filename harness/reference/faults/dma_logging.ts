import { Command, DmaMapFlag, Feature } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DeviceFeature, FeatureLoggingControl, LoggingRange } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Outcome } from "../message.ts";
import { HEAD, onAnswer, onUse, type Use } from "./feature_tools.ts";
import { onMap } from "./dma_tools.ts";
import { crash, die, hang, patch, setPayload } from "./tools.ts";

const REFUSED: Outcome = { errno: Errno.EINVAL };

type Control = Decoded<typeof FeatureLoggingControl>;

/** The data of a start; undefined for any other use, and where they are not there. */
function startOf({ index, sets, gets, probes, data }: Use): Control | undefined {
  if (index !== Feature.DMA_LOGGING_START || !sets || gets || probes) return undefined;
  return data.byteLength < FeatureLoggingControl.size
    ? undefined
    : FeatureLoggingControl.decode(data);
}

function isStop({ index, sets, gets, probes }: Use): boolean {
  return index === Feature.DMA_LOGGING_STOP && sets && !gets && !probes;
}

function onStart(
  act: (start: Control, use: Use) => Outcome | Promise<Outcome> | void,
): () => Hooks {
  return onUse((use) => {
    const start = startOf(use);
    return start && act(start, use);
  });
}

function diesIf(test: (start: Control, use: Use) => boolean): () => Hooks {
  return onStart((start, use) => test(start, use) ? crash() : undefined);
}

/** Whether the ranges are all there. */
function isWhole({ numRanges }: Control, { data }: Use): boolean {
  return data.byteLength === FeatureLoggingControl.size + numRanges * LoggingRange.size;
}

const starts: readonly Fault[] = [
  {
    id: "logging-start-counts-a-range",
    clause: "log-start-basic",
    text: "The reply to DMA_LOGGING_START without ranges counts one.",
    hooks: onAnswer((reply, use) => {
      if (startOf(use)?.numRanges !== 0) return;
      patch(reply, FeatureLoggingControl, { numRanges: 1 }, HEAD);
    }),
  },
  {
    id: "logging-start-argsz-8",
    clause: "log-start-basic",
    text: "The reply to DMA_LOGGING_START without ranges has argsz 8.",
    hooks: onAnswer((reply, use) => {
      if (startOf(use)?.numRanges === 0) patch(reply, DeviceFeature, { argsz: HEAD });
    }),
  },
  {
    id: "logging-ranges-cut",
    clause: "log-start-ranges",
    text: "The reply to DMA_LOGGING_START lacks the ranges.",
    hooks: onAnswer((reply, use) => {
      if (startOf(use)) {
        setPayload(reply, reply.payload.slice(0, HEAD + FeatureLoggingControl.size));
      }
    }),
  },
  {
    id: "logging-three-ranges-refused",
    clause: "log-start-ranges",
    text: "DMA_LOGGING_START takes no more than two ranges.",
    hooks: onStart(({ numRanges }) => numRanges > 2 ? REFUSED : undefined),
  },
  {
    id: "logging-odd-page-size-dies",
    clause: "log-start-pgsize-hint",
    text: "DMA_LOGGING_START with a page size that is no power of two kills the server.",
    hooks: diesIf(({ pageSize }) => (pageSize & (pageSize - 1n)) !== 0n),
  },
  {
    id: "logging-page-size-of-1-gib-hangs",
    clause: "log-start-pgsize-hint",
    text: "DMA_LOGGING_START with a page size of 1 GiB and more makes the server hang.",
    hooks: onStart(({ pageSize }) => pageSize >= 1n << 30n ? hang() : undefined),
  },
  {
    id: "logging-page-size-0-dies",
    clause: "log-start-zero",
    text: "DMA_LOGGING_START with page size 0 kills the server.",
    hooks: diesIf(({ pageSize }) => pageSize === 0n),
  },
  {
    id: "logging-ranges-missing-die",
    clause: "log-start-num-lies",
    text: "DMA_LOGGING_START with less ranges than it says kills the server.",
    hooks: diesIf((start, use) => start.numRanges > 0 && !isWhole(start, use)),
  },
  {
    id: "logging-second-start-dies",
    clause: "log-start-twice",
    text: "A second DMA_LOGGING_START kills the server.",
    hooks: diesIf((_, { session }) => session.dmaLog.started),
  },
];

function diesAfterIdleStop(): Hooks {
  let stops = 0;
  const seen = onUse((use) => {
    if (startOf(use)) stops = NaN;
    if (isStop(use)) stops++;
  })();
  return {
    connect: () => void (stops = 0),
    request(request, session) {
      if (request.command === Command.DEVICE_FEATURE) return seen.request!(request, session);
      if (stops === 1) die();
    },
  };
}

const stops: readonly Fault[] = [
  {
    id: "logging-never-stops",
    clause: "log-stop",
    text: "DMA_LOGGING_STOP is refused while DMA is logged.",
    hooks: onUse((use) => isStop(use) && use.session.dmaLog.started ? REFUSED : undefined),
  },
  {
    id: "logging-stop-idle-dies",
    clause: "log-stop-idle",
    text:
      "What follows a single DMA_LOGGING_STOP of a client that has not started kills the server.",
    hooks: diesAfterIdleStop,
  },
  {
    id: "logging-left-on-dies",
    clause: "disc-logging-cleared",
    text: "A report for the client behind one whose DMA was logged to the end kills the server.",
    hooks: () => {
      let wasLeftOn = false;
      return {
        disconnect: ({ dmaLog }) => void (wasLeftOn = dmaLog.started),
        ...onUse(({ index, gets }) => {
          if (wasLeftOn && gets && index === Feature.DMA_LOGGING_REPORT) die();
          wasLeftOn = false;
        })(),
      };
    },
  },
  {
    id: "logging-unmap-dies",
    clause: "log-unmap-while-on",
    text: "A DMA_UNMAP while DMA is logged kills the server.",
    hooks: () => ({
      request({ command }, { dmaLog }) {
        if (command === Command.DMA_UNMAP && dmaLog.started) crash();
      },
    }),
  },
  {
    id: "logging-map-dies",
    clause: "log-unmap-while-on",
    text: "A DMA_MAP while DMA is logged kills the server.",
    hooks: onMap((_, __, { dmaLog }) => dmaLog.started ? crash() : undefined),
  },
];

const writes: readonly Fault[] = [
  {
    id: "logging-blind",
    clause: "log-report-dirty",
    text: "What the device writes is not logged.",
    hooks: () => ({ connect: ({ dmaLog }) => void (dmaLog.note = () => {}) }),
  },
  {
    id: "logging-first-page-only",
    clause: "log-report-dirty",
    text: "Of a write to two pages only the first is logged.",
    hooks: noting((note, address) => note(address, 1)),
  },
  {
    id: "logging-next-page-too",
    clause: "log-report-dirty",
    text: "The page behind the one that is written is logged too.",
    hooks: noting((note, address, count) => note(address, count + 4096)),
  },
  {
    id: "logging-reads-too",
    clause: "log-report-dirty",
    text: "What the device reads is logged as if it were written.",
    hooks: () => ({
      connect({ guest, dma, dmaLog }) {
        const read = guest.read;
        guest.read = (address, count) => {
          if (((dma.at(address)?.flags ?? 0) & DmaMapFlag.READ) !== 0) dmaLog.note(address, count);
          return read(address, count);
        };
      },
    }),
  },
  {
    id: "logging-from-the-beginning",
    clause: "log-report-dirty",
    text: "What the device has written before the start is reported.",
    hooks: () => {
      let early: [bigint, number][] = [];
      return {
        connect({ dmaLog }) {
          early = [];
          const note = dmaLog.note.bind(dmaLog);
          dmaLog.note = (address, count) => {
            early.push([address, count]);
            note(address, count);
          };
        },
        ...onAnswer((_, use) => {
          if (!startOf(use)) return;
          for (const [address, count] of early.slice()) use.session.dmaLog.note(address, count);
        })(),
      };
    },
  },
];

/** Changes what is logged of a write. */
function noting(
  change: (
    note: (address: bigint, count: number) => void,
    address: bigint,
    count: number,
  ) => void,
): () => Hooks {
  return () => ({
    connect({ dmaLog }) {
      const note = dmaLog.note.bind(dmaLog);
      dmaLog.note = (address, count) => change(note, address, count);
    },
  });
}

/** Faults in starting and stopping DMA logging, and in what is logged (catalogue 2.14). */
export const dmaLoggingFaults: readonly Fault[] = [...starts, ...stops, ...writes];
