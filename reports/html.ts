import { createHash } from "node:crypto";
import {
  type CaseResult,
  type Meaning,
  meaningOf,
  type RunInfo,
  type RunResult,
} from "../harness/results.ts";
import { bySuite, countsText, verdictSentence } from "./conclusion.ts";
import { caseRow } from "./html_case.ts";
import { facts } from "./html_facts.ts";
import { anchor, breaches, counts, heading, skips, strip } from "./html_overview.ts";
import { requirements, requirementsLink } from "./html_requirements.ts";
import { SCRIPT } from "./html_script.ts";
import { STYLE } from "./html_style.ts";
import { times } from "./html_times.ts";
import { Markup, markup, NOTHING } from "./markup.ts";
import { oneLine } from "./text.ts";

/** Characters that unfolded failures may fill before further ones are shown as briefly as passing cases. */
const ROOM_FOR_FAILURES = 2_000_000;

const FULL: readonly Meaning[] = ["failed", "error", "warning", "expected failure"];
/** Meanings that unfold a suite. */
const OPEN: readonly Meaning[] = ["failed", "unexpected pass", "error"];

/** Nothing is loaded, and nothing runs but the script and the style of this page. */
const POLICY = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${
  hashOf(SCRIPT)
}'; base-uri 'none'; form-action 'none'`;

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** One page that needs nothing else: no request, light and dark, readable without its script, also on paper. */
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
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#cases">Skip to the cases</a>
${heading(run)}
<main>
${counts(run)}
${strip(run)}
${requirementsLink(run)}
${breaches(run)}
${skips(run)}
${facts(run)}
${times(run)}
<section aria-labelledby="cases">
<h2 id="cases">Cases <small>${run.results.length}</small></h2>
`;
}

function closing(run: RunResult): Markup {
  return markup`</section>
${requirements(run)}</main>
<footer>
<p>Levels: <b>must</b>, <b>should</b> and <b>may</b> as in the specification; <b>robust</b>: the specification is
silent, but a server that faces an untrusted client has to survive; <b>qemu</b>: what QEMU's client relies on.</p>
<p>Times of messages count from the beginning of each case.</p>
</footer>
<script>${new Markup(SCRIPT)}</script>
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
  const isOpen = results.some((result) => OPEN.includes(meaningOf(result, info.levels)));
  yield markup`<details class="su"${isOpen ? markup` open` : NOTHING}>
<summary><h3 id="${anchor(id)}">${oneLine(results[0]!.suiteTitle)}</h3> <code>${
    oneLine(id)
  }</code> <small>${countsText(results, info.levels)}</small></summary>
<ol class="ks">
`.text;
  for (const result of results) {
    const full = FULL.includes(meaningOf(result, info.levels)) && room.left > 0;
    const row = caseRow(result, info, full).text;
    if (full) room.left -= row.length;
    yield row;
  }
  yield "</ol>\n</details>\n";
}
