import type { Outcome, Send, Step } from "../harness/case.ts";
import type { Need } from "../harness/needs.ts";
import {
  anyError,
  closed,
  deviceReset,
  disconnect,
  dmaMap,
  dmaUnmap,
  expect,
  getInfo,
  getIrqInfo,
  getRegionInfo,
  migDataWrite,
  reconnect,
  regionRead,
  regionWrite,
  remarkable,
  reply,
  saved,
  secondServer,
  setIrqs,
} from "../harness/steps.ts";
import { DeviceState, SetIrqsFlag } from "../harness/wire/constants.ts";
import { backed, blocks } from "./guest_blocks.ts";
import {
  type AnyState,
  getState,
  go,
  leave,
  leaveAnyhow,
  reach,
  setState,
  stateId,
  stateIs,
} from "./migration_states.ts";
import { INTERRUPT_LINE } from "./pci_registers.ts";
import type { Row } from "./row.ts";

const ANYTHING: readonly Outcome[] = [reply(), anyError(), closed()];
const VALID = Object.keys(DeviceState).filter((name) => !name.endsWith("P2P")) as AnyState[];
const JUNK = new Uint8Array(64).fill(0xa5);

const argszs: readonly Row[] = [0, 8].map((argsz) => ({
  id: `set-state-argsz-${argsz}`,
  title: `Sets the state STOP with argsz ${argsz}`,
  clause: "mig-set-argsz-small",
  needs: ["migration"],
  steps: [
    setState("STOP", { argsz }),
    expect(...ANYTHING),
    getState(),
    expect(reply(), anyError()),
    ...leaveAnyhow(),
  ],
}));

/** On a server of their own: what these write may leave a device that never runs again. */
const restores: readonly Row[] = [
  ...(["STOP", "RUNNING"] as const).flatMap((to): Row[] => [
    {
      id: `junk-restored-to-${stateId(to)}`,
      title: `Writes 64 bytes that are no migration data and sets the state ${to}`,
      clause: "mig-resume-garbage",
      needs: ["migration", "second-server"],
      steps: [
        ...writeJunk(),
        setState(to),
        expect(anyError(), remarkable(reply(), "the device took junk for migration data")),
        getState(),
        expect(reply({}, stateIs(...VALID))),
      ],
    },
    {
      id: `nothing-restored-to-${stateId(to)}`,
      title: `Writes no migration data in RESUMING and sets the state ${to}`,
      clause: "mig-resume-empty",
      needs: ["migration", "second-server"],
      steps: [
        secondServer({ resetWillDo: true }),
        ...go("STOP", "RESUMING"),
        setState(to),
        expect(
          anyError(),
          remarkable(reply(), "the device was resumed without migration data"),
          closed(),
        ),
        getState(),
        expect(...ANYTHING),
      ],
    },
  ]),
  {
    id: "state-after-failure",
    title: "Asks for the state after junk was to lead from RESUMING to RUNNING",
    clause: "mig-failed-state-visible",
    needs: ["migration", "second-server"],
    steps: [
      ...writeJunk(),
      setState("RUNNING"),
      expect(...ANYTHING),
      getState(),
      expect(
        reply({}, stateIs("RESUMING", "STOP", "RUNNING", "ERROR")),
        remarkable(reply(), "the state is none on the way from RESUMING to RUNNING"),
        anyError(),
        closed(),
      ),
    ],
  },
];

function writeJunk(): Step[] {
  return [
    secondServer({ resetWillDo: true }),
    ...go("STOP", "RESUMING"),
    migDataWrite(JUNK),
    expect(reply(), anyError()),
  ];
}

interface Command {
  readonly id: string;
  readonly title: string;
  readonly needs?: readonly Need[];
  /** What comes before the device is stopped. */
  readonly before?: readonly Step[];
  readonly message: Send;
}

const COMMANDS: readonly Command[] = [
  { id: "get-info", title: "Asks for the device information", message: getInfo() },
  { id: "get-region-info", title: "Asks for region information", message: getRegionInfo() },
  { id: "get-irq-info", title: "Asks for interrupt information", message: getIrqInfo() },
  {
    id: "set-irqs",
    title: "Disables an interrupt",
    message: setIrqs({ flags: SetIrqsFlag.DATA_NONE | SetIrqsFlag.ACTION_TRIGGER, count: 0 }),
  },
  {
    id: "region-read",
    title: "Reads the interrupt line register",
    needs: ["config"],
    message: regionRead(INTERRUPT_LINE),
  },
  {
    id: "region-write",
    title: "Writes the interrupt line register",
    needs: ["writable-config"],
    before: [regionRead(INTERRUPT_LINE), expect(reply({}, { save: "line" }))],
    message: regionWrite({ ...INTERRUPT_LINE, data: saved("line") }),
  },
  { id: "dma-map", title: "Maps a region", message: dmaMap(backed(0)) },
  {
    id: "dma-unmap",
    title: "Unmaps a region",
    before: [dmaMap(backed(0)), expect(reply())],
    message: dmaUnmap(blocks(0)),
  },
  { id: "reset", title: "Resets the device", needs: ["reset"], message: deviceReset() },
];

const stopped: readonly Row[] = (["STOP", "STOP_COPY"] as const).flatMap((state) =>
  COMMANDS.map(({ id, title, needs = [], before = [], message }): Row => ({
    id: `${id}-in-${stateId(state)}`,
    title: `${title} in ${state}`,
    clause: "mig-stopped-access",
    needs: ["migration", ...needs],
    steps: (device) => [
      ...before,
      ...reach(device, state),
      message,
      expect(...ANYTHING),
      ...leaveAnyhow(),
    ],
  }))
);

const disconnections: readonly Row[] = [
  {
    id: "state-after-reconnect",
    title: "Leaves the device in STOP, connects again and asks for the state",
    clause: "mig-state-survives-reconnect",
    needs: ["migration"],
    steps: [
      ...go("STOP"),
      disconnect(),
      reconnect(),
      getState(),
      expect(
        reply({}, stateIs("STOP", "RUNNING")),
        remarkable(reply(), "the state is neither the one before nor RUNNING"),
        anyError(),
      ),
      ...leave(),
    ],
  },
];

/** Rows on migration that ask for no particular answer, but for one that leaves the server alive. */
export const migrationRobustness: readonly Row[] = [
  ...argszs,
  ...restores,
  ...stopped,
  ...disconnections,
];
