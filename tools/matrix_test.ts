import { assert, assertEquals } from "@std/assert";
import { SUITES } from "../cases/mod.ts";
import type { Case } from "../harness/case.ts";
import { FAULTS } from "../harness/reference/faults/mod.ts";
import { playFaults, readMatrix, spotCases } from "./matrix.ts";

const CASES = new Map<string, Case>(
  SUITES.flatMap((suite) => suite.cases.map((row) => [`${suite.id}/${row.id}`, row] as const)),
);
const matrix = await readMatrix();

Deno.test("the matrix knows the faults and cases that there are, and no others", () => {
  assertEquals(Object.keys(matrix), FAULTS.map(({ id }) => id));
  for (const id of Object.values(matrix).flat()) assert(CASES.has(id), id);
});

Deno.test("every fault is noticed by a case about the clause that it breaks", () => {
  const unnoticed = FAULTS.filter(({ id, clause }) =>
    !matrix[id]!.some((failed) => CASES.get(failed)?.clause === clause)
  );
  assertEquals(unnoticed.map(({ id }) => id), []);
});

Deno.test("every case is failed by a fault", () => {
  const failed = new Set(Object.values(matrix).flat());
  assertEquals([...CASES.keys()].filter((id) => !failed.has(id)), []);
});

Deno.test("every fault fails the cases that the matrix names, and no others: a spot check", async () => {
  const seen = await playFaults("spot");
  for (const fault of FAULTS) {
    const { id } = fault;
    const played = spotCases(fault, matrix[id]!);
    const expected = played.filter((one) => matrix[id]!.includes(one));
    assertEquals(seen[id]!.toSorted(), expected.toSorted(), `fault ${id}`);
  }
});
