import type { RunResult } from "../harness/results.ts";
import { type Markup, markup } from "./markup.ts";
import { reproduceCommand } from "./reproduce.ts";
import { bounded, dateText, durationText, oneLine } from "./text.ts";

/** What was judged, when, how, and what the device said of itself. */
export function facts({ info, life, durationMs, remarks = [] }: RunResult): Markup {
  const about: readonly (readonly [string, string])[] = [
    ["Server", info.target],
    ["Life of the server", life],
    ["Remarks on the server", remarks.map((remark) => `It ${remark}.`).join(" ")],
    ["Started", dateText(info.startedAt)],
    ["Duration", durationText(durationMs)],
    ["Levels that count", info.levels.join(", ")],
    ["Time limit of a step", durationText(info.timeoutMs)],
    ["Servers at once", info.jobs === undefined ? "" : String(info.jobs)],
    ["Shard", info.shard ?? ""],
    ["Seed", info.seed === undefined ? "" : String(info.seed)],
    ["Suite", `${info.tool} ${info.version}`],
    ["Platform", info.platform],
  ];
  return markup`<div class="facts over">
<section aria-labelledby="device"><h2 id="device">Device</h2>
<p class="sub">What the server says of itself</p>
${pairs(Object.entries(info.facts))}</section>
<section aria-labelledby="run"><h2 id="run">Run</h2>
<p class="sub">What was played, and how to play it again</p>
${pairs(about)}<pre class="cmd">${bounded(reproduceCommand(info, []), 8000)}</pre></section>
</div>
`;
}

function pairs(entries: readonly (readonly [string, string])[]): Markup {
  const rows = entries.filter(([, text]) => text !== "").map(([name, text]) =>
    markup`<dt>${oneLine(name)}</dt><dd>${bounded(text, 2000)}</dd>
`
  );
  return rows.length === 0 ? markup`<p class="sub">Nothing is known.</p>` : markup`<dl>
${rows}</dl>
`;
}
