import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RunResult } from "../harness/results.ts";
import { type ConsoleOptions, consoleReport } from "./console.ts";
import { FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { RUN } from "./testdata/sample_run.ts";

const PIPE: ConsoleOptions = { terminal: false, color: false, verbose: false };

function play(run: RunResult, options: ConsoleOptions): string {
  let text = "";
  const report = consoleReport((part) => text += part, options);
  const total = run.results.length;
  report.started(run.info, total);
  run.results.forEach((result, i) => {
    report.caseStarted(result.id);
    report.caseFinished(result, i + 1, total);
  });
  report.finished(run, ["out/report.html"]);
  return text;
}

const OWED = "A range that overlaps one that is mapped is refused with EEXIST.";

const GOLDEN = `sample server  ./build/samples/server -v --socket-path={socket}
8 cases; a breach of must, robust fails the run

version: 2 passed
✗ failed dma-map/same-range-twice: Expected error EEXIST or a closed connection: got a reply of 16 bytes without error (must: ${OWED})
✗ failed dma-map/many: the server was ended by SIGSEGV (must: ${OWED})
▲ warning dma-map/odd-flags: Expected error EEXIST or a closed connection: got nothing within 2000 ms (may: ${OWED})
◆ error dma-map/no-memory: no memory file could be made: EMFILE (must: ${OWED})
dma-map: 2 failed, 1 error, 1 warning
migration: 1 skipped, 1 not run

Not played:
    1  the device has no migration
    1  the run ended before

Warnings, breaches below the levels that count (must, robust):
  dma-map/odd-flags (may)

Failed:
  ✗ dma-map/same-range-twice
  ✗ dma-map/many
  ◆ dma-map/no-memory
Play them again:
  deno task conformance --timeout 2000 dma-map/same-range-twice dma-map/many dma-map/no-memory -- ./build/samples/server -v --socket-path={socket}

Report: out/report.html

NOT conformant: 2 failed, 1 error, 2 passed, 1 warning, 1 skipped, 1 not run in 3.5 s
`;

Deno.test("a pipe gets plain lines", () => {
  assertEquals(play(RUN, PIPE), GOLDEN);
});

Deno.test("verbose adds a line for each case", () => {
  const text = play(RUN, { ...PIPE, verbose: true });
  assertStringIncludes(text, "✓ passed version/plain  Negotiates a version (1.23 ms)\n");
  assertStringIncludes(
    text,
    "– skipped migration/stop  Stops the device (the device has no migration)",
  );
});

Deno.test("a terminal gets a progress line that never wraps", () => {
  const text = play(RUN, { ...PIPE, terminal: true, columns: 24 });
  const progress = text.split("\r\x1b[K").filter((part) => !part.includes("\n"));
  assert(progress.includes("3/8  1 failed  11 ms  d"), progress.join("|"));
  for (const line of progress) assert(line.length < 24, line);
});

Deno.test("a terminal gets a block for each failure", () => {
  assertStringIncludes(
    play(RUN, { ...PIPE, terminal: true }),
    `\r\x1b[K✗ failed dma-map/many  Maps 65536 ranges (1.23 ms)\n` +
      `\r\x1b[K  the server was ended by SIGSEGV\n\r\x1b[K  must: ${OWED}\n\n`,
  );
});

Deno.test("untrusted text brings no control characters along", () => {
  const text = play(HOSTILE_RUN, { ...PIPE, verbose: true });
  // deno-lint-ignore no-control-regex
  assertEquals(text.match(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/), null);
  assert(text.length < 50_000, `${text.length} characters`);
});

Deno.test("untrusted text is no command to a CI system", () => {
  const text = play(HOSTILE_RUN, { ...PIPE, verbose: true });
  assertStringIncludes(text, "# #[error]forged");
  assertEquals(text.match(/##(vso)?\[|^\s*::/mi), null);
});

Deno.test("a flaky failure says how often it failed", () => {
  const text = play(FULL_RUN, PIPE);
  assertStringIncludes(text, "✗ failed irq/now-and-then: flaky: failed 1 of 5: Expected error");
});

Deno.test("colours are used only when asked for", () => {
  assert(!play(RUN, { ...PIPE, terminal: true }).replaceAll("\x1b[K", "").includes("\x1b"));
  const colored = play(RUN, { ...PIPE, color: true }).includes("\x1b[31m");
  assertEquals(colored, !Deno.noColor);
});
