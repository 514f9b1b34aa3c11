import { assertEquals, assertMatch } from "@std/assert";
import { concurrencyClauses } from "./concurrency.ts";
import { deviceFeatureClauses } from "./device_feature.ts";
import { deviceGetInfoClauses } from "./device_get_info.ts";
import { deviceGetIrqInfoClauses } from "./device_get_irq_info.ts";
import { deviceGetRegionInfoClauses } from "./device_get_region_info.ts";
import { deviceGetRegionIoFdsClauses } from "./device_get_region_io_fds.ts";
import { deviceResetClauses } from "./device_reset.ts";
import { deviceSetIrqsClauses } from "./device_set_irqs.ts";
import { disconnectionClauses } from "./disconnection.ts";
import { dmaAccessClauses } from "./dma_access.ts";
import { dmaLoggingClauses } from "./dma_logging.ts";
import { dmaMapClauses } from "./dma_map.ts";
import { dmaUnmapClauses } from "./dma_unmap.ts";
import { framingClauses } from "./framing.ts";
import { migrationClauses } from "./migration.ts";
import { programClauses } from "./program.ts";
import { qemuClientClauses } from "./qemu_client.ts";
import { regionAccessClauses } from "./region_access.ts";
import { regionWriteMultiClauses } from "./region_write_multi.ts";
import { versionClauses } from "./version.ts";
import { type ClauseId, clauseOf, CLAUSES } from "./mod.ts";

const TABLES = [
  framingClauses,
  versionClauses,
  deviceGetInfoClauses,
  deviceGetRegionInfoClauses,
  deviceGetRegionIoFdsClauses,
  deviceGetIrqInfoClauses,
  deviceSetIrqsClauses,
  regionAccessClauses,
  regionWriteMultiClauses,
  dmaMapClauses,
  dmaUnmapClauses,
  dmaAccessClauses,
  deviceResetClauses,
  deviceFeatureClauses,
  migrationClauses,
  dmaLoggingClauses,
  concurrencyClauses,
  disconnectionClauses,
  programClauses,
  qemuClientClauses,
];

const IDS = Object.keys(CLAUSES) as ClauseId[];

Deno.test("CLAUSES holds every clause of every table under an id of its own", () => {
  assertEquals(TABLES.flatMap((table) => Object.keys(table)), IDS);
});

Deno.test("CLAUSES has ids in kebab-case", () => {
  for (const id of IDS) assertMatch(id, /^[a-z][a-z0-9]*(-[a-z0-9]+)+$/);
});

Deno.test("clauseOf() returns texts of a sentence of at most 220 characters", () => {
  for (const id of IDS) assertMatch(clauseOf(id).text, /^[A-Z].{0,218}\.$/, id);
});

Deno.test("clauseOf() returns notes and reasons that are sentences", () => {
  for (const id of IDS) {
    const { note = "None.", noCase = "None." } = clauseOf(id);
    assertMatch(note, /^[A-Z].*\.$/, id);
    assertMatch(noCase, /^[A-Z].*\.$/, id);
  }
});

Deno.test("clauseOf() names QEMU only in clauses of the level qemu", () => {
  for (const id of IDS) {
    const { level, text } = clauseOf(id);
    assertEquals(level !== "qemu" && text.includes("QEMU"), false, id);
  }
});
