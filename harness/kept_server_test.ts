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
  assert(kept.keep(server));
  const [first, next] = [await kept.takeReset(timeoutMs), await kept.takeReset(timeoutMs)];
  return { first, next, ended: ended.length, keepsMore: kept.keep(server) };
}

Deno.test("KeptServer gives a server away that resets its device, once", async () => {
  const server = await start("./reference/main.ts", "--socket-path={socket}");
  const { first, next, ended, keepsMore } = await taken(server);
  assert(first === server);
  assertEquals([next, ended, keepsMore], [undefined, 0, true]);
});

for (const behaviour of ["refuses", "never-answers"]) {
  Deno.test(`KeptServer ends a server that ${behaviour}, and keeps no other`, async () => {
    const server = await start("./testdata/stub_server.ts", "{socket}", behaviour);
    const { first, ended, keepsMore } = await taken(server, 200);
    assertEquals([first, ended, keepsMore], [undefined, 1, false]);
  });
}
