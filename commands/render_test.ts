import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { toText } from "@std/streams/to-text";
import { Ajv2020 } from "npm:ajv@8.17.1/dist/2020.js";
import { validate } from "npm:ctrf@0.3.0";
import { validateXML } from "npm:xmllint-wasm@5.3.0";
import { HarnessError } from "../harness/harness_error.ts";
import { FORMATS, jsonl } from "../reports/mod.ts";
import schema from "../reports/results.schema.json" with { type: "json" };
import { FULL_RUN } from "../reports/testdata/full_run.ts";
import { render } from "./render.ts";

const path = (name: string) => new URL(name, import.meta.url).pathname;

/** Runs a program of the suite in a folder. */
async function deno(cwd: string, program: string, ...args: string[]) {
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", path(program), ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [output, errors, { code }] = await Promise.all([
    toText(child.stdout),
    toText(child.stderr),
    child.status,
  ]);
  return { code, output, errors };
}

const silent = () => {};

/** A folder that holds the results of a made-up run, and is removed at the end. */
async function folder(results: string = jsonl(FULL_RUN)) {
  const name = await Deno.makeTempDir();
  await Deno.writeTextFile(`${name}/results.jsonl`, results);
  return {
    name,
    read: (file: string) => Deno.readTextFile(`${name}/${file}`),
    [Symbol.asyncDispose]: () => Deno.remove(name, { recursive: true }),
  };
}

Deno.test("a run that was played is rendered again as it was, in every format", async () => {
  await using place = await folder("");
  const { code } = await deno(
    place.name,
    "../main.ts",
    ...["dma-map/same-range-twice", "device-get-info", "--out", "played", "--"],
    ...[Deno.execPath(), "run", "-A", path("../harness/reference/main.ts")],
    ...["--socket-path={socket}", "--fault=map-again-einval"],
  );
  assertEquals(code, 1);
  const all = Object.keys(FORMATS).join();
  const again = await deno(
    place.name,
    "render.ts",
    ...["--report", all, "--out", "again", "played/results.jsonl"],
  );
  const files = Object.values(FORMATS).map(({ file }) => file);
  const output = files.map((file) => `Report: again/${file}\n`).join("");
  assertEquals(again, { code: 0, output, errors: "" });
  for (const file of ["junit.xml", "report.html", "results.jsonl"]) {
    assert(await place.read(`played/${file}`) === await place.read(`again/${file}`), file);
  }
  assertEquals(validate(JSON.parse(await place.read("again/ctrf.json"))).errors, []);
  const xml = await place.read("again/junit.xml");
  const { errors } = await validateXML({
    xml,
    schema: await Deno.readTextFile(path("../reports/junit.xsd")),
  });
  assertEquals(errors.map(({ message }) => message), []);
  assertStringIncludes(xml, "Expected error EEXIST: got error EINVAL");
  const follows = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);
  const lines = (await place.read("played/results.jsonl")).trimEnd().split("\n");
  assert(lines.length > 5);
  for (const line of lines) assert(follows(JSON.parse(line)), JSON.stringify(follows.errors));
  assertStringIncludes(await place.read("again/summary.md"), "**NOT conformant: 1 failed,");
  assertStringIncludes(await place.read("again/results.tap"), "not ok 1 - same-range-twice");
  assertStringIncludes(await place.read("again/badge.svg"), "NOT conformant, 1 failed");
});

Deno.test("render writes JUnit and HTML beside the results", async () => {
  await using place = await folder();
  let printed = "";
  const args = [`${place.name}/results.jsonl`, "--label", "two"];
  assertEquals(await render(args, (text) => void (printed += text)), 0);
  const names = (await Array.fromAsync(Deno.readDir(place.name))).map(({ name }) => name);
  assertEquals(names.toSorted(), ["junit.xml", "report.html", "results.jsonl"]);
  assertEquals(printed, `Report: ${place.name}/junit.xml\nReport: ${place.name}/report.html\n`);
  assertStringIncludes(await place.read("junit.xml"), '<testsuite name="two: dma-map"');
});

Deno.test("render names attachments as Jenkins and as GitLab want them", async () => {
  await using place = await folder();
  const attached = async () =>
    [...new Set((await place.read("a/junit.xml")).match(/\[\[.*\]\]/g))].join();
  const args = ["results.jsonl", "--out", "./a", "--attachments"];
  assertEquals((await deno(place.name, "render.ts", ...args, "relative")).code, 0);
  assertEquals(await attached(), "[[ATTACHMENT|a/report.html]]");
  assertEquals((await deno(place.name, "render.ts", ...args, "absolute")).code, 0);
  const path = `${await Deno.realPath(place.name)}/a/report.html`;
  assertEquals(await attached(), `[[ATTACHMENT|${path}]]`);
});

Deno.test("render shows a stream that was cut off as such", async () => {
  const results = jsonl(FULL_RUN);
  await using place = await folder(results.slice(0, results.length / 2));
  assertEquals(await render([`${place.name}/results.jsonl`], silent), 0);
  assertStringIncludes(await place.read("junit.xml"), 'message="The run was cut off after ');
});

const MISTAKES: readonly [args: string[], message: string][] = [
  [[], "Give one file of results: --help"],
  [["a", "b"], "Give one file of results: --help"],
  [["--reports=x", "a"], "Unknown option --reports: --help shows those that exist"],
  [["--report", "pdf", "{file}"], "Unknown report pdf: known are junit, html, jsonl, ctrf, "],
  [["--report=", "{file}"], "--report needs a value: --report VALUE"],
  [["--attachments=far", "{file}"], "--attachments must be absolute (Jenkins) or relative"],
  [["/no/such.jsonl"], "Cannot read /no/such.jsonl: No such file"],
  [["{file}", "--out", "{file}"], "Cannot write reports to {file}: "],
  [["/"], "Cannot read /: Is a directory"],
  [["{file}.xml"], "Cannot read {file}.xml: Line 1 is no result of a run"],
];

for (const [args, message] of MISTAKES) {
  Deno.test(`render refuses ${args.join(" ") || "nothing"}`, async () => {
    await using place = await folder();
    const named = (text: string) => text.replace("{file}", `${place.name}/results.jsonl`);
    await Deno.writeTextFile(named("{file}.xml"), "<xml>\n\n");
    const error = await assertRejects(
      () => render(args.map(named), silent),
      HarnessError,
      named(message),
    );
    assertEquals([error.kind, error.message.includes("\n")], ["usage", false]);
  });
}
