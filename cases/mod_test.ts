import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DeviceFacts, RegionFacts } from "../harness/device_facts.ts";
import { unmetNeed } from "../harness/needs.ts";
import {
  DEFAULTS,
  DeviceFlag,
  IoEventFdFlag,
  IoFdType,
  IrqFlag,
  MigrationFlag,
  PciRegion,
  RegionCapId,
  RegionFlag,
} from "../harness/wire/constants.ts";
import type { SubRegion } from "../harness/wire/io_fds.ts";
import { type ClauseId, clauseOf, CLAUSES, type Row, SUITES } from "./mod.ts";

const OWED_A_CASE = ["must", "should", "robust"];
const CASES = SUITES.flatMap(({ id, cases }) =>
  cases.map((row): [string, Row] => [`${id}/${row.id}`, row])
);

const { READ, WRITE, MMAP, CAPS } = RegionFlag;

function region(index: number, size: number, flags: number): RegionFacts {
  const fdCount = flags & MMAP ? 1 : 0;
  return { index, size: BigInt(size), flags, offset: 0n, argsz: 32, caps: [], fdCount };
}

const sparse: RegionFacts = {
  ...region(2, 0x4000, READ | WRITE | MMAP | CAPS),
  argsz: 64,
  caps: [{
    at: 32,
    id: RegionCapId.SPARSE_MMAP,
    version: 1,
    next: 0,
    areas: [{ offset: 0x1000n, size: 0x1000n }],
  }],
};

const trigger = {
  maxCount: 64,
  buffer: { region: 0, offset: 64 },
  writes: [
    { region: 0, offset: 8, size: 8, value: "address" },
    { region: 0, offset: 16, size: 4, value: "count" },
    { region: 0, offset: 20, size: 4, value: 1 },
  ],
} as const;

const kick: SubRegion = {
  offset: 24n,
  size: 4n,
  fdIndex: 0,
  type: IoFdType.IOEVENTFD,
  flags: IoEventFdFlag.DATAMATCH,
  padding: 0,
  datamatch: 1n,
};

/** A device that has everything. */
const RICH: DeviceFacts = {
  major: 0,
  minor: 1,
  capabilities: {
    ...DEFAULTS,
    maxDmaMaps: 16,
    pgsizes: 4096n,
    twinSocket: { supported: true, fdIndex: 0 },
    writeMultiple: true,
  },
  capabilityNames: ["max_msg_fds", "max_data_xfer_size", "max_dma_maps", "pgsizes"],
  flags: DeviceFlag.RESET | DeviceFlag.PCI,
  numRegions: PciRegion.COUNT + 1,
  numIrqs: 5,
  regions: [
    region(0, 0x1000, READ | WRITE),
    region(1, 0x20_0000, READ | WRITE | MMAP),
    sparse,
    region(3, 0x1000, READ | MMAP),
    region(4, 0x1000, WRITE),
    region(5, 0, 0),
    region(6, 0, 0),
    region(7, 4096, READ | WRITE),
    region(8, 0, 0),
    region(9, 0x1000, READ | WRITE),
  ],
  irqs: [0, 1, 2, 3, 4].map((index) => ({
    index,
    flags: IrqFlag.EVENTFD | IrqFlag.MASKABLE | IrqFlag.NORESIZE,
    count: [1, 0, 8, 1, 1][index]!,
  })),
  features: {
    supported: [1, 2, 6, 7, 8],
    migrationFlags: MigrationFlag.STOP_COPY | MigrationFlag.PRE_COPY,
  },
  startable: true,
  ioFds: [
    { index: 0, argsz: 96, count: 2, subRegions: [kick, { ...kick, type: IoFdType.IOREGIONFD }] },
    { index: 1, argsz: 16, count: 0, subRegions: [] },
  ],
  life: "stays",
  localProcess: true,
  conventions: true,
  profile: {
    scratch: [{ region: 0, offset: 0, size: 8 }],
    interrupts: [{
      index: 2,
      subIndex: 0,
      writes: [{ region: 0, offset: 24, size: 4, value: 1 }],
    }],
    dmaRead: trigger,
    dmaWrite: trigger,
    reset: [{ region: 0, offset: 0, size: 4, value: 0 }],
  },
};

/** A device that lacks what it may lack. */
const BARE: DeviceFacts = {
  ...RICH,
  capabilities: {
    ...DEFAULTS,
    pgsizes: 4096n,
    twinSocket: { supported: false },
    writeMultiple: false,
  },
  capabilityNames: [],
  flags: 0,
  numRegions: 1,
  regions: [region(0, 0, 0)],
  irqs: [],
  numIrqs: 0,
  features: { supported: [], migrationFlags: 0 },
  startable: false,
  ioFds: [],
  life: "exits",
  localProcess: false,
  conventions: false,
  profile: {},
};

/** The same, and says nothing of its limits. */
const QUIET: DeviceFacts = { ...RICH, capabilityNames: [] };

/** A device whose migration is the least that there can be. */
const WITHOUT_PRE_COPY: DeviceFacts = {
  ...RICH,
  features: { ...RICH.features, migrationFlags: MigrationFlag.STOP_COPY },
};

Deno.test("SUITES have ids in kebab-case, unique, and cases", () => {
  const ids = SUITES.map(({ id }) => id);
  assertEquals(ids, [...new Set(ids)]);
  for (const { id, title, cases } of SUITES) {
    assertMatch(id, /^[a-z]+(-[a-z]+)*$/);
    assertMatch(title, /^[A-Z].*[^.]$/);
    assert(cases.length > 0, id);
  }
});

Deno.test("SUITES have cases with unique ids in kebab-case", () => {
  const ids = CASES.map(([id]) => id);
  assertEquals(ids.filter((id, i) => ids.indexOf(id) !== i), []);
  for (const id of ids) assertMatch(id, /^[a-z-]+\/[a-z0-9]+(-[a-z0-9]+)*$/);
});

Deno.test("SUITES have titles that say in the present tense what is done", () => {
  for (const [id, { title }] of CASES) assertMatch(title, /^[A-Z][a-z]+s\b.{1,100}[^.]$/, id);
});

Deno.test("SUITES have a case for every clause, or the clause says why not", () => {
  const covered = new Set<string>(CASES.map(([, { clause }]) => clause));
  const missing = (Object.keys(CLAUSES) as ClauseId[]).filter((id) =>
    OWED_A_CASE.includes(clauseOf(id).level) && !covered.has(id) &&
    clauseOf(id).noCase === undefined
  );
  assertEquals(missing, []);
});

Deno.test("SUITES have no case for a clause that says why it has none", () => {
  const idle = CASES.filter(([, { clause }]) => clauseOf(clause).noCase !== undefined);
  assertEquals(idle.map(([id]) => id), []);
});

Deno.test("SUITES have needs and steps that fit one of the example devices", () => {
  for (const [id, { needs = [], steps }] of CASES) {
    const device = [RICH, QUIET, WITHOUT_PRE_COPY, BARE].find((one) =>
      unmetNeed(one, needs) === undefined
    );
    assert(device !== undefined, `${id}: no example device has ${needs.join(" and ")}`);
    const built = typeof steps === "function" ? steps(device) : steps;
    assert(built.length > 0, id);
  }
});
