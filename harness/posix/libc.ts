import { errnoName } from "../wire/errno.ts";

/**
 * What is used of the C library. `ssize_t` results are read as `i32`: Linux moves at most
 * 0x7ffff000 bytes a call, and a bigint for each call would be garbage on the hot path.
 */
export const symbols = {
  /** `int *__errno_location(void)` */
  __errno_location: { parameters: [], result: "pointer" },

  /** `int open(const char *path, int flags, ...)` */
  open: { parameters: ["buffer", "i32"] as [path: "buffer", flags: "i32"], result: "i32" },
  /** `int close(int fd)` */
  close: { parameters: ["i32"] as [fd: "i32"], result: "i32" },
  /** `int unlink(const char *path)` */
  unlink: { parameters: ["buffer"] as [path: "buffer"], result: "i32" },
  /** `ssize_t getdents64(int fd, void *entries, size_t size)` */
  getdents64: {
    parameters: ["i32", "buffer", "usize"] as [fd: "i32", entries: "buffer", size: "usize"],
    result: "i32",
  },
  /** `ssize_t readlink(const char *path, char *target, size_t size)` */
  readlink: {
    parameters: ["buffer", "buffer", "usize"] as [path: "buffer", target: "buffer", size: "usize"],
    result: "i32",
  },
  /** `int statx(int folder, const char *path, int flags, unsigned int mask, struct statx *found)` */
  statx: {
    parameters: ["i32", "buffer", "i32", "u32", "buffer"] as [
      folder: "i32",
      path: "buffer",
      flags: "i32",
      mask: "u32",
      found: "buffer",
    ],
    result: "i32",
  },
  /** `int fcntl(int fd, int op, int arg)` */
  fcntl: {
    parameters: ["i32", "i32", "i32"] as [fd: "i32", op: "i32", arg: "i32"],
    result: "i32",
  },
  /** `int ioctl(int fd, unsigned long op, int *arg)` */
  ioctl: {
    parameters: ["i32", "usize", "buffer"] as [fd: "i32", op: "usize", arg: "buffer"],
    result: "i32",
  },
  /** `int pipe2(int fds[2], int flags)` */
  pipe2: { parameters: ["buffer", "i32"] as [fds: "buffer", flags: "i32"], result: "i32" },
  /** `ssize_t read(int fd, void *bytes, size_t count)` */
  read: {
    parameters: ["i32", "buffer", "usize"] as [fd: "i32", bytes: "buffer", count: "usize"],
    result: "i32",
  },
  /** `ssize_t write(int fd, const void *bytes, size_t count)` */
  write: {
    parameters: ["i32", "buffer", "usize"] as [fd: "i32", bytes: "buffer", count: "usize"],
    result: "i32",
  },
  /** `ssize_t pread(int fd, void *bytes, size_t count, off_t offset)` */
  pread: {
    parameters: ["i32", "buffer", "usize", "i64"] as [
      fd: "i32",
      bytes: "buffer",
      count: "usize",
      offset: "i64",
    ],
    result: "i32",
  },
  /** `ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)` */
  pwrite: {
    parameters: ["i32", "buffer", "usize", "i64"] as [
      fd: "i32",
      bytes: "buffer",
      count: "usize",
      offset: "i64",
    ],
    result: "i32",
  },
  /** `int ftruncate(int fd, off_t size)` */
  ftruncate: { parameters: ["i32", "i64"] as [fd: "i32", size: "i64"], result: "i32" },

  /** `int socket(int domain, int type, int protocol)` */
  socket: {
    parameters: ["i32", "i32", "i32"] as [domain: "i32", type: "i32", protocol: "i32"],
    result: "i32",
  },
  /** `int socketpair(int domain, int type, int protocol, int fds[2])` */
  socketpair: {
    parameters: ["i32", "i32", "i32", "buffer"] as [
      domain: "i32",
      type: "i32",
      protocol: "i32",
      fds: "buffer",
    ],
    result: "i32",
  },
  /** `int connect(int fd, const struct sockaddr *address, socklen_t size)` */
  connect: {
    parameters: ["i32", "buffer", "u32"] as [fd: "i32", address: "buffer", size: "u32"],
    result: "i32",
  },
  /** `int bind(int fd, const struct sockaddr *address, socklen_t size)` */
  bind: {
    parameters: ["i32", "buffer", "u32"] as [fd: "i32", address: "buffer", size: "u32"],
    result: "i32",
  },
  /** `int listen(int fd, int backlog)` */
  listen: { parameters: ["i32", "i32"] as [fd: "i32", backlog: "i32"], result: "i32" },
  /** `int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)` */
  accept4: {
    parameters: ["i32", "pointer", "pointer", "i32"] as [
      fd: "i32",
      address: "pointer",
      size: "pointer",
      flags: "i32",
    ],
    result: "i32",
  },
  /** `int shutdown(int fd, int how)` */
  shutdown: { parameters: ["i32", "i32"] as [fd: "i32", how: "i32"], result: "i32" },
  /** `int getsockopt(int fd, int level, int option, void *value, socklen_t *size)` */
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"] as [
      fd: "i32",
      level: "i32",
      option: "i32",
      value: "buffer",
      size: "buffer",
    ],
    result: "i32",
  },
  /** `ssize_t sendmsg(int fd, const struct msghdr *message, int flags)` */
  sendmsg: {
    parameters: ["i32", "pointer", "i32"] as [fd: "i32", message: "pointer", flags: "i32"],
    result: "i32",
  },
  /** `ssize_t recvmsg(int fd, struct msghdr *message, int flags)` */
  recvmsg: {
    parameters: ["i32", "pointer", "i32"] as [fd: "i32", message: "pointer", flags: "i32"],
    result: "i32",
  },

  /** `int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)` */
  ppoll: {
    parameters: ["pointer", "usize", "pointer", "pointer"] as [
      fds: "pointer",
      count: "usize",
      timeout: "pointer",
      mask: "pointer",
    ],
    result: "i32",
  },
  /** `int poll(struct pollfd *fds, nfds_t count, int timeout)`, on a thread of the pool */
  pollAsync: {
    name: "poll",
    parameters: ["pointer", "usize", "i32"] as [fds: "pointer", count: "usize", timeout: "i32"],
    result: "i32",
    nonblocking: true,
  },

  /** `int memfd_create(const char *name, unsigned int flags)` */
  memfd_create: { parameters: ["buffer", "u32"] as [name: "buffer", flags: "u32"], result: "i32" },
  /** `void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)` */
  mmap: {
    parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"] as [
      address: "pointer",
      size: "usize",
      protection: "i32",
      flags: "i32",
      fd: "i32",
      offset: "i64",
    ],
    result: "usize",
  },
  /** `int munmap(void *address, size_t size)` */
  munmap: { parameters: ["usize", "usize"] as [address: "usize", size: "usize"], result: "i32" },
  /** `int eventfd(unsigned int initial, int flags)` */
  eventfd: { parameters: ["u32", "i32"] as [initial: "u32", flags: "i32"], result: "i32" },

  /** `int prctl(int option, unsigned long argument)` */
  prctl: {
    parameters: ["i32", "usize"] as [option: "i32", argument: "usize"],
    result: "i32",
  },
  /** `int kill(pid_t pid, int signal)` */
  kill: { parameters: ["i32", "i32"] as [pid: "i32", signal: "i32"], result: "i32" },
  /** `pid_t waitpid(pid_t pid, int *status, int options)` */
  waitpid: {
    parameters: ["i32", "buffer", "i32"] as [pid: "i32", status: "buffer", options: "i32"],
    result: "i32",
  },
  /** `int pidfd_open(pid_t pid, unsigned int flags)`, by its number: older libraries lack the name */
  pidfd_open: {
    name: "syscall",
    parameters: ["isize", "i32", "u32"] as [number: "isize", pid: "i32", flags: "u32"],
    result: "i32",
  },
  /** `int posix_spawnp(pid_t *pid, const char *program, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])` */
  posix_spawnp: {
    parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer"] as [
      pid: "buffer",
      program: "buffer",
      actions: "buffer",
      attributes: "buffer",
      argv: "buffer",
      envp: "buffer",
    ],
    result: "i32",
  },
  /** `int posix_spawnattr_init(posix_spawnattr_t *attributes)` */
  posix_spawnattr_init: { parameters: ["buffer"] as [attributes: "buffer"], result: "i32" },
  /** `int posix_spawnattr_setflags(posix_spawnattr_t *attributes, short flags)` */
  posix_spawnattr_setflags: {
    parameters: ["buffer", "i16"] as [attributes: "buffer", flags: "i16"],
    result: "i32",
  },
  /** `int posix_spawnattr_setsigdefault(posix_spawnattr_t *attributes, const sigset_t *signals)` */
  posix_spawnattr_setsigdefault: {
    parameters: ["buffer", "buffer"] as [attributes: "buffer", signals: "buffer"],
    result: "i32",
  },
  /** `int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)` */
  posix_spawn_file_actions_init: { parameters: ["buffer"] as [actions: "buffer"], result: "i32" },
  /** `int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int from, int to)` */
  posix_spawn_file_actions_adddup2: {
    parameters: ["buffer", "i32", "i32"] as [actions: "buffer", from: "i32", to: "i32"],
    result: "i32",
  },
  /** `int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path)` */
  posix_spawn_file_actions_addchdir_np: {
    parameters: ["buffer", "buffer"] as [actions: "buffer", path: "buffer"],
    result: "i32",
  },
  /** `int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)` */
  posix_spawn_file_actions_destroy: {
    parameters: ["buffer"] as [actions: "buffer"],
    result: "i32",
  },
  /** `int getrlimit(int resource, struct rlimit *limit)` */
  getrlimit: { parameters: ["i32", "buffer"] as [resource: "i32", limit: "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions of the C library that the suite calls. */
export type Libc = Deno.DynamicLibrary<typeof symbols>["symbols"];

let library: { functions: Libc; errno: Int32Array } | undefined;

/**
 * The C library, opened at the first call. Clears `errno`, so call it anew before each function:
 * `unwrap("...", "close", libc().close(fd))`.
 *
 * @throws {Error} On a system other than Linux on x86-64 or aarch64.
 */
export function libc(): Libc {
  library ??= open();
  library.errno[0] = 0;
  return library.functions;
}

/**
 * The error number of the synchronous call just made. Ask first thing after the call: an allocation
 * in between lets the runtime overwrite it, and even so it is wrong about once in a million times.
 */
export function lastErrno(): number {
  return library?.errno[0] ?? 0;
}

/** A system call that failed. */
export class SystemError extends Error {
  /** The name of the class. */
  override readonly name = "SystemError";
  /** The error number, as in `Errno`. */
  readonly errno: number;
  /** The C function that failed, such as `connect`. */
  readonly call: string;

  /**
   * Says `Cannot <what>: <name of errno>`.
   *
   * @param what What could not be done, without "Cannot": `connect to /tmp/x.sock`.
   * @param call The C function that failed.
   * @param errno Its error number.
   * @param detail What else the reader needs to know, put in brackets.
   */
  constructor(what: string, call: string, errno: number, detail?: string) {
    super(`Cannot ${what}: ${errnoName(errno)}${detail ? ` (${detail})` : ""}`);
    this.errno = errno;
    this.call = call;
  }
}

/**
 * Passes the result of a call through. The result is the last argument on purpose: whatever builds
 * the text then runs before the call, and nothing stands between the call and reading `errno`.
 *
 * @param what What is being done: `connect to /tmp/x.sock`.
 * @param call The name of the C function.
 * @param result What it returned.
 * @returns The result, when it is not -1.
 * @throws {SystemError} When it is -1.
 */
export function unwrap(what: string, call: string, result: number): number {
  if (result !== -1) return result;
  throw new SystemError(what, call, lastErrno());
}

/** The bytes of a C string. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

function open(): { functions: Libc; errno: Int32Array } {
  const { os, arch } = Deno.build;
  if (os !== "linux" || !(arch === "x86_64" || arch === "aarch64")) {
    throw new Error(`Cannot open libc: need Linux on x86-64 or aarch64, this is ${os} on ${arch}`);
  }
  const functions = Deno.dlopen("libc.so.6", symbols).symbols;
  const location = functions.__errno_location();
  if (location === null) throw new Error("Cannot open libc: errno has no address");
  return { functions, errno: new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4)) };
}
