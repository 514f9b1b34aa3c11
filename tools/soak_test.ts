import { assertEquals, assertMatch } from "@std/assert";
import { levels, levelTable, type Sample } from "./level.ts";

function samples(time: (index: number) => number, change: Partial<Sample> = {}): Sample[] {
  const still = { descriptors: 20, mappings: 100, heap: 12, resident: 80 };
  return Array.from({ length: 40 }, (_, i) => ({
    ...still,
    ...(i < 20 ? {} : change),
    time: time(i),
  }));
}

function growing(found: readonly Sample[]): string[] {
  return levels(found).filter(({ isLevel }) => !isLevel).map(({ name }) => name);
}

Deno.test("what stays level is level, whatever the first moments and single ones are like", () => {
  assertEquals(growing(samples((i) => i < 8 ? 900 - i : i % 7 === 0 ? 50 : 5 + i % 2)), []);
});

Deno.test("each thing that grows is named", () => {
  const still = () => 5;
  assertEquals(growing(samples(still, { descriptors: 21 })), ["descriptors"]);
  assertEquals(growing(samples(still, { mappings: 200 })), ["mappings"]);
  assertEquals(growing(samples(still, { heap: 15 })), ["heap"]);
  assertEquals(growing(samples(still, { resident: 160 })), ["resident"]);
  assertEquals(growing(samples((i) => i)), ["time"]);
  assertMatch(levelTable("", "ms", levels(samples(still, { mappings: 200 }))), /mappings .* GROWS/);
});

Deno.test("a short soak holds no descriptor, and says so for runs and for commands", async () => {
  const soak = new URL("./soak.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", soak, "--runs", "10", "--commands", "1000"],
    stderr: "inherit",
  }).output();
  const output = new TextDecoder().decode(stdout);
  const lines = output.split("\n").map((line) => line.trim().replace(/\s+/g, " "));
  const told = lines.filter((line) => line.startsWith("descriptors "));
  assertEquals(told.map((line) => line.split(" ").at(-1)), ["level", "level"]);
  assertMatch(output, /^10 runs in a row\n[^]*^1000 commands\n/m);
});
