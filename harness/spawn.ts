import { HarnessError } from "./harness_error.ts";
import type { Fd } from "./posix/fd.ts";
import { UnixListener } from "./posix/unix_listener.ts";
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

/** Environment variable that tells the processes of a server from all others. */
export const FOLDER_VARIABLE = "VFIO_USER_CONFORMANCE";

/** A program that has been started. */
export interface Spawned {
  readonly child: Deno.ChildProcess;
  readonly folder: string;
  readonly socket: string;
}

/** Starts a program in a folder of its own. Throws `HarnessError` of kind `start`. */
export async function spawn(
  target: Target & { kind: "command" },
  { fd, stdio = "pipes", socketName = "server.sock", user, prepare }: StartOptions,
): Promise<Spawned> {
  const folder = await Deno.makeTempDir({ prefix: "vfio-user-" });
  const socket = `${folder}/${socketName}`;
  if (user !== undefined) await Deno.chown(folder, user, user);
  prepare?.(socket);
  const listening = target.passFd && fd === undefined ? UnixListener.listen(socket).fd : undefined;
  const inherited = fd ?? listening;
  inherited?.setCloseOnExec(false);
  inherited?.setNonBlocking(false); // as a program expects that does nothing but accept and read
  const [program = "", ...args] = fillIn(target.argv, {
    socket,
    ...(inherited === undefined ? {} : { fd: inherited.number }),
  });
  const stream = stdio === "pipes" ? "piped" : "null";
  try {
    const child = new Deno.Command(program, {
      args,
      stdin: stream, // never written to: some servers end when they can read
      stdout: stream,
      stderr: stream,
      detached: true, // a process group of its own
      ...(target.cwd === undefined ? {} : { cwd: target.cwd }),
      env: {
        [FOLDER_VARIABLE]: folder,
        ...(user === undefined ? {} : { HOME: folder }),
        ...target.env,
      },
      ...(user === undefined ? {} : { uid: user, gid: user }),
    }).spawn();
    return { child, folder, socket };
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    const why = error instanceof Deno.errors.NotFound
      ? "no such program"
      : (error as Error).message;
    throw new HarnessError("start", `Cannot start ${program}: ${why}`, { cause: error });
  } finally {
    fd?.setCloseOnExec(true);
    listening?.[Symbol.dispose]();
  }
}
