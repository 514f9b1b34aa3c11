import { assert, assertEquals, assertRejects } from "@std/assert";
import { GROUND } from "../harness/random/_device.ts";
import { drawConversation } from "../harness/random/draw.ts";
import { loadFastCheck } from "../harness/random/fast_check.ts";
import { USUAL_PROPOSAL } from "../harness/random/message.ts";
import { Model } from "../harness/random/model.ts";
import { HarnessError } from "../harness/harness_error.ts";
import { libc } from "../harness/posix/libc.ts";
import { CLAUSES } from "../mod.ts";
import { huntCommand } from "./hunt.ts";
import { replay } from "./replay.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const fc = await loadFastCheck();

Deno.test("Model blames clauses that there are", () => {
  const unknown = new Set<string>();
  const seen = new Set<string>();
  const conversations = fc.sample(drawConversation(fc, GROUND, 50), { seed: 1, numRuns: 200 });
  for (const acts of conversations) {
    const model = new Model(GROUND, () => 0n);
    model.connected(USUAL_PROPOSAL);
    for (const act of acts) {
      if (act.act !== "send") continue;
      const { clause, owed, follow } = model.expect(act.message);
      seen.add(clause);
      if (!(clause in CLAUSES)) unknown.add(clause);
      follow?.(owed === "error" ? "error" : "success");
    }
  }
  assertEquals([...unknown], []);
  assert(seen.size > 80, `only ${seen.size} clauses`);
});

const WRONG: readonly (readonly [string, ...string[]])[] = [
  ["--random must be a number of 1 and more: it is 0", "--random", "0"],
  ["--seed must be a number of 0 and more: it is x", "--seed", "x"],
  ["Unknown clause nonsense: --skip takes ids of clauses", "--skip", "nonsense"],
  ["Unknown option --nonsense: --help shows those that exist", "--nonsense"],
  ["No case is played: leave out version", "version"],
];

for (const [message, ...args] of WRONG) {
  Deno.test(`huntCommand() refuses ${args.join(" ")}`, async () => {
    const error = await assertRejects(() => huntCommand("random", "", args), HarnessError);
    assertEquals(error.message, message);
    assertEquals(error.kind, "usage");
  });
}

Deno.test("replay() refuses a file that is none", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(
    file,
    `{"kind": "random", "steps": [{"send": "nonsense"}], "failure": {"clause": "x"}}`,
  );
  const error = await assertRejects(() => replay([file]), HarnessError);
  assertEquals(
    error.message,
    "Cannot read the replay file: command is undefined, no number of 32 bits",
  );
  await Deno.remove(file);
});
