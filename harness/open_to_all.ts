import type { Target } from "./target.ts";

const READ = 0o004;
const SEARCH = 0o001;

/** The first file of the command line, or folder above it, that other users cannot read; or nothing. */
export async function openToAll(
  { argv, cwd = Deno.cwd() }: Target & { readonly kind: "command" },
): Promise<string | undefined> {
  for (const word of ["", ...argv]) {
    const path = await Deno.realPath(word.startsWith("/") ? word : `${cwd}/${word}`)
      .catch(() => undefined);
    if (path === undefined) continue;
    for (const { folder, bit } of above(path)) {
      const mode = (await Deno.stat(folder)).mode ?? 0;
      if ((mode & bit) === 0) return folder;
    }
  }
  return undefined;
}

/** The path itself, and each folder that leads to it. */
function above(path: string): { folder: string; bit: number }[] {
  const parts = path.split("/").slice(1);
  return parts.map((_, i) => ({
    folder: `/${parts.slice(0, i + 1).join("/")}`,
    bit: i + 1 === parts.length ? READ : SEARCH,
  }));
}
