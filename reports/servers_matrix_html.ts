import { badge } from "./html_overview.ts";
import { page, remarksBox } from "./html_page.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { type CaseRow, isTelling, type ServersMatrix, type SuiteRow } from "./servers_matrix.ts";
import { oneLine } from "./text.ts";

/** Servers against suites and cases, as a page of its own. */
export function matrixHtml(matrix: ServersMatrix): string {
  const { names, suites, remarks } = matrix;
  const title = `${names.length} runs side by side`;
  const body = markup`<header>
<p class="over">vfio-user conformance</p>
<h1>${title}</h1>
</header>
<main>
${remarksBox(remarks)}<section><h2>Suites</h2>
<table class="list">${head("Suite", names)}<tbody>
${suites.map(suiteRow)}</tbody></table></section>
${tellingCases(matrix)}
<section><h2>All cases</h2>
${
    suites.map(({ id, cases }) =>
      markup`<details class="fold"><summary>${oneLine(id)}</summary>
${caseTable(cases, names)}</details>
`
    )
  }</section>
</main>`;
  return page(title, body);
}

function head(first: string, names: readonly string[]): Markup {
  const cells = names.map((name) => markup`<th scope="col">${oneLine(name, 100)}</th>`);
  return markup`<thead><tr><th scope="col">${first}</th>${cells}</tr></thead>`;
}

function suiteRow({ id, counts }: SuiteRow): Markup {
  const cells = counts.map((text) => markup`<td>${text || "not judged"}</td>`);
  return markup`<tr><td>${oneLine(id)}</td>${cells}</tr>
`;
}

function tellingCases({ suites, names }: ServersMatrix): Markup {
  const telling = suites.flatMap(({ cases }) => cases).filter(isTelling);
  if (telling.length === 0) return NOTHING;
  return markup`<section><h2>Cases in which servers differ, or that fail <small>${telling.length}</small></h2>
${caseTable(telling, names)}</section>`;
}

function caseTable(cases: readonly CaseRow[], names: readonly string[]): Markup {
  return markup`<table class="list">${head("Case", names)}<tbody>
${cases.map(caseRow)}</tbody></table>`;
}

function caseRow({ id, title, cells }: CaseRow): Markup {
  const marks = cells.map((cell) =>
    cell === undefined ? markup`<td><small>not there</small></td>` : markup`<td>${badge(cell)}</td>`
  );
  return markup`<tr><td>${oneLine(id)}<br><small>${oneLine(title)}</small></td>${marks}</tr>
`;
}
