import { type CaseResult, type Meaning, meaningOf, type RunInfo } from "../harness/results.ts";
import { anchor, badge, bodyAnchor, MARK_CLASS } from "./html_overview.ts";
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
  const why = result.skip === undefined
    ? NOTHING
    : markup` <small>${oneLine(result.skip.text, 160)}</small>`;
  const played = result.verdict === "skip" ? "" : durationText(result.durationMs);
  return markup`<li><details class="k ${MARK_CLASS[mark]}" id="${anchor(result.id)}"${open}>
<summary>${badge(mark)}<span class="t">${oneLine(result.title)} <code>${
    oneLine(result.id)
  }</code>${why}</span><span class="l">${result.clause.level}</span><span class="d">${played}</span></summary>
<div class="b" id="${bodyAnchor(result.id)}">
${clause(result)}${judgement(result)}${notes(result)}${
    transcript(result.transcript, full, result.failure?.entry)
  }${log(result, full)}${again(result, info)}</div>
</details></li>
`;
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

function judgement({ failure, skip }: CaseResult): Markup {
  if (skip !== undefined) {
    return markup`<p class="note">Not played: ${oneLine(skip.text, 2000)}</p>
`;
  }
  if (failure === undefined) return NOTHING;
  const expected = failure.expected.slice(0, 20).map((text, i) =>
    markup`<dd>${i === 0 ? "" : "or "}${oneLine(text, 2000)}</dd>`
  );
  const wanted = expected.length === 0 ? NOTHING : markup`<dt>Expected</dt>${expected}`;
  return markup`<dl class="j">${wanted}<dt>${
    expected.length === 0 ? "Happened" : "Got"
  }</dt><dd class="got">${
    bounded(failure.seen, 4000)
  }</dd><dt>Kind</dt><dd>${failure.kind}</dd></dl>
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

function log({ log }: CaseResult, full: boolean): Markup {
  if (log.trim() === "") return NOTHING;
  return markup`<h3>What the server printed</h3>
<pre>${bounded(log.trimEnd(), full ? MAX_LOG.full : MAX_LOG.brief)}</pre>
`;
}

function again({ id, verdict }: CaseResult, info: RunInfo): Markup {
  const command = reproduceCommand(info, [id]);
  if (verdict === "pass" && command.length > 600) return NOTHING;
  return markup`<h3>Play it again</h3>
<pre class="cmd">${bounded(command, 8000)}</pre>
`;
}
