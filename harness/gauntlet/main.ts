/**
 * The gauntlet: a hostile server, for the tests of the harness.
 *
 *     deno run -A harness/gauntlet/main.ts --behaviour=ID --socket-path=PATH
 *     deno run -A harness/gauntlet/main.ts --list
 *
 * @module
 */
import { BEHAVIOURS } from "./mod.ts";
import { serve } from "./serve.ts";

function value(name: string): string | undefined {
  return Deno.args.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
}

async function main(): Promise<number> {
  if (Deno.args.includes("--list")) {
    const lines = BEHAVIOURS.map(({ id, text }) => `${id}\t${text}\n`);
    await Deno.stdout.write(new TextEncoder().encode(lines.join("")));
    return 0;
  }
  const path = value("socket-path");
  const behaviour = BEHAVIOURS.find(({ id }) => id === value("behaviour"));
  if (path === undefined || behaviour === undefined) {
    const usage = "Usage: --behaviour=ID --socket-path=PATH, or --list\n";
    await Deno.stderr.write(new TextEncoder().encode(usage));
    return 2;
  }
  await serve(path, behaviour);
  return 0;
}

if (import.meta.main) Deno.exit(await main());
