import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Case, Clause } from "./case.ts";
import { HarnessError } from "./harness_error.ts";
import { libc } from "./posix/libc.ts";
import { type CaseResult, failureText } from "./results.ts";
import { play, type Played, type PlayOptions } from "./run.ts";
import { selectCases } from "./select.ts";
import {
  anyError,
  closed,
  deviceReset,
  disconnect,
  expect,
  getInfo,
  regionRead,
  reply,
  secondServer,
} from "./steps.ts";
import type { Target } from "./target.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const STUB = new URL("./testdata/stub_server.ts", import.meta.url).pathname;
const CLAUSES: Record<string, Clause> = {
  any: { level: "must", section: "Header", text: "The server answers." },
};
const OPTIONS: PlayOptions = {
  timeoutMs: 250,
  startMs: 5000,
  graceMs: 500,
  profile: {},
  clauses: CLAUSES,
};

/** A case before the misdeed, the misdeed, and one after it. */
const CASES: readonly Case[] = [
  { id: "before", title: "", clause: "any", steps: [getInfo(), expect(reply())] },
  { id: "misdeed", title: "", clause: "any", steps: [regionRead(), expect(anyError())] },
  { id: "after", title: "", clause: "any", steps: [getInfo(), expect(reply({ argsz: 16 }))] },
];

function stub(behaviour = "", memory = ""): Target {
  const program = [Deno.execPath(), "run", "--allow-all", "--quiet", STUB];
  const argv = [...program, "{socket}", behaviour, memory];
  return { kind: "command", argv };
}

async function playCases(
  behaviour: string,
  cases: readonly Case[] = CASES,
  options: Partial<PlayOptions> = {},
): Promise<Played> {
  const selected = selectCases([{ id: "stub", title: "Stub", cases }]);
  const memory = await Deno.makeTempFile();
  try {
    return await play(selected, stub(behaviour, memory), { ...OPTIONS, ...options });
  } finally {
    await Deno.remove(memory);
  }
}

function reason(result: CaseResult | undefined): string {
  return result?.failure === undefined ? "" : failureText(result.failure);
}

Deno.test("play() passes what the server does as it should", async () => {
  const { results, life, complete } = await playCases("");
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "pass", "pass"]);
  assertEquals([life, complete], ["stays", true]);
});

const MISDEEDS: readonly [behaviour: string, kind: string, seen: string][] = [
  ["dies", "exit", "the connection closed: the server exited with code 3"],
  ["kills-itself", "crash", "the connection closed: the server was killed by SIGKILL"],
  ["is-silent", "no-reply", "no reply within the time limit"],
  ["closes", "closed", "the connection closed"],
  ["claims-4-gib", "mismatch", "a message that claims to have 4294967295 bytes"],
  ["claims-nothing", "mismatch", "a message that claims to have 0 bytes"],
  ["sends-half", "no-reply", "only 9 bytes of a message within the time limit"],
  ["floods", "mismatch", "message ID 31420"],
  ["asks-for-ever", "mismatch", "no end of commands from the server"],
  ["answers-twice", "mismatch", "an error reply with errno 0"],
  ["reports", "crash", "ERROR: AddressSanitizer: heap-buffer-overflow"],
];

for (const [behaviour, kind, seen] of MISDEEDS) {
  Deno.test(`play() blames the case in which a server ${behaviour}, and no other`, async () => {
    // Ten thousand commands take a busy machine longer than silence may.
    const timeoutMs = behaviour === "asks-for-ever" ? 10_000 : OPTIONS.timeoutMs;
    const { results, complete } = await playCases(behaviour, CASES, { timeoutMs });
    assertEquals(results.map(({ verdict }) => verdict), ["pass", "fail", "pass"]);
    assertEquals(results[1]?.failure?.kind, kind);
    assertStringIncludes(reason(results[1]), seen);
    assert(complete);
  });
}

Deno.test("play() drains a server that prints a megabyte without a line feed", async () => {
  const { results } = await playCases("chatters");
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "pass", "pass"]);
  assert(results.every(({ log }) => log.length < 100_000));
});

for (const [behaviour, life] of [["exits-after-client", "exits"], ["abandons", "abandons"]]) {
  Deno.test(`play() starts a server anew that ${behaviour}`, async () => {
    const leave: Case = {
      id: "leave",
      title: "",
      clause: "any",
      steps: [getInfo(), expect(reply()), disconnect()],
    };
    const cases = [leave, { ...leave, id: "again" }, ...CASES];
    const played = await playCases(behaviour!, cases);
    assertEquals(played.results.map(({ verdict }) => verdict), Array(5).fill("pass"));
    assertEquals(played.life, life);
  });
}

Deno.test("play() takes an unexpected close for a failure, and a permitted one for none", async () => {
  const permitted = { ...CASES[1]!, steps: [regionRead(), expect(anyError(), closed())] };
  const { results } = await playCases("closes", [CASES[0]!, permitted, CASES[2]!]);
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "pass", "pass"]);
});

const UNUSABLE: readonly [behaviour: string, message: string][] = [
  ["exits-at-once", "Cannot connect to the server: the server exited with code 4"],
  ["never-listens", "after 300 ms (ENOENT)"],
  ["never-answers", "Cannot negotiate with the server: VERSION gave no reply within"],
];

for (const [behaviour, message] of UNUSABLE) {
  Deno.test(`play() says once that a server ${behaviour}`, async () => {
    const error = await assertRejects(
      () => playCases(behaviour, CASES, { startMs: behaviour === "never-listens" ? 300 : 5000 }),
      HarnessError,
      message,
    );
    assertEquals(error.kind, "start");
  });
}

Deno.test("play() lists what it did not play when it is cut off", async () => {
  const controller = new AbortController();
  const selected = selectCases([{ id: "stub", title: "Stub", cases: CASES }]);
  const options = { ...OPTIONS, timeoutMs: 60_000, signal: controller.signal };
  const { results, complete } = await play(selected, stub("is-silent"), options, {
    caseStarted: (id) => id === "stub/misdeed" && controller.abort(),
  });
  assertEquals(results.map(({ skip }) => skip?.kind), [undefined, "not-run", "not-run"]);
  assert(!complete);
});

Deno.test("play() attaches to a server, and leaves it running", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/server.sock`;
  await using server = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", STUB, path],
  }).spawn();
  const selected = selectCases([{ id: "stub", title: "Stub", cases: CASES }]);
  const { results } = await play(selected, { kind: "attach", path }, OPTIONS);
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "pass", "pass"]);
  using _still = await Deno.connect({ transport: "unix", path });
  server.kill("SIGKILL");
  await Deno.remove(folder, { recursive: true });
});

const OTHER_SERVER: Case = {
  id: "other",
  title: "",
  clause: "any",
  steps: [getInfo(), expect(reply()), secondServer(), regionRead(), expect(anyError())],
};

Deno.test("play() goes on with a second server, and comes back to the first", async () => {
  const { results } = await playCases("", [CASES[0]!, OTHER_SERVER, OTHER_SERVER, CASES[2]!]);
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "pass", "pass", "pass"]);
});

Deno.test("play() sees the second server die, and not the first", async () => {
  const { results } = await playCases("dies", [OTHER_SERVER, CASES[2]!]);
  assertEquals(results.map(({ verdict }) => verdict), ["fail", "pass"]);
  assertStringIncludes(reason(results[0]), "the server exited with code 3");
});

const SILENT: readonly Case[] = Array.from({ length: 6 }, (_, i) => ({
  ...CASES[1]!,
  id: `silent-${i}`,
}));

Deno.test("play() gives a suite up after three cases in a row without an answer", async () => {
  const selected = selectCases([
    { id: "silent", title: "", cases: SILENT },
    { id: "other", title: "", cases: CASES },
  ]);
  const { results, complete } = await play(selected, stub("is-silent"), OPTIONS);
  assertEquals(results.map(({ verdict }) => verdict), [
    ...["fail", "fail", "fail", "skip", "skip", "skip"],
    ...["pass", "fail", "pass"],
  ]);
  assertEquals(results[5]?.skip?.kind, "not-run");
  assertStringIncludes(results[5]?.skip?.text ?? "", "--keep-going");
  assert(complete);
});

Deno.test("play() waits once for a server that keeps silent", async () => {
  const timeoutMs = 3000;
  const { results } = await playCases("is-silent", [CASES[0]!, ...SILENT], { timeoutMs });
  assertEquals(results.map(({ verdict }) => verdict), [
    ...["pass", "fail", "fail", "fail", "skip", "skip", "skip"],
  ]);
  const [, first, ...others] = results;
  assert(first!.durationMs >= timeoutMs);
  const more = others.reduce((sum, { durationMs }) => sum + durationMs, 0);
  assert(more < timeoutMs, `${more} ms more`);
  assertStringIncludes(others[0]?.notes.join() ?? "", " ms only, since the case before");
});

const SLOW: Case = {
  id: "slow",
  title: "",
  clause: "any",
  steps: [deviceReset(), expect(anyError())],
};

Deno.test("play() does not blame a slow answer behind a silence", async () => {
  for (const cases of [[SILENT[0]!, SLOW, CASES[0]!], [SILENT[0]!, SLOW]]) {
    const { results } = await playCases("is-silent-and-slow", cases, { timeoutMs: 1500 });
    assertEquals(
      results.map(({ verdict }) => verdict),
      ["fail", "pass", "pass"].slice(0, cases.length),
    );
  }
});

Deno.test("play() ends when the server answers no new client either", async () => {
  const { results, complete } = await playCases("falls-silent", [...SILENT, CASES[0]!], {
    replay: false,
  });
  assertEquals(results.map(({ verdict }) => verdict), [
    ...["fail", "fail", "fail", "skip", "skip", "skip", "skip"],
  ]);
  assertStringIncludes(results[6]?.skip?.text ?? "", "the server answers no more");
  assert(complete);
});

Deno.test("play() reports a failure that cannot be played again", async () => {
  const { results } = await playCases("falls-silent", [SILENT[0]!, CASES[0]!, SILENT[1]!]);
  assertEquals(results.map(({ verdict }) => verdict), ["fail", "pass", "fail"]);
  assertStringIncludes(results[2]?.notes.join() ?? "", "could not be played again");
});

Deno.test("play() keeps going where it is told to", async () => {
  const { results } = await playCases("is-silent", SILENT, { keepGoing: true });
  assertEquals(results.map(({ verdict }) => verdict), Array(6).fill("fail"));
});

Deno.test("play() calls a case flaky that fails at times", async () => {
  const { results } = await playCases("every-second", CASES, { repeat: 4, replay: false });
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "fail", "pass"]);
  const { flaky, failure, transcript } = results[1]!;
  assertEquals([flaky?.attempts, flaky?.passed, failure?.kind], [4, 2, "mismatch"]);
  assert(transcript.length > 0 && (flaky?.transcript.length ?? 0) > 0);
  assertEquals(results[0]?.flaky, undefined);
});

Deno.test("play() plays no more when its listener says so", async () => {
  const selected = selectCases([{ id: "stub", title: "", cases: CASES }]);
  const { results, complete } = await play(selected, stub("closes"), OPTIONS, {
    caseFinished: ({ verdict }) => verdict === "fail" ? "stop" : undefined,
  });
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "fail", "skip"]);
  assertEquals(results[2]?.skip?.text, "the run ended at its first failure");
  assert(complete);
});

Deno.test("play() blames the case in which a server opens a descriptor and keeps it", async () => {
  const { results } = await playCases("leaks");
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "fail", "pass"]);
  assertEquals(results[1]?.failure?.kind, "leak");
  assertStringIncludes(reason(results[1]), "got 1 more");
});

Deno.test("play() allows a server to open what it needs once", async () => {
  const { results } = await playCases("opens-once");
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "pass", "pass"]);
});

Deno.test("play() fails the last case when a sanitizer reports at the server's end", async () => {
  const { results } = await playCases("reports-at-end");
  assertEquals(results.map(({ verdict }) => verdict), ["pass", "pass", "fail"]);
  assertStringIncludes(reason(results[2]), "LeakSanitizer: detected memory leaks");
  assertStringIncludes(results[2]?.notes.join() ?? "", "all cases that the server had served");
});

Deno.test("play() remarks on a server that is busy while nothing is asked of it", async () => {
  const { remarks } = await playCases("burns");
  assertEquals(remarks, ["keeps a processor busy while nothing is asked of it"]);
  assertEquals((await playCases("")).remarks, []);
});

Deno.test("play() remarks on processes that outlive the server", async () => {
  const { remarks } = await playCases("leaves-a-process");
  assertEquals(remarks, ["leaves processes behind when it ends"]);
});

Deno.test("play() remarks on a case that costs memory each time", async () => {
  const repeated = await playCases("eats", [CASES[1]!], { repeat: 20 });
  assertEquals(repeated.results[0]?.verdict, "pass");
  assertStringIncludes(repeated.results[0]?.notes.join() ?? "", "in the last 10 of 20 attempts");
  const frugal = await playCases("", [CASES[1]!], { repeat: 20 });
  assertEquals(frugal.results[0]?.notes, []);
});
