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

function stub(behaviour = ""): Target {
  const argv = [Deno.execPath(), "run", "--allow-all", "--quiet", STUB, "{socket}", behaviour];
  return { kind: "command", argv };
}

async function playCases(
  behaviour: string,
  cases: readonly Case[] = CASES,
  options: Partial<PlayOptions> = {},
): Promise<Played> {
  const selected = selectCases([{ id: "stub", title: "Stub", cases }]);
  return await play(selected, stub(behaviour), { ...OPTIONS, ...options });
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
