import type { RunInfo } from "../harness/results.ts";
import {
  type CaseState,
  casesWith,
  CHANGES,
  changesText,
  type ComparedCase,
  type ComparedTime,
  type Comparison,
} from "./compare.ts";
import { MARKS } from "./mark.ts";
import { durationText, oneLine, plural } from "./text.ts";

/** Two runs for a console: the last line is the sum of it. */
export function compareText(comparison: Comparison): string {
  const lines = [
    `Old: ${runTitle(comparison.old.info)}`,
    `New: ${runTitle(comparison.new.info)}`,
    ...comparison.remarks.map((remark) => `Note: ${remark}`),
    ...CHANGES.flatMap((change) => {
      const cases = casesWith(comparison, change);
      return cases.length === 0 ? [] : ["", `${heading(change)}:`, ...cases.flatMap(caseLines)];
    }),
    ...["", timesText(comparison.total)],
    ...comparison.suites.map((time) => `  ${oneLine(time.suite)}: ${timeText(time)}`),
    ...["", changesText(comparison), ""],
  ];
  return lines.join("\n");
}

/** `sample server, suite 0.1.0, 2026-11-03 14:05 UTC`. */
export function runTitle({ label, version, startedAt }: RunInfo): string {
  const when = /^(.{10})T(.{5})/.exec(startedAt);
  return oneLine(`${label}, suite ${version}${when === null ? "" : `, ${when[1]} ${when[2]} UTC`}`);
}

/** `Newly failing`. */
export function heading(change: string): string {
  return change[0]!.toUpperCase() + change.slice(1);
}

function caseLines({ id, change, before, after }: ComparedCase): string[] {
  const state = (after ?? before)!;
  const line = `  ${MARKS[state.meaning]} ${oneLine(id)}`;
  if (change === "new") return [`${line}: ${stateText(state)}`];
  if (change === "gone") return [`${line}: was ${stateText(state)}`];
  if (change === "fixed") return [line, `      was ${stateText(before!)}`];
  if (change === "still failing" && before!.reason === after!.reason) {
    return [line, `      ${stateText(after!)}`];
  }
  return [line, `      was ${stateText(before!)}`, `      now ${stateText(after!)}`];
}

/** `failed: Expected error EEXIST: got error EINVAL`. */
export function stateText({ meaning, reason }: CaseState): string {
  return reason === "" ? meaning : `${meaning}: ${oneLine(reason)}`;
}

/** One sentence about the time of both runs. */
export function timesText(total: ComparedTime): string {
  return `Time of the ${plural(total.cases, "case")} that both played: ${timeText(total)}`;
}

/** `1.2 s, then 3.4 s (2.8 times as long)`. */
export function timeText({ oldMs, newMs }: ComparedTime): string {
  const factor = oldMs > 0 ? newMs / oldMs : 1;
  const change = factor >= 1.1
    ? ` (slower: ${factor.toFixed(1)} times as long)`
    : factor <= 0.9 && newMs > 0
    ? ` (faster: ${(1 / factor).toFixed(1)} times as fast)`
    : "";
  return `${durationText(oldMs)}, then ${durationText(newMs)}${change}`;
}
