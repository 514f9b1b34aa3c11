import {
  type CaseResult,
  type Meaning,
  meaningOf,
  type RunInfo,
  type RunResult,
} from "../harness/results.ts";
import { bySuite, countsText, verdictSentence } from "./conclusion.ts";
import { caseRow } from "./html_case.ts";
import { anchor, breaches, facts, heading, skips, strip } from "./html_overview.ts";
import { requirements, requirementsLink } from "./html_requirements.ts";
import { STYLE } from "./html_style.ts";
import { Markup, markup } from "./markup.ts";
import { oneLine } from "./text.ts";

/** Characters that unfolded failures may fill before further ones are shown as briefly as passing cases. */
const ROOM_FOR_FAILURES = 2_000_000;

const BAD: readonly Meaning[] = ["failed", "error", "warning"];

/** One page that needs nothing else: no request, no script, light and dark, also on paper. */
export function html(run: RunResult): string {
  return [...htmlParts(run)].join("");
}

/** The same page piece by piece, so that a large one need not lie in memory whole. */
export function* htmlParts(run: RunResult): Generator<string> {
  yield opening(run).text;
  const room = { left: ROOM_FOR_FAILURES };
  for (const [id, results] of bySuite(run.results)) yield* suite(id, results, run.info, room);
  yield closing(run).text;
}

function opening(run: RunResult): Markup {
  const title = oneLine(`${run.info.label}: ${verdictSentence(run)}`);
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#cases">Skip to the cases</a>
${heading(run)}
<main>
${strip(run)}
${requirementsLink(run)}
${breaches(run)}
${skips(run)}
${facts(run)}
<div id="cases">
`;
}

function closing(run: RunResult): Markup {
  return markup`</div>
${requirements(run)}</main>
<footer>
<p>Levels: <b>must</b>, <b>should</b> and <b>may</b> as in the specification; <b>robust</b>: the specification is
silent, but a server that faces an untrusted client has to survive; <b>qemu</b>: what QEMU's client relies on.</p>
<p>Times count from the beginning of each case. Arrows: → sent by the suite, ← received from the server.</p>
</footer>
</body>
</html>
`;
}

function* suite(
  id: string,
  results: readonly CaseResult[],
  info: RunInfo,
  room: { left: number },
): Generator<string> {
  yield markup`<section aria-labelledby="${anchor(id)}">
<h2 id="${anchor(id)}">${oneLine(results[0]!.suiteTitle)} <small>${oneLine(id)}</small></h2>
<p class="sub">${countsText(results, info.levels)}</p>
<ol class="ks">
`.text;
  for (const result of results) {
    const full = BAD.includes(meaningOf(result, info.levels)) && room.left > 0;
    const row = caseRow(result, info, full).text;
    if (full) room.left -= row.length;
    yield row;
  }
  yield "</ol>\n</section>\n";
}
