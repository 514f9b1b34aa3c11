import { actText } from "../harness/random/message.ts";
import { sameness } from "../harness/random/finding.ts";
import { parseReplay } from "../harness/random/replay_file.ts";
import { playReplay } from "../harness/random/run.ts";
import { oneLine } from "../reports/text.ts";
import { settings, usage } from "./command_line.ts";
import { abortOnSignal, print, runCommand } from "./entry.ts";
import { parseHunt, skippedClauses } from "./hunt.ts";

const HELP = `Plays a replay file of deno task random or deno task fuzz again.

Usage: deno task replay FILE [options] [-- command…]

  --skip CLAUSE, --level LEVELS, --server, --attach, --fd, --before, --after, --env, --cwd, --profile,
  --timeout, --start-timeout    as for deno task random

Exit code: 0 it does not fail any more, 1 it fails, 2 wrong command line or file, 3 no server.
`;

/** `deno task replay`: the exit code. */
export async function replay(args: readonly string[]): Promise<number> {
  const values = parseHunt(args, []);
  if (values.help) {
    print(HELP);
    return 0;
  }
  const [file, ...others] = values._.map(String);
  if (file === undefined || others.length > 0) throw usage("Name one replay file");
  const content = await Deno.readTextFile(file).catch((error: Error) => {
    throw usage(`Cannot read ${file}: ${error.message}`);
  });
  const { kind, acts, finding: before } = parseReplay(content);
  using signal = abortOnSignal();
  const options = await settings(values, args);
  for (const [i, act] of acts.entries()) print(`${i + 1}. ${oneLine(actText(act), 300)}\n`);
  const skipped = skippedClauses(options);
  const finding = await playReplay({ kind, acts, finding: before }, options.target, {
    ...options,
    skipped,
    signal,
  });
  if (signal.aborted) return 3;
  if (finding === undefined) {
    print(`\npassed: what failed ${before.clause} does not fail any more\n`);
    return 0;
  }
  const where = finding.at < acts.length ? `step ${finding.at + 1}` : "the end";
  const what = `expected ${oneLine(finding.expected)}, seen: ${oneLine(finding.seen)}`;
  const still = sameness(finding) === sameness(before) ? "still fails" : "fails in another way";
  print(`\n${still} at ${where}: ${finding.clause}: ${what}\n`);
  return 1;
}

if (import.meta.main) await runCommand(replay);
