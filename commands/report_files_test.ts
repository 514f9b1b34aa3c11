import { assert, assertEquals, assertRejects } from "@std/assert";
import { HarnessError } from "../harness/harness_error.ts";
import { readJsonl } from "../reports/mod.ts";
import { ReportFolder } from "./report_files.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const REPORTS = ["junit.xml", "report.html"];

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function names(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).toSorted();
}

async function refusal(path: string): Promise<string> {
  const error = await assertRejects(() => ReportFolder.open(path, REPORTS), HarnessError);
  assertEquals(error.kind, "usage");
  return error.message;
}

Deno.test("reports are written, and lines can be read while the run goes on", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/new/tief er/ré\nport`;
    using reports = await ReportFolder.open(path, REPORTS);
    reports.record("one\n");
    assertEquals(await Deno.readTextFile(`${path}/results.jsonl`), "one\n");
    await reports.write("junit.xml", ["<a>", "</a>"]);
    assertEquals(await Deno.readTextFile(`${path}/junit.xml`), "<a></a>");
    assertEquals(reports.written, [`${path}/junit.xml`, `${path}/results.jsonl`]);
    assertEquals(reports.failures, []);
    assertEquals(await names(path), ["junit.xml", "results.jsonl"]);
  });
});

Deno.test("a link in the folder is replaced, what it points to stays as it is", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/real`);
    await Deno.symlink(`${folder}/real`, `${folder}/report`);
    await Deno.writeTextFile(`${folder}/precious`, "precious");
    await Deno.symlink("../precious", `${folder}/real/junit.xml`);
    await Deno.symlink("../precious", `${folder}/real/results.jsonl`);
    await Deno.symlink("../nowhere", `${folder}/real/report.html`);
    {
      using reports = await ReportFolder.open(`${folder}/report`, REPORTS);
      await Deno.symlink("../precious", `${folder}/real/junit.xml`); // meanwhile
      reports.record("line\n");
      for (const name of REPORTS) await reports.write(name, [name]);
      assertEquals(reports.failures, []);
    }
    assertEquals(await Deno.readTextFile(`${folder}/precious`), "precious");
    assertEquals(await names(folder), ["precious", "real", "report"]);
    const files = [...REPORTS, "results.jsonl"].map((name) => `${folder}/real/${name}`);
    const infos = await Promise.all(files.map((file) => Deno.lstat(file)));
    assertEquals(infos.map(({ isFile }) => isFile), [true, true, true]);
  });
});

Deno.test("a report that cannot be made whole is not there at all, and the next one is", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/junit.xml`, "of an earlier run");
    using reports = await ReportFolder.open(folder, REPORTS);
    await reports.write(
      "junit.xml",
      function* () {
        yield "<half>";
        throw new Error("No more\npaper");
      }(),
    );
    await reports.write("report.html", ["whole"]);
    assertEquals(reports.failures, [`Cannot write ${folder}/junit.xml: No more paper`]);
    assertEquals(await names(folder), ["report.html", "results.jsonl"]);
  });
});

Deno.test("a folder that cannot be written is refused in one line", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/odd\nname/junit.xml`, { recursive: true });
    await Deno.writeTextFile(`${folder}/file`, "");
    const odd = `${folder}/odd name`;
    assertEquals(
      await refusal(`${folder}/odd\nname`),
      `Cannot write reports to ${odd}: ${odd}/junit.xml is a folder`,
    );
    assertEquals(
      await refusal(`${folder}/file`),
      `Cannot write reports to ${folder}/file: it is no folder`,
    );
    assertEquals(
      await refusal(`${folder}/file/x`),
      `Cannot write reports to ${folder}/file/x: Not a directory`,
    );
    assertEquals(await refusal("/sys"), "Cannot write reports to /sys: Permission denied");
    assertEquals(
      await refusal(`${folder}/${"x".repeat(300)}`).then((line) => line.split(": ")[1]),
      "File name too long",
    );
  });
});

interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Runs the program in a folder; `prefix` is put before its command line. */
async function main(cwd: string, prefix: string, ...args: string[]): Promise<Ended> {
  const line = [Deno.execPath(), "run", "--allow-all", "--quiet", MAIN, ...args];
  const { code, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", `${prefix} exec "$@"`, "sh", ...line],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
  }).output();
  return { code, lines: new TextDecoder().decode(stderr).trimEnd().split("\n") };
}

Deno.test("an unwritable folder is told before the server is started", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const server = ["--", "/usr/bin/touch", "started", "{socket}"];
    const refused = await main(folder, "", "--out", "file", ...server);
    assertEquals(refused, { code: 2, lines: ["Cannot write reports to file: it is no folder"] });
    assertEquals(await names(folder), ["file"]);
    await main(folder, "", "--out", "report", ...server);
    assertEquals(await names(folder), ["file", "report", "started"]);
  });
});

/** After a run without room for its larger reports: each is told, or stands there whole. */
async function checkShortOfRoom(folder: string, { code, lines }: Ended, why: string) {
  assertEquals(code, 3);
  const told = (name: string) => lines.includes(`Cannot write report/${name}: ${why}`);
  assert(told("results.jsonl") && told("report.html"), lines.join("\n"));
  assertEquals(lines.length, told("junit.xml") ? 3 : 2);
  const files = await names(`${folder}/report`);
  assertEquals(files, told("junit.xml") ? ["results.jsonl"] : ["junit.xml", "results.jsonl"]);
  const results = await Deno.readTextFile(`${folder}/report/results.jsonl`);
  assert(results.endsWith("}\n"));
  const read = readJsonl(results);
  assert(read.results.length > 0 && !read.complete);
}

Deno.test("what a limit on the size of files keeps from being written is told; the rest is written", async () => {
  await inFolder(async (folder) => {
    const ended = await main(folder, "ulimit -f 250;", "version", "--out", "report");
    await checkShortOfRoom(folder, ended, "File too large");
    const junit = await Deno.readTextFile(`${folder}/report/junit.xml`);
    assert(junit.endsWith("</testsuites>\n"));
  });
});

Deno.test("a full disk ends neither the run nor the other reports", async (t) => {
  await inFolder(async (folder) => {
    const disk = ["-t", "tmpfs", "-o", "size=160k", "tmpfs", folder];
    const { success } = await new Deno.Command("mount", { args: disk, stderr: "null" }).output();
    if (!success) return void await t.step({ name: "may not mount", ignore: true, fn() {} });
    try {
      const ended = await main(folder, "", "version", "--out", "report");
      await checkShortOfRoom(folder, ended, "No space left on device");
    } finally {
      await new Deno.Command("umount", { args: [folder] }).output();
    }
  });
});
