import type { RunInfo } from "../harness/results.ts";
import {
  type CaseState,
  casesWith,
  type Change,
  CHANGES,
  changesText,
  type ComparedCase,
  type ComparedTime,
  type Comparison,
} from "./compare.ts";
import { heading, runTitle, timesText, timeText } from "./compare_text.ts";
import { badge } from "./html_overview.ts";
import { page, remarksBox } from "./html_page.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { durationText, oneLine } from "./text.ts";

/** Two runs as a page of its own. */
export function compareHtml(comparison: Comparison): string {
  const { old, new: now, remarks, total, suites } = comparison;
  const failing = casesWith(comparison, "newly failing").length;
  const [mood, sentence] = failing > 0
    ? ["f", `${failing} newly failing`]
    : ["p", "nothing newly failing"];
  const body = markup`<header class="${mood}">
<p class="over">vfio-user conformance: two runs</p>
<h1><span class="who">${
    oneLine(now.info.label)
  }</span>: <span class="m ${mood}">${sentence}</span></h1>
<p class="when">${changesText(comparison)}</p>
</header>
<main>
<dl>${runRow("Old", old.info)}${runRow("New", now.info)}</dl>
${remarksBox(remarks)}
${CHANGES.map((change) => changeSection(comparison, change))}
<section><h2>Time</h2>
<p class="sub">${timesText(total)}</p>
${timeTable(suites)}</section>
</main>`;
  return page(`${now.info.label}: ${changesText(comparison)}`, body);
}

function runRow(name: string, info: RunInfo): Markup {
  return markup`<dt>${name}</dt><dd>${runTitle(info)}: <code>${oneLine(info.target)}</code></dd>`;
}

function changeSection(comparison: Comparison, change: Change): Markup {
  const cases = casesWith(comparison, change);
  if (cases.length === 0) return NOTHING;
  return markup`<section><h2>${heading(change)} <small>${cases.length}</small></h2>
<table class="list"><thead><tr><th scope="col">Case</th><th scope="col">Was</th><th scope="col">Is</th></tr></thead>
<tbody>
${cases.map(row)}</tbody></table></section>
`;
}

function row({ id, title, before, after }: ComparedCase): Markup {
  return markup`<tr><td>${oneLine(id)}<br><small>${oneLine(title)}</small></td><td>${
    state(before)
  }</td><td>${state(after)}</td></tr>
`;
}

function state(one: CaseState | undefined): Markup {
  if (one === undefined) return markup`<small>not there</small>`;
  if (one.reason === "") return badge(one.meaning);
  return markup`${badge(one.meaning)}<br>${oneLine(one.reason)}`;
}

function timeTable(suites: readonly ComparedTime[]): Markup {
  if (suites.length === 0) {
    return markup`<p class="sub">No suite took much longer or shorter.</p>\n`;
  }
  const rows = suites.map((time) =>
    markup`<tr><td>${oneLine(time.suite)}</td><td class="r">${
      durationText(time.oldMs)
    }</td><td class="r">${durationText(time.newMs)}</td><td>${timeText(time)}</td></tr>
`
  );
  return markup`<table class="list"><thead><tr><th scope="col">Suite</th><th scope="col" class="r">Was</th><th scope="col" class="r">Is</th><th scope="col">In words</th></tr></thead>
<tbody>
${rows}</tbody></table>
`;
}
