import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Clause, CLAUSES, type ListedCase } from "../mod.ts";
import { coverageTable, ourCoverageTable } from "./coverage_table.ts";

const FILE = new URL("../cases/COVERAGE.md", import.meta.url);
const OWED_A_CASE = ["must", "should", "robust"];

function clause(change: Partial<Clause> = {}): Clause {
  return { level: "must", section: "Header", text: "It is so.", ...change };
}

/** The rows of a table over cases of these clauses. */
function rows(clauses: Record<string, Clause>, cases: Record<string, string>): string[] {
  const listed = Object.entries(cases).map(([id, clause]): ListedCase => ({
    id,
    clause,
    title: "",
    level: "must",
    needs: [],
  }));
  return coverageTable(clauses, listed).split("\n").filter((line) =>
    /^\| [a-z-]+ \| must/.test(line)
  );
}

Deno.test("cases/COVERAGE.md is what deno task coverage-table writes", async () => {
  assertEquals(await Deno.readTextFile(FILE), ourCoverageTable());
});

Deno.test("cases/COVERAGE.md has a case, or a reason, for every clause that is owed one", () => {
  const missing = ourCoverageTable().split("\n")
    .map((line) => line.match(/^\| (\S+) \| (\S+) \| none: not yet \|$/))
    .filter((row) => row !== null && OWED_A_CASE.includes(row[2]!))
    .map((row) => row![1]);
  assertEquals(missing, []);
});

Deno.test("cases/COVERAGE.md has a row for every clause", () => {
  const table = ourCoverageTable();
  for (const [id, { level }] of Object.entries(CLAUSES)) {
    assertStringIncludes(table, `\n| ${id} | ${level} | `);
  }
});

Deno.test("coverageTable() shows cases, a reason, or that there is none yet", () => {
  const clauses = {
    "a-case": clause(),
    "a-reason": clause({ noCase: "Nobody | can see it." }),
    "none-yet": clause(),
  };
  assertEquals(rows(clauses, { "s/one": "a-case", "t/two": "a-case" }), [
    "| a-case | must | `s/one`, `t/two` |",
    "| a-reason | must | none: Nobody \\| can see it. |",
    "| none-yet | must | none: not yet |",
  ]);
});

Deno.test("coverageTable() writes a glob where it names the cases of one clause only", () => {
  const cases = {
    "s/size-1": "sizes",
    "s/size-2": "sizes",
    "s/size-big-3": "sizes",
    "s/flag-1": "flags",
    "s/flag-2": "flags",
    "s/flag-3": "flags",
    "s/flag-odd": "other",
    "s/half-a": "halves",
    "s/half-b": "halves",
    "t/x": "all-of-a-suite",
    "t/y": "all-of-a-suite",
    "t/z-z": "all-of-a-suite",
  };
  const ids = ["sizes", "flags", "other", "halves", "all-of-a-suite"];
  assertEquals(rows(Object.fromEntries(ids.map((id) => [id, clause()])), cases), [
    "| sizes | must | `s/size-*` (3) |",
    "| flags | must | `s/flag-1`, `s/flag-2`, `s/flag-3` |",
    "| other | must | `s/flag-odd` |",
    "| halves | must | `s/half-a`, `s/half-b` |",
    "| all-of-a-suite | must | `t/*` (3) |",
  ]);
});
