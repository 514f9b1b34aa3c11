import { type RunResult, summarize } from "../harness/results.ts";
import { conclude, type Conclusion, verdictSentence } from "./conclusion.ts";
import { markup } from "./markup.ts";
import { oneLine, plural } from "./text.ts";

/** Dark enough for white text on them: contrast at least 4.5 to 1. */
const COLORS: Readonly<Record<Conclusion, string>> = {
  "conformant": "#1a7f37",
  "as expected": "#1a7f37",
  "NOT conformant": "#b62324",
  "NOT as expected": "#b62324",
  "not judged": "#6e5600",
};

const LABEL = "vfio-user";
const CHARACTER = 6.6;
const PADDING = 12;

/** A badge as SVG: needs no font, no script and nothing from elsewhere. */
export function badge(run: RunResult): string {
  const text = badgeText(run);
  const [left, right] = [width(LABEL), width(text)];
  const title = oneLine(`${run.info.label}: ${verdictSentence(run)}`, 300);
  return markup`<svg xmlns="http://www.w3.org/2000/svg" width="${
    left + right
  }" height="20" viewBox="0 0 ${left + right} 20" role="img" aria-label="${LABEL}: ${text}">
  <title>${title}</title>
  <clipPath id="r"><rect width="${left + right}" height="20" rx="3"/></clipPath>
  <g clip-path="url(#r)">
    <rect width="${left}" height="20" fill="#3d444d"/>
    <rect x="${left}" width="${right}" height="20" fill="${COLORS[conclude(run)]}"/>
  </g>
  <g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
    <text x="${left / 2}" y="14" textLength="${left - PADDING}">${LABEL}</text>
    <text x="${left + right / 2}" y="14" textLength="${right - PADDING}">${text}</text>
  </g>
</svg>
`.text;
}

/** The conclusion with the one count that matters most. */
function badgeText(run: RunResult): string {
  const counts = summarize(run.results, run.info.levels);
  const conclusion = conclude(run);
  switch (conclusion) {
    case "conformant":
      return `${conclusion}, ${counts.passed} passed`;
    case "as expected":
      return `${conclusion}, ${plural(counts.expectedFailures, "expected failure")}`;
    case "NOT conformant":
      return `${conclusion}, ${counts.failed} failed`;
    case "NOT as expected":
    case "not judged":
      return conclusion;
  }
}

function width(text: string): number {
  return Math.round(text.length * CHARACTER) + PADDING;
}
