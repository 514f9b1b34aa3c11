import { MARKS } from "./mark.ts";
import { markdownTable, markdownText } from "./markdown_text.ts";
import { isTelling, type ServersMatrix } from "./servers_matrix.ts";
import { oneLine } from "./text.ts";

const TITLE = "vfio-user conformance: servers side by side";

/** Suites, then the cases that tell the servers apart or fail. */
export function matrixText(matrix: ServersMatrix): string {
  const { names, remarks } = matrix;
  const columns = names.map((name, i) => `  ${i + 1}: ${oneLine(name)}`);
  const notes = remarks.map((remark) => `Note: ${oneLine(remark)}`);
  const numbers = names.map((_, i) => String(i + 1));
  return [
    TITLE,
    ...[...columns, ...notes, ""],
    ...columnLines([["Suite", ...numbers], ...suiteRows(matrix)]),
    "",
    ...columnLines([["Case", ...numbers], ...caseRows(matrix)]),
    ...["", restText(matrix), ""],
  ].join("\n");
}

/** The same as Markdown. */
export function matrixMarkdown(matrix: ServersMatrix): string {
  const { names, remarks } = matrix;
  const blocks = [
    `## ${TITLE}`,
    remarks.map((remark) => `- ${markdownText(remark)}`).join("\n"),
    markdownTable(["Suite", ...names], suiteRows(matrix)),
    markdownTable(["Case", ...names], caseRows(matrix)),
    markdownText(restText(matrix)),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function suiteRows({ suites }: ServersMatrix): string[][] {
  return suites.map(({ id, counts }) => [id, ...counts.map((text) => text || "not judged")]);
}

function caseRows({ suites }: ServersMatrix): string[][] {
  return suites.flatMap(({ cases }) => cases).filter(isTelling).map(({ id, cells }) => [
    id,
    ...cells.map((cell) => cell === undefined ? "not there" : `${MARKS[cell]} ${cell}`),
  ]);
}

/** What is not listed. */
function restText({ suites }: ServersMatrix): string {
  const cases = suites.flatMap(({ cases }) => cases);
  const alike = cases.filter((one) => !isTelling(one)).length;
  return `${alike} of ${cases.length} cases have the same verdict on all servers, passed or skipped`;
}

function columnLines(rows: readonly (readonly string[])[]): string[] {
  const texts = rows.map((row) => row.map((cell) => oneLine(cell)));
  const widths = texts[0]!.map((_, i) => Math.max(...texts.map((row) => row[i]!.length)));
  return texts.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
}
