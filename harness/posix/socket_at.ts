import { Errno } from "../wire/errno.ts";
import { Fd } from "./fd.ts";
import { cString, libc, SystemError, unwrap } from "./libc.ts";

/** The family of UNIX sockets. */
export const AF_UNIX = 1;

/** SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC. */
export const STREAM_SOCKET = 1 | 0o4000 | 0o2000000;

/** The longest path of a UNIX socket, in bytes, without the final zero. */
const MAX_PATH = 107;

/**
 * Makes a UNIX stream socket that is bound or connected to a path, non-blocking and close-on-exec.
 *
 * @param path The path of the socket file.
 * @param call How to come by the path.
 * @param what What it is for, as in `unwrap`.
 * @throws {SystemError} What `call` reports; ENAMETOOLONG for a path that does not fit.
 */
export function socketAt(path: string, call: "bind" | "connect", what: string): Fd {
  const address = addressOf(path, call, what);
  using socket = new Fd(unwrap(what, "socket", libc().socket(AF_UNIX, STREAM_SOCKET, 0)));
  unwrap(what, call, libc()[call](socket.number, address, address.length));
  return new Fd(socket.release());
}

/** A `struct sockaddr_un`. */
function addressOf(path: string, call: string, what: string): Uint8Array<ArrayBuffer> {
  const name = cString(path);
  const length = name.length - 1;
  if (length > MAX_PATH) {
    const detail = `a socket path may have ${MAX_PATH} bytes, this one has ${length}`;
    throw new SystemError(what, call, Errno.ENAMETOOLONG, detail);
  }
  const address = new Uint8Array(2 + name.length);
  address[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}
