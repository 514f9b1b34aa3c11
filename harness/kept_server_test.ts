import { assert, assertEquals } from "@std/assert";
import { KeptServer } from "./kept_server.ts";
import { libc } from "./posix/libc.ts";
import { Server } from "./server.ts";
import type { Target } from "./target.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const LIMITS = { startMs: 5000, graceMs: 500 };

function start(program: string, ...words: readonly string[]): Promise<Server> {
  const path = new URL(program, import.meta.url).pathname;
  const argv = [Deno.execPath(), "run", "--allow-all", "--quiet", path, ...words];
  return Server.start({ kind: "command", argv } satisfies Target, LIMITS);
}

/** What becomes of a server that is kept, and how many have been ended. */
async function taken(server: Server, timeoutMs = 5000) {
  const ended: Server[] = [];
  await using kept = new KeptServer(async (server) => {
    ended.push(server);
    await server[Symbol.asyncDispose]();
  });
  (await server.connect(LIMITS.startMs))[Symbol.dispose]();
  kept.keep(server);
  return { first: await kept.takeReset(timeoutMs), next: await kept.takeReset(timeoutMs), ended };
}

Deno.test("KeptServer gives a server away that resets its device, once", async () => {
  await using server = await start("./reference/main.ts", "--socket-path={socket}");
  const { first, next, ended } = await taken(server);
  assert(first === server);
  assertEquals([next, ended], [undefined, []]);
});

for (const behaviour of ["refuses", "never-answers"]) {
  Deno.test(`KeptServer ends a server that ${behaviour}`, async () => {
    const server = await start("./testdata/stub_server.ts", "{socket}", behaviour);
    const { first, ended } = await taken(server, 200);
    assertEquals([first, ended.length], [undefined, 1]);
  });
}
