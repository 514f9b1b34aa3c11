import { runCommand } from "./entry.ts";
import { huntCommand } from "./hunt.ts";

const HELP = `Sends mutated messages to a vfio-user server.

Usage: deno task fuzz [options] [-- command…]

  Good messages are changed in their structure: fields at their edges, lengths, flags, descriptors,
  splits. Whatever the server answers is fine, as long as it does not crash, hang, leak descriptors,
  misread what comes behind, or refuse the next client. Registers of the device may be written.

  --fuzz N           messages                                  (default 10000)
  --seed N           the same seed draws the same messages     (default: a new one)
  --out DIR          where fuzz.json and the replay files go   (default conformance-report)
  --server, --attach, --fd, --before, --after, --env, --cwd, --profile, --label, --timeout,
  --start-timeout    as for deno task conformance

fast-check draws and shrinks: it comes from npm the first time.
Exit code: 0 no failure, 1 failures, 2 wrong command line or file, 3 no server or a run cut short.
`;

/** `deno task fuzz`: the exit code. */
export async function fuzz(args: readonly string[]): Promise<number> {
  return await huntCommand("fuzz", HELP, args);
}

if (import.meta.main) await runCommand(fuzz);
