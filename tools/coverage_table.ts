// Writes cases/COVERAGE.md: every requirement with the cases that judge it, or the reason why there is none.

import { CASES, type Clause, CLAUSES, type ListedCase } from "../mod.ts";

const FILE = new URL("../cases/COVERAGE.md", import.meta.url);

/** Cases whose ids begin alike are shown as a glob from this number on. */
const MANY = 3;

/** Requirement by requirement, in the order of the specification, as Markdown. */
export function coverageTable(
  clauses: Readonly<Record<string, Clause>>,
  cases: readonly ListedCase[],
): string {
  const byClause = Map.groupBy(cases, ({ clause }) => clause);
  const rows = Object.entries(clauses).map(([id, clause]) => {
    const ids = (byClause.get(id) ?? []).map((one) => one.id);
    return { id, ...clause, ids };
  });
  const sections = [...Map.groupBy(rows, ({ section }) => section)].map(([section, own]) => [
    `## ${section}`,
    "",
    "| requirement | level | cases |",
    "| --- | --- | --- |",
    ...own.map((row) => `| ${row.id} | ${row.level} | ${cell(row.ids, row.noCase, cases)} |`),
    "",
  ]);
  const without = rows.filter(({ ids }) => ids.length === 0).length;
  return [
    "<!-- deno-fmt-ignore-file -->",
    "",
    "# Requirements and their cases",
    "",
    "Written by `deno task coverage-table`: do not edit. The texts of the requirements stand in `cases/clauses/`.",
    "A glob such as `dma-map/size-*` stands for exactly the cases of its requirement, and can be played as it is.",
    "",
    `${rows.length} requirements, ${without} of them without a case; ${cases.length} cases.`,
    "",
    ...sections.flat(),
  ].join("\n");
}

function cell(
  ids: readonly string[],
  noCase: string | undefined,
  cases: readonly ListedCase[],
): string {
  if (ids.length === 0) return `none: ${noCase?.replaceAll("|", "\\|") ?? "not yet"}`;
  return patterns(ids, cases.map(({ id }) => id))
    .map(({ pattern, count }) => count === 1 ? `\`${pattern}\`` : `\`${pattern}\` (${count})`)
    .join(", ");
}

interface Pattern {
  readonly pattern: string;
  readonly count: number;
}

/** As few patterns as stand for these ids and no other. */
function patterns(ids: readonly string[], all: readonly string[]): Pattern[] {
  const found: Pattern[] = [];
  for (let left = [...ids]; left.length > 0;) {
    const first = left[0]!;
    const prefix = prefixes(first).find((prefix) =>
      all.every((id) => !id.startsWith(prefix) || left.includes(id)) &&
      left.filter((id) => id.startsWith(prefix)).length >= MANY
    );
    const taken = prefix === undefined ? [first] : left.filter((id) => id.startsWith(prefix));
    found.push({ pattern: prefix === undefined ? first : `${prefix}*`, count: taken.length });
    left = left.filter((id) => !taken.includes(id));
  }
  return found;
}

/** `a/`, `a/b-`, `a/b-c-`, … of `a/b-c-d`. */
function prefixes(id: string): string[] {
  const ends = [...id.matchAll(/(?<=\/.*)-|\//g)].map(({ index }) => index + 1);
  return ends.map((end) => id.slice(0, end));
}

/** The table of this repository. */
export function ourCoverageTable(): string {
  return coverageTable(CLAUSES, CASES);
}

if (import.meta.main) await Deno.writeTextFile(FILE, ourCoverageTable());
