import { assertEquals, assertMatch } from "@std/assert";
import { libc } from "../../posix/libc.ts";
import { Device } from "../device.ts";
import { defaultSettings } from "../settings.ts";
import { FAULTS } from "./mod.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

Deno.test("faults have names of their own, a clause, and say what they do in a sentence", () => {
  assertEquals(new Set(FAULTS.map(({ id }) => id)).size, FAULTS.length);
  for (const { id, clause, text } of FAULTS) {
    assertMatch(id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assertMatch(clause, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    assertMatch(text, /^[A-Za-z][^\n\t]+[^.]\.$/);
  }
});

Deno.test("a server can be built with each fault", () => {
  // Those of the program already act before there is a server, and on the process.
  for (const fault of FAULTS.filter(({ clause }) => !clause.startsWith("prog-"))) {
    const settings = defaultSettings();
    fault.hooks().tune?.(settings);
    using _device = new Device(settings);
  }
});

Deno.test("each fault is a thing of its own, made anew for each server", () => {
  for (const fault of FAULTS) {
    const hooks = fault.hooks();
    assertEquals(Object.keys(hooks).length > 0, true, fault.id);
  }
});
