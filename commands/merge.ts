import { CASES } from "../mod.ts";
import { htmlParts, jsonl, junit, merge, verdictSentence, whyNotOneRun } from "../reports/mod.ts";
import { usage } from "./command_line.ts";
import { print, printError, runCommand } from "./entry.ts";
import { exitCode } from "./exit_code.ts";
import { readResults } from "./read_results.ts";
import { ReportFolder } from "./report_files.ts";

const HELP = `Makes one run of its shards, and writes its reports.

Usage: deno task merge OUT RESULTS…

  OUT is the folder for the reports. RESULTS are files results.jsonl, or folders in which they lie, of
  runs with --shard: of one server, one version of the suite, and the same levels. The time of the
  merged run is the sum of theirs.

Exit code, as of a run in one piece: 0 conformant, 1 not, 2 wrong command line or file, 3 a shard is
missing, was cut short, or met an error.

Example:
  deno task merge conformance-report shards/*
`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    print(HELP);
    return 0;
  }
  const unknown = args.find((arg) => arg.startsWith("-"));
  if (unknown !== undefined) throw usage(`Unknown option ${unknown}: there is only --help`);
  const [out, ...paths] = args;
  if (out === undefined || paths.length === 0) {
    throw usage("Name the folder for the reports, then the results: deno task merge OUT RESULTS…");
  }
  const runs = await Promise.all(
    paths.map(async (name) => ({ name, run: await readResults(name) })),
  );
  const why = whyNotOneRun(runs);
  if (why !== undefined) throw usage(why);
  const merged = merge(runs.map(({ run }) => run), CASES.map(({ id }) => id));
  using folder = await ReportFolder.open(out, ["junit.xml", "report.html"]);
  folder.record(jsonl(merged));
  await folder.write("junit.xml", [junit(merged)]);
  await folder.write("report.html", htmlParts(merged));
  print(folder.written.map((file) => `Report: ${file}\n`).join(""));
  print(`\n${verdictSentence(merged)}\n`);
  for (const failure of folder.failures) printError(failure);
  return folder.failures.length > 0 ? 3 : exitCode(merged);
}

if (import.meta.main) await runCommand(main);
