import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "npm:ajv@8.17.1/dist/2020.js";
import { jsonl } from "./jsonl.ts";
import schema from "./results.schema.json" with { type: "json" };
import { CUT_RUN, FULL_RUN } from "./testdata/full_run.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { RUN } from "./testdata/sample_run.ts";

// A key that depends on another one need not name its type again.
const follows = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);

type Line = Record<string, unknown>;

function lines(text: string): Line[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

for (
  const [title, run] of [
    ["plain", RUN],
    ["full", FULL_RUN],
    ["cut off", CUT_RUN],
    ["hostile", HOSTILE_RUN],
  ] as const
) {
  Deno.test(`the lines of a ${title} run follow their schema`, () => {
    for (const line of lines(jsonl(run))) assert(follows(line), JSON.stringify(follows.errors));
  });
}

const CASES = lines(jsonl(FULL_RUN)).filter(({ type }) => type === "case");
const [first, last] = [lines(jsonl(CUT_RUN))[0]!, lines(jsonl(CUT_RUN)).at(-1)!];
const byId = (id: string) => CASES.find((line) => line.id === id)!;
const failed = byId("dma-map/many");
const skipped = byId("irq/left-out");
const flaky = byId("irq/now-and-then");

const WRONG: readonly [what: string, line: unknown][] = [
  ["nothing", {}],
  ["a list", []],
  ["an unknown type", { ...first, type: "start" }],
  ["a case that calls itself a run", { ...failed, type: "run" }],
  ["a run with an unknown key", { ...first, host: "x" }],
  ["a run with an unknown level", { ...first, levels: ["most"] }],
  ["a run with a fact that is no text", { ...first, facts: { regions: 9 } }],
  ["a run with jobs of zero", { ...first, jobs: 0 }],
  ["a case with an unknown key", { ...failed, status: "fail" }],
  ["a case with an unknown verdict", { ...failed, verdict: "failed" }],
  ["a case without its transcript", { ...failed, transcript: undefined }],
  ["a case that took negative time", { ...failed, durationMs: -1 }],
  ["a pass with a failure", { ...failed, verdict: "pass" }],
  ["a failure of an unknown kind", {
    ...failed,
    failure: { ...failed.failure as Line, kind: "x" },
  }],
  ["a failure at half an entry", { ...failed, failure: { ...failed.failure as Line, entry: 0.5 } }],
  ["a skip that passed", { ...skipped, verdict: "pass" }],
  ["a skip without a text", { ...skipped, skip: { kind: "user" } }],
  ["a flaky pass", { ...flaky, verdict: "pass", failure: undefined }],
  ["a flaky case of one attempt", { ...flaky, flaky: { ...flaky.flaky as Line, attempts: 1 } }],
  ["an expectation without a reason", { ...failed, expectedFailure: { pattern: "x" } }],
  ["an end without a summary", { ...last, summary: undefined }],
  ["an end with a count missing", { ...last, summary: { total: 1 } }],
  ["a complete run that was cut off", { ...last, complete: true }],
];

Deno.test("the schema of results refuses wrong lines", () => {
  const asWritten = (line: unknown) => JSON.parse(JSON.stringify(line));
  assertEquals(WRONG.filter(([, line]) => follows(asWritten(line))).map(([what]) => what), []);
});

/** The interface that each part of the schema describes, and what a line adds to it. */
const PARTS: readonly [interface_: string, part: keyof typeof schema.$defs, ...added: string[]][] =
  [
    ["Failure", "failure"],
    ["Skip", "skip"],
    ["TranscriptEntry", "transcriptEntry"],
    ["ExpectedFailure", "expectedFailure"],
    ["Flaky", "flaky"],
    ["Summary", "summary"],
    ["Clause", "listedClause", "id"],
    ["RunInfo", "run", "type"],
    ["CaseResult", "case", "type"],
  ];

Deno.test("the schema of results has the properties of the types, and no others", async () => {
  const files = ["../harness/results.ts", "../harness/case.ts"];
  const types = await interfaces(files.map((file) => new URL(file, import.meta.url).pathname));
  for (const [interface_, part, ...added] of PARTS) {
    const properties = types.get(interface_)!;
    const { properties: described, required, additionalProperties } = schema.$defs[part] as {
      properties: object;
      required: string[];
      additionalProperties: boolean;
    };
    const names = properties.map(({ name }) => name);
    assertEquals(Object.keys(described).toSorted(), [...names, ...added].toSorted(), part);
    const needed = properties.filter(({ optional }) => !optional).map(({ name }) => name);
    assertEquals(required.toSorted(), [...needed, ...added].toSorted(), part);
    assertEquals(additionalProperties, false);
  }
  const end = types.get("RunResult")!.map(({ name }) => name)
    .filter((name) => name !== "info" && name !== "results");
  assertEquals(
    Object.keys(schema.$defs.end.properties).toSorted(),
    [...end, "summary", "type"].toSorted(),
  );
});

interface Property {
  readonly name: string;
  readonly optional?: boolean;
}

/** The properties of each interface of these files. */
async function interfaces(
  files: readonly string[],
): Promise<ReadonlyMap<string, readonly Property[]>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...files],
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, {
      symbols: { name: string; declarations: { def?: { properties?: Property[] } }[] }[];
    }>;
  };
  return new Map(
    Object.values(nodes).flatMap(({ symbols }) =>
      symbols.map(({ name, declarations }) => [name, declarations[0]!.def?.properties ?? []])
    ),
  );
}
