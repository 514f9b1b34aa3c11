import {
  type CaseResult,
  failureText,
  isUnexpected,
  type Meaning,
  meaningOf,
  type RunInfo,
  type RunResult,
  summarize,
} from "../harness/results.ts";
import { bySuite, conclude, type Conclusion, skipReasons } from "./conclusion.ts";
import { MARKS } from "./mark.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { bounded, durationText, oneLine, plural } from "./text.ts";

/** CSS class of each mark. */
export const MARK_CLASS: Readonly<Record<Meaning, string>> = {
  passed: "p",
  failed: "f",
  "unexpected pass": "f",
  error: "e",
  warning: "w",
  "expected failure": "s",
  skipped: "s",
  "not run": "o",
};

/** Id of an element, and what a link to it names. */
export function anchor(id: string): string {
  return oneLine(id).replaceAll(" ", "-");
}

/** Id of what a case unfolds to: browsers open a row when a link leads inside. */
export function bodyAnchor(id: string): string {
  return `${anchor(id)}:open`;
}

/** Sign and word of a mark, in its colour. */
export function badge(mark: Meaning): Markup {
  return markup`<span class="m ${MARK_CLASS[mark]}"><i aria-hidden="true">${
    MARKS[mark]
  }</i> ${mark}</span>`;
}

/** Verdict and counts. */
export function heading(run: RunResult): Markup {
  const conclusion = conclude(run);
  const mood = MOODS[conclusion];
  const verdict = conclusion.replace("NOT", "not");
  const { startedAt, levels } = run.info;
  const when = [dateText(startedAt), durationText(run.durationMs), `levels ${levels.join(", ")}`];
  const cutOff = run.complete
    ? NOTHING
    : markup`<p class="alarm">The run was cut off: what follows is not all of it.</p>\n`;
  return markup`<header class="${mood}">
<p class="over">vfio-user conformance</p>
<h1><span class="who">${
    oneLine(run.info.label)
  }</span> is <span class="m ${mood}">${verdict}</span></h1>
<p class="target"><code>${oneLine(run.info.target, 2000)}</code></p>
<p class="when">${oneLine(when.join(" · "))}</p>
${cutOff}${counts(run)}
</header>`;
}

const MOODS: Readonly<Record<Conclusion, string>> = {
  "conformant": "p",
  "as expected": "p",
  "NOT conformant": "f",
  "NOT as expected": "f",
  "not judged": "w",
};

function counts(run: RunResult): Markup {
  const counted = summarize(run.results, run.info.levels);
  const tiles: readonly (readonly [Meaning, number])[] = [
    ["failed", counted.failed],
    ["unexpected pass", counted.unexpectedPasses],
    ["error", counted.errors],
    ["expected failure", counted.expectedFailures],
    ["warning", counted.warnings],
    ["passed", counted.passed],
    ["skipped", counted.skipped],
    ["not run", counted.notRun],
  ];
  const always: readonly Meaning[] = ["failed", "passed"];
  const shown = tiles.filter(([mark, count]) => count > 0 || always.includes(mark));
  return markup`<ul class="counts" aria-label="Counts">${
    shown.map(([mark, count]) =>
      markup`<li${count === 0 ? markup` class="zero"` : NOTHING}><b>${count}</b> ${
        badge(mark)
      }</li>`
    )
  }</ul>`;
}

/** One coloured sign for each case, which leads to it. */
export function cells(results: readonly CaseResult[], info: RunInfo): Markup {
  const links = results.map((result) => {
    const mark = meaningOf(result, info.levels);
    const label = oneLine(`${result.id}: ${mark}`);
    return markup`<a class="${MARK_CLASS[mark]}" href="#${
      bodyAnchor(result.id)
    }" title="${label}">${MARKS[mark]}</a>`;
  });
  return markup`<span class="cells">${links}</span>`;
}

/** All cases by suite. */
export function strip({ results, info }: RunResult): Markup {
  const groups = [...bySuite(results)].map(([suite, cases]) =>
    markup`<li><a class="g" href="#${anchor(suite)}">${suite}</a>${cells(cases, info)}</li>
`
  );
  return markup`<nav class="strip" aria-label="All cases by suite"><ul>
${groups}</ul></nav>`;
}

/** What needs attention, first failures, then warnings. */
export function breaches(run: RunResult): Markup {
  const { results, info: { levels } } = run;
  const failures = results.filter((result) => isUnexpected(result, levels));
  const warnings = results.filter((result) => meaningOf(result, levels) === "warning");
  const warned = `Warnings: breaches below the levels that count (${run.info.levels.join(", ")})`;
  return markup`${list("Failures", failures, run)}${list(warned, warnings, run)}`;
}

function list(title: string, results: readonly CaseResult[], { info }: RunResult): Markup {
  if (results.length === 0) return NOTHING;
  const rows = results.map((result) => {
    const { failure } = result;
    const reason = failure === undefined ? "No reason is known" : oneLine(failureText(failure));
    return markup`<tr><td>${badge(meaningOf(result, info.levels))}</td><td><a href="#${
      bodyAnchor(result.id)
    }">${result.id}</a></td><td>${reason}</td><td>${result.clause.level}</td></tr>
`;
  });
  return markup`<section><h2>${title}</h2>
<table class="list br"><thead><tr><th scope="col">Verdict</th><th scope="col">Case</th><th scope="col">What happened</th><th scope="col">Level</th></tr></thead>
<tbody>
${rows}</tbody></table></section>
`;
}

/** Why cases were not played. */
export function skips({ results }: RunResult): Markup {
  const reasons = skipReasons(results);
  if (reasons.length === 0) return NOTHING;
  const count = reasons.reduce((sum, [, times]) => sum + times, 0);
  const rows = reasons.map(([reason, times]) =>
    markup`<tr><td class="r">${times}</td><td>${reason}</td></tr>
`
  );
  return markup`<details class="fold"><summary>Why ${plural(count, "case")} did not play</summary>
<table class="list"><thead><tr><th scope="col">Cases</th><th scope="col">Reason</th></tr></thead><tbody>
${rows}</tbody></table></details>`;
}

/** What was judged, when, how, and what the device said of itself. */
export function facts({ info, life, durationMs }: RunResult): Markup {
  const about: readonly (readonly [string, string])[] = [
    ["Started", dateText(info.startedAt)],
    ["Duration", durationText(durationMs)],
    ["Levels that count", info.levels.join(", ")],
    ["Time limit of a step", durationText(info.timeoutMs)],
    ["Life of the server", life],
    ["Suite", `${info.tool} ${info.version}`],
    ["Platform", info.platform],
  ];
  return markup`<div class="facts">
<section><h2>Run</h2>
${pairs(about)}</section>
<section><h2>Device</h2>
${pairs(Object.entries(info.facts))}</section>
</div>`;
}

function dateText(iso: string): string {
  return iso.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
}

function pairs(entries: readonly (readonly [string, string])[]): Markup {
  const rows = entries.filter(([, text]) => text !== "").map(([name, text]) =>
    markup`<dt>${oneLine(name)}</dt><dd>${bounded(text, 2000)}</dd>
`
  );
  return rows.length === 0 ? markup`<p class="sub">Nothing is known.</p>` : markup`<dl>
${rows}</dl>`;
}
