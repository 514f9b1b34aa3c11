import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { toText } from "@std/streams/to-text";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const REFERENCE = new URL("./harness/reference/main.ts", import.meta.url).pathname;

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function start(folder: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", MAIN, ...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const [output, errors, { code }] = await Promise.all([
    toText(child.stdout),
    toText(child.stderr),
    child.status,
  ]);
  return { code, output, errors };
}

/** Runs the program in a folder of its own. */
async function main(...args: string[]): Promise<Ended & { readonly files: string[] }> {
  const folder = await Deno.makeTempDir();
  try {
    const result = await ended(start(folder, ...args));
    return { ...result, files: await reports(folder) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function reports(folder: string): Promise<string[]> {
  const files = await Array.fromAsync(Deno.readDir(`${folder}/conformance-report`)).catch(() => []);
  return files.map(({ name }) => name).toSorted();
}

const REPORTS = ["junit.xml", "report.html", "results.jsonl"];

Deno.test("a run against the reference server is green and writes its reports", async () => {
  const { code, output, errors, files } = await main("device-get-info", "dma-unmap/*twice*");
  assertEquals([code, errors, files], [0, "", REPORTS]);
  assertMatch(output, /\nconformant: \d+ passed/);
});

Deno.test("a run against a faulty server fails, and says how to play the case again", async () => {
  const fault = ["--", Deno.execPath(), "run", "-A", REFERENCE, "--socket-path={socket}"];
  const { code, output, files } = await main(
    "dma-map/same-range-twice",
    ...fault,
    "--fault=map-again-einval",
  );
  assertEquals([code, files], [1, REPORTS]);
  assertStringIncludes(output, "Expected error EEXIST: got error EINVAL");
  assertStringIncludes(output, "deno task conformance dma-map/same-range-twice -- ");
  assertStringIncludes(output, "\nNOT conformant: 1 failed");
});

const FAULTY = ["--", Deno.execPath(), "run", "-A", REFERENCE, "--socket-path={socket}"];

Deno.test("a list of expected failures is written, and holds for the next run", async () => {
  const folder = await Deno.makeTempDir();
  const list = `${folder}/known.json`;
  const faulty = [...FAULTY, "--fault=map-again-einval"];
  const first = await main("dma-map/same-*", "--write-expect", list, ...faulty);
  assertEquals(first.code, 1);
  const second = await main("dma-map/same-*", "--expect", list, ...faulty);
  assertEquals(second.code, 0);
  assertMatch(second.output, /\nas expected: \d+ passed, \d+ expected failure/);
  const mended = await main("dma-map/same-*", "--expect", list, ...FAULTY);
  assertEquals(mended.code, 1);
  assertMatch(mended.output, /it passed, and dma-map\/same-range-twice says that it fails/);
  assertMatch(mended.output, /\nNOT as expected: \d+ unexpected pass/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("an expected failure that names no case fails the run", async () => {
  const list = await Deno.makeTempFile();
  await Deno.writeTextFile(list, '[{ "pattern": "dma-mapp/*", "reason": "it was renamed" }]');
  const { code, output } = await main("device-reset", "--expect", list);
  assertEquals(code, 1);
  assertMatch(output, /Stale patterns[^\n]*\n {2}dma-mapp\/\*\n/);
  assertMatch(output, /\nNOT as expected: .* 1 stale pattern/);
  await Deno.remove(list);
});

Deno.test("--max-time cuts a run off, and --fail-fast ends it", async () => {
  const late = await main("--max-time", "0.9s");
  assertEquals([late.code, late.files], [3, REPORTS]);
  assertMatch(late.output, /cut off after 0.9 s, the longest time it may take/);
  const failing = await main("dma-map", "--fail-fast", ...FAULTY, "--fault=map-again-einval");
  assertEquals(failing.code, 1);
  assertMatch(failing.output, /the run ended at its first failure/);
});

Deno.test("--watch plays what failed again when the program has changed, and then all", async () => {
  const folder = await Deno.makeTempDir();
  const program = `${folder}/server`;
  const write = async (fault: string) => {
    const words = [Deno.execPath(), "run", "-A", REFERENCE, fault].join(" ");
    await Deno.writeTextFile(`${program}.new`, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    await Deno.rename(`${program}.new`, program);
  };
  await write("--fault=map-again-einval");
  const child = start(folder, "dma-map/same-*", "--watch", "--", program);
  const errors = toText(child.stderr);
  const said = ["Waiting for a change", "now all cases", "conformant: ", "Waiting for a change"];
  let output = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    while (said.length > 0 && output.includes(said[0]!)) {
      output = output.slice(output.indexOf(said[0]!) + said[0]!.length);
      said.shift();
      if (said.length === 3) await write("");
      if (said.length === 0) child.kill("SIGINT");
    }
  }
  assertEquals([(await child.status).code, await errors, said], [0, "", []]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("--debug says where the server shall listen, and waits for it", async () => {
  const folder = await Deno.makeTempDir();
  const child = start(folder, "device-get-info", "--debug", ...FAULTY);
  const errors = toText(child.stderr);
  let output = "";
  let server: Deno.ChildProcess | undefined;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    const command = /^ {2}gdb --args (.*--socket-path=\S+)$/m.exec(output)?.[1]?.split(" ");
    if (command === undefined) continue;
    server ??= new Deno.Command(command[0]!, { args: command.slice(1), stderr: "null" }).spawn();
  }
  assertEquals([(await child.status).code, await errors], [0, ""]);
  assertMatch(output, /\nconformant: /);
  server?.kill("SIGTERM");
  await server?.status;
  await Deno.remove(folder, { recursive: true });
});

const MISTAKES: readonly [args: string[], message: string][] = [
  [["--tiemout", "5"], "Unknown option --tiemout: --help shows those that exist"],
  [["--timeout", "soon"], "--timeout must be a positive number of milliseconds: it is soon"],
  [["--timeout"], "--timeout needs a value: --timeout VALUE"],
  [["--level", "must,most"], "Unknown level most: known are must, should, may, robust, qemu"],
  [
    ["dma-mapp/*"],
    "Cannot find a case for the pattern dma-mapp/*: --list shows them all, as suite/case",
  ],
  [["--skip", "nothing/*"], "Cannot find a case for the pattern nothing/*"],
  [["--profile", "/no/such.json"], "Cannot read the device profile /no/such.json: No such file"],
  [["--profile", MAIN], "Cannot use the device profile"],
  [["--profile-out", "x.json"], "--profile-out needs --probe"],
  [["--probe", "version"], "--probe plays no case: leave out version"],
  [["--env", "PATH"], "--env must be NAME=VALUE: it is PATH"],
  [["--server", "'a"], "Cannot read --server: a quote or backslash is never closed"],
  [["--attach", "/x", "--", "y"], "Give the server once"],
  [["--attach", "/x", "--watch"], "--watch needs a command, not --attach"],
  [["--watch", "--", "deno"], "--watch needs the path of a program"],
  [["--watch", "--", "/no/such"], "Cannot watch /no/such: No such file"],
  [["--jobs", "0"], "--jobs must be a positive number: it is 0"],
  [["--max-time", "soon"], "--max-time must be a time such as 90s, 15m or 1h: it is soon"],
  [["--expect", "/no/such.json"], "Cannot read the list of expected failures /no/such.json"],
  [["--expect", MAIN], "Cannot use the list of expected failures"],
  [["--out", "a", "--timeout=7", "--out=b"], "--out is given twice: give it once"],
  [["--out", "/proc/re\nport"], "Cannot write reports to /proc/re port"],
  [["--profile", "/no\n/such.json"], "Cannot read the device profile /no /such.json: No such file"],
  [["--out", "/proc/report"], "Cannot write reports to /proc/report"],
];

for (const [args, message] of MISTAKES) {
  Deno.test(`${args.join(" ")} is refused in one line`, async () => {
    const { code, output, errors } = await main(...args);
    assertEquals([code, output], [2, ""]);
    assert(errors.startsWith(message), errors);
    assertEquals(errors.trimEnd().split("\n").length, 1);
  });
}

Deno.test("a server that cannot be started is told once", async () => {
  const { code, errors } = await main("--", "/no/such/server");
  assertEquals([code, errors], [3, "Cannot start /no/such/server: no such program\n"]);
});

Deno.test("--help fits a screen and has three examples", async () => {
  const { code, output } = await main("--help");
  assertEquals(code, 0);
  assert(output.split("\n").length <= 50);
  assert(output.split("\n").every((line) => line.length <= 110));
  assertEquals(output.split("Examples:")[1]?.trim().split("\n").length, 3);
});

Deno.test("--list names every case, for people and for programs", async () => {
  const { output } = await main("--list");
  const { output: json } = await main("--list", "--json");
  const cases: { id: string; level: string }[] = JSON.parse(json);
  assert(cases.length >= 250);
  assertStringIncludes(output, `${cases.length} cases`);
  for (const { id } of cases) assertStringIncludes(output, id);
});

Deno.test("a run that is interrupted still writes its reports, and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  const child = start(folder, "--verbose");
  const errors = toText(child.stderr);
  let output = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const begun = output.includes("framing/");
    output += chunk;
    if (!begun && output.includes("framing/")) child.kill("SIGINT");
  }
  const { code } = await child.status;
  assertEquals([code, await errors, await reports(folder)], [3, "", REPORTS]);
  assertStringIncludes(output, "the run was cut off");
  const results = await Deno.readTextFile(`${folder}/conformance-report/results.jsonl`);
  assertStringIncludes(results, `"kind":"not-run"`);
  await Deno.remove(folder, { recursive: true });
});
