import type { Outcome } from "../harness/case.ts";
import {
  anyError,
  expect,
  migDataRead,
  regionRead,
  remarkable,
  reply,
  secondServer,
} from "../harness/steps.ts";
import { PciRegion } from "../harness/wire/constants.ts";
import { DeviceFeature, FeatureDeviceState } from "../harness/wire/messages.ts";
import { echo } from "./echo.ts";
import { migrationDataReads } from "./migration_data_read.ts";
import { migrationDataWrites } from "./migration_data_write.ts";
import { migrationRestores } from "./migration_restore.ts";
import { migrationRobustness } from "./migration_robustness.ts";
import {
  getState,
  go,
  leave,
  load,
  needsOf,
  reach,
  saveDevice,
  setState,
  type State,
  stateId,
  stateIs,
  STATES,
  type Transition,
  TRANSITIONS,
} from "./migration_states.ts";
import type { Row, RowSuite } from "./row.ts";

const states: readonly Row[] = [
  {
    id: "initial-state",
    title: "Asks a new server for the state of its device",
    clause: "mig-initial-running",
    needs: ["migration", "second-server"],
    steps: [secondServer(), getState(), expect(reply({}, stateIs("RUNNING")))],
  },
  {
    id: "get-state",
    title: "Asks for the device state and looks for a descriptor",
    clause: "mig-get-data-fd",
    needs: ["migration"],
    steps: [
      getState(),
      expect(
        reply({}, { payloadSize: DeviceFeature.size + FeatureDeviceState.size, fdCount: 0 }),
        remarkable(reply(), "the reply has another size, or brings a descriptor"),
      ),
    ],
  },
  {
    id: "set-state-echo",
    title: "Sets the state STOP and compares the reply with the request",
    clause: "mig-set-echo",
    needs: ["migration"],
    steps: [setState("STOP"), expect(echo(setState("STOP"))), ...leave()],
  },
];

/** Every cell of the table: allowed ones end in the state asked for, others leave it as it was. */
const transitions: readonly Row[] = STATES.flatMap((from) =>
  STATES.map((to) => transition(from, to, TRANSITIONS[from][to]))
);

function transition(from: State, to: State, owed: Transition): Row {
  const forbidden = owed.kind === "forbidden";
  const entersResuming = to === "RESUMING" && from !== to;
  return {
    id: `${stateId(from)}-to-${stateId(to)}`,
    title: `Sets the state ${to} in ${from}${wayText(owed)}`,
    clause: owed.clause,
    needs: forbidden ? needsOf(from) : needsOf(from, to),
    steps: (device) => [
      ...(entersResuming ? saveDevice(device, "data") : []),
      ...reach(device, from),
      setState(to),
      expect(...answers(owed)),
      getState(),
      expect(reply({}, stateIs(forbidden ? from : to))),
      ...(entersResuming ? [load(device, "data")] : []),
      ...leave(),
    ],
  };
}

function answers({ kind }: Transition): readonly Outcome[] {
  if (kind === "forbidden") return [anyError()];
  return kind === "same" ? [reply(), anyError()] : [reply()];
}

function wayText(owed: Transition): string {
  return owed.kind === "combined" ? `, by way of ${owed.by.join(" and ")}` : "";
}

const sessions: readonly Row[] = [
  {
    id: "stop-copy-begins-reading",
    title: "Reads migration data once STOP_COPY is reached",
    clause: "mig-arc-stop-stopcopy",
    needs: ["migration"],
    steps: [...go("STOP", "STOP_COPY"), migDataRead(), expect(reply()), ...leave()],
  },
  {
    id: "stop-ends-reading",
    title: "Reads migration data after STOP_COPY is left for STOP",
    clause: "mig-arc-stopcopy-stop",
    needs: ["migration"],
    steps: [
      ...go("STOP", "STOP_COPY"),
      migDataRead(),
      expect(reply()),
      ...go("STOP"),
      migDataRead(),
      expect(anyError()),
      ...leave(),
    ],
  },
  {
    id: "resuming-begins-writing",
    title: "Writes migration data once RESUMING is reached",
    clause: "mig-arc-stop-resuming",
    needs: ["migration"],
    steps: (device) => [
      ...saveDevice(device, "data"),
      ...go("STOP", "RESUMING"),
      load(device, "data"),
      ...leave(),
    ],
  },
  {
    id: "pre-copy-keeps-running",
    title: "Reads the vendor ID in PRE_COPY",
    clause: "mig-arc-running-precopy",
    needs: [...needsOf("PRE_COPY"), "config"],
    steps: [
      ...go("PRE_COPY"),
      regionRead({ region: PciRegion.CONFIG, count: 4 }),
      expect(reply()),
      ...leave(),
    ],
  },
  {
    id: "pre-copy-begins-reading",
    title: "Reads migration data once PRE_COPY is reached",
    clause: "mig-arc-running-precopy",
    needs: needsOf("PRE_COPY"),
    steps: [...go("PRE_COPY"), migDataRead(), expect(reply()), ...leave()],
  },
  {
    id: "running-ends-reading",
    title: "Reads migration data after PRE_COPY is left for RUNNING",
    clause: "mig-arc-precopy-running",
    needs: needsOf("PRE_COPY"),
    steps: [
      ...go("PRE_COPY", "RUNNING"),
      migDataRead(),
      expect(anyError()),
      ...leave(),
    ],
  },
  {
    id: "stop-copy-goes-on-reading",
    title: "Reads migration data in PRE_COPY and goes on in STOP_COPY",
    clause: "mig-arc-precopy-stopcopy",
    needs: needsOf("PRE_COPY"),
    steps: [
      ...go("PRE_COPY"),
      migDataRead(),
      expect(reply()),
      ...go("STOP_COPY"),
      migDataRead(),
      expect(reply()),
      ...leave(),
    ],
  },
];

const refused: readonly Row[] = [
  ...STATES.map((from) => refusal(from, "ERROR")),
  ...STATES.flatMap((from) => [refusal(from, "RUNNING_P2P"), refusal(from, "PRE_COPY_P2P")]),
  ...[8, 99, 0xabcd, 0xffff_ffff].map((state): Row => ({
    id: `running-to-${state}`,
    title: `Sets the state ${state}, which does not exist`,
    clause: "mig-set-invalid",
    needs: ["migration"],
    steps: [setState(state), expect(anyError()), ...leave()],
  })),
  {
    id: "pre-copy-unsupported",
    title: "Sets the state PRE_COPY on a device without it",
    clause: "mig-precopy-unsupported",
    needs: ["migration", "no-precopy"],
    steps: [
      setState("PRE_COPY"),
      expect(anyError()),
      getState(),
      expect(reply({}, stateIs("RUNNING"))),
      ...leave(),
    ],
  },
];

function refusal(from: State, to: "ERROR" | "RUNNING_P2P" | "PRE_COPY_P2P"): Row {
  const isP2p = to !== "ERROR";
  return {
    id: `${stateId(from)}-to-${stateId(to)}`,
    title: `Sets the state ${to} in ${from}`,
    clause: isP2p ? "mig-set-p2p" : "mig-set-error",
    needs: [...needsOf(from), ...(isP2p ? ["no-p2p"] as const : [])],
    steps: (device) => [
      ...reach(device, from),
      setState(to),
      expect(anyError()),
      getState(),
      expect(reply({}, stateIs(from))),
      ...leave(),
    ],
  };
}

/** Sections MIG_DEVICE_STATE, MIG_DATA_READ and MIG_DATA_WRITE. */
export const migrationSuite: RowSuite = {
  id: "migration",
  title: "Migration",
  cases: [
    ...states,
    ...transitions,
    ...sessions,
    ...refused,
    ...migrationRobustness,
    ...migrationDataReads,
    ...migrationDataWrites,
    ...migrationRestores,
  ],
};
