import { bold, gray, green, red, yellow } from "@std/fmt/colors";
import {
  type CaseResult,
  isUnexpected,
  type Meaning,
  meaningOf,
  type RunInfo,
  type RunResult,
} from "../harness/results.ts";
import {
  conclude,
  type Conclusion,
  countsText,
  skipReasons,
  verdictSentence,
} from "./conclusion.ts";
import { MARKS } from "./mark.ts";
import { reasonText } from "./reason.ts";
import { reproduceCommand } from "./reproduce.ts";
import { durationText, oneLine, plural } from "./text.ts";

/** How a console report is written. */
export interface ConsoleOptions {
  /** Lines may be overwritten: there is a progress line. */
  readonly terminal: boolean;
  /** Signs and verdicts are coloured. */
  readonly color: boolean;
  /** A line for each case. */
  readonly verbose: boolean;
  /** Width of the terminal. Default: 80. */
  readonly columns?: number;
}

/** Tells a person what a run does, while it does it. */
export interface ConsoleReport {
  /** The run begins. */
  started(info: RunInfo, total: number): void;
  /** A case begins. */
  caseStarted(id: string): void;
  /** A case ended: the `done`th of `total`. */
  caseFinished(result: CaseResult, done: number, total: number): void;
  /** The run ended; `files` are the reports that were written. */
  finished(run: RunResult, files: readonly string[]): void;
}

/** Reports a run to a terminal or a pipe. */
export function consoleReport(
  write: (text: string) => void,
  options: ConsoleOptions,
): ConsoleReport {
  return new Console(write, options);
}

const COLORS: Readonly<Record<Conclusion, (text: string) => string>> = {
  "conformant": green,
  "as expected": green,
  "NOT conformant": red,
  "NOT as expected": red,
  "not judged": yellow,
};

/** Fewer cases say nothing about the others. */
const LEAST_TO_ESTIMATE = 20;

/** Longest list of cases in the command that plays the failed ones again. */
const MAX_AGAIN = 10;

class Console implements ConsoleReport {
  #write: (text: string) => void;
  #options: ConsoleOptions;
  #levels: RunInfo["levels"] = [];
  #total = 0;
  #done = 0;
  #failed = 0;
  #elapsedMs = 0;
  /** Results of the suite that is being played, for its line. */
  #suite: CaseResult[] = [];

  constructor(write: (text: string) => void, options: ConsoleOptions) {
    this.#write = write;
    this.#options = options;
  }

  started(info: RunInfo, total: number): void {
    this.#levels = info.levels;
    this.#total = total;
    const levels = info.levels.join(", ");
    this.#line(`${this.#paint(bold, oneLine(info.label))}  ${oneLine(info.target)}`);
    const { jobs = 1 } = info;
    const servers = jobs > 1 ? ` on ${jobs} servers` : "";
    const head = `${plural(total, "case")}${servers}; a breach of ${levels} fails the run`;
    this.#line(this.#paint(gray, head));
    this.#line("");
  }

  caseStarted(id: string): void {
    this.#progress(id);
  }

  caseFinished(result: CaseResult, done: number, total: number): void {
    const mark = meaningOf(result, this.#levels);
    this.#done = done;
    this.#total = total;
    if (isUnexpected(result, this.#levels)) this.#failed++;
    this.#elapsedMs = Math.max(this.#elapsedMs, result.startMs + result.durationMs);
    if (result.suite !== this.#suite[0]?.suite) this.#suiteLine();
    this.#suite.push(result);
    if (isUnexpected(result, this.#levels) || mark === "warning") this.#breach(result, mark);
    else if (this.#options.verbose) this.#line(this.#caseLine(result, mark));
    this.#progress(result.id);
  }

  finished(run: RunResult, files: readonly string[]): void {
    this.#levels = run.info.levels;
    this.#suiteLine();
    for (
      const lines of [
        this.#skips(run),
        this.#warnings(run),
        this.#stale(run),
        this.#again(run),
      ]
    ) {
      if (lines.length > 0) this.#line(["", ...lines].join("\n"));
    }
    if (run.remarks?.length) this.#line("");
    for (const remark of run.remarks ?? []) this.#line(`The server ${oneLine(remark)}.`);
    if (files.length > 0) this.#line("");
    for (const file of files) this.#line(`Report: ${oneLine(file)}`);
    const sentence = this.#paint(COLORS[conclude(run)], this.#paint(bold, verdictSentence(run)));
    this.#line(`\n${sentence} ${this.#paint(gray, `in ${durationText(run.durationMs)}`)}`);
  }

  #breach(result: CaseResult, mark: Meaning): void {
    const { clause, failure } = result;
    const reason = failure === undefined ? unexplained(result) : reasonText(result, mark);
    const owed = `${clause.level}: ${oneLine(clause.text)}`;
    if (!this.#options.terminal) {
      this.#line(`${MARKS[mark]} ${mark} ${oneLine(result.id)}: ${reason} (${owed})`);
      return;
    }
    this.#line(this.#caseLine(result, mark));
    this.#line(`  ${reason}`);
    this.#line(`${this.#paint(gray, `  ${owed}`)}\n`);
  }

  #caseLine(result: CaseResult, mark: Meaning): string {
    const color = { failed: red, error: red, warning: yellow, passed: green }[mark as string];
    const sign = this.#paint(color ?? gray, `${MARKS[mark]} ${mark}`);
    const more = result.skip === undefined ? durationText(result.durationMs) : result.skip.text;
    const words = `${oneLine(result.title)} (${oneLine(more)})`;
    return `${sign} ${this.#paint(bold, oneLine(result.id))}  ${this.#paint(gray, words)}`;
  }

  #suiteLine(): void {
    const [first] = this.#suite;
    if (first !== undefined && !this.#options.terminal) {
      this.#line(`${oneLine(first.suite)}: ${countsText(this.#suite, this.#levels)}`);
    }
    this.#suite = [];
  }

  #skips({ results }: RunResult): string[] {
    const reasons = skipReasons(results);
    if (reasons.length === 0) return [];
    const lines = reasons.map(([reason, count]) => `${String(count).padStart(5)}  ${reason}`);
    return ["Not played:", ...lines];
  }

  #warnings({ results, info }: RunResult): string[] {
    const warned = results.filter((result) => meaningOf(result, info.levels) === "warning");
    if (warned.length === 0) return [];
    const lines = warned.map((result) => `  ${oneLine(result.id)} (${result.clause.level})`);
    const head = `Warnings, breaches below the levels that count (${info.levels.join(", ")}):`;
    return [this.#paint(yellow, head), ...lines];
  }

  #stale({ info: { stalePatterns = [] } }: RunResult): string[] {
    if (stalePatterns.length === 0) return [];
    const head = "Stale patterns, expected failures that name no case:";
    return [this.#paint(red, head), ...stalePatterns.map((pattern) => `  ${oneLine(pattern)}`)];
  }

  #again({ results, info }: RunResult): string[] {
    const bad = results.filter((result) => isUnexpected(result, info.levels));
    if (bad.length === 0) return [];
    const lines = bad.map((r) => `  ${MARKS[meaningOf(r, info.levels)]} ${oneLine(r.id)}`);
    const ids = bad.slice(0, MAX_AGAIN).map((result) => result.id);
    const more = bad.length > MAX_AGAIN ? ` (the first ${MAX_AGAIN})` : "";
    const command = oneLine(reproduceCommand(info, ids), 4000);
    return [this.#paint(red, "Failed:"), ...lines, `Play them again${more}:`, `  ${command}`];
  }

  #progress(id: string): void {
    if (!this.#options.terminal) return;
    const failed = this.#failed === 0 ? "" : `  ${this.#failed} failed`;
    const time = `${durationText(this.#elapsedMs)}${this.#left()}`;
    const text = `${this.#done}/${this.#total}${failed}  ${time}  ${oneLine(id)}`;
    this.#write(`\r\x1b[K${text.slice(0, (this.#options.columns ?? 80) - 1)}`);
  }

  /** How long the rest will take, once enough was played to say. */
  #left(): string {
    if (this.#done < LEAST_TO_ESTIMATE || this.#done === this.#total) return "";
    const ms = this.#elapsedMs / this.#done * (this.#total - this.#done);
    return ms < 1000 ? ", nearly done" : `, about ${durationText(ms)} left`;
  }

  #line(text: string): void {
    // GitHub's and Azure's runners obey ##[…] and ##vso[…] wherever they stand.
    const inert = text.replace(/##(?=(vso)?\[)/gi, "# #");
    this.#write(`${this.#options.terminal ? "\r\x1b[K" : ""}${inert}\n`);
  }

  #paint(color: (text: string) => string, text: string): string {
    return this.#options.color ? color(text) : text;
  }
}

function unexplained({ expectedFailure }: CaseResult): string {
  if (expectedFailure === undefined) return "no reason is known";
  const { pattern, reason } = expectedFailure;
  return `it passed, and ${oneLine(pattern)} says that it fails (${oneLine(reason)})`;
}
