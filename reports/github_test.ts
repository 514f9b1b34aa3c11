import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { githubAnnotations } from "./github.ts";
import { FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { caseResult, failure, RUN } from "./testdata/sample_run.ts";

/** As GitHub's runner reads a line. */
function commands(text: string): { kind: string; title: string; message: string }[] {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== "");
  return lines.map((line) => {
    const parts = line.match(/^::(\w+) title=([^:,]*)::(.*)$/);
    assert(parts !== null, `No command: ${line}`);
    const [, kind, title, message] = parts;
    return { kind: kind!, title: decoded(title!), message: decoded(message!) };
  });
}

function decoded(text: string): string {
  return text.replace(/%(0D|0A|3A|2C|25)/g, (escape) => decodeURIComponent(escape));
}

Deno.test("githubAnnotations() shows what failed, with what is owed", () => {
  const shown = commands(githubAnnotations(FULL_RUN));
  assertEquals(shown.map(({ kind, title }) => `${kind}: ${title}`), [
    "error: vfio-user stale-pattern",
    "error: vfio-user failed: dma-map/same-range-twice",
    "error: vfio-user failed: dma-map/many",
    "error: vfio-user error: dma-map/no-memory",
    "error: vfio-user failed: irq/other",
    "error: vfio-user unexpected pass: irq/mended",
    "error: vfio-user failed: irq/now-and-then",
    "warning: vfio-user warning: dma-map/odd-flags",
  ]);
  assertEquals(
    shown[2]!.message,
    "the server was ended by SIGSEGV\nmust, DMA_MAP: A range that overlaps one that is mapped is refused with EEXIST.",
  );
});

Deno.test("githubAnnotations() of a good run are none", () => {
  assertEquals(githubAnnotations({ ...RUN, results: [caseResult("a/b")] }), "");
});

Deno.test("githubAnnotations() are no more than GitHub shows, and the last says so", () => {
  const of = (count: number) =>
    Array.from(
      { length: count },
      (_, i) => caseResult(`a/${i}`, { verdict: "fail", failure: failure("leak", "1 descriptor") }),
    );
  assertEquals(commands(githubAnnotations({ ...RUN, results: of(10) })).length, 10);
  const shown = commands(githubAnnotations({ ...RUN, results: of(11) }));
  assertEquals(shown.length, 10);
  assertEquals(shown[9]!.title, "vfio-user 2 more errors");
});

Deno.test("nothing that comes from outside becomes a command of its own", () => {
  const text = githubAnnotations(HOSTILE_RUN);
  const shown = commands(text);
  assert(shown.length > 5 && shown.every(({ kind }) => ["error", "warning"].includes(kind)));
  assertStringIncludes(text, "title=forged::forged%250A::stop");
  assert(text.length < 20_000);
});
