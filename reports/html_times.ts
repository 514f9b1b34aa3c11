import type { RunResult } from "../harness/results.ts";
import { type Markup, markup } from "./markup.ts";
import { median, type ReplyTimes, replyTimes } from "./reply_times.ts";
import { durationText } from "./text.ts";

/** Bars of a plot: eight for each power of ten, from 10 µs to 10 s. */
const DECADES = ["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"] as const;
const FIRST_MS = 0.01;
const BARS_PER_DECADE = 8;
const BARS = DECADES.length * BARS_PER_DECADE;
/** Units of the plot. */
const BAR = 5;
const HEIGHT = 18;

/** How long replies took, by command, as the suite saw them. */
export function times({ results }: RunResult): Markup {
  const all = replyTimes(results);
  return markup`<section class="over" aria-labelledby="times">
<h2 id="times">Reply times</h2>
${all.length === 0 ? markup`<p class="sub">No reply was timed.</p>\n` : table(all)}</section>
`;
}

function table(all: readonly ReplyTimes[]): Markup {
  return markup`<p class="sub">From the sending of a command to the whole reply, on a scale of powers of ten; the line marks the median.</p>
<div class="wide" tabindex="0" role="group" aria-labelledby="times"><table class="list tm"><thead><tr><th scope="col">Command</th><th scope="col" class="r">Replies</th><th scope="col" class="r">Median</th><th scope="col" class="r">Slowest</th><th scope="col">${axis()}</th></tr></thead>
<tbody>
${all.map(row)}</tbody></table></div>
`;
}

function row(replies: ReplyTimes): Markup {
  const { command, times } = replies;
  return markup`<tr><td>${command}</td><td class="r">${times.length}</td><td class="r">${
    timeText(median(replies))
  }</td><td class="r">${timeText(times.at(-1)!)}</td><td>${plot(replies)}</td></tr>
`;
}

/** `45 µs`, where a duration would say `0.05 ms`. */
function timeText(ms: number): string {
  return ms < 1 ? `${Math.round(1000 * ms)} µs` : durationText(ms);
}

/** Labels of the scale, with the same width as the plots. */
function axis(): Markup {
  const labels = DECADES.map((label, i) =>
    markup`<text x="${i * BARS_PER_DECADE * BAR + 2}" y="9">${label}</text>`
  );
  return markup`<svg class="plot" viewBox="0 0 ${
    BARS * BAR
  } 12" role="img" aria-label="Distribution">${labels}</svg>`;
}

function plot(replies: ReplyTimes): Markup {
  const counts = new Array<number>(BARS).fill(0);
  for (const ms of replies.times) counts[Math.floor(place(ms))]! += 1;
  const most = Math.max(...counts);
  const bars = counts.map((count, i) => {
    // Even a single reply is to be seen.
    const height = count === 0 ? 0 : Math.max(2, Math.round((HEIGHT - 2) * count / most));
    return height === 0 ? "" : `M${i * BAR} ${HEIGHT}v-${height}h${BAR - 1}v${height}z`;
  });
  const grid = DECADES.map((_, i) => `M${i * BARS_PER_DECADE * BAR} 0v${HEIGHT}`);
  const middle = Math.round(10 * place(median(replies)) * BAR) / 10;
  return markup`<svg class="plot" viewBox="0 0 ${
    BARS * BAR
  } ${HEIGHT}" aria-hidden="true"><path class="grid" d="${grid.join("")}"/><path class="bars" d="${
    bars.join("")
  }"/><path class="mid" d="M${middle} 0v${HEIGHT}"/></svg>`;
}

/** Where a time stands on the scale, in bars. */
function place(ms: number): number {
  const bars = Math.log10(Math.max(ms, FIRST_MS) / FIRST_MS) * BARS_PER_DECADE;
  return Math.min(bars, BARS - 1);
}
