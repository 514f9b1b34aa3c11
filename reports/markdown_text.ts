import { oneLine } from "./text.ts";

/** Text as Markdown that shows it as it is: no markup, link, mention or line end of it takes effect. */
export function markdownText(text: string): string {
  return oneLine(text)
    .replace(/^[-+]|[\\`*_[\]<>#!|~&$]|:(?=\/\/|\w+:)/g, "\\$&")
    .replaceAll("@", "@\u200b");
}

/** A table with one heading for each column. */
export function markdownTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(headings.map(markdownText)),
    line(headings.map(() => "---")),
    ...rows.map((row) => line(row.map(markdownText))),
  ].join("\n");
}
