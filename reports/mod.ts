/**
 * Reports: pure functions from the results of a run to text.
 *
 * @module
 */
export * from "./badge.ts";
export * from "./conclusion.ts";
export * from "./console.ts";
export * from "./ctrf.ts";
export * from "./formats.ts";
export * from "./github.ts";
export * from "./html.ts";
export * from "./jsonl.ts";
export * from "./junit.ts";
export * from "./mark.ts";
export * from "./markdown.ts";
export * from "./report.ts";
export * from "./reproduce.ts";
export * from "./tap.ts";
