// Loaded before main.ts (deno run --preload): says at the end what the process still holds.

/** What a process held when it ended. */
export interface Held {
  /** The most memory it ever had, in bytes. */
  readonly peakBytes: number;
  /** Open descriptors, by what they are: `socket`, `/memfd`. */
  readonly descriptors: Readonly<Record<string, number>>;
  /** Files and memory files that are mapped, but are no part of the program. */
  readonly mappings: readonly string[];
  /** What is left in the folder for temporary files. */
  readonly temporary: readonly string[];
}

/** Environment variable: where to write that. */
export const MEASURE_VARIABLE = "VFIO_USER_GAUNTLET_MEASURE";

function descriptors(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    const kind = kindOf(name);
    if (kind !== undefined) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function kindOf(number: string): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${number}`).split(":")[0];
  } catch {
    return undefined; // the one by which the folder was read
  }
}

function mappings(): string[] {
  const lines = Deno.readTextFileSync("/proc/self/maps").split("\n");
  return lines.filter((line) => /\/memfd:|\(deleted\)|\.sock|anon_inode|socket:/.test(line));
}

function measure(): Held {
  const status = Deno.readTextFileSync("/proc/self/status");
  const folder = Deno.env.get("TMPDIR") ?? "/tmp";
  return {
    peakBytes: Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024,
    descriptors: descriptors(),
    mappings: mappings(),
    temporary: [...Deno.readDirSync(folder)].map(({ name }) => name),
  };
}

const target = Deno.env.get(MEASURE_VARIABLE);
if (target !== undefined) {
  Deno.env.delete(MEASURE_VARIABLE); // the server is not to be measured
  globalThis.addEventListener("unload", () => {
    Deno.writeTextFileSync(target, JSON.stringify(measure()));
  });
}
