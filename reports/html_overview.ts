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
import { Markup, markup, NOTHING } from "./markup.ts";
import { dateText, durationText, oneLine, plural } from "./text.ts";

/** CSS class of each mark. */
export const MARK_CLASS: Readonly<Record<Meaning, string>> = {
  passed: "p",
  failed: "f",
  "unexpected pass": "f",
  error: "e",
  warning: "w",
  "expected failure": "n",
  skipped: "s",
  "not run": "o",
};

/** Id of an element, and what a link to it names. */
export function anchor(id: string): string {
  return oneLine(id).replaceAll(" ", "-");
}

/** Sign and word of a mark, in its colour. */
export function badge(mark: Meaning): Markup {
  return markup`<span class="m ${MARK_CLASS[mark]}"><i aria-hidden="true">${
    MARKS[mark]
  }</i> ${mark}</span>`;
}

const PARTS = new Markup(
  `<nav class="parts" aria-label="Parts of this page"><a href="#device">Device</a> <a href="#run">Run</a> ` +
    `<a href="#times">Reply times</a> <a href="#cases">Cases</a> <a href="#requirements">Requirements</a></nav>`,
);

/** Who was judged, how, and with what result. */
export function heading(run: RunResult): Markup {
  const conclusion = conclude(run);
  const mood = MOODS[conclusion];
  const { info } = run;
  const when = [
    dateText(info.startedAt),
    durationText(run.durationMs),
    `levels ${info.levels.join(", ")}`,
    `${info.tool} ${info.version}`,
    ...(info.shard === undefined ? [] : [`shard ${info.shard}`]),
  ];
  const cutOff = run.complete
    ? NOTHING
    : markup`<p class="alarm">The run was cut off${
      run.cutOff === undefined ? "" : ` ${oneLine(run.cutOff)}`
    }: what follows is not all of it.</p>\n`;
  return markup`<header class="${mood}">
${PARTS}
<p class="kind">vfio-user conformance</p>
<h1><span class="who">${oneLine(info.label)}</span> is <span class="m ${mood}">${
    conclusion.replace("NOT", "not")
  }</span></h1>
<p class="target"><code>${oneLine(info.target, 2000)}</code></p>
<p class="when">${oneLine(when.join(" · "))}</p>
${cutOff}</header>`;
}

const MOODS: Readonly<Record<Conclusion, string>> = {
  "conformant": "p",
  "as expected": "p",
  "NOT conformant": "f",
  "NOT as expected": "f",
  "not judged": "w",
};

/** Counts by meaning; the script makes them buttons and puts its other controls beside them. */
export function counts(run: RunResult): Markup {
  const counted = summarize(run.results, run.info.levels);
  const { failed, unexpectedPasses, errors, expectedFailures, warnings } = counted;
  const all: readonly (readonly [Meaning, number, string])[] = [
    ["failed", failed, `${failed} failed`],
    [
      "unexpected pass",
      unexpectedPasses,
      plural(unexpectedPasses, "unexpected pass", "unexpected passes"),
    ],
    ["error", errors, plural(errors, "error")],
    ["expected failure", expectedFailures, plural(expectedFailures, "expected failure")],
    ["warning", warnings, plural(warnings, "warning")],
    ["passed", counted.passed, `${counted.passed} passed`],
    ["skipped", counted.skipped, `${counted.skipped} skipped`],
    ["not run", counted.notRun, `${counted.notRun} not run`],
  ];
  const always: readonly Meaning[] = ["failed", "passed"];
  const shown = all.filter(([mark, count]) => count > 0 || always.includes(mark));
  return markup`<div class="bar"><ul class="counts" aria-label="Cases by verdict">${
    shown.map(([mark, count, text]) =>
      markup`<li><span class="m ${
        count === 0 ? "o" : MARK_CLASS[mark]
      }" data-meaning="${mark}"><i aria-hidden="true">${MARKS[mark]}</i> ${text}</span></li>`
    )
  }</ul></div>`;
}

/** A coloured sign for each case, which leads to it. */
export function cells(results: readonly CaseResult[], info: RunInfo): Markup {
  const links = results.map((result) => {
    const mark = meaningOf(result, info.levels);
    return markup`<a class="${MARK_CLASS[mark]}" href="#${anchor(result.id)}" title="${
      oneLine(`${result.id}: ${mark}`)
    }"></a>`;
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

/** What needs attention: failures, warnings, and patterns that name nothing. */
export function breaches(run: RunResult): Markup {
  const { results, info: { levels, stalePatterns = [] } } = run;
  const failures = results.filter((result) => isUnexpected(result, levels));
  const warnings = results.filter((result) => meaningOf(result, levels) === "warning");
  const known = results.filter((result) => meaningOf(result, levels) === "expected failure");
  return markup`${list("failures", "Failures", "", failures, run)}${stale(stalePatterns)}${
    list(
      "warnings",
      "Warnings",
      `Breaches below the levels that count (${levels.join(", ")})`,
      warnings,
      run,
    )
  }${
    list(
      "expected",
      "Expected failures",
      "They fail, as the list of expected failures says",
      known,
      run,
    )
  }`;
}

function list(
  id: string,
  title: string,
  about: string,
  results: readonly CaseResult[],
  { info }: RunResult,
): Markup {
  if (results.length === 0) return NOTHING;
  const rows = results.map((result) =>
    markup`<tr><td>${badge(meaningOf(result, info.levels))}</td><td><a href="#${
      anchor(result.id)
    }">${oneLine(result.id)}</a></td><td>${
      reasonOf(result)
    }</td><td>${result.clause.level}</td></tr>
`
  );
  return markup`<section class="over" aria-labelledby="${id}"><h2 id="${id}">${title} <small>${results.length}</small></h2>
${
    about === ""
      ? NOTHING
      : markup`<p class="sub">${about}</p>\n`
  }<table class="list br"><thead><tr><th scope="col">Verdict</th><th scope="col">Case</th><th scope="col">What happened</th><th scope="col">Level</th></tr></thead>
<tbody>
${rows}</tbody></table></section>
`;
}

function reasonOf({ verdict, failure, flaky, expectedFailure }: CaseResult): Markup {
  const known = expectedFailure === undefined
    ? NOTHING
    : markup` <small>${verdict === "pass" ? "It should fail" : "Known"}: ${
      oneLine(expectedFailure.reason)
    }</small>`;
  if (failure === undefined) {
    return markup`${verdict === "pass" ? "It passed" : "No reason is known"}${known}`;
  }
  const often = flaky === undefined
    ? NOTHING
    : markup` <em>flaky: passed ${flaky.passed} of ${flaky.attempts}</em>`;
  return markup`${oneLine(failureText(failure))}${often}${known}`;
}

function stale(patterns: readonly string[]): Markup {
  if (patterns.length === 0) return NOTHING;
  return markup`<section class="over" aria-labelledby="stale"><h2 id="stale">Stale patterns <small>${patterns.length}</small></h2>
<p class="sub">They stand in the list of expected failures, and name no case</p>
<ul class="stale">${
    patterns.map((pattern) => markup`<li><code>${oneLine(pattern)}</code></li>`)
  }</ul></section>
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
  return markup`<details class="fold over"><summary>Why ${
    plural(count, "case")
  } did not play</summary>
<table class="list"><thead><tr><th scope="col" class="r">Cases</th><th scope="col">Reason</th></tr></thead><tbody>
${rows}</tbody></table></details>`;
}
