import { assertEquals } from "@std/assert";
import denoJson from "../deno.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url).pathname;
/** They look into /proc themselves, and tests bring packages with needs of their own. */
const MAY_DO_ALL = ["test", "gauntlet", "test:std"];
/** Servers for tests, which are started with all permissions. */
const FOR_TESTS = /\/(?:gauntlet|testdata|reference\/faults)\//;
/** What the runtime grants to programs with all permissions alone, and to others as an error. */
const GUARDED = /Deno\.\w+\(\s*[`"']\/(?:proc|sys|dev)\//;

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) yield `${folder}/${name}`;
  }
}

Deno.test("no task but those of the tests has all permissions, and none uses the network", () => {
  const tasks = Object.entries(denoJson.tasks);
  const all = tasks.filter(([, { command }]) => /(?:--allow-all|-A)\b/.test(command));
  assertEquals(all.map(([name]) => name), MAY_DO_ALL);
  const online = tasks.filter(([, { command }]) => /--allow-(?:net|import)/.test(command));
  assertEquals(online, []);
});

Deno.test("the suite asks the runtime for nothing that needs all permissions", async () => {
  const found: string[] = [];
  for (const folder of ["harness", "commands", "cases", "reports"]) {
    for await (const path of sources(`${ROOT}${folder}`)) {
      if (!FOR_TESTS.test(path) && GUARDED.test(await Deno.readTextFile(path))) found.push(path);
    }
  }
  assertEquals(found, []);
});
