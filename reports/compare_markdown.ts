import { casesWith, CHANGES, changesText, type ComparedCase, type Comparison } from "./compare.ts";
import { heading, runTitle, stateText, timesText, timeText } from "./compare_text.ts";
import { markdownTable, markdownText } from "./markdown_text.ts";

/** As many cases of one kind are listed: a comment has little room. */
const MOST = 50;

/** Two runs for a comment on a change, or a step summary. */
export function compareMarkdown(comparison: Comparison): string {
  const { old, new: now, remarks, total, suites } = comparison;
  const blocks = [
    `## ${markdownText(changesText(comparison))}`,
    `${markdownText(runTitle(old.info))} → ${markdownText(runTitle(now.info))}`,
    remarks.map((remark) => `- ${markdownText(remark)}`).join("\n"),
    ...CHANGES.map((change) => changeTable(heading(change), casesWith(comparison, change))),
    markdownText(timesText(total)),
    suites.map((time) => `- ${markdownText(`${time.suite}: ${timeText(time)}`)}`).join("\n"),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function changeTable(title: string, cases: readonly ComparedCase[]): string {
  if (cases.length === 0) return "";
  const rows = cases.slice(0, MOST).map(({ id, before, after }) => [
    id,
    before === undefined ? "" : stateText(before),
    after === undefined ? "" : stateText(after),
  ]);
  const more = cases.length > MOST ? `\n\n… and ${cases.length - MOST} more` : "";
  return `### ${title}: ${cases.length}\n\n${markdownTable(["Case", "Was", "Is"], rows)}${more}`;
}
