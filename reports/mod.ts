/**
 * Reports: pure functions from the results of a run to text.
 *
 * @module
 */
export * from "./badge.ts";
export * from "./compare.ts";
export * from "./compare_html.ts";
export * from "./compare_markdown.ts";
export * from "./compare_text.ts";
export * from "./conclusion.ts";
export * from "./console.ts";
export * from "./ctrf.ts";
export * from "./earlier_run.ts";
export * from "./formats.ts";
export * from "./github.ts";
export * from "./html.ts";
export * from "./jsonl.ts";
export * from "./junit.ts";
export * from "./mark.ts";
export * from "./markdown.ts";
export * from "./merge.ts";
export * from "./report.ts";
export * from "./reproduce.ts";
export * from "./servers_matrix.ts";
export * from "./servers_matrix_html.ts";
export * from "./servers_matrix_text.ts";
export * from "./tap.ts";
