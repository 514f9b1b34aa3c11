import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readJsonl, type RunResult } from "../mod.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const REFERENCE = `${ROOT}harness/reference/main.ts`;
const SUITES = ["version", "device-get-info", "dma-unmap"];

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

async function program(file: string, ...args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", `${ROOT}${file}`, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, output: output!, errors: errors! };
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function results(folder: string): Promise<RunResult> {
  return readJsonl(await Deno.readTextFile(`${folder}/results.jsonl`));
}

/** All that does not depend on the clock. */
function verdicts({ info, results, life, complete }: RunResult) {
  const { startedAt: _startedAt, reproduce: _reproduce, ...facts } = info;
  const cases = results.map(({ id, verdict, failure, skip }) => ({ id, verdict, failure, skip }));
  return { facts, cases, life, complete };
}

Deno.test("four shards, played and merged, are the run in one piece", async () => {
  await inFolder(async (folder) => {
    const whole = await program("main.ts", ...SUITES, "--jobs", "1", "--out", `${folder}/whole`);
    assertEquals([whole.code, whole.errors], [0, ""]);
    const shards: string[] = [];
    for (const index of [1, 2, 3, 4]) {
      const out = `${folder}/shard-${index}`;
      const times = ["--shard-times", `${folder}/whole`];
      const shard = ["--shard", `${index}/4`, ...times, "--jobs", "1", "--out", out];
      assertEquals((await program("main.ts", ...SUITES, ...shard)).code, 0);
      assert((await results(out)).results.length > 0);
      shards.push(out);
    }
    const merged = await program("commands/merge.ts", `${folder}/merged`, ...shards.toReversed());
    assertEquals([merged.code, merged.errors], [0, ""]);
    const run = await results(`${folder}/merged`);
    assertEquals(verdicts(run), verdicts(await results(`${folder}/whole`)));
    assertEquals(run.info.reproduce.includes("--shard"), false);
    const files = await Array.fromAsync(Deno.readDir(`${folder}/merged`), ({ name }) => name);
    assertEquals(files.toSorted(), ["junit.xml", "report.html", "results.jsonl"]);

    const partial = await program("commands/merge.ts", `${folder}/partial`, ...shards.slice(1));
    assertEquals(partial.code, 3);
    assertStringIncludes(partial.output, "cut off for want of shard 1/4\n");
  });
});

Deno.test("--rerun-failed plays what failed in an earlier run, and nothing else", async () => {
  await inFolder(async (folder) => {
    const server = ["--", Deno.execPath(), "run", "-A", REFERENCE, "--socket-path={socket}"];
    const fault = [...server, "--fault=map-again-einval"];
    const [before, after] = [`${folder}/before`, `${folder}/after`];
    const failing = await program("main.ts", "dma-map/*same*", "--out", before, ...fault);
    assertEquals(failing.code, 1);
    const failed = (await results(before)).results.filter(({ verdict }) => verdict === "fail");
    assert(failed.length > 0);
    const again = ["--rerun-failed", before, "--out", after];
    assertEquals((await program("main.ts", ...again, ...server)).code, 0);
    const ids = (await results(after)).results.map(({ id }) => id);
    assertEquals(ids, failed.map(({ id }) => id));
    const nothing = await program("main.ts", "--rerun-failed", after);
    assertEquals([nothing.code, nothing.output], [2, ""]);
    assertEquals(nothing.errors, `Nothing to play again: no case failed in ${after}\n`);
  });
});

const MISTAKES: readonly [file: string, args: string[], message: string][] = [
  ["main.ts", ["--shard", "5/4"], "--shard must be I/N with I from 1 to N, such as 2/4: it is 5/4"],
  ["main.ts", ["--shard", "0/4"], "--shard must be I/N"],
  ["main.ts", ["--shard", "quarter"], "--shard must be I/N"],
  [
    "main.ts",
    ["--shard", "2/9", "dma-map/same-range-twice"],
    "Cannot make 9 shards: the number of selected cases is 1",
  ],
  ["main.ts", ["--shard-times", ROOT], "--shard-times needs --shard"],
  ["main.ts", ["--shard", "1/2", "--shard-times", "/no/such"], "Cannot read the results /no/such"],
  ["main.ts", ["--rerun-failed", "x", "version"], "Give patterns or --rerun-failed"],
  ["commands/merge.ts", [], "Name the folder for the reports, then the results"],
  ["commands/merge.ts", ["out"], "Name the folder for the reports, then the results"],
  ["commands/merge.ts", ["--out", "x"], "Unknown option --out: there is only --help"],
  ["commands/merge.ts", ["out", REFERENCE], `Cannot read the results ${REFERENCE}: Line 1`],
];

for (const [file, args, message] of MISTAKES) {
  Deno.test(`${file} ${args.join(" ").replaceAll(ROOT, "")} is refused in one line`, async () => {
    const { code, output, errors } = await program(file, ...args);
    assertEquals([code, output], [2, ""]);
    assert(errors.startsWith(message), errors);
    assertEquals(errors.trimEnd().split("\n").length, 1);
  });
}
