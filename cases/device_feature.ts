import type { Outcome } from "../harness/case.ts";
import { extend, truncate } from "../harness/mutate.ts";
import type { Need } from "../harness/needs.ts";
import {
  anyError,
  atMost,
  closed,
  deviceFeature,
  dmaMap,
  expect,
  remarkable,
  reply,
  saved,
} from "../harness/steps.ts";
import { DeviceState, Feature, FeatureFlag, MigrationFlag } from "../harness/wire/constants.ts";
import {
  DeviceFeature,
  FeatureDeviceState,
  FeatureLoggingControl,
  FeatureLoggingReport,
  FeatureMigration,
} from "../harness/wire/messages.ts";
import { report, startLogging, stopLogging } from "./dirty_pages.ts";
import { echo } from "./echo.ts";
import { backed, blocks } from "./guest_blocks.ts";
import { getState, leave, setState } from "./migration_states.ts";
import type { Row, RowSuite } from "./row.ts";

const { GET, SET, PROBE } = FeatureFlag;
const HEAD = DeviceFeature.size;
const STOP = FeatureDeviceState.encode({ deviceState: DeviceState.STOP });

interface Known {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly needs: readonly Need[];
  /** FeatureFlag bits of the methods that it has. */
  readonly methods: number;
}

const FEATURES: readonly Known[] = [
  { index: Feature.MIGRATION, name: "MIGRATION", needs: ["migration"] as const, methods: GET },
  {
    index: Feature.MIG_DEVICE_STATE,
    name: "MIG_DEVICE_STATE",
    needs: ["migration"] as const,
    methods: GET | SET,
  },
  {
    index: Feature.DMA_LOGGING_START,
    name: "DMA_LOGGING_START",
    needs: ["dma-logging"] as const,
    methods: SET,
  },
  {
    index: Feature.DMA_LOGGING_STOP,
    name: "DMA_LOGGING_STOP",
    needs: ["dma-logging"] as const,
    methods: SET,
  },
  {
    index: Feature.DMA_LOGGING_REPORT,
    name: "DMA_LOGGING_REPORT",
    needs: ["dma-logging"] as const,
    methods: GET,
  },
].map((feature) => ({ ...feature, id: feature.name.toLowerCase().replaceAll("_", "-") }));

const METHODS = [
  { id: "get", name: "GET", bits: GET },
  { id: "set", name: "SET", bits: SET },
  { id: "get-and-set", name: "GET and SET", bits: GET | SET },
];

const probes: readonly Row[] = [
  ...FEATURES.map(({ index, id, name }): Row => ({
    id: `probe-${id}`,
    title: `Asks whether ${name} is supported`,
    clause: "feat-probe-any",
    steps: [deviceFeature({ flags: PROBE | index }), expect(reply(), anyError())],
  })),
  ...FEATURES.map(({ index, id, name, needs }): Row => ({
    id: `probe-${id}-echo`,
    title: `Asks whether ${name} is supported and compares the reply with the request`,
    clause: "feat-probe-echo",
    needs,
    steps: [
      deviceFeature({ flags: PROBE | index }),
      expect(echo(deviceFeature({ flags: PROBE | index }))),
    ],
  })),
  ...FEATURES.flatMap((feature) =>
    METHODS.map(({ id, name, bits }): Row => ({
      id: `probe-${feature.id}-${id}`,
      title: `Asks whether ${feature.name} supports ${name}`,
      clause: "feat-probe-get-set",
      needs: feature.needs,
      steps: [
        deviceFeature({ flags: PROBE | bits | feature.index }),
        expect((feature.methods & bits) === bits ? reply() : anyError()),
      ],
    }))
  ),
  {
    id: "probe-set-state",
    title: "Asks whether the device state can be set, with a state behind the question",
    clause: "feat-probe-noeffect",
    needs: ["migration"],
    steps: [
      getState(),
      expect(reply({}, { save: "state before" })),
      deviceFeature({ flags: PROBE | SET | Feature.MIG_DEVICE_STATE, data: STOP }),
      expect(reply(), anyError()),
      getState(),
      expect(reply({}, { data: saved("state before") })),
      ...leave(),
    ],
  },
  ...FEATURES.map(({ index, id, name, needs }): Row => ({
    id: `probe-${id}-with-data`,
    title: `Asks whether ${name} is supported, with 8 bytes behind the question`,
    clause: "feat-probe-with-data",
    needs,
    steps: [
      extend(deviceFeature({ flags: PROBE | index, argsz: 16 }), 8),
      expect(reply(), anyError(), closed()),
    ],
  })),
  ...[0, 7].map((argsz): Row => ({
    id: `probe-argsz-${argsz}`,
    title: `Asks whether migration is supported with argsz ${argsz}`,
    clause: "feat-probe-argsz-small",
    needs: ["migration"],
    steps: [
      deviceFeature({ flags: PROBE | Feature.MIGRATION, argsz }),
      expect(reply(), anyError(), closed()),
    ],
  })),
];

const UNKNOWN = [0, 3, 5, 99, 0xffff];

const methods: readonly Row[] = [
  {
    id: "get-and-set-state",
    title: "Asks to get and set the device state at once",
    clause: "feat-get-and-set",
    needs: ["migration"],
    steps: [
      getState(),
      expect(reply({}, { save: "state before" })),
      deviceFeature({ flags: GET | SET | Feature.MIG_DEVICE_STATE, data: STOP }),
      expect(anyError()),
      getState(),
      expect(reply({}, { data: saved("state before") })),
      ...leave(),
    ],
  },
  ...FEATURES.map(({ index, id, name }): Row => ({
    id: `no-method-${id}`,
    title: `Names ${name} without GET, SET and PROBE`,
    clause: "feat-no-op",
    steps: [deviceFeature({ flags: index }), expect(anyError())],
  })),
  ...UNKNOWN.flatMap((index) =>
    [{ id: "get", bits: GET }, { id: "set", bits: SET }, { id: "probe", bits: PROBE }].map(
      ({ id, bits }): Row => ({
        id: `unknown-index-${index}-${id}`,
        title: `Sends a ${id.toUpperCase()} for the feature index ${index}`,
        clause: "feat-unknown-index",
        // Indexes 3 to 5 mean something to Linux: a server may know them, and says so to PROBE.
        steps: ({ features }) =>
          features.supported.includes(index)
            ? [deviceFeature({ flags: PROBE | index }), expect(reply())]
            : [deviceFeature({ flags: bits | index }), expect(anyError())],
      }),
    )
  ),
  ...[19, 31].map((bit): Row => ({
    id: `reserved-flag-${bit}`,
    title: `Sets bit ${bit} of the flags, which is undefined`,
    clause: "feat-reserved-flags",
    needs: ["migration"],
    steps: [
      deviceFeature({ flags: (GET | Feature.MIGRATION | 1 << bit) >>> 0, argsz: 16 }),
      expect(reply(), anyError(), closed()),
    ],
  })),
  ...[
    {
      id: "set-migration",
      what: "SET for MIGRATION",
      needs: ["migration"] as const,
      message: deviceFeature({
        flags: SET | Feature.MIGRATION,
        data: FeatureMigration.encode({ flags: BigInt(MigrationFlag.STOP_COPY) }),
      }),
    },
    {
      id: "get-logging-start",
      what: "GET for DMA_LOGGING_START",
      needs: ["dma-logging"] as const,
      message: deviceFeature({ flags: GET | Feature.DMA_LOGGING_START, argsz: 64 }),
    },
    {
      id: "get-logging-stop",
      what: "GET for DMA_LOGGING_STOP",
      needs: ["dma-logging"] as const,
      message: deviceFeature({ flags: GET | Feature.DMA_LOGGING_STOP, argsz: 64 }),
    },
    {
      id: "set-logging-report",
      what: "SET for DMA_LOGGING_REPORT",
      needs: ["dma-logging"] as const,
      message: deviceFeature({
        flags: SET | Feature.DMA_LOGGING_REPORT,
        data: FeatureLoggingReport.encode({ length: 4096n, pageSize: 4096n }),
      }),
    },
  ].map(({ id, what, needs, message }): Row => ({
    id: `wrong-method-${id}`,
    title: `Sends a ${what}`,
    clause: "feat-wrong-method",
    needs,
    steps: [message, expect(anyError())],
  })),
];

const lengths: readonly Row[] = [
  ...[0, 1, 3, 4, 5, 7].map((size): Row => ({
    id: `payload-of-${size}`,
    title: `Sends a payload of ${size} bytes`,
    clause: "feat-short",
    steps: [
      truncate(deviceFeature({ flags: PROBE | Feature.MIGRATION }), size),
      expect(anyError(), closed()),
    ],
  })),
  ...[0, 3].flatMap((size) =>
    [HEAD + size, HEAD + STOP.byteLength].map((argsz): Row => ({
      id: `set-state-with-${size}-bytes-argsz-${argsz}`,
      title: `Sets the device state with ${size} bytes of data and argsz ${argsz}`,
      clause: "feat-set-nodata",
      needs: ["migration"],
      // A server that reads beyond the message finds a good state there when it was the last thing it held.
      steps: [
        getState(),
        expect(reply({}, { save: "state before" })),
        ...[1, 2, 3].flatMap(() => [
          deviceFeature({ flags: PROBE | SET | Feature.MIG_DEVICE_STATE, data: STOP }),
          expect(reply(), anyError()),
          truncate(setState("STOP", { argsz }), HEAD + size),
          expect(anyError(), closed()),
          getState(),
          expect(reply({}, { data: saved("state before") })),
        ]),
        ...leave(),
      ],
    }))
  ),
  ...[0, FeatureLoggingControl.size - 1].map((size): Row => ({
    id: `start-logging-with-${size}-bytes`,
    title: `Starts DMA logging with ${size} bytes of data`,
    clause: "feat-set-nodata",
    needs: ["dma-logging"],
    steps: [
      truncate(startLogging(), HEAD + size),
      expect(anyError(), closed()),
      ...stopLogging(),
    ],
  })),
  ...[0, FeatureLoggingReport.size - 1].map((size): Row => ({
    id: `report-with-${size}-bytes`,
    title: `Asks for a report with ${size} bytes of data`,
    clause: "feat-report-nodata",
    needs: ["dma-logging"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      startLogging(),
      expect(reply()),
      truncate(report(blocks(0)), HEAD + size),
      expect(anyError(), closed()),
      ...stopLogging(),
    ],
  })),
  ...[HEAD, HEAD + 7].map((argsz): Row => ({
    id: `get-migration-argsz-${argsz}`,
    title: `Asks for the migration flags with argsz ${argsz}`,
    clause: "feat-get-argsz-small",
    needs: ["migration"],
    steps: [
      deviceFeature({ flags: GET | Feature.MIGRATION, argsz }),
      expect(
        anyError(),
        reply({ argsz: HEAD + FeatureMigration.size }, { payloadSize: atMost(argsz) }),
        remarkable(reply(), "the reply is larger than argsz, or does not say what it needs"),
        closed(),
      ),
    ],
  })),
  {
    id: "get-migration-argsz-large",
    title: "Asks for the migration flags with room to spare",
    clause: "feat-get-argsz-reply",
    needs: ["migration"],
    steps: [
      deviceFeature({ flags: GET | Feature.MIGRATION, argsz: 64 }),
      expect(wholeReply(FeatureMigration.size)),
    ],
  },
  {
    id: "get-migration-size",
    title: "Asks for the migration flags and looks at the size of the reply",
    clause: "feat-get-argsz-reply",
    needs: ["migration"],
    steps: [getMigration(), expect(wholeReply(FeatureMigration.size))],
  },
  {
    id: "get-state-size",
    title: "Asks for the device state and looks at the size of the reply",
    clause: "feat-get-argsz-reply",
    needs: ["migration"],
    steps: [getState(), expect(wholeReply(FeatureDeviceState.size))],
  },
];

const { STOP_COPY, P2P, PRE_COPY } = MigrationFlag;

const answers: readonly Row[] = [
  {
    id: "migration-flags",
    title: "Asks for the migration flags",
    clause: "feat-mig-flags",
    needs: ["migration"],
    steps: [
      getMigration(),
      expect(
        migrationFlags(STOP_COPY | PRE_COPY),
        remarkable(
          migrationFlags(STOP_COPY | PRE_COPY | P2P),
          "P2P is announced, though vfio-user does not use it",
        ),
      ),
    ],
  },
  ...[
    { id: "state", what: "the state ERROR", message: setState("ERROR") },
    {
      id: "unknown-index",
      what: "the feature index 99",
      message: deviceFeature({ flags: SET | 99, data: STOP }),
    },
    {
      id: "wrong-method",
      what: "MIGRATION, which can only be read",
      message: deviceFeature({ flags: SET | Feature.MIGRATION, data: STOP }),
    },
  ].map(({ id, what, message }): Row => ({
    id: `error-size-${id}`,
    title: `Sets ${what}, and looks at the size of the error reply`,
    clause: "feat-error-header-only",
    needs: ["migration"],
    steps: [message, expect(anyError({ payloadSize: 0 })), ...leave()],
  })),
];

function getMigration() {
  return deviceFeature({
    flags: GET | Feature.MIGRATION,
    argsz: HEAD + FeatureMigration.size,
  });
}

/** Some of these flags are set, STOP_COPY among them, and no others. */
function migrationFlags(allowed: number): Outcome {
  return reply({}, {
    wants: `STOP_COPY and no other flags than 0x${allowed.toString(16)}`,
    check: ({ data }) => {
      if (data.byteLength < FeatureMigration.size) return `${data.byteLength} bytes of data`;
      const flags = Number(FeatureMigration.decode(data).flags);
      const good = (flags & STOP_COPY) !== 0 && flags <= allowed && (flags & ~allowed) === 0;
      return good ? undefined : `flags 0x${flags.toString(16)}`;
    },
  });
}

function wholeReply(dataSize: number): Outcome {
  return reply({ argsz: HEAD + dataSize }, { payloadSize: HEAD + dataSize });
}

/** Section DEVICE_FEATURE. */
export const deviceFeatureSuite: RowSuite = {
  id: "device-feature",
  title: "DEVICE_FEATURE",
  cases: [...probes, ...methods, ...lengths, ...answers],
};
