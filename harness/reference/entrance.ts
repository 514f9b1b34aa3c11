import { Fd } from "../posix/fd.ts";
import { SystemError } from "../posix/libc.ts";
import { UnixListener } from "../posix/unix_listener.ts";
import { UnixSocket } from "../posix/unix_socket.ts";
import { Errno } from "../wire/errno.ts";
import { log } from "./log.ts";

/** Where clients come from: a path to listen at, or a descriptor that was inherited. */
export type Entrance = { readonly path: string } | { readonly fd: number };

/**
 * Begins to listen. A socket file that nobody serves any more is taken over.
 *
 * @throws {SystemError} When that cannot be done.
 */
export function openEntrance(entrance: Entrance): UnixListener {
  if ("fd" in entrance) return UnixListener.adopt(new Fd(entrance.fd));
  const { path } = entrance;
  try {
    return UnixListener.listen(path);
  } catch (error) {
    if (!hasErrno(error, Errno.EADDRINUSE) || !isStale(path)) throw error;
  }
  log(`takes over ${path}, which nobody serves`);
  Deno.removeSync(path);
  return UnixListener.listen(path);
}

/**
 * The next client, when there is one.
 *
 * @returns `last` for an inherited descriptor that is a client itself, not a listener.
 */
export function admit(listener: UnixListener): { socket: UnixSocket; last: boolean } | undefined {
  try {
    const socket = listener.accept();
    return socket && { socket, last: false };
  } catch (error) {
    if (!hasErrno(error, Errno.EINVAL)) throw error;
    return { socket: UnixSocket.adopt(listener.fd), last: true };
  }
}

function isStale(path: string): boolean {
  if (!Deno.lstatSync(path).isSocket) return false;
  try {
    UnixSocket.connect(path)[Symbol.dispose]();
    return false;
  } catch (error) {
    return hasErrno(error, Errno.ECONNREFUSED);
  }
}

function hasErrno(error: unknown, errno: number): boolean {
  return error instanceof SystemError && error.errno === errno;
}
