import type { Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import {
  expect,
  loadMigrationData,
  regionRead,
  regionWrite,
  reply,
  saved,
  saveMigrationData,
  secondServer,
} from "../harness/steps.ts";
import { go, leave, load, needsOf, saveDevice } from "./migration_states.ts";
import { transferLimit } from "./region_places.ts";
import type { Row } from "./row.ts";
import type { Cell } from "./scratch.ts";

/** Bytes of each scratch memory that are compared. */
const COMPARED = 64;

/** The beginning of every scratch memory of the device. */
function cells(device: DeviceFacts): readonly Cell[] {
  return (device.profile.scratch ?? []).map(({ region, offset, size }) => ({
    region,
    offset: BigInt(offset),
    count: Math.min(size, COMPARED, transferLimit(device)),
  }));
}

function keep(device: DeviceFacts): Step[] {
  return cells(device).flatMap((cell, i) => [
    regionRead(cell),
    expect(reply({}, { save: `held before in ${i}` })),
  ]);
}

function putBack(device: DeviceFacts): Step[] {
  return cells(device).flatMap((cell, i) => [
    regionWrite({ ...cell, data: saved(`held before in ${i}`) }),
    expect(reply()),
  ]);
}

/** Writes bytes that differ for each `seed` and each memory. */
function fill(device: DeviceFacts, seed: number): Step[] {
  return cells(device).flatMap((cell, i) => [
    regionWrite({ ...cell, data: pattern(cell, seed + i) }),
    expect(reply()),
  ]);
}

function compare(device: DeviceFacts, seed: number): Step[] {
  return cells(device).flatMap((cell, i) => [
    regionRead(cell),
    expect(reply({}, { data: pattern(cell, seed + i) })),
  ]);
}

function pattern({ count }: Cell, seed: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (seed * 31 + i * 7 + 1) & 0xff);
}

const pieces: readonly Row[] = [
  { id: "1-byte", title: "1 byte at a time", chunk: () => 1 },
  { id: "7-bytes", title: "7 bytes at a time", chunk: () => 7 },
  { id: "whole", title: "in pieces as large as they may be", chunk: transferLimit },
].map(({ id, title, chunk }): Row => ({
  id: `restore-${id}`,
  title: `Restores a device with migration data written ${title}, and compares its memory`,
  clause: "migdata-write-chunks",
  needs: ["migration", "scratch"],
  steps: (device) => [
    ...keep(device),
    ...fill(device, 1),
    ...saveDevice(device, "data"),
    ...fill(device, 101),
    ...go("STOP", "RESUMING"),
    loadMigrationData("data", { chunk: chunk(device), rest: transferLimit(device) }),
    ...go("STOP", "RUNNING"),
    ...compare(device, 1),
    ...putBack(device),
    ...leave(),
  ],
}));

const others: readonly Row[] = [
  {
    id: "save-in-small-reads",
    title: "Restores a device with migration data that were read 7 bytes at a time at first",
    clause: "migdata-write-chunks",
    needs: ["migration", "scratch"],
    steps: (device) => [
      ...keep(device),
      ...fill(device, 2),
      ...go("STOP", "STOP_COPY"),
      saveMigrationData("data", { chunk: 7, reads: 500 }),
      saveMigrationData("data", { chunk: transferLimit(device) }),
      ...go("STOP", "RUNNING"),
      ...fill(device, 102),
      ...go("STOP", "RESUMING"),
      load(device, "data"),
      ...go("STOP", "RUNNING"),
      ...compare(device, 2),
      ...putBack(device),
      ...leave(),
    ],
  },
  {
    id: "save-from-pre-copy",
    title: "Restores a device that was saved in PRE_COPY, written to, and saved on in STOP_COPY",
    clause: "mig-arc-precopy-stopcopy",
    needs: [...needsOf("PRE_COPY"), "scratch"],
    steps: (device) => [
      ...keep(device),
      ...fill(device, 3),
      ...go("PRE_COPY"),
      saveMigrationData("data", { chunk: transferLimit(device), reads: 10 }),
      ...fill(device, 4),
      ...go("STOP_COPY"),
      saveMigrationData("data", { chunk: transferLimit(device) }),
      ...go("STOP", "RUNNING"),
      ...fill(device, 103),
      ...go("STOP", "RESUMING"),
      load(device, "data"),
      ...go("STOP", "RUNNING"),
      ...compare(device, 4),
      ...putBack(device),
      ...leave(),
    ],
  },
  {
    id: "other-server",
    title: "Saves a device, restores it to another server, and compares its memory",
    clause: "mig-roundtrip",
    needs: ["migration", "scratch", "second-server"],
    steps: (device) => [
      ...keep(device),
      ...fill(device, 5),
      ...saveDevice(device, "data"),
      ...putBack(device),
      secondServer(),
      ...go("STOP", "RESUMING"),
      load(device, "data"),
      ...go("STOP", "RUNNING"),
      ...compare(device, 5),
    ],
  },
];

/** Rows that compare what a restored device holds with what the saved one held. */
export const migrationRestores: readonly Row[] = [...pieces, ...others];
