import {
  type CaseResult,
  type Meaning,
  meaningOf,
  type RunInfo,
  type TranscriptEntry,
} from "../harness/results.ts";
import { anchor, badge, MARK_CLASS } from "./html_overview.ts";
import { clauseAnchor } from "./html_requirements.ts";
import { transcript } from "./html_transcript.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { reproduceCommand } from "./reproduce.ts";
import { bounded, durationText, oneLine } from "./text.ts";

/** Characters of a server's log that are shown. */
const MAX_LOG = { full: 16_384, brief: 1024 } as const;

const OPEN: readonly Meaning[] = ["failed", "unexpected pass", "error"];

/** One case as a row that unfolds; `full` when its messages are shown byte by byte. */
export function caseRow(result: CaseResult, info: RunInfo, full: boolean): Markup {
  const mark = meaningOf(result, info.levels);
  const open = OPEN.includes(mark) ? markup` open` : NOTHING;
  const played = result.verdict === "skip" ? "" : durationText(result.durationMs);
  return markup`<li><details class="k ${MARK_CLASS[mark]}"${open}>
<summary>${badge(mark)}<span class="t">${oneLine(result.title)} <code>${oneLine(result.id)}</code>${
    aside(result)
  }</span><span class="l">${result.clause.level}</span><span class="d">${played}</span></summary>
<div class="b" id="${anchor(result.id)}">
${clause(result)}${judgement(result)}${notes(result)}${conversation(result, full)}${
    again(result, info)
  }</div>
</details></li>
`;
}

/** What stands behind the title: why it was not played, or that it does not always fail. */
function aside({ skip, flaky }: CaseResult): Markup {
  if (skip !== undefined) return markup` <small>${oneLine(skip.text, 160)}</small>`;
  if (flaky === undefined) return NOTHING;
  return markup` <em>flaky: passed ${flaky.passed} of ${flaky.attempts}</em>`;
}

function clause({ clause }: CaseResult): Markup {
  const note = clause.note === undefined
    ? NOTHING
    : markup`<p class="note">${oneLine(clause.note, 2000)}</p>
`;
  return markup`<p class="q">${oneLine(clause.text, 2000)} <small>${clause.level} · ${
    oneLine(clause.section)
  } · <a href="#${clauseAnchor(clause.id)}">${oneLine(clause.id)}</a></small></p>
${note}`;
}

function judgement({ failure, skip, verdict, expectedFailure }: CaseResult): Markup {
  if (skip !== undefined) {
    return markup`<p class="note">Not played: ${oneLine(skip.text, 2000)}</p>
`;
  }
  const rows: Markup[] = [];
  if (failure !== undefined) {
    const { expected, kind, seen } = failure;
    const wanted = expected.slice(0, 20).map((text, i) =>
      markup`<dd>${i === 0 ? "" : "or "}${oneLine(text, 2000)}</dd>`
    );
    if (wanted.length > 0) rows.push(markup`<dt>Expected</dt>${wanted}`);
    rows.push(
      markup`<dt>${wanted.length > 0 ? "Got" : "Happened"}</dt><dd class="got">${
        bounded(seen, 4000)
      }</dd><dt>Kind</dt><dd>${kind}</dd>`,
    );
  }
  if (expectedFailure !== undefined) {
    const { pattern, reason, message } = expectedFailure;
    const known = verdict === "pass" ? "Should fail" : "Known failure";
    const part = message === undefined ? "" : `, where it says “${message}”`;
    rows.push(
      markup`<dt>${known}</dt><dd>${oneLine(reason, 2000)} <small>${
        oneLine(`${pattern} in the list of expected failures${part}`)
      }</small></dd>`,
    );
  }
  return rows.length === 0 ? NOTHING : markup`<dl class="j">${rows}</dl>
`;
}

function notes({ notes }: CaseResult): Markup {
  return markup`${
    notes.slice(0, 20).map((note) =>
      markup`<p class="note">${oneLine(note, 1000)}</p>
`
    )
  }`;
}

/** What was said, and what the server printed; of a case that does not always fail, both ways. */
function conversation({ transcript: own, log, failure, flaky }: CaseResult, full: boolean): Markup {
  if (flaky === undefined) {
    return markup`${sequence("What was sent and received", own, full, failure)}${
      printed("What the server printed", log, full)
    }`;
  }
  return markup`${sequence("An attempt that failed", own, full, failure)}${
    printed("What the server printed then", log, full)
  }${sequence("An attempt that passed", flaky.transcript, full)}${
    printed("What the server printed then", flaky.log, full)
  }`;
}

function sequence(
  heading: string,
  entries: readonly TranscriptEntry[],
  full: boolean,
  failure?: CaseResult["failure"],
): Markup {
  if (entries.length === 0) return NOTHING;
  return markup`<h4>${heading}</h4>
${transcript(entries, full, failure)}`;
}

function printed(heading: string, log: string, full: boolean): Markup {
  if (log.trim() === "") return NOTHING;
  return markup`<h4>${heading}</h4>
<pre>${bounded(log.trimEnd(), full ? MAX_LOG.full : MAX_LOG.brief)}</pre>
`;
}

function again({ id, verdict }: CaseResult, info: RunInfo): Markup {
  const command = reproduceCommand(info, [id]);
  if (verdict === "pass" && command.length > 600) return NOTHING;
  return markup`<h4>Play it again</h4>
<pre class="cmd">${bounded(command, 8000)}</pre>
`;
}
