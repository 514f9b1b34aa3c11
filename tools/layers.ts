/** Which rooms a room may import from; a file of its own may have a stricter rule than its folder. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["commands", "mod.ts", "reports", "harness"],
  "commands": ["mod.ts", "reports", "harness", "harness/random"],
  "mod.ts": ["deno.json", "reports", "cases", "harness"],
  "reports": ["harness/results.ts", "harness/wire"],
  "cases": [
    "harness/case.ts",
    "harness/steps.ts",
    "harness/mutate.ts",
    "harness/needs.ts",
    "harness/device_facts.ts",
    "harness/interrupt_facts.ts",
    "harness/profile.ts",
    "harness/wire",
  ],
  "harness": ["harness/wire", "harness/posix"],
  "harness/random": ["harness", "harness/wire", "harness/posix"],
  "harness/gauntlet": ["harness/wire", "harness/posix"],
  "harness/reference": ["harness/wire", "harness/posix"],
  "harness/posix": ["harness/wire/errno.ts"],
  "harness/wire": [],
};

/** An import that points the wrong way. */
export interface UpwardArrow {
  readonly from: string;
  readonly to: string;
}

/** The parts of `deno info --json` that are used. */
export interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

/** Imports within `root` (a file URL that ends with a slash) that the plan of the house forbids. */
export function upwardArrows(graph: ModuleGraph, root: string): UpwardArrow[] {
  const inside = (specifier: string | undefined) =>
    specifier?.startsWith(root) ? specifier.slice(root.length) : undefined;
  return graph.modules.flatMap(({ specifier, dependencies = [] }) => {
    const from = inside(specifier);
    if (from === undefined || roomOf(from) === undefined) return [];
    return dependencies
      .map(({ code, type }) => inside(code?.specifier ?? type?.specifier))
      .filter((to) => to !== undefined)
      .filter((to) => !to.startsWith("offline/") && !mayImport(from, to))
      .map((to) => ({ from, to }));
  });
}

function mayImport(from: string, to: string): boolean {
  const room = roomOf(from)!;
  return roomOf(to) === room || ALLOWED[room]!.some((rule) => holds(rule, to));
}

/** A rule names a file, or the files of a folder without its inner rooms. */
function holds(rule: string, path: string): boolean {
  return rule === path || (rule === roomOf(path) && !rule.endsWith(".ts"));
}

/** The innermost room in which a file lies. */
function roomOf(path: string): string | undefined {
  return Object.keys(ALLOWED)
    .filter((room) => path === room || path.startsWith(`${room}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}
