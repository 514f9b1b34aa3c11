import { expectedFailuresOf } from "../harness/expected_failures.ts";
import { run, type RunResult } from "../mod.ts";
import { caseLine, consoleReport, endLine, FORMATS, runLine } from "../reports/mod.ts";
import { type Settings, usage } from "./command_line.ts";
import { print, printError } from "./entry.ts";
import { exitCode } from "./exit_code.ts";
import { githubEnvironment, tellGithub } from "./github.ts";
import { ReportFolder, STREAM } from "./report_files.ts";
import { junitOptions } from "./report_list.ts";

/** A run whose reports are written. */
export interface Recorded {
  readonly result: RunResult;
  /** What the program ends with. */
  readonly code: number;
}

/** Plays, and writes the results line by line as they come. */
export async function playAndRecord(options: Settings, signal: AbortSignal): Promise<Recorded> {
  const formats = options.formats.filter((name) => name !== "jsonl"); // that is the stream
  const all = Object.values(FORMATS).map(({ file }) => file).filter((file) => file !== STREAM);
  using folder = await ReportFolder.open(options.out, all);
  const terminal = Deno.stdout.isTerminal();
  const report = consoleReport(print, {
    terminal,
    color: terminal && !Deno.noColor,
    verbose: options.verbose,
    ...(terminal ? { columns: Deno.consoleSize().columns } : {}),
  });
  let [total, done] = [0, 0];
  const result = await run({
    ...options,
    signal,
    onStart(info, count) {
      total = count;
      folder.record(runLine(info));
      report.started(info, count);
    },
    onCase: (id) => report.caseStarted(id),
    onResult(one) {
      folder.record(caseLine(one));
      report.caseFinished(one, ++done, total);
    },
  });
  folder.record(endLine(result));
  const junit = await junitOptions(options);
  for (const name of formats) {
    await folder.write(FORMATS[name].file, FORMATS[name].parts(result, junit));
  }
  if (options.writeExpect !== undefined) await writeList(options.writeExpect, result);
  report.finished(result, folder.written);
  await tellGithub(result, githubEnvironment(), print);
  for (const failure of folder.failures) printError(failure);
  return { result, code: folder.failures.length > 0 ? 3 : exitCode(result) };
}

async function writeList(path: string, { results }: RunResult): Promise<void> {
  const content = `${JSON.stringify(expectedFailuresOf(results), undefined, 2)}\n`;
  await Deno.writeTextFile(path, content).catch((error: Error) => {
    throw usage(`Cannot write the list of expected failures ${path}: ${error.message}`);
  });
}
