import type { RunResult } from "../harness/results.ts";
import { badge } from "./badge.ts";
import { ctrf } from "./ctrf.ts";
import { htmlParts } from "./html.ts";
import { jsonl } from "./jsonl.ts";
import { junit, type JunitOptions } from "./junit.ts";
import { markdown } from "./markdown.ts";
import { tap } from "./tap.ts";

/** A kind of report. */
export interface ReportFormat {
  /** Name of its file. */
  readonly file: string;
  /** What it is, for a list of formats. */
  readonly title: string;
  /** Renders a run piece by piece. */
  readonly parts: (run: RunResult, options: JunitOptions) => Iterable<string>;
}

/** Name of a format. */
export type FormatName = "junit" | "html" | "jsonl" | "ctrf" | "tap" | "markdown" | "badge";

/** Every format, under the name that `--report` knows. */
export const FORMATS: Readonly<Record<FormatName, ReportFormat>> = {
  junit: {
    file: "junit.xml",
    title: "JUnit XML, for CI systems",
    parts: (run, options) => [junit(run, options)],
  },
  html: { file: "report.html", title: "one page for people", parts: htmlParts },
  jsonl: {
    file: "results.jsonl",
    title: "everything, one JSON value a line",
    parts: (run) => [jsonl(run)],
  },
  ctrf: {
    file: "ctrf.json",
    title: "Common Test Report Format",
    parts: (run) => [ctrf(run)],
  },
  tap: { file: "results.tap", title: "TAP version 14", parts: (run) => [tap(run)] },
  markdown: {
    file: "summary.md",
    title: "a summary for a pull request",
    parts: (run) => [markdown(run)],
  },
  badge: { file: "badge.svg", title: "a picture for a README", parts: (run) => [badge(run)] },
};

/** What is written where nothing else is asked for. */
export const DEFAULT_FORMATS: readonly FormatName[] = ["junit", "html"];
