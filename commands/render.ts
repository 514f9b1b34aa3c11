import { parseArgs } from "@std/cli/parse-args";
import { readJsonl, type RunResult } from "../mod.ts";
import { FORMATS } from "../reports/mod.ts";
import { text, usage } from "./command_line.ts";
import { print, runCommand } from "./entry.ts";
import { parseAttachments, parseFormats, writeReports } from "./report_list.ts";

const LIST = Object.entries(FORMATS)
  .map(([name, { file, title }]) => `    ${name.padEnd(9)} ${file.padEnd(14)} ${title}`)
  .join("\n");

const HELP = `Writes reports again, from the results of a run.

Usage: deno task render [options] RESULTS

  RESULTS is the results.jsonl of a run, also of one that was cut off.

  --report LIST          which reports                          (default junit,html)
${LIST}
  --out DIR              where they go                          (default: beside RESULTS)
  --label NAME           the server's name in the reports       (default: as in RESULTS)
  --attachments absolute|relative
                         JUnit names the HTML report for each case that did not pass: absolute for
                         Jenkins, relative for GitLab           (default: it does not)
  --help

Exit code: 0 written, 2 wrong command line or file.

Example:
  deno task render --report html,ctrf,markdown conformance-report/results.jsonl
`;

/** Writes the reports that the command line asks for; its value is the exit code. */
export async function render(args: readonly string[], write = print): Promise<number> {
  const values = parseArgs([...args], {
    string: ["report", "out", "label", "attachments"],
    boolean: ["help"],
    alias: { h: "help" },
    unknown(arg, key) {
      if (key === undefined) return true;
      throw usage(`Unknown option ${arg.split("=")[0]}: --help shows those that exist`);
    },
  });
  if (values.help) {
    write(HELP);
    return 0;
  }
  const [path, ...more] = values._.map(String);
  if (path === undefined || more.length > 0) throw usage("Give one file of results: --help");
  const formats = parseFormats(text(values, "report"));
  const attachments = parseAttachments(text(values, "attachments"));
  const run = relabelled(await read(path), text(values, "label"));
  const out = text(values, "out") ??
    (path.includes("/") ? path.replace(/\/[^/]*$/, "") || "/" : ".");
  await Deno.mkdir(out, { recursive: true }).catch((error: Error) => {
    throw usage(`Cannot write reports to ${out}: ${error.message}`);
  });
  const files = await writeReports(run, { formats, out, ...attachments });
  for (const file of files) write(`Report: ${file}\n`);
  return 0;
}

async function read(path: string): Promise<RunResult> {
  const content = await Deno.readTextFile(path).catch((error: Error) => {
    throw usage(`Cannot read ${path}: ${error.message}`);
  });
  try {
    return readJsonl(content);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw usage(`Cannot read ${path}: ${error.message}`);
  }
}

function relabelled(run: RunResult, label: string | undefined): RunResult {
  return label === undefined ? run : { ...run, info: { ...run.info, label } };
}

if (import.meta.main) await runCommand((args) => render(args));
