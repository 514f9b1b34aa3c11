import { attempt } from "./attempt.ts";
import { endEscaped, endLeftovers, hasOffspring } from "./escaped.ts";
import { HarnessError } from "./harness_error.ts";
import { linkTarget, namesIn } from "./posix/proc.ts";

/** Environment variable that tells the processes of a server from all others. */
export const FOLDER_VARIABLE = "VFIO_USER_CONFORMANCE";

const PREFIX = "vfio-user-run-";
/** A server may be started as this user, who owns its folder then. */
const NOBODY = 65_534;
const ATTEMPTS = 10;
/** A socket, a lock, a pid file, a log: with more, all of it goes. */
const MOST_FILES = 4;

let leftoversRemoved: Promise<void> | undefined;

/**
 * The temporary folder of one server: for us alone, with a name that nobody can guess. It is locked for as long as we
 * live, so whoever finds one without a lock knows that its owner was killed and could not tidy up.
 */
export class ServerFolder implements AsyncDisposable {
  /** An absolute path. */
  readonly path: string;
  readonly #lock: Deno.FsFile;

  private constructor(path: string, lock: Deno.FsFile) {
    this.path = path;
    this.#lock = lock;
  }

  /** Makes one; the first of a program also ends what an earlier one left behind. */
  static async make(): Promise<ServerFolder> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const path = makeFolder();
      const lock = lockOf(path);
      if (lock === undefined) continue; // somebody took it for a leftover, just before
      const parent = path.slice(0, path.lastIndexOf("/"));
      leftoversRemoved ??= removeLeftovers(parent).catch(() => {});
      await leftoversRemoved;
      return new ServerFolder(path, lock);
    }
    throw new HarnessError("start", "Cannot lock a temporary folder for the server");
  }

  /** Whether this process of the server is not its only one. */
  hasOffspring(pid: number): boolean {
    return hasOffspring(pid, FOLDER_VARIABLE, this.path);
  }

  /** Ends what runs of the server, also what has left its process group. */
  endProcesses(): number {
    return endEscaped(FOLDER_VARIABLE, this.path);
  }

  /** Empties it of the few files that a server leaves; false when it is not as good as new then. */
  empty(): boolean {
    const isEmpty = attempt(() => {
      const entries = [...Deno.readDirSync(this.path).take(MOST_FILES + 1)];
      if (entries.length > MOST_FILES || entries.some((entry) => entry.isDirectory)) return false;
      for (const { name } of entries) Deno.removeSync(`${this.path}/${name}`);
      const { isDirectory, mode, uid } = Deno.lstatSync(this.path);
      return isDirectory && (mode! & 0o7777) === 0o700 && uid === Deno.uid();
    });
    return isEmpty === true;
  }

  /** Removes it at once; the lock goes with our process. */
  removeNow(): void {
    attempt(() => Deno.removeSync(this.path, { recursive: true }));
  }

  /** Removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await remove(this.path);
    this.#lock.close();
  }
}

/** Folders of servers that have ended, for the next ones: to make and remove one takes longer than all else that we do. */
export class ServerFolders implements AsyncDisposable {
  readonly #free: ServerFolder[] = [];
  readonly #removeNow = () => {
    for (const folder of this.#free) folder.removeNow();
  };

  constructor() {
    globalThis.addEventListener("unload", this.#removeNow);
  }

  /** The folder is the caller's until it is given back or removed. */
  async take(): Promise<ServerFolder> {
    return this.#free.pop() ?? await ServerFolder.make();
  }

  /** No process of the server may be left that knows it. */
  async giveBack(folder: ServerFolder): Promise<void> {
    if (folder.empty()) this.#free.push(folder);
    else await folder[Symbol.asyncDispose]();
  }

  /** Removes all that are free. */
  async [Symbol.asyncDispose](): Promise<void> {
    globalThis.removeEventListener("unload", this.#removeNow);
    for (const folder of this.#free.splice(0)) await folder[Symbol.asyncDispose]();
  }
}

/** Removes the folders of all threads at once: our process, which holds their locks, is about to end. */
export function removeFoldersNow(): void {
  for (const number of namesIn("/proc/self/fd")) {
    const path = attempt(() => linkTarget(`/proc/self/fd/${number}`)) ?? "";
    const isFolder = path.slice(path.lastIndexOf("/") + 1).startsWith(PREFIX);
    if (isFolder) attempt(() => Deno.removeSync(path, { recursive: true }));
  }
}

/** Of mode 0700. */
function makeFolder(): string {
  try {
    return Deno.makeTempDirSync({ prefix: PREFIX });
  } catch (error) {
    const why = (error as Error).message.split(" (os error")[0];
    throw new HarnessError("start", `Cannot make a temporary folder: ${why}`, { cause: error });
  }
}

/** Ends the servers and removes the folders of programs in `parent` that were killed. */
export async function removeLeftovers(parent: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory || !name.startsWith(PREFIX)) continue;
    const path = `${parent}/${name}`;
    if (!isOurs(path)) continue;
    using lock = lockOf(path);
    if (lock === undefined) continue;
    endLeftovers(FOLDER_VARIABLE, path);
    await remove(path);
  }
}

/** The server may have removed it, or keep us from doing so. */
async function remove(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(() => {});
}

/** The lock of a folder, if it is there and nobody holds it. The kernel releases it with the process that holds it. */
function lockOf(path: string): Deno.FsFile | undefined {
  const file = attempt(() => Deno.openSync(path));
  if (file === undefined) return undefined;
  if (attempt(() => file.tryLockSync(true)) && attempt(() => Deno.lstatSync(path))) return file;
  file.close();
  return undefined;
}

/** Never what another user has put there. */
function isOurs(path: string): boolean {
  const owner = attempt(() => Deno.lstatSync(path))?.uid ?? undefined;
  return owner === Deno.uid() || (Deno.uid() === 0 && owner === NOBODY);
}
