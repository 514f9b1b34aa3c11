import { assertEquals } from "@std/assert";
import { combine } from "./combine.ts";
import type { Hooks } from "./fault.ts";
import type { Message, Reply } from "./message.ts";
import type { Session } from "./session.ts";

const NOBODY = {} as Session;

function message(): Message & Reply {
  const payload = new Uint8Array();
  return { msgId: 0, command: 4, msgSize: 16, flags: 0, error: 0, payload, fds: [] };
}

/** Writes down what it sees. */
function witness(name: string, seen: string[], more: Hooks = {}): Hooks {
  return {
    request: () => void seen.push(`${name} request`),
    reply: () => void seen.push(`${name} reply`),
    ...more,
  };
}

Deno.test("combine() wraps the first around the others", async () => {
  const seen: string[] = [];
  const hooks = combine(["a", "b", "c"].map((name) => witness(name, seen)));
  await hooks.request?.(message(), NOBODY);
  await hooks.reply?.(message(), message(), NOBODY);
  const requests = ["a request", "b request", "c request"];
  assertEquals(seen, [...requests, "c reply", "b reply", "a reply"]);
});

Deno.test("combine() ends with the first that answers or swallows", async () => {
  const seen: string[] = [];
  const b = { request: () => ({ errno: 5 }), reply: () => false as const };
  const hooks = combine([witness("a", seen), b, witness("c", seen)]);
  assertEquals(await hooks.request?.(message(), NOBODY), { errno: 5 });
  assertEquals(await hooks.reply?.(message(), message(), NOBODY), false);
  assertEquals(seen, ["a request", "c reply"]);
});

Deno.test("combine() passes words on, and cuts the shortest pieces", async () => {
  const add = (word: string): Hooks => ({ words: (words) => [...words, word] });
  assertEquals(combine([add("x"), {}, add("y")]).words?.(["w"]), ["w", "x", "y"]);
  const hooks = combine([{ piece: () => 7 }, {}, { piece: (at) => at + 1 }]);
  assertEquals([await hooks.piece?.(0, 20), await hooks.piece?.(9, 20)], [1, 7]);
});

Deno.test("combine() of nothing does nothing", () => {
  assertEquals(combine([]), {});
});
