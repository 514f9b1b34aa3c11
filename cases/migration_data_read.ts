import type { Outcome, ReplyDemands } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import { truncate } from "../harness/mutate.ts";
import {
  anyError,
  atMost,
  closed,
  countDescriptors,
  expect,
  migDataRead,
  remarkable,
  reply,
  sameDescriptors,
  saveMigrationData,
  version,
} from "../harness/steps.ts";
import { DEFAULTS } from "../harness/wire/constants.ts";
import { MigData } from "../harness/wire/messages.ts";
import { go, leave, leaveAnyhow, needsOf, reach, stateId } from "./migration_states.ts";
import { transferLimit } from "./region_places.ts";
import type { Row } from "./row.ts";

const HEAD = MigData.size;
/** Reads in small pieces: enough to see them fit together. */
const READS = 200;
const HUGE = 0xffff_fff0;
const ANYTHING: readonly Outcome[] = [reply(), anyError(), closed()];

/** At most `most` bytes, which argsz counts together with the head. */
function counted(most: number): ReplyDemands {
  return {
    wants: `a size of at most ${most}, and argsz 8 more than it`,
    check: ({ fields: { argsz, size } }) => {
      if (argsz === undefined || size === undefined) return "a payload without a size";
      const good = Number(size) <= most && Number(argsz) === HEAD + Number(size);
      return good ? undefined : `size ${size} and argsz ${argsz}`;
    },
  };
}

const EXACT: ReplyDemands = {
  wants: "a payload that ends with the data",
  check: ({ fields: { size }, payload }) => {
    if (size === undefined) return "a payload without a size";
    if (payload.byteLength === HEAD + Number(size)) return undefined;
    return `size ${size} in a payload of ${payload.byteLength} bytes`;
  },
};

const sizes: readonly Row[] = [
  ...[1, 64].map((size): Row => ({
    id: `read-${size}`,
    title: `Reads migration data ${size} bytes at a time`,
    clause: "migdata-read-basic",
    needs: ["migration"],
    steps: [
      ...go("STOP", "STOP_COPY"),
      saveMigrationData("data", { chunk: size, reads: READS, each: counted(size) }),
      ...leave(),
    ],
  })),
  {
    id: "read-at-limit",
    title: "Reads migration data max_data_xfer_size bytes at a time",
    clause: "migdata-read-basic",
    needs: ["migration"],
    steps: (device) => [
      ...go("STOP", "STOP_COPY"),
      saveMigrationData("data", { ...all(device), each: counted(transferLimit(device)) }),
      ...leave(),
    ],
  },
  {
    id: "read-64-size",
    title: "Reads migration data 64 bytes at a time and looks at the size of each reply",
    clause: "migdata-read-msgsize",
    needs: ["migration"],
    steps: [
      ...go("STOP", "STOP_COPY"),
      saveMigrationData("data", { chunk: 64, reads: READS, each: EXACT }),
      ...leave(),
    ],
  },
  {
    id: "short-read-size",
    title: "Reads migration data to their end and looks at the size of each reply",
    clause: "migdata-read-msgsize",
    needs: ["migration"],
    steps: (device) => [
      ...go("STOP", "STOP_COPY"),
      saveMigrationData("data", { ...all(device), each: EXACT }),
      ...leave(),
    ],
  },
  {
    id: "read-behind-end",
    title: "Reads migration data to their end and once more",
    clause: "migdata-read-eof",
    needs: ["migration"],
    steps: (device) => [
      ...go("STOP", "STOP_COPY"),
      saveMigrationData("data", all(device)),
      migDataRead(),
      expect(reply({ size: 0 })),
      ...leave(),
    ],
  },
];

const states: readonly Row[] = (["RUNNING", "STOP", "RESUMING"] as const).map((state) => ({
  id: `read-in-${stateId(state)}`,
  title: `Reads migration data in ${state}`,
  clause: "migdata-read-state",
  needs: needsOf(state),
  steps: (device) => [...reach(device, state), migDataRead(), expect(anyError()), ...leave()],
}));

const robustness: readonly Row[] = [
  {
    id: "read-nothing",
    title: "Reads 0 bytes of migration data",
    clause: "migdata-read-zero",
    needs: ["migration"],
    steps: [
      ...go("STOP", "STOP_COPY"),
      migDataRead({ size: 0 }),
      expect(reply({ size: 0 }), anyError(), remarkable(reply(), "more than asked for"), closed()),
      ...leaveAnyhow(),
    ],
  },
  ...[0, HEAD, HEAD + 63].map((argsz): Row => ({
    id: `read-64-argsz-${argsz}`,
    title: `Reads 64 bytes of migration data with argsz ${argsz}`,
    clause: "migdata-read-argsz-small",
    needs: ["migration"],
    steps: [
      ...go("STOP", "STOP_COPY"),
      migDataRead({ size: 64, argsz }),
      expect(
        anyError(),
        reply({}, { payloadSize: atMost(argsz) }),
        remarkable(reply(), "the reply is larger than argsz"),
        closed(),
      ),
      ...leaveAnyhow(),
    ],
  })),
  {
    id: "read-beyond-limit",
    title: "Reads a byte more of migration data than our max_data_xfer_size",
    clause: "migdata-read-over-max",
    needs: ["migration"],
    steps: [
      ...go("STOP", "STOP_COPY"),
      migDataRead({ size: DEFAULTS.maxDataXferSize + 1 }),
      expect(...ANYTHING),
      ...leaveAnyhow(),
    ],
  },
  // Behind the end of the data, so that no good server has more to return than we can take.
  ...[HEAD + HUGE, HUGE, HEAD].map((argsz): Row => ({
    id: `read-4-gib-argsz-${argsz}`,
    title: `Reads nearly 4 GiB of migration data with argsz ${argsz}`,
    clause: "migdata-read-wrap",
    needs: ["migration"],
    steps: (device) => [
      ...go("STOP", "STOP_COPY"),
      saveMigrationData("data", all(device)),
      migDataRead({ size: HUGE, argsz }),
      expect(...ANYTHING),
      ...leaveAnyhow(),
    ],
  })),
  {
    id: "read-4-gib-memory",
    title: "Reads nearly 4 GiB of migration data and watches the memory of the server",
    clause: "migdata-read-wrap",
    needs: ["migration", "local-process"],
    steps: (device) => [
      ...go("STOP", "STOP_COPY"),
      saveMigrationData("data", all(device)),
      countDescriptors(),
      migDataRead({ size: HUGE, argsz: HEAD + HUGE }),
      expect(...ANYTHING),
      sameDescriptors(),
      ...leaveAnyhow(),
    ],
  },
  {
    id: "read-4-gib-as-announced",
    title: "Announces a max_data_xfer_size of 4 GiB and reads nearly as much migration data",
    clause: "migdata-read-wrap",
    needs: ["migration"],
    begins: "connected",
    steps: (device) => [
      version({ json: { capabilities: { max_data_xfer_size: 0xffff_ffff } } }),
      expect(reply()),
      ...go("STOP", "STOP_COPY"),
      saveMigrationData("data", all(device)),
      migDataRead({ size: HUGE }),
      expect(...ANYTHING),
      ...leaveAnyhow(),
    ],
  },
];

const refused: readonly Row[] = [
  {
    id: "read-without-migration",
    title: "Reads migration data of a device without migration",
    clause: "migdata-read-nomig",
    needs: ["no-migration"],
    steps: [migDataRead(), expect(anyError())],
  },
  {
    id: "read-payload-of-4",
    title: "Sends a payload of 4 bytes to read migration data",
    clause: "migdata-read-short",
    steps: [truncate(migDataRead(), 4), expect(anyError(), closed())],
  },
  ...[0, 4, 7].map((size): Row => ({
    id: `read-payload-of-${size}-in-stop-copy`,
    title: `Sends a payload of ${size} bytes to read migration data in STOP_COPY`,
    clause: "migdata-read-short",
    needs: ["migration"],
    steps: [
      ...go("STOP", "STOP_COPY"),
      truncate(migDataRead(), size),
      expect(anyError(), closed()),
      ...leaveAnyhow(),
    ],
  })),
];

function all(device: DeviceFacts): { readonly chunk: number } {
  return { chunk: transferLimit(device) };
}

/** Section MIG_DATA_READ. */
export const migrationDataReads: readonly Row[] = [...sizes, ...states, ...refused, ...robustness];
