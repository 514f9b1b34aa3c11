import { type CaseResult, isUnexpected, meaningOf, summarize } from "../harness/results.ts";
import type { RunInfo, RunResult } from "../harness/results.ts";
import { caseText } from "./case_text.ts";
import { conclude, countsText, skipReasons } from "./conclusion.ts";
import { MARKS } from "./mark.ts";
import { markup } from "./markup.ts";
import { reasonText } from "./reason.ts";
import { runProblems } from "./run_problems.ts";
import { bounded, durationText, oneLine, plural } from "./text.ts";

/** How a Markdown summary is written. */
export interface MarkdownOptions {
  /** Most characters. Default: 65,000, which GitHub takes as a comment (65,536) and as a step summary (1 MiB). */
  readonly maxLength?: number;
}

const MAX_LENGTH = 65_000;
/** Room for a failure that unfolds, and about that of one that does not: as many of the first unfold as leave room for all. */
const MAX_DETAILS = 5000;
const LINE = 500;
const MAX_REASONS = 10;
/** Kept free for the line that says what was cut. */
const ROOM_FOR_REST = 200;

/**
 * A summary for people who review a change. What comes from outside stands in code, where GitHub makes no links,
 * images or mentions of it.
 */
export function markdown(run: RunResult, options: MarkdownOptions = {}): string {
  const bad = run.results.filter((result) => isUnexpected(result, run.info.levels));
  const warned = run.results.filter((one) => meaningOf(one, run.info.levels) === "warning");
  const max = options.maxLength ?? MAX_LENGTH;
  const unfolding = Math.floor((0.8 * max - bad.length * LINE) / MAX_DETAILS);
  const page = new Page(max);
  page.add(heading(run));
  for (const { message } of runProblems(run)) page.add(`- ${code(message)}\n`, "problem");
  const failed = (result: CaseResult, i: number) =>
    i < unfolding ? details(result, run.info) : line(result, run.info);
  page.list("### What failed", bad, failed, "failure");
  page.list("### Warnings", warned, (result) => line(result, run.info), "warning");
  const reasons = skipReasons(run.results);
  const shown = reasons.slice(0, MAX_REASONS);
  page.list("### Not played", shown, ([why, count]) => `- ${count}: ${code(why)}\n`, "reason");
  const more = reasons.length - shown.length;
  if (more > 0) page.add(`- … and ${plural(more, "more reason")}\n`);
  return page.end();
}

/** A text that stays below its limit, and says what it left out. */
class Page {
  #text = "";
  #max: number;
  #left = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Adds a piece whole, or counts it as left out. */
  add(piece: string, noun?: string): void {
    // In order: what follows something that was left out is left out too.
    const isFull = noun !== undefined && this.#left.has(noun);
    const fits = this.#text.length + piece.length <= this.#max - ROOM_FOR_REST;
    if (fits && !isFull) this.#text += piece;
    else if (noun !== undefined) this.#left.set(noun, (this.#left.get(noun) ?? 0) + 1);
  }

  list<T>(
    title: string,
    items: readonly T[],
    piece: (item: T, index: number) => string,
    noun: string,
  ): void {
    items.forEach((item, i) =>
      this.add(`${i === 0 ? `\n${title}\n\n` : ""}${piece(item, i)}`, noun)
    );
  }

  end(): string {
    if (this.#left.size === 0) return this.#text;
    const left = [...this.#left].map(([noun, count]) => plural(count, noun)).join(", ");
    return `${this.#text}\n**Left out here for want of room: ${left}. The other reports have them.**\n`;
  }
}

function heading(run: RunResult): string {
  const { info, results } = run;
  const counts = summarize(results, info.levels);
  const rows: readonly (readonly [string, number])[] = [
    [`${MARKS.failed} failed`, counts.failed],
    [`${MARKS["unexpected pass"]} unexpected pass`, counts.unexpectedPasses],
    [`${MARKS.error} error`, counts.errors],
    [`${MARKS.passed} passed`, counts.passed],
    [`${MARKS["expected failure"]} expected failure`, counts.expectedFailures],
    [`${MARKS.warning} warning`, counts.warnings],
    [`${MARKS.skipped} skipped`, counts.skipped],
    [`${MARKS["not run"]} not run`, counts.notRun],
  ];
  const table = rows.filter(([, count]) => count > 0).map(([name, count]) =>
    `| ${name} | ${count} |`
  );
  return [
    `## vfio-user conformance: ${code(info.label, 200)}`,
    "",
    `**${conclude(run)}: ${countsText(results, info.levels)}**, in ${durationText(run.durationMs)}`,
    "",
    "| Cases | |",
    "|---|---:|",
    ...table,
    `| all | ${counts.total} |`,
    "",
    `Server: ${code(info.target)}; a breach of ${code(info.levels.join(", "))} fails the run.`,
    "",
    "",
  ].join("\n");
}

/** A failure that unfolds. What stands in HTML is escaped as HTML, up to the empty line that ends it. */
function details(result: CaseResult, info: RunInfo): string {
  const meaning = meaningOf(result, info.levels);
  const { clause } = result;
  const summary = markup`<details><summary>${MARKS[meaning]} ${meaning} <code>${
    oneLine(result.id, 200)
  }</code>: <code>${oneLine(reasonText(result, meaning), 300)}</code></summary>`;
  return [
    summary.text,
    "",
    `${code(clause.level)}, ${code(clause.section, 100)}: ${code(clause.text)}`,
    "",
    block(bounded(caseText(result, info), MAX_DETAILS - 1000)),
    "",
    "</details>",
    "",
    "",
  ].join("\n");
}

function line(result: CaseResult, info: RunInfo): string {
  const reason = reasonText(result, meaningOf(result, info.levels));
  const { level, text } = result.clause;
  return `- ${code(result.id, 200)} (${code(level)}: ${code(text)}): ${code(reason, 300)}\n`;
}

/** A code span that nothing inside can end. */
function code(text: string, max = 500): string {
  const inside = oneLine(text, max);
  if (inside === "") return "(none)";
  const fence = fenceFor(inside, 1);
  return `${fence} ${inside} ${fence}`;
}

/** A code block that nothing inside can end. */
function block(text: string): string {
  const fence = fenceFor(text, 3);
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

function fenceFor(text: string, least: number): string {
  const runs = text.match(/`+/g) ?? [];
  return "`".repeat(Math.max(least, ...runs.map((run) => run.length + 1)));
}
