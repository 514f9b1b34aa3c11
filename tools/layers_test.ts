import { assertEquals } from "@std/assert";
import { type ModuleGraph, upwardArrows } from "./layers.ts";

const ROOT = new URL("../", import.meta.url);

async function graphOf(file: string): Promise<ModuleGraph> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", file],
    cwd: ROOT,
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

function arrow(from: string, to: string): ModuleGraph {
  return {
    modules: [{
      specifier: `file:///x/${from}`,
      dependencies: [{ code: { specifier: `file:///x/${to}` } }],
    }],
  };
}

const WRONG: readonly [from: string, to: string][] = [
  ["harness/run.ts", "cases/mod.ts"],
  ["harness/run.ts", "reports/mod.ts"],
  ["harness/run.ts", "harness/reference/main.ts"],
  ["harness/reference/session.ts", "harness/connection.ts"],
  ["harness/wire/struct.ts", "harness/posix/fd.ts"],
  ["harness/posix/fd.ts", "harness/wire/messages.ts"],
  ["cases/dma_map.ts", "harness/posix/fd.ts"],
  ["cases/dma_map.ts", "harness/converse.ts"],
  ["reports/html.ts", "harness/run.ts"],
  ["reports/html.ts", "cases/mod.ts"],
];

for (const [from, to] of WRONG) {
  Deno.test(`upwardArrows() finds an arrow from ${from} to ${to}`, () => {
    assertEquals(upwardArrows(arrow(from, to), "file:///x/"), [{ from, to }]);
  });
}

Deno.test("upwardArrows() permits arrows that point down", () => {
  assertEquals(upwardArrows(arrow("cases/dma_map.ts", "harness/wire/errno.ts"), "file:///x/"), []);
  assertEquals(upwardArrows(arrow("mod.ts", "reports/mod.ts"), "file:///x/"), []);
});

for (
  const file of ["main.ts", "commands/compare.ts", "commands/merge.ts", "harness/reference/main.ts"]
) {
  Deno.test(`every arrow below ${file} points down`, async () => {
    const graph = await graphOf(file);
    assertEquals(graph.modules.length > 10, true);
    assertEquals(upwardArrows(graph, ROOT.href), []);
  });
}
