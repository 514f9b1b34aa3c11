import type { Outcome } from "../harness/case.ts";
import { extend } from "../harness/mutate.ts";
import {
  anyError,
  closed,
  expect,
  loadMigrationData,
  migDataWrite,
  reply,
  secondServer,
} from "../harness/steps.ts";
import { HeaderFlag } from "../harness/wire/constants.ts";
import { MigData } from "../harness/wire/messages.ts";
import { go, leave, needsOf, reach, saveDevice, stateId } from "./migration_states.ts";
import { transferLimit } from "./region_places.ts";
import type { Row } from "./row.ts";

const HEAD = MigData.size;
const ANYTHING: readonly Outcome[] = [reply(), anyError(), closed()];
/** Larger messages are not sent: servers that take them are free to. */
const MOST = 16 << 20;

const writes: readonly Row[] = [
  {
    id: "write",
    title: "Writes migration data in RESUMING and looks at the size of each reply",
    clause: "migdata-write-basic",
    needs: ["migration"],
    steps: (device) => [
      ...saveDevice(device, "data"),
      ...go("STOP", "RESUMING"),
      loadMigrationData("data", { chunk: transferLimit(device), each: { payloadSize: 0 } }),
      ...leave(),
    ],
  },
  ...(["RUNNING", "STOP", "STOP_COPY", "PRE_COPY"] as const).map((state): Row => ({
    id: `write-in-${stateId(state)}`,
    title: `Writes migration data in ${state}`,
    clause: "migdata-write-state",
    needs: needsOf(state),
    steps: (device) => [
      ...reach(device, state),
      migDataWrite(new Uint8Array(16)),
      expect(anyError()),
      ...leave(),
    ],
  })),
];

/** On a server of their own: what these write may leave a device that never runs again. */
const flaws: readonly Row[] = [
  {
    id: "write-64-bytes-as-65",
    title: "Writes 64 bytes of migration data and says 65",
    message: migDataWrite(new Uint8Array(64), { size: 65, argsz: HEAD + 65 }),
  },
  {
    id: "write-no-bytes-as-64",
    title: "Writes no migration data and says 64 bytes",
    message: migDataWrite(new Uint8Array(), { size: 64, argsz: HEAD + 64 }),
  },
  {
    id: "write-64-bytes-as-4-gib",
    title: "Writes 64 bytes of migration data and says nearly 4 GiB",
    message: migDataWrite(new Uint8Array(64), { size: 0xffff_fff0, argsz: 0xffff_fff8 }),
  },
  {
    id: "write-64-bytes-as-4-gib-argsz-72",
    title: "Writes 64 bytes of migration data and says nearly 4 GiB, with a good argsz",
    message: migDataWrite(new Uint8Array(64), { size: 0xffff_fff8, argsz: HEAD + 64 }),
  },
].map(({ message, ...row }): Row => ({
  ...row,
  clause: "migdata-write-size-lie",
  needs: ["migration", "second-server"],
  steps: [
    secondServer({ resetWillDo: true }),
    ...go("STOP", "RESUMING"),
    message,
    expect(anyError(), closed()),
  ],
}));

const robustness: readonly Row[] = [
  ...[0, HEAD].map((argsz): Row => ({
    id: `write-argsz-${argsz}`,
    title: `Writes 64 bytes of migration data with argsz ${argsz}`,
    clause: "migdata-write-argsz-zero",
    needs: ["migration", "second-server"],
    steps: [
      secondServer({ resetWillDo: true }),
      ...go("STOP", "RESUMING"),
      migDataWrite(new Uint8Array(64), { argsz }),
      expect(...ANYTHING),
    ],
  })),
  {
    id: "write-16-bytes-of-64",
    title: "Writes 64 bytes of migration data and says 16",
    clause: "migdata-write-extra",
    needs: ["migration", "second-server"],
    steps: [
      secondServer({ resetWillDo: true }),
      ...go("STOP", "RESUMING"),
      extend(migDataWrite(new Uint8Array(16)), 48),
      expect(...ANYTHING),
    ],
  },
  {
    id: "write-beyond-limit",
    title: "Writes a byte more of migration data than max_data_xfer_size",
    clause: "migdata-write-over-max",
    needs: ["migration", "second-server"],
    ends: "alive",
    steps: ({ capabilities }) => {
      const size = Math.min(capabilities.maxDataXferSize, MOST) + 1;
      // A server that leaves the data in the stream takes them for headers: these ask for no reply.
      const data = new Uint8Array(size).fill(HeaderFlag.NO_REPLY);
      return [
        secondServer({ resetWillDo: true }),
        ...go("STOP", "RESUMING"),
        migDataWrite(data),
        expect(...ANYTHING),
      ];
    },
  },
];

/** Section MIG_DATA_WRITE. */
export const migrationDataWrites: readonly Row[] = [...writes, ...flaws, ...robustness];
