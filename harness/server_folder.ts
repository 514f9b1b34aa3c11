import { endEscaped } from "./escaped.ts";
import { HarnessError } from "./harness_error.ts";

/** Environment variable that tells the processes of a server from all others. */
export const FOLDER_VARIABLE = "VFIO_USER_CONFORMANCE";

const PREFIX = "vfio-user-run-";
/** A server may be started as this user, who owns its folder then. */
const NOBODY = 65_534;
const ATTEMPTS = 10;

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
      const path = await makeFolder();
      const lock = await lockOf(path);
      if (lock === undefined) continue; // somebody took it for a leftover, just before
      const parent = path.slice(0, path.lastIndexOf("/"));
      leftoversRemoved ??= removeLeftovers(parent).catch(() => {});
      await leftoversRemoved;
      return new ServerFolder(path, lock);
    }
    throw new HarnessError("start", "Cannot lock a temporary folder for the server");
  }

  /** Ends what runs of the server, also what has left its process group. */
  endProcesses(): number {
    return endEscaped(FOLDER_VARIABLE, this.path);
  }

  /** Removes it at once; the lock goes with our process. */
  removeNow(): void {
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch {
      // the server has removed it, or keeps us from doing so
    }
  }

  /** Removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true }).catch(() => {});
    this.#lock.close();
  }
}

/** Of mode 0700. */
async function makeFolder(): Promise<string> {
  try {
    return await Deno.makeTempDir({ prefix: PREFIX });
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
    if (!await isOurs(path)) continue;
    using lock = await lockOf(path);
    if (lock === undefined) continue;
    endEscaped(FOLDER_VARIABLE, path);
    await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}

/** The lock of a folder, if it is there and nobody holds it. The kernel releases it with the process that holds it. */
async function lockOf(path: string): Promise<Deno.FsFile | undefined> {
  const file = await Deno.open(path).catch(() => undefined);
  const locked = await file?.tryLock(true).catch(() => false);
  if (locked && await isThere(path)) return file;
  file?.close();
  return undefined;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Never what another user has put there. */
async function isOurs(path: string): Promise<boolean> {
  const info = await Deno.lstat(path).catch(() => undefined);
  const owner = info?.uid ?? undefined;
  return owner === Deno.uid() || (Deno.uid() === 0 && owner === NOBODY);
}
