import { type CaseResult, type RunInfo, type RunResult, summarize } from "../harness/results.ts";

/** First line of a stream of results. */
export function runLine(info: RunInfo): string {
  return line({ type: "run", ...info });
}

/** One case. */
export function caseLine(result: CaseResult): string {
  return line({ type: "case", ...result });
}

/** Last line; a stream without it was cut off. */
export function endLine(run: RunResult): string {
  const { info, results, life, durationMs, remarks, complete, cutOff } = run;
  return line({
    type: "end",
    life,
    durationMs,
    remarks,
    complete,
    cutOff,
    summary: summarize(results, info.levels),
  });
}

/** A whole run, one JSON value a line. */
export function jsonl(run: RunResult): string {
  return runLine(run.info) + run.results.map(caseLine).join("") + endLine(run);
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** One parsed line. */
type Line =
  | { readonly type: "run"; readonly value: RunInfo }
  | { readonly type: "case"; readonly value: CaseResult }
  | { readonly type: "end"; readonly value: Omit<RunResult, "info" | "results"> };

/** Reads a stream back, also one that was cut off. Throws a `SyntaxError` for what is no such stream. */
export function readJsonl(text: string): RunResult {
  const lines = text.split("\n");
  if (!isJson(lines.at(-1)!)) lines.pop();
  const parsed = lines.map(parseLine).filter((line) => line !== undefined);
  const info = parsed.find((line) => line.type === "run")?.value;
  if (info === undefined) throw new SyntaxError("The stream of results has no run line");
  const results = parsed.filter((line) => line.type === "case").map((line) => line.value);
  const end = parsed.find((line) => line.type === "end")?.value;
  return {
    info,
    results,
    life: end?.life ?? "",
    durationMs: end?.durationMs ??
      results.reduce((last, { startMs, durationMs }) => Math.max(last, startMs + durationMs), 0),
    ...(end?.remarks === undefined ? {} : { remarks: end.remarks }),
    complete: end?.complete ?? false,
    ...(end?.cutOff === undefined ? {} : { cutOff: end.cutOff }),
  };
}

/** Whether the last line was written to its end. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether what every report looks at is there. */
function isCase({ id, suite, clause, notes, transcript }: Record<string, unknown>): boolean {
  return typeof id === "string" && typeof suite === "string" && typeof clause === "object" &&
    Array.isArray(notes) && Array.isArray(transcript);
}

function parseLine(text: string, index: number): Line | undefined {
  if (text.trim() === "") return undefined;
  const wrong = (cause?: unknown) =>
    new SyntaxError(`Line ${index + 1} is no result of a run`, { cause });
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw wrong(error);
  }
  const { type, ...value } = json ?? {};
  switch (type) {
    case "run":
      if (!Array.isArray(value.levels) || !Array.isArray(value.clauses)) throw wrong();
      return { type, value: value as unknown as RunInfo };
    case "case":
      if (!isCase(value)) throw wrong();
      return { type, value: value as unknown as CaseResult };
    case "end":
      return { type, value: value as unknown as Omit<RunResult, "info" | "results"> };
    default:
      throw wrong();
  }
}
