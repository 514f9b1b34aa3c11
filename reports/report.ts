import type { RunResult } from "../harness/results.ts";

/** Renders a finished run. Pure: no clock, no files. */
export type ReportWriter = (run: RunResult) => string;
