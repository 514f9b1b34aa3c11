import { Errno } from "../wire/errno.ts";
import { Fd } from "./fd.ts";
import { cString, lastErrno, libc, SystemError, unwrap } from "./libc.ts";
import { wait, waitNow } from "./poll.ts";
import { socketAt } from "./socket_at.ts";
import { UnixSocket, type UnixSocketOptions } from "./unix_socket.ts";

/** SOCK_NONBLOCK | SOCK_CLOEXEC. */
const ACCEPTED = 0o4000 | 0o2000000;

/** A listening UNIX stream socket, non-blocking and close-on-exec. */
export class UnixListener implements Disposable {
  /** The descriptor, owned by the listener. */
  readonly fd: Fd;
  readonly #path: string | undefined;

  private constructor(fd: Fd, path?: string) {
    this.fd = fd;
    this.#path = path;
  }

  /**
   * Creates a socket file and listens. Disposing of the listener removes the file.
   *
   * @param path The path of the socket file, which must not exist.
   * @param backlog How many clients may wait to be accepted.
   * @throws {SystemError} Such as EADDRINUSE, or ENAMETOOLONG for a path of more than 107 bytes.
   */
  static listen(path: string, backlog = 16): UnixListener {
    const what = `listen at ${path}`;
    const listener = new UnixListener(socketAt(path, "bind", what), path);
    try {
      unwrap(what, "listen", libc().listen(listener.fd.number, backlog));
    } catch (error) {
      listener[Symbol.dispose]();
      throw error;
    }
    return listener;
  }

  /**
   * Makes a listener of a listening descriptor, which it then owns and which becomes non-blocking.
   * Disposing of it leaves the socket file alone.
   *
   * @throws {SystemError} If the descriptor is not open; it is then still the caller's.
   */
  static adopt(fd: Fd): UnixListener {
    fd.setNonBlocking();
    return new UnixListener(fd);
  }

  /**
   * Accepts a client that waits.
   *
   * @returns Its connection, or undefined when no client waits.
   * @throws {SystemError} Such as EMFILE, or EINVAL when the descriptor does not listen.
   */
  accept(options: UnixSocketOptions = {}): UnixSocket | undefined {
    const number = libc().accept4(this.fd.number, null, null, ACCEPTED);
    const errno = lastErrno();
    if (number >= 0) return new UnixSocket(new Fd(number), options);
    if (errno === Errno.EAGAIN || errno === Errno.ECONNABORTED) return undefined;
    throw new SystemError("accept a client", "accept4", errno);
  }

  /**
   * Waits for a client: for the first millisecond synchronously, then asynchronously.
   *
   * @param deadline When to give up, in milliseconds of `performance.now()`.
   * @returns Whether a client waits; false at the deadline, or when disposed meanwhile.
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  wait(deadline: number): Promise<boolean> {
    return wait(this.fd, "readable", deadline);
  }

  /**
   * Waits for a client synchronously, holding the event loop.
   *
   * @param ms The longest wait in milliseconds, fractions included; 0 only looks.
   * @returns Whether a client waits.
   * @throws {Deno.errors.BadResource} Once disposed.
   */
  waitNow(ms: number): boolean {
    return waitNow(this.fd, "readable", ms);
  }

  /** Stops listening and removes the socket file if `listen` created it, once. */
  [Symbol.dispose](): void {
    if (this.fd.closed) return;
    this.fd[Symbol.dispose]();
    if (this.#path !== undefined) libc().unlink(cString(this.#path));
  }
}
