import { runCommand } from "./entry.ts";
import { huntCommand } from "./hunt.ts";

const HELP = `Plays random conversations against a vfio-user server.

Usage: deno task random [options] [-- command…]

  Commands, good and bad, are drawn at random, and each answer is compared with what the specification
  lets a server say. A failure is made as short as it gets, and written as a replay file.

  --random N         conversations                              (default 1000)
  --commands N       commands of each                           (default 50)
  --seed N           the same seed draws the same conversations (default: a new one)
  --skip CLAUSE      a clause of which a breach does not count, so that it hides no other
  --level LEVELS     what counts: must,should,may,robust        (default must,robust)
  --out DIR          where random.json and the replay files go  (default conformance-report)
  --server, --attach, --fd, --before, --after, --env, --cwd, --profile, --label, --timeout,
  --start-timeout    as for deno task conformance

fast-check draws and shrinks: it comes from npm the first time.
Exit code: 0 no failure, 1 failures, 2 wrong command line or file, 3 no server or a run cut short.
`;

/** `deno task random`: the exit code. */
export async function random(args: readonly string[]): Promise<number> {
  return await huntCommand("random", HELP, args);
}

if (import.meta.main) await runCommand(random);
