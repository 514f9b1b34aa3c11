/**
 * The reference server: a conforming vfio-user server with a device made to be tested.
 *
 * @module
 */
import { faultNamed, freedomsNamed, readArguments } from "./arguments.ts";
import { combine } from "./combine.ts";
import type { Entrance } from "./entrance.ts";
import type { Hooks } from "./fault.ts";
import { log } from "./log.ts";
import { serve } from "./serve.ts";

const HELP = `Serves a PCI device made for tests over vfio-user.

  --socket-path=PATH  listen at PATH, and remove it in the end
  --fd=N              take clients from the inherited descriptor N
  --fault=ID          do one thing wrong
  --list-faults       say what can be done wrong: one line for each fault, id, clause and text
  --freedom=ID        do one thing in an odd, but legal way; may be repeated. ID:MS where it lets clients wait
  --list-freedoms     say what is legal, but odd: one line for each freedom, id, clause and text
  --help              say this
`;

/** An id of the command line that nothing bears. */
class Unknown extends Error {}

async function print(text: string): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
}

function listed(all: readonly { id: string; clause: string; text: string }[]): string {
  return all.map(({ id, clause, text }) => `${id}\t${clause}\t${text}\n`).join("");
}

async function listFaults(): Promise<string> {
  const { FAULTS } = await import("./faults/mod.ts");
  return listed(FAULTS);
}

async function listFreedoms(): Promise<string> {
  const { FREEDOMS } = await import("./freedoms/mod.ts");
  return listed(FREEDOMS);
}

/** Faults are loaded only when one is asked for: the conforming server starts without them. */
async function hooksOfFault(words: readonly string[]): Promise<Hooks[]> {
  const named = faultNamed(words);
  if (named === undefined) return [];
  const { FAULTS } = await import("./faults/mod.ts");
  const fault = FAULTS.find(({ id }) => id === named);
  if (fault === undefined) throw new Unknown(`unknown fault ${named}; --list-faults names them`);
  return [fault.hooks()];
}

/** So are freedoms. */
async function hooksOfFreedoms(words: readonly string[]): Promise<Hooks[]> {
  const named = freedomsNamed(words);
  if (named.length === 0) return [];
  const { FREEDOMS } = await import("./freedoms/mod.ts");
  return named.map(({ id, delayMs }) => {
    const freedom = FREEDOMS.find((one) => one.id === id);
    if (freedom === undefined) {
      throw new Unknown(`unknown freedom ${id}; --list-freedoms names them`);
    }
    return freedom.hooks(delayMs ?? freedom.delayMs ?? 0);
  });
}

/** A fault is the outermost: it sees what comes as the client has sent it, and what goes as the client gets it. */
async function hooksOf(words: readonly string[]): Promise<Hooks> {
  return combine([...await hooksOfFault(words), ...await hooksOfFreedoms(words)]);
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

async function run(): Promise<number> {
  const hooks = await hooksOf(Deno.args);
  const given = readArguments(hooks.words?.(Deno.args) ?? Deno.args);
  if (given.kind === "serve") return await start(given.entrance, hooks);
  if (given.kind === "wrong") {
    log(`${given.reason}; see --help`);
    return 2;
  }
  if (given.kind === "help") await print(HELP);
  else await print(given.kind === "list-faults" ? await listFaults() : await listFreedoms());
  return 0;
}

async function main(): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    log(error.message);
    return 2;
  }
}

if (import.meta.main) Deno.exit(await main());
