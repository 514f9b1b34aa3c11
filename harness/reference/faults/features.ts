import { Command, DeviceState, Feature, FeatureFlag, MigrationFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import {
  DeviceFeature,
  FeatureDeviceState,
  FeatureLoggingControl,
  FeatureMigration,
} from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Outcome } from "../message.ts";
import { answer, echo, HEAD, onAnswer, onUse, type Use } from "./feature_tools.ts";
import { crash, die, hangUp, onError, pad, patch } from "./tools.ts";

const { GET, SET, PROBE } = FeatureFlag;
const REFUSED: Outcome = { errno: Errno.EINVAL };

function acceptsIf(test: (use: Use) => boolean): () => Hooks {
  return onUse((use) => test(use) ? echo(use) : undefined);
}

function diesIf(test: (use: Use) => boolean): () => Hooks {
  return onUse((use) => test(use) ? die() : undefined);
}

/** Changes the flags of a request before the server sees them. */
function reads(test: (use: Use) => boolean, change: (flags: number) => number): () => Hooks {
  return onUse((use) => {
    if (test(use)) patch(use.request, DeviceFeature, { flags: change(use.flags) });
  });
}

/** Whether a SET lacks data. */
function lacksData({ index, sets, probes, data }: Use): boolean {
  if (!sets || probes) return false;
  if (index === Feature.MIG_DEVICE_STATE) return data.byteLength < FeatureDeviceState.size;
  return index === Feature.DMA_LOGGING_START && data.byteLength < FeatureLoggingControl.size;
}

const probes: readonly Fault[] = [
  {
    id: "probe-ends-connection",
    clause: "feat-probe-any",
    text: "A probe of DMA_LOGGING_REPORT ends the connection.",
    hooks: onUse((use) =>
      use.probes && use.index === Feature.DMA_LOGGING_REPORT ? hangUp() : undefined
    ),
  },
  {
    id: "probe-loses-flag",
    clause: "feat-probe-echo",
    text: "The reply to a probe lacks the flag PROBE.",
    hooks: onAnswer((reply, { probes, flags }) => {
      if (probes) patch(reply, DeviceFeature, { flags: flags & ~PROBE });
    }),
  },
  {
    id: "probe-tells-argsz",
    clause: "feat-probe-echo",
    text: "The reply to a probe has the argsz that a GET needs.",
    hooks: onAnswer((reply, { probes }) => {
      if (probes) patch(reply, DeviceFeature, { argsz: 32 });
    }),
  },
  {
    id: "probe-ignores-methods",
    clause: "feat-probe-get-set",
    text: "A probe of a method that the feature does not have succeeds.",
    hooks: acceptsIf((use) =>
      use.probes && (use.gets || use.sets) && Object.values<number>(Feature).includes(use.index)
    ),
  },
  {
    id: "probe-of-set-refused",
    clause: "feat-probe-get-set",
    text: "A probe of SET for the device state fails.",
    hooks: onUse((use) =>
      use.probes && use.sets && use.index === Feature.MIG_DEVICE_STATE ? REFUSED : undefined
    ),
  },
  {
    id: "probe-sets",
    clause: "feat-probe-noeffect",
    text: "A probe of SET with data sets the device state.",
    hooks: onUse(({ probes, sets, index, data, session: { device } }) => {
      if (!probes || !sets || index !== Feature.MIG_DEVICE_STATE) return;
      if (data.byteLength < FeatureDeviceState.size) return;
      const { deviceState } = FeatureDeviceState.decode(data);
      if (deviceState === DeviceState.STOP) device.migration.go(deviceState);
    }),
  },
  {
    id: "probe-with-data-dies",
    clause: "feat-probe-with-data",
    text: "A probe with data kills the server.",
    hooks: diesIf(({ probes, sets, data }) => probes && !sets && data.byteLength > 0),
  },
  {
    id: "probe-small-argsz-dies",
    clause: "feat-probe-argsz-small",
    text: "A probe with an argsz below 8 kills the server.",
    hooks: diesIf(({ probes, argsz }) => probes && argsz < HEAD),
  },
];

/** A PROBE as the first thing that a client does with DEVICE_FEATURE, unlike that of a client that tries them all. */
function acceptsFirstProbe(): Hooks {
  let isFirst = true;
  const { request } = onUse((use) => {
    const isUnknown = !Object.values<number>(Feature).includes(use.index);
    const accepted = isFirst && isUnknown && use.probes && !use.gets && !use.sets;
    isFirst = false;
    return accepted ? echo(use) : undefined;
  })();
  return { connect: () => void (isFirst = true), request: request! };
}

const methods: readonly Fault[] = [
  {
    id: "probe-of-get-refused",
    clause: "feat-probe-get-set",
    text: "A probe of GET fails for every feature.",
    hooks: onUse(({ probes, gets, sets }) => probes && gets && !sets ? REFUSED : undefined),
  },
  {
    id: "probe-of-get-as-set",
    clause: "feat-probe-get-set",
    text: "A probe of GET is answered as one of SET.",
    hooks: reads(
      ({ probes, gets, sets }) => probes && gets && !sets,
      (flags) => flags & ~GET | SET,
    ),
  },
  {
    id: "probe-of-set-of-logging-refused",
    clause: "feat-probe-get-set",
    text: "A probe of SET fails for DMA_LOGGING_START and DMA_LOGGING_STOP.",
    hooks: onUse(({ probes, gets, sets, index }) =>
      probes && sets && !gets &&
        (index === Feature.DMA_LOGGING_START || index === Feature.DMA_LOGGING_STOP)
        ? REFUSED
        : undefined
    ),
  },
  {
    id: "unknown-probe-accepted-first",
    clause: "feat-unknown-index",
    text: "A client's first probe succeeds, whatever feature it is about.",
    hooks: acceptsFirstProbe,
  },
  {
    id: "get-and-set-sets",
    clause: "feat-get-and-set",
    text: "GET and SET together do the SET.",
    hooks: reads(({ gets, sets, probes }) => gets && sets && !probes, (flags) => flags & ~GET),
  },
  {
    id: "get-and-set-gets",
    clause: "feat-get-and-set",
    text: "GET and SET together do the GET.",
    hooks: reads(({ gets, sets, probes }) => gets && sets && !probes, (flags) => flags & ~SET),
  },
  {
    id: "no-method-accepted",
    clause: "feat-no-op",
    text: "A DEVICE_FEATURE without GET, SET and PROBE succeeds.",
    hooks: acceptsIf(({ gets, sets, probes }) => !gets && !sets && !probes),
  },
  {
    id: "unknown-feature-accepted",
    clause: "feat-unknown-index",
    text: "GET and SET of a feature that does not exist succeed.",
    hooks: acceptsIf(({ index, gets, sets, probes }) =>
      !probes && gets !== sets && !Object.values<number>(Feature).includes(index)
    ),
  },
  {
    id: "unknown-feature-dies",
    clause: "feat-unknown-index",
    text: "A feature index above 8 kills the server.",
    hooks: diesIf(({ index }) => index > Feature.DMA_LOGGING_REPORT),
  },
  {
    id: "feature-unknown-flag-dies",
    clause: "feat-reserved-flags",
    text: "An undefined flag of DEVICE_FEATURE kills the server.",
    hooks: diesIf(({ flags }) => flags > 0x7_ffff),
  },
  {
    id: "wrong-method-as-probe",
    clause: "feat-wrong-method",
    text: "A GET or SET that the feature does not have is taken for a probe of it.",
    hooks: reads(
      ({ index, gets, sets, probes }) => {
        const { MIGRATION, DMA_LOGGING_START, DMA_LOGGING_STOP, DMA_LOGGING_REPORT } = Feature;
        if (probes || gets === sets) return false;
        const wrong: readonly number[] = sets
          ? [MIGRATION, DMA_LOGGING_REPORT]
          : [DMA_LOGGING_START, DMA_LOGGING_STOP];
        return wrong.includes(index);
      },
      (flags) => flags & ~(GET | SET) | PROBE,
    ),
  },
  {
    id: "unknown-feature-as-probe",
    clause: "feat-unknown-index",
    text: "A GET or SET of a feature that does not exist is taken for a probe of MIGRATION.",
    hooks: reads(
      ({ index, gets, sets, probes }) =>
        !probes && gets !== sets && !Object.values<number>(Feature).includes(index),
      () => PROBE | Feature.MIGRATION,
    ),
  },
  {
    id: "set-migration-accepted",
    clause: "feat-wrong-method",
    text: "SET of MIGRATION and of DMA_LOGGING_REPORT succeed.",
    hooks: acceptsIf(({ index, sets, gets, probes }) =>
      sets && !gets && !probes &&
      (index === Feature.MIGRATION || index === Feature.DMA_LOGGING_REPORT)
    ),
  },
  {
    id: "get-logging-start-accepted",
    clause: "feat-wrong-method",
    text: "GET of DMA_LOGGING_START and DMA_LOGGING_STOP succeed.",
    hooks: acceptsIf(({ index, sets, gets, probes }) =>
      gets && !sets && !probes &&
      (index === Feature.DMA_LOGGING_START || index === Feature.DMA_LOGGING_STOP)
    ),
  },
];

/** The data of the SET or probe of a state before, which an over-read finds. */
function readsOldData(): Hooks {
  let old: Uint8Array = FeatureDeviceState.encode({ deviceState: DeviceState.STOP });
  return onUse((use) => {
    const { index, data, session: { device } } = use;
    if (index !== Feature.MIG_DEVICE_STATE || !use.sets || use.gets) return;
    if (data.byteLength >= FeatureDeviceState.size) old = data.slice();
    if (data.byteLength >= FeatureDeviceState.size || use.probes) return;
    device.migration.go(FeatureDeviceState.decode(old).deviceState);
    return echo(use);
  })();
}

const lengths: readonly Fault[] = [
  {
    id: "short-feature-dies",
    clause: "feat-short",
    text: "A DEVICE_FEATURE of less than 8 bytes kills the server.",
    hooks: () => ({
      request({ command, payload }) {
        if (command === Command.DEVICE_FEATURE && payload.byteLength < HEAD) crash();
      },
    }),
  },
  {
    id: "set-reads-old-data",
    clause: "feat-set-nodata",
    text: "A SET of the device state without data takes those of the one before.",
    hooks: readsOldData,
  },
  {
    id: "set-without-data-dies",
    clause: "feat-set-nodata",
    text: "A SET without data kills the server.",
    hooks: onUse((use) => lacksData(use) ? crash() : undefined),
  },
  {
    id: "start-without-data-accepted",
    clause: "feat-set-nodata",
    text: "DMA_LOGGING_START without data succeeds.",
    hooks: acceptsIf((use) => use.index === Feature.DMA_LOGGING_START && lacksData(use)),
  },
  {
    id: "report-without-data-accepted",
    clause: "feat-report-nodata",
    text: "DMA_LOGGING_REPORT without data succeeds.",
    hooks: acceptsIf(({ index, gets, sets, probes, data }) =>
      index === Feature.DMA_LOGGING_REPORT && gets && !sets && !probes && data.byteLength < 24
    ),
  },
  {
    id: "report-without-data-dies",
    clause: "feat-report-nodata",
    text: "DMA_LOGGING_REPORT without data kills the server.",
    hooks: onUse(({ index, gets, sets, probes, data }) =>
      index === Feature.DMA_LOGGING_REPORT && gets && !sets && !probes && data.byteLength < 24
        ? crash()
        : undefined
    ),
  },
  {
    id: "get-small-argsz-dies",
    clause: "feat-get-argsz-small",
    text: "A GET of MIGRATION with an argsz below 16 kills the server.",
    hooks: diesIf(({ index, gets, probes, argsz }) =>
      index === Feature.MIGRATION && gets && !probes && argsz < 16
    ),
  },
  {
    id: "get-argsz-of-data",
    clause: "feat-get-argsz-reply",
    text: "The reply to a GET has the size of its data as argsz.",
    hooks: onAnswer((reply, { gets, probes, index }) => {
      if (!gets || probes || index === Feature.DMA_LOGGING_REPORT) return;
      patch(reply, DeviceFeature, { argsz: reply.payload.byteLength - HEAD });
    }),
  },
  {
    id: "get-argsz-echoed",
    clause: "feat-get-argsz-reply",
    text: "The reply to a GET has the argsz of the request.",
    hooks: onAnswer((reply, { gets, probes, argsz }) => {
      if (gets && !probes) patch(reply, DeviceFeature, { argsz });
    }),
  },
];

function flagged(flags: number): () => Hooks {
  return onUse((use) => {
    if (use.index !== Feature.MIGRATION || !use.gets || use.sets || use.probes) return;
    return use.argsz < 16
      ? REFUSED
      : answer(use, FeatureMigration.encode({ flags: BigInt(flags) }));
  });
}

const replies: readonly Fault[] = [
  {
    id: "migration-without-stop-copy",
    clause: "feat-mig-flags",
    text: "The migration flags lack STOP_COPY.",
    hooks: flagged(MigrationFlag.PRE_COPY),
  },
  {
    id: "migration-unknown-flag",
    clause: "feat-mig-flags",
    text: "The migration flags have bit 3 set.",
    hooks: flagged(MigrationFlag.STOP_COPY | MigrationFlag.PRE_COPY | 0x8),
  },
  {
    id: "failed-set-with-payload",
    clause: "feat-error-header-only",
    text: "The error reply to a SET has a payload.",
    hooks: onError((reply, { command, payload }) => {
      if (command !== Command.DEVICE_FEATURE || payload.byteLength < HEAD) return;
      if ((DeviceFeature.decode(payload).flags & SET) !== 0) pad(reply, 8);
    }),
  },
];

/** Faults in DEVICE_FEATURE (catalogue 2.14). */
export const featureFaults: readonly Fault[] = [...probes, ...methods, ...lengths, ...replies];
