import { attempt } from "./attempt.ts";
import { adoptEscaped } from "./escaped.ts";
import { HarnessError } from "./harness_error.ts";
import { ChildProcess } from "./posix/child_process.ts";
import { type Fd, openFile, pipe } from "./posix/fd.ts";
import { SystemError } from "./posix/libc.ts";
import { UnixListener } from "./posix/unix_listener.ts";
import { FOLDER_VARIABLE, ServerFolder, type ServerFolders } from "./server_folder.ts";
import { fillIn, type Target } from "./target.ts";
import { Errno, errnoName } from "./wire/errno.ts";

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
  /** Where its folder comes from and goes to. Default: one is made and removed. */
  readonly folders?: ServerFolders;
  /** Called with the path of the socket before the program is started. */
  readonly prepare?: (path: string) => void;
}

/** A program that has been started. */
export interface Spawned {
  readonly child: ChildProcess;
  readonly folder: ServerFolder;
  readonly socket: string;
  /** What it prints, standard error included, if anybody listens. */
  readonly output?: Fd;
}

/** Becomes another user and then the program; ends with a line that begins with its name where it cannot. */
export const SETPRIV = "setpriv";

/** Starts a program in a folder of its own. Throws `HarnessError` of kind `start`. */
export async function spawn(
  target: Target & { kind: "command" },
  options: StartOptions,
): Promise<Spawned> {
  adoptEscaped();
  const folder = await (options.folders?.take() ?? ServerFolder.make());
  const socket = `${folder.path}/${options.socketName ?? "server.sock"}`;
  try {
    return { ...startIn(folder, socket, target, options), folder, socket };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    const [program = ""] = options.user === undefined ? fillIn(target.argv, { socket }) : [SETPRIV];
    const why = reason(error as Error, target);
    throw new HarnessError("start", `Cannot start ${program}: ${why}`, { cause: error });
  }
}

function startIn(
  folder: ServerFolder,
  socket: string,
  target: Target & { kind: "command" },
  { fd, stdio = "pipes", user, prepare }: StartOptions,
): Pick<Spawned, "child" | "output"> {
  if (user !== undefined) Deno.chownSync(folder.path, user, user);
  prepare?.(socket);
  using listening = target.passFd && fd === undefined ? UnixListener.listen(socket).fd : undefined;
  const inherited = fd ?? listening;
  inherited?.setNonBlocking(false); // as a program expects that does nothing but accept and read
  const number = inherited === undefined ? {} : { fd: inherited.number };
  const [program = "", ...args] = fillIn(target.argv, { socket, ...number });
  const become = user === undefined ? [] : becoming(user);
  const env = {
    ...(user === undefined ? {} : { HOME: folder.path }),
    ...target.env,
    [FOLDER_VARIABLE]: folder.path,
  };
  const how = {
    env,
    ...(target.cwd === undefined ? {} : { cwd: target.cwd }),
    ...(inherited === undefined ? {} : { inherited }),
  };
  const argv = [...become, program, ...args] as [string, ...string[]];
  if (stdio === "null") {
    using none = openFile("/dev/null", { write: true });
    return { child: ChildProcess.start(argv, { stdin: none, stdout: none, stderr: none, ...how }) };
  }
  silence ??= pipe();
  const [output, theirs] = pipe();
  using _theirs = theirs;
  output.setNonBlocking();
  try {
    const stdio = { stdin: silence[0], stdout: theirs, stderr: theirs };
    return { child: ChildProcess.start(argv, { ...stdio, ...how }), output };
  } catch (error) {
    output[Symbol.dispose]();
    throw error;
  }
}

/** Standard input of all servers: never written to, since some end when they can read. */
let silence: [read: Fd, write: Fd] | undefined;

function becoming(user: number): string[] {
  const [id, group] = [`--reuid=${user}`, `--regid=${user}`];
  return [SETPRIV, id, group, "--clear-groups", "--"];
}

function reason(error: Error, { cwd }: { readonly cwd?: string }): string {
  if (!(error instanceof SystemError) || error.call !== "posix_spawnp") return error.message;
  switch (error.errno) {
    case Errno.ENOENT: // of the program or of the working folder
      return cwd === undefined || attempt(() => Deno.statSync(cwd)) !== undefined
        ? "no such program"
        : `no such folder ${cwd}`;
    case Errno.EACCES:
      return "it may not be run";
    case Errno.ENOEXEC:
      return "it is neither a program for this machine nor a script that begins with #!";
    default:
      return errnoName(error.errno);
  }
}
