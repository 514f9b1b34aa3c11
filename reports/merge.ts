import type { CaseResult, RunInfo, RunResult } from "../harness/results.ts";
import { oneLine, plural } from "./text.ts";

/** A run, and where its results were read. */
export interface NamedRun {
  readonly name: string;
  readonly run: RunResult;
}

/** What parts of one run have in common, in words. */
const SHARED: readonly (readonly [what: string, text: (info: RunInfo) => string])[] = [
  ["suites", ({ tool, version }) => `${tool} ${version}`],
  ["servers", ({ label }) => label],
  ["command lines", ({ target }) => target],
  ["devices", ({ facts }) => JSON.stringify(facts)],
  ["levels", ({ levels }) => levels.toSorted().join(", ")],
  ["time limits", ({ timeoutMs }) => `${timeoutMs} ms`],
  ["numbers of shards", ({ shard }) => shard?.split("/")[1] ?? "not a shard"],
  ["numbers of cases to play", ({ selected }) => `${selected ?? "unknown"}`],
];

/** Why these runs are not parts of one run: one line. */
export function whyNotOneRun(runs: readonly NamedRun[]): string | undefined {
  const [first, ...others] = runs;
  for (const { name, run } of others) {
    for (const [what, text] of SHARED) {
      const texts = [text(first!.run.info), text(run.info)];
      if (texts[0] === texts[1]) continue;
      const seen = texts.map((text) => oneLine(text, 200)).join(" and ");
      return `Cannot merge ${first!.name} and ${name}: the ${what} differ: ${seen}`;
    }
  }
  const owners = new Map<string, string>();
  for (const { name, run } of runs) {
    for (const { id } of run.results) {
      const owner = owners.get(id);
      if (owner !== undefined) return `Cannot merge ${owner} and ${name}: both played ${id}`;
      owners.set(id, name);
    }
  }
  return undefined;
}

/** Shards that are not among these runs: `3/4`. */
export function missingShards(runs: readonly RunResult[]): readonly string[] {
  const shards = new Set(runs.map(({ info }) => info.shard).filter((text) => text !== undefined));
  const count = Math.max(0, ...[...shards].map((text) => Number(text.split("/")[1])));
  return Array.from({ length: count }, (_, i) => `${i + 1}/${count}`)
    .filter((text) => !shards.has(text));
}

/**
 * One run of all parts, its cases in the order of `ids`. Its time is the sum of theirs, as if one machine had played
 * one part after the other, so that it compares with a run in one piece.
 */
export function merge(runs: readonly RunResult[], ids: readonly string[]): RunResult {
  const parts = runs.toSorted((a, b) => shardIndex(a) - shardIndex(b));
  let durationMs = 0;
  const played: CaseResult[] = [];
  for (const part of parts) {
    const before = durationMs;
    const later = (result: CaseResult) => ({ ...result, startMs: before + result.startMs });
    played.push(...part.results.map(later));
    durationMs += part.durationMs;
  }
  const places = new Map(ids.map((id, place) => [id, place]));
  const place = ({ id }: CaseResult) => places.get(id) ?? ids.length;
  const missing = missingText(runs, played.length);
  const cutOff = missing ?? parts.find((part) => part.cutOff !== undefined)?.cutOff;
  return {
    info: mergeInfo(parts),
    results: played.sort((a, b) => place(a) - place(b)),
    durationMs,
    life: parts.find(({ life }) => life !== "")?.life ?? "",
    complete: missing === undefined && parts.every(({ complete }) => complete),
    ...(cutOff === undefined ? {} : { cutOff }),
  };
}

/** Shards that were cut by different times may leave cases out between them. */
function missingText(runs: readonly RunResult[], played: number): string | undefined {
  const missing = missingShards(runs);
  if (missing.length > 0) return `for want of shard ${missing.join(" and ")}`;
  const lost = (runs[0]?.info.selected ?? played) - played;
  return lost > 0 ? `as ${plural(lost, "case")} fell between the shards` : undefined;
}

function shardIndex({ info }: RunResult): number {
  return Number.parseInt(info.shard ?? "0");
}

function mergeInfo(runs: readonly RunResult[]): RunInfo {
  const infos = runs.map(({ info }) => info);
  const { shard: _shard, selected: _selected, jobs, seed, stalePatterns: _stale, ...first } =
    infos[0]!;
  const stalePatterns = [...new Set(infos.flatMap((info) => info.stalePatterns ?? []))];
  const sameJobs = infos.every((info) => info.jobs === jobs);
  const sameSeed = infos.every((info) => info.seed === seed);
  return {
    ...first,
    platform: [...new Set(infos.map(({ platform }) => platform))].join("; "),
    startedAt: infos.map(({ startedAt }) => startedAt).toSorted()[0]!,
    ...(jobs !== undefined && sameJobs ? { jobs } : {}),
    ...(seed !== undefined && sameSeed ? { seed } : {}),
    ...(stalePatterns.length === 0 ? {} : { stalePatterns }),
  };
}
