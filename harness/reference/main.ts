/**
 * The reference server: a conforming vfio-user server with a device made to be tested.
 *
 * @module
 */
import { faultNamed, readArguments } from "./arguments.ts";
import type { Entrance } from "./entrance.ts";
import type { Hooks } from "./fault.ts";
import { log } from "./log.ts";
import { serve } from "./serve.ts";

const HELP = `Serves a PCI device made for tests over vfio-user.

  --socket-path=PATH  listen at PATH, and remove it in the end
  --fd=N              take clients from the inherited descriptor N
  --fault=ID          do one thing wrong
  --list-faults       say what can be done wrong: one line for each fault, id, clause and text
  --help              say this
`;

async function print(text: string): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
}

async function listFaults(): Promise<string> {
  const { FAULTS } = await import("./faults/mod.ts");
  return FAULTS.map(({ id, clause, text }) => `${id}\t${clause}\t${text}\n`).join("");
}

/** Faults are loaded only when one is asked for: the conforming server starts without them. */
async function hooksOf(fault: string | undefined): Promise<Hooks | undefined> {
  if (fault === undefined) return {};
  const { FAULTS } = await import("./faults/mod.ts");
  return FAULTS.find(({ id }) => id === fault)?.hooks();
}

async function start(entrance: Entrance, hooks: Hooks): Promise<number> {
  try {
    await serve(entrance, hooks);
    return 0;
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function main(): Promise<number> {
  const fault = faultNamed(Deno.args);
  const hooks = await hooksOf(fault);
  const given = readArguments(hooks?.words?.(Deno.args) ?? Deno.args);
  if (given.kind === "serve" && hooks) return await start(given.entrance, hooks);
  if (given.kind === "serve") {
    log(`unknown fault ${fault}; --list-faults names them`);
    return 2;
  }
  if (given.kind === "wrong") {
    log(`${given.reason}; see --help`);
    return 2;
  }
  await print(given.kind === "help" ? HELP : await listFaults());
  return 0;
}

if (import.meta.main) Deno.exit(await main());
