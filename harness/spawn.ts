import { HarnessError } from "./harness_error.ts";
import type { Fd } from "./posix/fd.ts";
import { UnixListener } from "./posix/unix_listener.ts";
import { FOLDER_VARIABLE, ServerFolder } from "./server_folder.ts";
import { fillIn, type Target } from "./target.ts";

/** How one start differs from the usual one. */
export interface StartOptions {
  /** Inherited as `{fd}`; stays the caller's. Default: with `passFd`, a listening socket. */
  readonly fd?: Fd;
  /** Standard input, output and error. Default: pipes. */
  readonly stdio?: "null" | "pipes";
  /** Name of the socket file. Default: `server.sock`. */
  readonly socketName?: string;
  /** User and group of the program, who owns its folder. Default: ours. */
  readonly user?: number;
  /** Called with the path of the socket before the program is started. */
  readonly prepare?: (path: string) => void;
}

/** A program that has been started. */
export interface Spawned {
  readonly child: Deno.ChildProcess;
  readonly folder: ServerFolder;
  readonly socket: string;
}

/**
 * Makes a process group of its own and becomes the program. The runtime does the same, but by copying itself first,
 * which takes it many times as long.
 */
const SETSID = "/usr/bin/setsid";
const EXECUTABLE = 0o111;

/** Starts a program in a folder of its own. Throws `HarnessError` of kind `start`. */
export async function spawn(
  target: Target & { kind: "command" },
  { fd, stdio = "pipes", socketName = "server.sock", user, prepare }: StartOptions,
): Promise<Spawned> {
  const folder = await ServerFolder.make();
  const socket = `${folder.path}/${socketName}`;
  const [program = ""] = fillIn(target.argv, { socket });
  const stream = stdio === "pipes" ? "piped" : "null";
  let listening: Fd | undefined;
  try {
    if (user !== undefined) await Deno.chown(folder.path, user, user);
    prepare?.(socket);
    if (target.passFd && fd === undefined) listening = UnixListener.listen(socket).fd;
    const inherited = fd ?? listening;
    inherited?.setCloseOnExec(false);
    inherited?.setNonBlocking(false); // as a program expects that does nothing but accept and read
    const number = inherited === undefined ? {} : { fd: inherited.number };
    const args = fillIn(target.argv.slice(1), { socket, ...number });
    const light = user === undefined && await isFoundAsItIs(program, target.cwd);
    const child = new Deno.Command(light ? SETSID : program, {
      args: light ? [program, ...args] : args,
      stdin: stream, // never written to: some servers end when they can read
      stdout: stream,
      stderr: stream,
      detached: !light, // a process group of its own
      ...(target.cwd === undefined ? {} : { cwd: target.cwd }),
      env: {
        ...(user === undefined ? {} : { HOME: folder.path }),
        ...target.env,
        [FOLDER_VARIABLE]: folder.path,
      },
      ...(user === undefined ? {} : { uid: user, gid: user }),
    }).spawn();
    return { child, folder, socket };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    const why = await reason(error as Error, target);
    throw new HarnessError("start", `Cannot start ${program}: ${why}`, { cause: error });
  } finally {
    fd?.setCloseOnExec(true);
    listening?.[Symbol.dispose]();
  }
}

/** The runtime says the same of a program and of a working folder that is not there. */
async function reason(error: Error, { cwd }: { readonly cwd?: string }): Promise<string> {
  if (!(error instanceof Deno.errors.NotFound)) return error.message;
  const folder = cwd === undefined || await Deno.stat(cwd).then(() => true, () => false);
  return folder ? "no such program" : `no such folder ${cwd}`;
}

/** Whether it is a program that needs no search, on a machine that has `setsid`. */
async function isFoundAsItIs(program: string, cwd: string | undefined): Promise<boolean> {
  if (!program.startsWith("/") && (cwd !== undefined || !program.includes("/"))) return false;
  const found = await Promise.all(
    [program, SETSID].map((path) =>
      Deno.stat(path).then(({ isFile, mode }) => isFile && (mode! & EXECUTABLE) !== 0, () => false)
    ),
  );
  return found.every(Boolean);
}
