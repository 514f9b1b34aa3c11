import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DeviceFacts, RegionFacts } from "../harness/device_facts.ts";
import { unmetNeed } from "../harness/needs.ts";
import {
  DEFAULTS,
  DeviceFlag,
  IrqFlag,
  PciRegion,
  RegionCapId,
  RegionFlag,
} from "../harness/wire/constants.ts";
import { deviceFeatureClauses } from "./clauses/device_feature.ts";
import { deviceGetRegionIoFdsClauses } from "./clauses/device_get_region_io_fds.ts";
import { deviceResetClauses } from "./clauses/device_reset.ts";
import { deviceSetIrqsClauses } from "./clauses/device_set_irqs.ts";
import { disconnectionClauses } from "./clauses/disconnection.ts";
import { dmaAccessClauses } from "./clauses/dma_access.ts";
import { dmaLoggingClauses } from "./clauses/dma_logging.ts";
import { migrationClauses } from "./clauses/migration.ts";
import { programClauses } from "./clauses/program.ts";
import { qemuClientClauses } from "./clauses/qemu_client.ts";
import { regionWriteMultiClauses } from "./clauses/region_write_multi.ts";
import { type ClauseId, clauseOf, CLAUSES, type Row, SUITES } from "./mod.ts";

/** Sections whose suites are still to be written. */
const NOT_YET = [
  deviceGetRegionIoFdsClauses,
  deviceSetIrqsClauses,
  regionWriteMultiClauses,
  dmaAccessClauses,
  deviceResetClauses,
  deviceFeatureClauses,
  migrationClauses,
  dmaLoggingClauses,
  disconnectionClauses,
  programClauses,
  qemuClientClauses,
].flatMap((clauses) => Object.keys(clauses));

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
    flags: IrqFlag.EVENTFD | IrqFlag.MASKABLE,
    count: [1, 0, 8, 1, 1][index]!,
  })),
  localProcess: true,
  profile: {
    scratch: [{ region: 0, offset: 0, size: 8 }],
    interrupts: [{ index: 2, subIndex: 0, writes: [] }],
    dmaRead: trigger,
    dmaWrite: trigger,
    reset: [],
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
  localProcess: false,
  profile: {},
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
    OWED_A_CASE.includes(clauseOf(id).level) && !NOT_YET.includes(id) && !covered.has(id) &&
    clauseOf(id).noCase === undefined
  );
  assertEquals(missing, []);
});

Deno.test("SUITES have no case for a clause that says why it has none", () => {
  const idle = CASES.filter(([, { clause }]) => clauseOf(clause).noCase !== undefined);
  assertEquals(idle.map(([id]) => id), []);
});

Deno.test("SUITES have needs and steps that fit one of two example devices", () => {
  for (const [id, { needs = [], steps }] of CASES) {
    const device = [RICH, BARE].find((one) => unmetNeed(one, needs) === undefined);
    assert(device !== undefined, `${id}: no example device has ${needs.join(" and ")}`);
    const built = typeof steps === "function" ? steps(device) : steps;
    assert(built.length > 0, id);
  }
});
