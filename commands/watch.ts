import { type CaseResult, isUnexpected, type RunResult, type Target } from "../mod.ts";
import { type Settings, usage } from "./command_line.ts";
import { print } from "./entry.ts";
import { playAndRecord, type Recorded } from "./play.ts";

/** A linker writes for a while: the program is taken once nothing has happened to it for so long, in ms. */
const SETTLE_MS = 300;

/**
 * Plays, and again whenever the server's program changes: first what failed, and the rest once that passes. Ends
 * with the signal; its value is the last run.
 */
export async function watch(
  options: Settings,
  signal: AbortSignal,
): Promise<Recorded> {
  const program = await programOf(options.target);
  let failed: readonly string[] = [];
  while (true) {
    using watched = new FileWatch(program); // it may change while it is judged
    const again = failed.length > 0;
    let played = await playAndRecord(again ? { ...options, patterns: failed } : options, signal);
    failed = unexpected(played.result);
    if (again && failed.length === 0 && played.result.complete) {
      print("\nWhat had failed passes: now all cases.\n\n");
      played = await playAndRecord(options, signal);
      failed = unexpected(played.result);
    }
    if (signal.aborted) return played;
    print(`\nWaiting for a change of ${program} (Ctrl-C ends)\n`);
    if (!await watched.changed(signal)) return played;
    print("\n");
  }
}

function unexpected({ results, info }: RunResult): string[] {
  return results.filter((one: CaseResult) => isUnexpected(one, info.levels)).map(({ id }) => id);
}

async function programOf(target: Target): Promise<string> {
  const program = target.kind === "command" ? target.argv[0]! : "";
  if (!program.includes("/")) {
    throw usage(
      "--watch needs the path of a program: deno task conformance --watch -- ./my-server",
    );
  }
  try {
    return await Deno.realPath(
      target.kind === "command" && target.cwd ? `${target.cwd}/${program}` : program,
    );
  } catch (error) {
    throw usage(`Cannot watch ${program}: ${(error as Error).message}`);
  }
}

/** Sees changes of one file from its making on. */
class FileWatch implements Disposable {
  readonly #path: string;
  readonly #watcher: Deno.FsWatcher;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
    // Its folder: a linker may put a new file in place of the old one.
    this.#watcher = Deno.watchFs(path.slice(0, path.lastIndexOf("/")), { recursive: false });
  }

  /** Waits until the file has changed and is whole again, once; false when the signal came first. */
  async changed(signal: AbortSignal): Promise<boolean> {
    const stop = () => this[Symbol.dispose]();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const { paths, kind } of this.#watcher) {
      if (kind === "access" || kind === "remove" || !paths.includes(this.#path)) continue;
      clearTimeout(timer);
      timer = setTimeout(stop, SETTLE_MS);
    }
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    return !signal.aborted;
  }

  [Symbol.dispose](): void {
    if (!this.#closed) this.#watcher.close();
    this.#closed = true;
  }
}
