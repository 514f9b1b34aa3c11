import {
  parse,
  type Settings,
  settings,
  text,
  usage,
  type Values,
} from "./commands/command_line.ts";
import { debugging } from "./commands/debug.ts";
import { abortOnSignal, print, runCommand } from "./commands/entry.ts";
import { playAndRecord, type Recorded } from "./commands/play.ts";
import { watch } from "./commands/watch.ts";
import { probe, probeText, startingProfile } from "./harness/probe.ts";
import { CASES, DEFAULT_OPTIONS, VERSION } from "./mod.ts";

const HELP = `Judges a vfio-user server.

Usage: deno task conformance [options] [pattern…] [-- command…]

  A pattern is a suite (dma-map) or a glob on case ids ('dma-map/*overlap*'). The command starts the
  server; {socket} in it becomes the path to listen at (--socket-path={socket} is added where it is
  missing). Without a command, the reference server that comes with the suite is judged.

  --server "COMMAND LINE"  the command as one argument
  --fd                     pass a listening descriptor as {fd} (--fd={fd} is added) instead of a path
  --attach PATH            connect to a server that you started
  --before, --after "COMMAND LINE"  run once the server is started, and before it is stopped
  --env NAME=VALUE         add to the server's environment   --cwd DIR  its working folder
  --profile FILE           what is known about the device: scratch memory, triggers
  --skip PATTERN           leave cases out
  --level LEVELS           what counts: must,should,may,robust,qemu   (default must,robust)
  --out DIR                where the reports go                       (default conformance-report)
  --report LIST            junit,html,ctrf,tap,markdown,badge         (default junit,html)
  --attachments absolute|relative  JUnit names the HTML report with each failure (Jenkins|GitLab)
  --label NAME             the server's name in the reports
  --expect FILE            failures that are known (README: a list of expected failures)
  --write-expect FILE      write such a list from this run
  --jobs N                 judge on N servers at once                 (default: one for each processor)
  --repeat N               play each case N times: verdicts that differ fail it as flaky
  --fail-fast              end at the first failure
  --keep-going             play on against a server that has stopped to answer
  --watch                  play the failed cases again when the server's program changes, then all
  --debug                  start nothing: say where the server shall listen, and wait without limit
  --shard I/N              play one of N parts of the cases; deno task merge makes one run of them
  --shard-times RESULTS    with --shard: parts that take equally long, by the times of an earlier run
  --rerun-failed RESULTS   play what failed or was not run
  --max-time TIME          cut the run off after 90s, 15m or 1h
  --timeout MS             longest wait for a reply                   (default ${DEFAULT_OPTIONS.timeoutMs})
  --start-timeout MS       longest wait for the server to come up     (default ${DEFAULT_OPTIONS.startMs})
  --random N, --fuzz N     random conversations, mutated messages (deno task random --help)
  --list [--json]          list the cases and stop
  --probe                  print what the server says of itself and stop (deno task probe)
  --profile-out FILE       with --probe: write a device profile to start from
  --verbose                a line for each case         --version, --help

Exit code: 0 conformant, 1 not, 2 wrong command line or file, 3 no server or a run cut short.

Examples:
  deno task conformance -- ./my-server --socket-path={socket}
  deno task conformance version 'dma-map/*' --attach /tmp/my.sock
  deno task conformance --profile my-device.json --level must -- ./my-server -s {socket}
`;

function list(asJson: boolean): string {
  if (asJson) return JSON.stringify(CASES, undefined, 2);
  const width = Math.max(...CASES.map(({ id }) => id.length));
  const lines = CASES.map(({ id, level, title }) =>
    `${id.padEnd(width)}  ${level.padEnd(6)}  ${title}`
  );
  return [...lines, `${CASES.length} cases`].join("\n");
}

/** Prints what a server says of itself, and writes a profile where one is wanted. */
async function showDevice(values: Values, options: Settings, signal: AbortSignal): Promise<void> {
  if (values._.length > 0) throw usage(`--probe plays no case: leave out ${values._.join(" ")}`);
  const path = text(values, "profile-out");
  const device = await probe(options.target, { ...options, signal });
  print(probeText(device));
  if (path === undefined) return;
  const profile = startingProfile(device);
  const content = `${JSON.stringify(profile, undefined, 2)}\n`;
  await Deno.writeTextFile(path, content, { createNew: true }).catch((error: Error) => {
    throw usage(`Cannot write the device profile ${path}: ${error.message}`);
  });
  const hint = profile.scratch?.length
    ? "Check its scratch memory: cases write it, and put back what it held."
    : "It names no scratch memory: nothing can be both mapped and written.";
  print(`\nProfile: ${path}\n${hint}\n`);
}

async function played(values: Values, options: Settings, signal: AbortSignal): Promise<Recorded> {
  if (values.watch) return await watch(options, signal);
  if (!values.debug) return await playAndRecord(options, signal);
  await using debug = await debugging(options);
  return await playAndRecord(debug.options, signal);
}

/** `random` or `fuzz`, when the command line asks for that instead of cases. */
function drawing(args: readonly string[]): string | undefined {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  return ["random", "fuzz"].find((name) =>
    own.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))
  );
}

async function main(args: readonly string[]): Promise<number> {
  const drawn = drawing(args);
  if (drawn !== undefined) {
    // Computed, for the runtime not to load for cases what it draws with.
    const { href } = new URL(`./commands/${drawn}.ts`, import.meta.url);
    return await (await import(href))[drawn](args);
  }
  const values = parse(args);
  if (!values.probe && values["profile-out"] !== undefined) {
    throw usage("--profile-out needs --probe");
  }
  if (values.help) print(HELP);
  else if (values.version) print(`${VERSION}\n`);
  else if (values.list) print(`${list(values.json === true)}\n`);
  else {
    using signal = abortOnSignal();
    const options = await settings(values, args);
    if (values.probe) {
      await showDevice(values, options, signal);
      return 0;
    }
    return (await played(values, options, signal)).code;
  }
  return 0;
}

if (import.meta.main) await runCommand(main);
