import { badge } from "./html_overview.ts";
import { page } from "./html_page.ts";
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
${remarks.map((remark) => markup`<p class="alarm">${oneLine(remark, 2000)}</p>\n`)}
<section><h2>Suites</h2>
<table class="list">${head("Suite", names)}<tbody>
${suites.map(suiteRow)}</tbody></table></section>
<section><h2>Cases</h2>
<p class="sub">Unfolded are the suites in which the servers differ, or a case does not pass.</p>
${suites.map((suite) => caseTable(suite, names))}</section>
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

function caseTable({ id, cases }: SuiteRow, names: readonly string[]): Markup {
  const open = cases.some(isTelling) ? markup` open` : NOTHING;
  return markup`<details class="fold"${open}><summary>${oneLine(id)}</summary>
<table class="list">${head("Case", names)}<tbody>
${cases.map(caseRow)}</tbody></table></details>
`;
}

function caseRow({ id, title, cells }: CaseRow): Markup {
  const marks = cells.map((cell) =>
    cell === undefined ? markup`<td><small>not there</small></td>` : markup`<td>${badge(cell)}</td>`
  );
  return markup`<tr><td>${oneLine(id)}<br><small>${oneLine(title)}</small></td>${marks}</tr>
`;
}
