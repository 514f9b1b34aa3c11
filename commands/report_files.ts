import { HarnessError } from "../harness/harness_error.ts";
import { oneLine } from "../reports/text.ts";

const encoder = new TextEncoder();

/** Name of the report that grows while the run goes on. */
export const STREAM = "results.jsonl";

/**
 * The folder that a run writes its reports to. No report is written through a link that lies in the folder, and none
 * is ever seen half written. What cannot be written is told once, and ends neither the run nor the other reports.
 */
export class ReportFolder implements Disposable {
  readonly #path: string;
  readonly #stream: Deno.FsFile;
  /** Bytes of the whole lines in the stream. */
  #size = 0;
  #recording = true;
  readonly #written: string[] = [];
  readonly #failures: string[] = [];

  private constructor(path: string, stream: Deno.FsFile) {
    this.#path = path;
    this.#stream = stream;
    Deno.addSignalListener("SIGXFSZ", ignore); // a limit on the size of files would end the run
  }

  /**
   * Makes the folder and begins the stream of results. Reports of an earlier run go: beside the new stream they would
   * be taken for this run's. Throws a `HarnessError` of kind `usage` when the folder cannot be written.
   */
  static async open(path: string, reports: readonly string[]): Promise<ReportFolder> {
    try {
      await Deno.mkdir(path, { recursive: true });
      for (const name of [...reports, STREAM]) await removeFile(`${path}/${name}`);
      return new ReportFolder(path, await replace(`${path}/${STREAM}`));
    } catch (error) {
      const why = error instanceof Deno.errors.AlreadyExists ? "it is no folder" : reason(error);
      throw new HarnessError("usage", `Cannot write reports to ${oneLine(path)}: ${why}`);
    }
  }

  /** Reports that were written, for people to find. */
  get written(): readonly string[] {
    return this.#recording ? [...this.#written, `${this.#path}/${STREAM}`] : this.#written;
  }

  /** Reports that could not be written: a line for each. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Adds a line to the stream of results. After one that cannot be written no other follows. */
  record(line: string): void {
    if (!this.#recording) return;
    const bytes = encoder.encode(line);
    try {
      for (let at = 0; at < bytes.byteLength;) at += this.#stream.writeSync(bytes.subarray(at));
      this.#size += bytes.byteLength;
    } catch (error) {
      this.#recording = false;
      this.#failures.push(cannotWrite(`${this.#path}/${STREAM}`, error));
      this.#stream.truncateSync(this.#size);
    }
  }

  /** Writes a report whole or not at all. */
  async write(name: string, parts: Iterable<string>): Promise<void> {
    const path = `${this.#path}/${name}`;
    try {
      using _file = await replace(path, parts);
      this.#written.push(path);
    } catch (error) {
      this.#failures.push(cannotWrite(path, error));
    }
  }

  /** Ends the stream. */
  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGXFSZ", ignore);
    this.#stream.close();
  }
}

/** Writes one file whole or not at all; never through a link. */
export async function writeWhole(path: string, parts: Iterable<string>): Promise<void> {
  using _file = await replace(path, parts);
}

/** A new file with this content takes the place of whatever has the name: of a link, not of what it points to. */
async function replace(path: string, parts: Iterable<string> = []): Promise<Deno.FsFile> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  const file = await Deno.open(temporary, { write: true, createNew: true });
  try {
    for (const part of parts) await writeAll(file, encoder.encode(part));
    await Deno.rename(temporary, path);
    return file;
  } catch (error) {
    file.close();
    await Deno.remove(temporary).catch(ignore);
    throw error;
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await file.write(bytes.subarray(at));
}

async function removeFile(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(ignore);
  if (info?.isDirectory) throw new Error(`${path} is a folder`);
  if (info !== undefined) await Deno.remove(path);
}

function cannotWrite(path: string, error: unknown): string {
  return `Cannot write ${oneLine(path)}: ${reason(error)}`;
}

/** Without the paths that the runtime adds. */
function reason(error: unknown): string {
  const { message } = error as Error;
  return oneLine(/^(.*?) \(os error \d+\)/s.exec(message)?.[1] ?? message);
}

function ignore(): void {}
