import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { jsonl } from "../mod.ts";
import { RUN } from "../reports/testdata/sample_run.ts";

const COMPARE = new URL("./compare.ts", import.meta.url).pathname;

/** Compares files that lie in a folder of their own: the sample run, the same without failures, and no results. */
async function compare(...args: string[]) {
  const folder = await Deno.makeTempDir();
  try {
    const good = RUN.results.filter(({ verdict }) => verdict === "pass");
    const better = RUN.results.map((result) => ({ ...good[0]!, id: result.id }));
    await Deno.mkdir(`${folder}/report`);
    await Deno.writeTextFile(`${folder}/report/results.jsonl`, jsonl(RUN));
    await Deno.writeTextFile(`${folder}/good.jsonl`, jsonl({ ...RUN, results: better }));
    await Deno.writeTextFile(`${folder}/wrong.jsonl`, "no results\n");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-read", "--allow-write", "--quiet", COMPARE, ...args],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    const file = await Deno.readTextFile(`${folder}/out.html`).catch(() => undefined);
    return { code, output: output!, errors: errors!, file };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what newly fails makes compare fail", async () => {
  const { code, output, errors } = await compare("good.jsonl", "report");
  assertEquals([code, errors], [1, ""]);
  assertStringIncludes(output, "\nNewly failing:\n  ✗ dma-map/same-range-twice\n");
  assertStringIncludes(output, "\n3 newly failing, 3 changed, 2 unchanged\n");
});

Deno.test("what still fails, or is fixed, does not", async () => {
  assertEquals((await compare("report", "report")).code, 0);
  const { code, output } = await compare("report/results.jsonl", "good.jsonl");
  assertEquals(code, 0);
  assertStringIncludes(output, "\n0 newly failing, 3 changed, 3 fixed, 2 unchanged\n");
});

Deno.test("a comparison is written as a page, and nothing is printed", async () => {
  const { code, output, file } = await compare(
    ...["good.jsonl", "report", "--format", "html", "--out", "out.html"],
  );
  assertEquals([code, output], [1, ""]);
  assertStringIncludes(file!, "3 newly failing</span>");
});

Deno.test("more than two runs are a matrix, in each format", async () => {
  const texts = { text: "  2: ", markdown: "| Suite | ", html: "3 runs side by side" };
  for (const [format, text] of Object.entries(texts)) {
    const files = ["report", "good.jsonl", "good.jsonl"];
    const { code, output } = await compare("--format", format, ...files);
    assertEquals(code, 0);
    assertStringIncludes(output, text);
  }
});

const MISTAKES: readonly [args: string[], message: string][] = [
  [[], "Name the results of two runs or more"],
  [["report"], "Name the results of two runs or more"],
  [["report", "none"], "Cannot read the results none: No such file"],
  [["report", "wrong.jsonl"], "Cannot read the results wrong.jsonl: Line 1 is no result of a run"],
  [["report", "report", "--format", "pdf"], "Unknown format pdf: known are text, markdown, html"],
  [["report", "report", "--format"], "--format needs a value"],
  [["report", "report", "--fromat=html"], "Unknown option --fromat: --help shows"],
  [["report", "report", "--out", "/proc/x"], "Cannot write /proc/x: "],
];

for (const [args, message] of MISTAKES) {
  Deno.test(`compare ${args.join(" ")} is refused in one line`, async () => {
    const { code, output, errors } = await compare(...args);
    assertEquals([code, output], [2, ""]);
    assert(errors.startsWith(message), errors);
    assertEquals(errors.trimEnd().split("\n").length, 1);
  });
}
