import {
  type CaseResult,
  type ListedClause,
  type Meaning,
  meaningOf,
  type RunInfo,
  type RunResult,
} from "../harness/results.ts";
import { anchor, badge, cells } from "./html_overview.ts";
import { MARKS } from "./mark.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { oneLine, plural } from "./text.ts";

/** What a run says of a clause: the worst of its cases, or that it has none. */
type Standing = Meaning | "no case" | "not chosen";

/** All standings, the worst first. */
const STANDINGS: readonly Standing[] = [
  "failed",
  "unexpected pass",
  "error",
  "expected failure",
  "warning",
  "not run",
  "passed",
  "skipped",
  "not chosen",
  "no case",
];

/** Standings that unfold a section. */
const OPEN: readonly Standing[] = ["failed", "unexpected pass", "error"];

interface Judged {
  readonly clause: ListedClause;
  readonly cases: readonly CaseResult[];
  readonly standing: Standing;
}

/** Id of the row of a clause. */
export function clauseAnchor(id: string): string {
  return anchor(`clause:${id}`);
}

/** One sentence that leads to the requirements. */
export function requirementsLink(run: RunResult): Markup {
  const judged = judge(run);
  return markup`<p class="byrq over"><a href="#requirements">${
    plural(judged.length, "requirement")
  }</a>: ${standingsText(judged)}</p>`;
}

/** Every clause of the specification, by section, with what this run says of it. */
export function requirements(run: RunResult): Markup {
  const judged = judge(run);
  const bySection = Map.groupBy(judged, ({ clause }) => clause.section);
  return markup`<section class="over" aria-labelledby="requirements">
<h2 id="requirements">Requirements <small>${judged.length}</small></h2>
<p class="sub">Each is judged by the worst of its cases: ${standingsText(judged)}</p>
${[...bySection].map(([name, clauses]) => section(name, clauses, run.info))}</section>
`;
}

function judge({ info, results }: RunResult): Judged[] {
  const cases = Map.groupBy(results, ({ clause }) => clause.id);
  const played = results.map(({ clause }): [string, ListedClause] => [clause.id, clause]);
  const listed = info.clauses.map((clause): [string, ListedClause] => [clause.id, clause]);
  return [...new Map([...listed, ...played]).values()].map((clause) => {
    const own = cases.get(clause.id) ?? [];
    const marks: Standing[] = own.map((result) => meaningOf(result, info.levels));
    const without = clause.noCase === undefined ? "not chosen" : "no case";
    return { clause, cases: own, standing: worst(marks) ?? without };
  });
}

function worst(standings: readonly Standing[]): Standing | undefined {
  return STANDINGS.find((standing) => standings.includes(standing));
}

function standingsText(judged: readonly Judged[]): string {
  return STANDINGS
    .map((standing) => ({ standing, count: judged.filter((j) => j.standing === standing).length }))
    .filter(({ count }) => count > 0)
    .map(({ standing, count }) => countText(standing, count))
    .join(", ");
}

function countText(standing: Standing, count: number): string {
  switch (standing) {
    case "no case":
      return `${count} without a case`;
    case "error":
    case "warning":
    case "expected failure":
      return plural(count, standing);
    case "unexpected pass":
      return plural(count, standing, "unexpected passes");
    default:
      return `${count} ${standing}`;
  }
}

function section(name: string, judged: readonly Judged[], info: RunInfo): Markup {
  const open = judged.some(({ standing }) => OPEN.includes(standing)) ? markup` open` : NOTHING;
  const rows = judged.map((one) => row(one, info));
  return markup`<details class="rq"${open}><summary>${oneLine(name)} <small>${
    standingsText(judged)
  }</small></summary>
<table class="list"><thead><tr><th scope="col">Verdict</th><th scope="col">Requirement</th><th scope="col">Level</th><th scope="col">Cases</th></tr></thead>
<tbody>
${rows}</tbody></table></details>
`;
}

function row({ clause, cases, standing }: Judged, info: RunInfo): Markup {
  const note = clause.note === undefined
    ? NOTHING
    : markup`<p class="note">${oneLine(clause.note, 2000)}</p>`;
  return markup`<tr><td>${standingBadge(standing)}</td><td id="${clauseAnchor(clause.id)}">${
    oneLine(clause.text, 2000)
  } <code>${oneLine(clause.id)}</code>${note}</td><td>${clause.level}</td><td>${
    cases.length === 0 ? oneLine(clause.noCase ?? "", 2000) : cells(cases, info)
  }</td></tr>
`;
}

function standingBadge(standing: Standing): Markup {
  if (standing !== "no case" && standing !== "not chosen") return badge(standing);
  return markup`<span class="m o"><i aria-hidden="true">${MARKS["not run"]}</i> ${standing}</span>`;
}
