import { assert, assertEquals, assertMatch } from "@std/assert";
import { libc } from "../../posix/libc.ts";
import { combine } from "../combine.ts";
import { Device } from "../device.ts";
import { defaultSettings } from "../settings.ts";
import { FREEDOMS } from "./mod.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

Deno.test("freedoms have names of their own, a clause, suites, and say what they do in a sentence", () => {
  assertEquals(new Set(FREEDOMS.map(({ id }) => id)).size, FREEDOMS.length);
  for (const { id, clause, suites, text } of FREEDOMS) {
    assertMatch(id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assertMatch(clause, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    assertMatch(text, /^[A-Z][^\n\t]+[^.]\.$/);
    assert(suites.length > 0, id);
  }
});

Deno.test("each freedom has hooks, made anew for each server", () => {
  for (const { id, hooks, delayMs = 0 } of FREEDOMS) {
    const made = hooks(delayMs);
    assert(Object.keys(made).length > 0, id);
    assert(made !== hooks(delayMs), id);
  }
});

Deno.test("a device can be built with each freedom, and with all that do not exclude each other", () => {
  const kinds = new Map(FREEDOMS.map((freedom) => [freedom.kind ?? freedom.id, freedom]));
  for (const freedoms of [...FREEDOMS.map((freedom) => [freedom]), [...kinds.values()]]) {
    const settings = defaultSettings();
    combine(freedoms.map(({ hooks }) => hooks(0))).tune?.(settings);
    using _device = new Device(settings);
  }
});
