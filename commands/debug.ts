import { fillIn } from "../harness/target.ts";
import type { Settings } from "./command_line.ts";
import { print } from "./entry.ts";
import { shellQuote } from "../reports/mod.ts";

/** Nobody sits at a debugger for longer than a week, in ms. */
const NO_LIMIT_MS = 7 * 24 * 3_600_000;

/** Settings for a server that a person starts under a debugger, and the folder of its socket. */
export async function debugging(
  options: Settings,
): Promise<AsyncDisposable & { options: Settings }> {
  const folder = await Deno.makeTempDir({ prefix: "vfio-user-" });
  const path = `${folder}/server.sock`;
  const { target } = options;
  const words = target.kind === "command" ? fillIn(target.argv, { socket: path }) : [];
  const command = ["gdb", "--args", ...words].map(shellQuote).join(" ");
  const hint = `Waiting for the server to listen at ${path}: start it, for example\n  ${command}\n`;
  return {
    options: {
      ...options,
      label: options.label ?? words[0]?.split("/").at(-1) ?? path,
      target: { kind: "attach", path },
      timeoutMs: NO_LIMIT_MS,
      startMs: NO_LIMIT_MS,
      jobs: 1,
      replay: false,
      keepGoing: true,
      onWait: () => print(`\n${hint}`),
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
