import type { CaseResult, RunResult } from "../../harness/results.ts";
import { Version } from "../../harness/wire/messages.ts";
import { caseResult, INFO, message } from "./sample_run.ts";

/**
 * What a server that means harm could print: colours, bells, ends of markup, halves of pairs, turned text, bytes that
 * were no UTF-8, and words that a CI system, a TAP reader or Markdown would obey.
 */
export const HOSTILE = "\x1b[2J\x1b[31mred\x07\x00\x9b ]]> --> </script><script>alert(1)</script>" +
  `</pre><img src=x onerror="alert('1')">&amp;&#27; \ud800 \udfff \ufffe \u202eturned\u2028\r\r\n` +
  "<a href='http://example.com/'>link</a> \u{1f600} \ufffd\u0085\ufeff [[[ATTACHMENT|/etc/passwd]]\n" +
  "[[ATTACHMENT|/etc/shadow]]\n::error title=forged::forged%0A::stop-commands::x\n##[error]forged ##vso[task.complete]\n" +
  "ok 99 - forged # SKIP forged\nnot ok 1 - forged\n  ...\n...\n---\nBail out! forged\n1..7\npragma +strict\n" +
  "@octocat ![x](http://example.com/x.png) [l](javascript:alert(1)) #1 me@example.com www.example.com\n" +
  "```\n````\n`````\n~~~\n# forged | cell | \\| `b` ``c``\n</details>\n\n- [ ] forged\n1. forged\n> forged\n";

const MEGABYTE = `${HOSTILE}\n`.repeat(Math.ceil(1e6 / HOSTILE.length));

const VERSION_OF_HARM = new Uint8Array([
  ...Version.encode({ major: 0, minor: 1 }),
  ...new TextEncoder().encode(JSON.stringify({ capabilities: { [HOSTILE]: HOSTILE } })),
  0,
]);

const CHANGE: Partial<CaseResult> = {
  title: HOSTILE,
  suiteTitle: HOSTILE,
  clause: { id: HOSTILE, level: "must", section: HOSTILE, text: HOSTILE, note: HOSTILE },
  notes: [HOSTILE],
  log: MEGABYTE,
  transcript: [
    message("received", 0.1, { command: 1 }, VERSION_OF_HARM),
    message("received", 0.2, { command: 0xffff, flags: 0xffff_ffff, error: 0xffff_ffff }),
    { kind: "received", atMs: 0.3, hex: "0102", size: 2 ** 32, fdCount: 253, text: HOSTILE },
    { kind: "received", atMs: 0.4, hex: "no hex", size: 0, fdCount: 0, text: "" },
    { kind: "note", atMs: 0.5, hex: "", size: 0, fdCount: 0, text: HOSTILE },
  ],
};

/** A run in which everything that can come from outside is hostile. */
export const HOSTILE_RUN: RunResult = {
  info: {
    ...INFO,
    target: HOSTILE,
    label: HOSTILE,
    platform: HOSTILE,
    startedAt: HOSTILE,
    reproduce: [HOSTILE, "it's", "--", HOSTILE],
    shard: HOSTILE,
    stalePatterns: [HOSTILE, HOSTILE, ""],
    facts: { [HOSTILE]: HOSTILE, long: MEGABYTE },
    clauses: [{
      id: `no${HOSTILE}`,
      level: "must",
      section: HOSTILE,
      text: MEGABYTE,
      note: MEGABYTE,
      noCase: MEGABYTE,
    }],
  },
  results: [
    caseResult("a/pass", CHANGE),
    caseResult(`a/${HOSTILE}`, CHANGE),
    caseResult("a/fail", {
      ...CHANGE,
      verdict: "fail",
      failure: { kind: "mismatch", expected: [HOSTILE, MEGABYTE], seen: MEGABYTE, entry: 99 },
    }),
    caseResult(`${HOSTILE}/error`, {
      ...CHANGE,
      verdict: "error",
      failure: { kind: "harness", expected: [], seen: HOSTILE, entry: 0 },
    }),
    caseResult("b/skip", { ...CHANGE, verdict: "skip", skip: { kind: "need", text: MEGABYTE } }),
    caseResult("b/bare", { verdict: "fail" }),
    caseResult("b/bare", { verdict: "pass" }),
    caseResult("b/bare (2)", { verdict: "pass" }),
    caseResult("c/flaky", {
      ...CHANGE,
      verdict: "fail",
      failure: { kind: "crash", expected: [], seen: HOSTILE },
      flaky: { attempts: 5, passed: 4, transcript: CHANGE.transcript!, log: HOSTILE },
    }),
    caseResult("c/expected", {
      ...CHANGE,
      verdict: "fail",
      failure: { kind: "crash", expected: [], seen: HOSTILE },
      expectedFailure: { pattern: HOSTILE, reason: HOSTILE },
    }),
    caseResult("c/unexpected", {
      ...CHANGE,
      expectedFailure: { pattern: HOSTILE, reason: MEGABYTE, message: HOSTILE },
    }),
    caseResult("c/not-run", {
      ...CHANGE,
      verdict: "skip",
      skip: { kind: "not-run", text: HOSTILE },
    }),
  ],
  durationMs: 1,
  life: HOSTILE,
  complete: false,
  cutOff: HOSTILE,
};
