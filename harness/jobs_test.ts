import { assert, assertEquals } from "@std/assert";
import { libc } from "./posix/libc.ts";
import { play, type PlayOptions } from "./run.ts";
import { selectCases } from "./select.ts";
import type { Target } from "./target.ts";
import { CLAUSES, SUITES } from "./testdata/stub_cases.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const STUB = new URL("./testdata/stub_server.ts", import.meta.url).pathname;
const OPTIONS: PlayOptions = {
  timeoutMs: 300,
  startMs: 10_000,
  graceMs: 500,
  profile: {},
  clauses: CLAUSES,
  keepGoing: true,
  casesModule: import.meta.resolve("./testdata/stub_cases.ts"),
};

function stub(behaviour: string, env: Record<string, string> = {}): Target {
  const argv = [Deno.execPath(), "run", "--allow-all", "--quiet", STUB, "{socket}", behaviour];
  return { kind: "command", argv, env };
}

async function playAll(behaviour: string, options: Partial<PlayOptions> = {}) {
  const told: string[] = [];
  const played = await play(selectCases(SUITES), stub(behaviour), { ...OPTIONS, ...options }, {
    caseFinished: ({ id }) => void told.push(id),
  });
  return { ...played, told };
}

for (const behaviour of ["dies", "is-silent", "exits-after-client"]) {
  Deno.test(`play() with three jobs comes to what one does, when a server ${behaviour}`, async () => {
    const one = await playAll(behaviour, { jobs: 1 });
    const three = await playAll(behaviour, { jobs: 3 });
    const verdicts = ({ results }: typeof one) => results.map(({ id, verdict }) => [id, verdict]);
    assertEquals(verdicts(three), verdicts(one));
    assertEquals(three.told, three.results.map(({ id }) => id));
    assertEquals(three.life, one.life);
  });
}

Deno.test("play() ends all jobs when it is cut off", async () => {
  const controller = new AbortController();
  const options = { ...OPTIONS, timeoutMs: 60_000, jobs: 3, signal: controller.signal };
  const started: string[] = [];
  const { results, complete, cutOff } = await play(
    selectCases(SUITES),
    stub("is-silent"),
    options,
    {
      caseStarted(id) {
        started.push(id);
        if (started.filter((id) => id.endsWith("5")).length === 3) controller.abort("by hand");
      },
    },
  );
  assertEquals([results.length, complete, cutOff], [60, false, "by hand"]);
  assert(results.some(({ skip }) => skip?.kind === "not-run"));
});
