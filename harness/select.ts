import type { Case, Suite } from "./case.ts";
import { HarnessError } from "./harness_error.ts";

/** A case of a run, and whether the user wants it. */
export interface SelectedCase {
  readonly id: string;
  readonly suite: Suite;
  readonly row: Case;
  /** Pattern that leaves it out. */
  readonly leftOutBy?: string;
}

/** All cases of these suites, in their order. */
export function casesOf(suites: readonly Suite[]): SelectedCase[] {
  return suites.flatMap((suite) =>
    suite.cases.map((row) => ({ id: `${suite.id}/${row.id}`, suite, row }))
  );
}

/**
 * The cases that the patterns name, in the order of the suites; all of them when there are none.
 * Throws `HarnessError` of kind `usage` for a pattern that names no case.
 */
export function selectCases(
  suites: readonly Suite[],
  patterns: readonly string[] = [],
  skip: readonly string[] = [],
): SelectedCase[] {
  const all = casesOf(suites);
  const wanted = patterns.map((pattern) => matcher(pattern, all));
  const unwanted = skip.map((pattern) => ({ pattern, matches: matcher(pattern, all) }));
  return all
    .filter(({ id }) => wanted.length === 0 || wanted.some((matches) => matches(id)))
    .map((selected) => {
      const leftOutBy = unwanted.find(({ matches }) => matches(selected.id))?.pattern;
      return leftOutBy === undefined ? selected : { ...selected, leftOutBy };
    });
}

function matcher(
  pattern: string,
  all: readonly { readonly id: string }[],
): (id: string) => boolean {
  const matches = globMatcher(pattern);
  if (all.some(({ id }) => matches(id))) return matches;
  throw new HarnessError(
    "usage",
    `Cannot find a case for the pattern ${pattern}: --list shows them all, as suite/case`,
  );
}

/** Whether an id fits a glob: `*` stands for any characters, a bare suite id for all its cases. */
export function globMatcher(pattern: string): (id: string) => boolean {
  const glob = pattern.includes("/") || pattern.includes("*") ? pattern : `${pattern}/*`;
  const expression = new RegExp(`^${glob.split("*").map(RegExp.escape).join(".*")}$`);
  return (id) => expression.test(id);
}
