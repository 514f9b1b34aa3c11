import { buryStrays, endChildren, endStrays } from "../harness/escaped.ts";
import { HarnessError } from "../harness/harness_error.ts";
import { removeFoldersNow } from "../harness/server_folder.ts";
import { oneLine } from "../reports/text.ts";

const encoder = new TextEncoder();

/** Prints to standard output, before anything that follows. */
export function print(content: string): void {
  write(Deno.stdout, content);
}

/** Prints a line to standard error. */
export function printError(line: string): void {
  write(Deno.stderr, `${line}\n`);
}

/** When nobody reads any more, as after `| head`, the run goes on: its reports and exit code still tell. */
function write(stream: typeof Deno.stdout, content: string): void {
  const bytes = encoder.encode(content);
  try {
    for (let at = 0; at < bytes.byteLength;) at += stream.writeSync(bytes.subarray(at));
  } catch {
    // there is no other place to say it
  }
}

/** What ends a run from outside. A second one ends the program at once. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How often we look for processes that servers have left and that have ended. */
const BURY_MS = 1000;

/** Surrounds what starts servers: aborts at a signal, and ends in the end what has got away from them. */
export function abortOnSignal(): AbortSignal & Disposable {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) {
      endChildren();
      removeFoldersNow();
      Deno.exit(3);
    }
    controller.abort("by a signal");
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, listener);
  const burying = setInterval(buryStrays, BURY_MS);
  Deno.unrefTimer(burying);
  return Object.assign(controller.signal, {
    [Symbol.dispose]() {
      for (const name of SIGNALS) Deno.removeSignalListener(name, listener);
      clearInterval(burying);
      endStrays();
    },
  });
}

/** Runs a command: its value is the exit code, and what it throws becomes one line and 2 or 3. */
export async function runCommand(
  command: (args: readonly string[]) => Promise<number>,
): Promise<void> {
  try {
    Deno.exitCode = await command(Deno.args);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    printError(oneLine(error.message, 2000)); // it may quote a path, or the server
    Deno.exitCode = error.kind === "usage" ? 2 : 3;
  }
}
