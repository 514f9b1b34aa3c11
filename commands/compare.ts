import { parseArgs } from "@std/cli/parse-args";
import type { RunResult } from "../mod.ts";
import {
  casesWith,
  compare,
  compareHtml,
  compareMarkdown,
  compareText,
  matrixHtml,
  matrixMarkdown,
  matrixText,
  serversMatrix,
} from "../reports/mod.ts";
import { text, usage, type Values } from "./command_line.ts";
import { print, runCommand } from "./entry.ts";
import { readResults } from "./read_results.ts";
import { writeWhole } from "./report_files.ts";

const HELP = `Compares two runs, or sets several servers side by side.

Usage: deno task compare [options] OLD NEW
       deno task compare [options] RESULTS RESULTS RESULTS…

  The results of a run are its results.jsonl, or the folder in which it lies. Two runs: what newly
  fails, is fixed, still fails, changed, is new or gone, and how long it took. More: a matrix.

  --format text|markdown|html   (default text)
  --out FILE                    write a file instead of printing

Exit code: 0; 1 when a case newly fails, which did not fail in the old run; 2 wrong command line or file.

Example:
  deno task compare main/results.jsonl conformance-report --format html --out compare.html
`;

const PAIR = { text: compareText, markdown: compareMarkdown, html: compareHtml };
const MANY = { text: matrixText, markdown: matrixMarkdown, html: matrixHtml };

type Format = keyof typeof PAIR;

function parse(args: readonly string[]): Values {
  return parseArgs([...args], {
    string: ["format", "out"],
    boolean: ["help"],
    alias: { h: "help" },
    "--": true,
    unknown(arg, key) {
      if (key === undefined) return true;
      throw usage(`Unknown option ${arg.split("=")[0]}: --help shows those that exist`);
    },
  });
}

function formatOf(values: Values): Format {
  const given = text(values, "format") ?? "text";
  if (given in PAIR) return given as Format;
  throw usage(`Unknown format ${given}: known are ${Object.keys(PAIR).join(", ")}`);
}

function render(runs: readonly RunResult[], format: Format): { content: string; code: number } {
  const [old, now, ...others] = runs as [RunResult, RunResult, ...RunResult[]];
  if (others.length > 0) return { content: MANY[format](serversMatrix(runs)), code: 0 };
  const comparison = compare(old, now);
  const code = casesWith(comparison, "newly failing").length > 0 ? 1 : 0;
  return { content: PAIR[format](comparison), code };
}

async function main(args: readonly string[]): Promise<number> {
  const values = parse(args);
  if (values.help) {
    print(HELP);
    return 0;
  }
  const format = formatOf(values);
  const out = text(values, "out");
  const paths = [...values._.map(String), ...values["--"]];
  if (paths.length < 2) throw usage("Name the results of two runs or more: --help shows how");
  const { content, code } = render(await Promise.all(paths.map(readResults)), format);
  if (out === undefined) print(content);
  else {
    await writeWhole(out, [content]).catch((error: Error) => {
      throw usage(`Cannot write ${out}: ${error.message}`);
    });
  }
  return code;
}

if (import.meta.main) await runCommand(main);
