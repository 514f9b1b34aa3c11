import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { toText } from "@std/streams/to-text";
import { CASES } from "../mod.ts";
import { readJsonl } from "../reports/mod.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const STUB = new URL("../harness/testdata/stub_server.ts", import.meta.url).pathname;
const REPORTS = ["junit.xml", "report.html", "results.jsonl"];
/** Longest wait of a test: the machine may be busy. */
const DEADLINE_MS = 20_000;

/** A folder for one test; temporary files of the program go into it too, so that nothing of others is seen. */
class Place implements AsyncDisposable {
  readonly path: string;
  readonly report: string;
  readonly temporary: string;

  private constructor(path: string) {
    this.path = path;
    this.report = `${path}/report`;
    this.temporary = `${path}/tmp`;
  }

  static async make(): Promise<Place> {
    const place = new Place(await Deno.makeTempDir());
    await Deno.mkdir(place.temporary);
    return place;
  }

  /** Starts the program. */
  start(...args: string[]): Deno.ChildProcess {
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--quiet", MAIN, "--out", this.report, ...args],
      env: { NO_COLOR: "1", TMPDIR: this.temporary },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Folders of servers, and the processes that were started for them. */
  async left(): Promise<{ folders: string[]; processes: number[] }> {
    const folders = await names(this.temporary);
    const processes = (await names("/proc")).filter((pid) =>
      environment(pid).includes(`VFIO_USER_CONFORMANCE=${this.temporary}/`)
    );
    return { folders, processes: processes.map(Number) };
  }

  /** How many of the stubborn servers are complete. */
  async detached(): Promise<number> {
    const folders = (await names(this.temporary)).map((name) => `${this.temporary}/${name}`);
    const files = (await Promise.all(folders.map(names))).flat();
    return files.filter((name) => name.endsWith(".detached")).length;
  }

  /** Waits until something of the program is to be seen. */
  async until(look: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    while (!await look()) {
      assert(performance.now() < deadline, "Waited in vain");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Lines of results so far. */
  async lines(): Promise<number> {
    const text = await Deno.readTextFile(`${this.report}/results.jsonl`).catch(() => "");
    return text.split("\n").length - 1;
  }

  async results() {
    return readJsonl(await Deno.readTextFile(`${this.report}/results.jsonl`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of (await this.left()).processes) Deno.kill(pid, "SIGKILL");
    await Deno.remove(this.path, { recursive: true });
  }
}

async function names(path: string): Promise<string[]> {
  const found = await Array.fromAsync(Deno.readDir(path), ({ name }) => name).catch(() => []);
  return found.toSorted();
}

function environment(pid: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/environ`);
  } catch {
    return "";
  }
}

async function ended(child: Deno.ChildProcess) {
  const [output, errors, { code, signal }] = await Promise.all([
    toText(child.stdout),
    toText(child.stderr),
    child.status,
  ]);
  return { output, errors, code, signal };
}

const NOTHING = { folders: [], processes: [] };

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`after ${signal} what was played is reported, and the rest is listed as not run`, async () => {
    await using place = await Place.make();
    const child = place.start();
    const running = ended(child);
    await place.until(async () => await place.lines() > 20);
    child.kill(signal);
    const { code, errors, output } = await running;
    assertEquals([code, errors], [3, ""]);
    assertStringIncludes(output.trimEnd().split("\n").at(-1)!, "cut off by a signal");
    assertEquals(await names(place.report), REPORTS);
    const { results, complete } = await place.results();
    const notRun = results.filter(({ skip }) => skip?.kind === "not-run").length;
    assertEquals([complete, results.length], [false, CASES.length]);
    assert(notRun > 0 && notRun < CASES.length - 10, `${notRun} not run`);
    const [junit, html] = await Promise.all(
      ["junit.xml", "report.html"].map((name) => Deno.readTextFile(`${place.report}/${name}`)),
    );
    assertEquals(junit!.split("<testcase ").length - 1, CASES.length + 1);
    assertStringIncludes(junit!, `name="complete"`);
    assert(junit!.endsWith("</testsuites>\n") && html!.trimEnd().endsWith("</html>"));
    assertEquals(await place.left(), NOTHING);
  });
}

for (const behaviour of ["never-listens", "never-answers", "is-silent"]) {
  Deno.test(`a run is cut off while the server ${behaviour.replace("-", " ")}`, async () => {
    await using place = await Place.make();
    const stub = [Deno.execPath(), "run", "-A", "--quiet", STUB, "{socket}", behaviour];
    const waits = ["--timeout", "600000", "--start-timeout", "600000"];
    const child = place.start(...waits, "region-access", "--", ...stub);
    const running = ended(child);
    await place.until(async () => (await place.left()).processes.length > 0);
    if (behaviour === "is-silent") await place.until(async () => await place.lines() > 0);
    child.kill("SIGTERM");
    const { code, errors } = await running;
    assertEquals([code, errors, await names(place.report)], [3, "", REPORTS]);
    const { results, complete } = await place.results();
    assert(!complete && results.at(-1)?.skip?.kind === "not-run");
    assert(results.every(({ verdict }) => verdict === "skip" || verdict === "pass"));
    assertEquals(await place.left(), NOTHING);
  });
}

/** A server that outlives SIGTERM, with a child in a group of its own. */
const STUBBORN = [
  "/bin/sh",
  "-c",
  `trap "" TERM; setsid sh -c ': > {socket}.detached; exec sleep 1000' & sleep 1000`,
];

Deno.test("a second signal ends the program at once, and nothing is left", async () => {
  await using place = await Place.make();
  const after = ["--jobs=1", "--after", "/bin/sleep 1000", "--start-timeout", "600000"];
  const child = place.start(...after, "version", "--", ...STUBBORN);
  const running = ended(child);
  await place.until(async () => await place.detached() === 1);
  assertEquals((await place.left()).processes.length, 3);
  child.kill("SIGINT");
  // the group has gone; --after runs, and what has left the group is there still
  await place.until(async () => (await place.left()).processes.length === 2);
  child.kill("SIGINT");
  const { code, errors } = await running;
  assertEquals([code, errors], [3, ""]);
  await place.until(async () => (await place.left()).processes.length === 0);
  assertEquals(await place.left(), NOTHING);
});

Deno.test("a second signal leaves no process of any job", async () => {
  await using place = await Place.make();
  const mark = `${place.path}/after`;
  const after = ["--jobs=2", "--after", `/bin/sh -c ": > ${mark}; exec sleep 1000"`];
  const stub = new URL("../harness/testdata/stub_server.ts", import.meta.url).pathname;
  const child = place.start(...after, "--", Deno.execPath(), "run", "-A", "-q", stub, "{socket}");
  const running = ended(child);
  await place.until(async () => (await place.left()).folders.length === 2); // of a server each
  child.kill("SIGINT");
  await place.until(() => Deno.stat(mark).then(() => true, () => false));
  child.kill("SIGINT");
  assertEquals((await running).code, 3);
  // A folder that a thread is making at that moment is removed by the next run.
  assertEquals((await place.left()).processes, []);
});

Deno.test("what a killed program leaves behind is ended by the next one, and nothing else", async () => {
  await using place = await Place.make();
  const hanging = ["--jobs=1", "--start-timeout", "600000", "version", "--", ...STUBBORN];
  const [killed, living] = [place.start(...hanging), place.start(...hanging)];
  const running = [ended(killed), ended(living)];
  await place.until(async () => await place.detached() === 2);
  killed.kill("SIGKILL");
  await running[0];
  const before = await place.left();
  assertEquals([before.folders.length, before.processes.length], [2, 6]);

  const next = place.start("version/minor-*");
  const { code, errors } = await ended(next);
  assertEquals([code, errors], [0, ""]);
  await place.until(async () => (await place.left()).processes.length === 3);
  const after = await place.left();
  assertEquals(after.folders.length, 1);
  living.kill("SIGTERM");
  assertEquals((await running[1]!).code, 3);
  assertEquals(await place.left(), NOTHING);
});

Deno.test("the results of a program that is killed are whole lines, without the reports of the run before", async () => {
  await using place = await Place.make();
  await ended(place.start("version/minor-*")); // fewer lines than are waited for
  const child = place.start();
  const running = ended(child);
  await place.until(async () =>
    await place.lines() > 20 && !(await names(place.report)).includes("junit.xml")
  );
  child.kill("SIGKILL");
  assertEquals((await running).signal, "SIGKILL");
  assertEquals(await names(place.report), ["results.jsonl"]);
  const { results, complete } = await place.results();
  assert(!complete && results.length > 10);
});

Deno.test("a reader of the output that goes away does not end the run", async () => {
  await using place = await Place.make();
  const child = place.start("--verbose", "version");
  const errors = toText(child.stderr);
  await child.stdout.cancel();
  assertEquals([(await child.status).code, await errors], [0, ""]);
  assertEquals(await names(place.report), REPORTS);
});
