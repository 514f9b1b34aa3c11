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
  assert(output.split("\n").length <= 36);
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
