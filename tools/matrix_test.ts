import { assert, assertEquals } from "@std/assert";
import { SUITES } from "../cases/mod.ts";
import type { Case } from "../harness/case.ts";
import { FAULTS } from "../harness/reference/faults/mod.ts";
import { playFaults, readMatrix } from "./matrix.ts";

const CASES = new Map<string, Case>(
  SUITES.flatMap((suite) => suite.cases.map((row) => [`${suite.id}/${row.id}`, row] as const)),
);
/** Cases that no fault fails yet: the list may only become shorter. */
const GAPS = new URL("../harness/reference/matrix_gaps.json", import.meta.url);
/** Faults that are worth a note in the report, and no failure. */
const REMARKS: readonly string[] = ["socket-file-left"];
const matrix = await readMatrix();

Deno.test("the matrix knows the faults and cases that there are, and no others", () => {
  assertEquals(Object.keys(matrix), FAULTS.map(({ id }) => id));
  for (const id of Object.values(matrix).flat()) assert(CASES.has(id), id);
});

Deno.test("every fault is noticed by a case about the clause that it breaks", () => {
  const unnoticed = FAULTS.filter(({ id, clause }) =>
    !matrix[id]!.some((failed) => CASES.get(failed)?.clause === clause)
  );
  assertEquals(unnoticed.map(({ id }) => id), REMARKS);
});

Deno.test("every case is failed by a fault, but those on the list of gaps", async () => {
  const gaps: string[] = JSON.parse(await Deno.readTextFile(GAPS));
  const failed = new Set(Object.values(matrix).flat());
  assertEquals([...CASES.keys()].filter((id) => !failed.has(id)), gaps);
});

/** Faults that fail none of the cases that the matrix names, or others, and which. */
async function surprises(only: readonly string[] = []): Promise<Map<string, readonly string[]>> {
  const seen = await playFaults("spot", only);
  const found = new Map<string, readonly string[]>();
  for (const [fault, failed] of Object.entries(seen)) {
    // Some cases fail only after others on the same server: of those named, one is enough.
    const named = matrix[fault]!;
    const noticed = failed.length > 0 || named.length === 0;
    if (!noticed || !failed.every((id) => named.includes(id))) found.set(fault, failed);
  }
  return found;
}

Deno.test("every fault fails cases that the matrix names, and no others: a spot check", async () => {
  // Some faults race with the client: a surprise counts when it comes twice.
  const first = [...(await surprises()).keys()];
  if (first.length > 0) assertEquals(Object.fromEntries(await surprises(first)), {});
});
