import { assert, assertEquals } from "@std/assert";
import { SUITES } from "../cases/mod.ts";
import type { Case } from "../harness/case.ts";
import { FAULTS } from "../harness/reference/faults/mod.ts";
import { playFaults, readMatrix, weakest } from "./matrix.ts";

const CASES = new Map<string, Case>(
  SUITES.flatMap((suite) => suite.cases.map((row) => [`${suite.id}/${row.id}`, row] as const)),
);
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

Deno.test("every case is failed by a fault", () => {
  const failed = new Set(Object.values(matrix).flat());
  assertEquals([...CASES.keys()].filter((id) => !failed.has(id)), []);
});

Deno.test("the weakest cases are those that one fault fails, or none", () => {
  const text = weakest({
    "id-0-becomes-1": ["concurrency/id-0", "framing/message-id-0"],
    "refusal-hangs": ["concurrency/id-0"],
  });
  const lines = text.trimEnd().split("\n");
  assertEquals(lines[0], `${CASES.size} cases, 2 faults, 3 failures`);
  assertEquals(lines[1], `${CASES.size - 1} cases that one fault fails at most:`);
  assert(lines.includes("  framing/message-id-0  id-0-becomes-1"));
  assert(lines.includes("  framing/message-id-1  none"));
  assert(!text.includes("concurrency/id-0 "));
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
