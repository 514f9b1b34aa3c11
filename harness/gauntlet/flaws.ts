import type { Trial } from "./trial.ts";
import type { Expected } from "./trials.ts";

const REPORTS = ["junit.xml", "report.html"];
const RESULTS = "results.jsonl";
/** What the harness may use at most. */
export const MOST_BYTES = 256 * 2 ** 20;
/** A sentence, not a story. */
const LONGEST = 250;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/** What is wrong with a run against a hostile server; nothing, where the harness did as it should. */
export function flawsOf(one: Trial, expected: Expected, honest: Trial): string[] {
  const flaws = [
    ...endingFlaws(one, expected),
    ...sentenceFlaws(one, expected),
    ...reportFlaws(one),
    ...leftovers(one, honest),
  ];
  return flaws.map((flaw) => `${one.behaviour}: ${flaw}`);
}

function endingFlaws(one: Trial, { code }: Expected): string[] {
  if (one.signal !== null) return [`killed by ${one.signal} after ${one.seconds.toFixed(1)} s`];
  return one.code === code ? [] : [`exit code ${one.code}, not ${code}: ${one.errors}`];
}

function sentenceFlaws({ cases, errors }: Trial, { code, says }: Expected): string[] {
  const seen = cases.flatMap(({ id, verdict, failure }) =>
    failure === undefined ? [] : [{ id, verdict, text: failure.seen }]
  );
  const all = [...seen.map(({ text }) => text), errors.trimEnd()];
  return [
    ...all.filter((text) => text.length > LONGEST || text.includes("\n") || CONTROL.test(text))
      .map((text) => `no clear sentence: ${text}`),
    ...all.some((text) => text.includes(says))
      ? []
      : [`does not say "${says}" but ${all.join("; ")}`],
    ...seen.filter(({ verdict }) => verdict === "error").map(({ id, text }) =>
      `the harness blames itself in ${id}: ${text}`
    ),
    ...(code === 3) === (errors !== "") ? [] : [`on standard error: ${errors}`],
  ];
}

/**
 * A server that never came up has no reports: one line on standard error says why, and `results.jsonl` is empty.
 * All others have all three, and whole.
 */
function reportFlaws({ reports, code, cases }: Trial): string[] {
  const names = [...reports.keys()].toSorted();
  const results = reports.get(RESULTS) ?? new Uint8Array();
  if (code === 3 && cases.length === 0) {
    return names.join() === RESULTS && results.byteLength === 0 ? [] : [`reports ${names}`];
  }
  if (names.join() !== [...REPORTS, RESULTS].join()) return [`reports ${names}`];
  const html = text(reports.get("report.html"));
  return [
    ...resultsFlaws(text(results)),
    ...[...reports].filter(([, bytes]) => CONTROL.test(text(bytes) ?? "\0"))
      .map(([name]) => `control characters or broken UTF-8 in ${name}`),
    .../^<!doctype html>/i.test(html ?? "") && html?.trimEnd().endsWith("</html>")
      ? []
      : ["report.html is not whole"],
    // one script is the page's own
    ...html !== undefined && /<script.*<script|<b id=/is.test(html)
      ? ["markup of the server's"]
      : [],
  ];
}

function resultsFlaws(lines: string | undefined): string[] {
  try {
    const types = lines!.trimEnd().split("\n").map((line) => JSON.parse(line).type);
    const whole = types[0] === "run" && types.at(-1) === "end" &&
      types.slice(1, -1).every((type) => type === "case");
    return whole ? [] : [`results.jsonl holds ${types}`];
  } catch (error) {
    return [`results.jsonl is not whole: ${(error as Error).message}`];
  }
}

function leftovers({ held, processes, left }: Trial, honest: Trial): string[] {
  if (held === undefined) return ["it did not come to its end"];
  const usual = honest.held?.descriptors ?? {};
  const { peakBytes } = held;
  return [
    ...processes.map((words) => `left the process ${words}`),
    ...left.map((name) => `left the file ${name}`),
    ...held.mappings.map((line) => `left mapped: ${line}`),
    ...Object.entries(held.descriptors).filter(([kind, count]) => count > (usual[kind] ?? 0))
      .map(([kind, count]) => `holds ${count} descriptors of ${kind}, not ${usual[kind] ?? 0}`),
    ...peakBytes < MOST_BYTES ? [] : [`used ${Math.round(peakBytes / 2 ** 20)} MiB`],
  ];
}

function text(bytes: Uint8Array | undefined): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
