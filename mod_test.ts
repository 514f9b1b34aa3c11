import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const ROOT = new URL("./", import.meta.url).pathname;

/** The example in the documentation of the module. */
async function example(): Promise<string> {
  const text = await Deno.readTextFile(`${ROOT}mod.ts`);
  const block = /^ \* ```ts.*\n((?: \*.*\n)*?) \* ```$/m.exec(text)![1]!;
  return block.replace(/^ \* ?/gm, "");
}

/** Runs the example as a vendor does, beside a server. */
async function runExample(serverArguments: string, ...options: string[]) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/conformance_test.ts`, await example());
    const server = `"${Deno.execPath()}" run --allow-all ${ROOT}harness/reference/main.ts`;
    const lines = ["#!/bin/sh", `exec ${server} "$@" ${serverArguments}`, ""];
    await Deno.writeTextFile(`${folder}/my-server`, lines.join("\n"), { mode: 0o755 });
    const config = ["--config", `${ROOT}deno.json`, "--no-lock"];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--allow-all", ...config, ...options, "conformance_test.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    return { code, output: new TextDecoder().decode(stdout) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the example of the module judges a server that conforms", async () => {
  const { code, output } = await runExample("");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "dma-map/same-range-twice ... ok");
  assertMatch(output, /ok \| [2-9]\d passed \| 0 failed \| \d ignored/);
});

Deno.test("the example of the module fails for each case that the server fails", async () => {
  const { code, output } = await runExample("--fault=map-again-einval", "--no-check");
  assertEquals(code, 1);
  assertStringIncludes(output, "dma-map/same-range-twice ... FAILED");
  assertStringIncludes(output, "Expected error EEXIST: got error EINVAL");
});
