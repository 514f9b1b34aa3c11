import { bold, gray, green, red, yellow } from "@std/fmt/colors";
import type { DeviceFacts } from "../harness/device_facts.ts";
import type { Found, Hunted } from "../harness/random/hunt.ts";
import { actText } from "../harness/random/message.ts";
import type { Kind } from "../harness/random/run.ts";
import { CLAUSES } from "../mod.ts";
import { durationText, indent, lastLines, oneLine, plural } from "../reports/text.ts";

/** What is played. */
export interface HuntInfo {
  readonly kind: Kind;
  readonly seed: number;
  readonly count: number;
  readonly commands: number;
  readonly label: string;
  readonly target: string;
}

/** Steps of a failure that are shown; the replay file has them all. */
const MAX_STEPS = 20;
/** Lines of what the server printed. */
const LOG_LINES = 6;
/** A progress line is written anew so often, in milliseconds. */
const PROGRESS_MS = 200;

/** Tells a person what a hunt does and what it found. */
export class HuntReport {
  readonly #write: (text: string) => void;
  readonly #info: HuntInfo;
  readonly #terminal = Deno.stdout.isTerminal();
  readonly #color = Deno.stdout.isTerminal() && !Deno.noColor;
  #last = 0;

  constructor(write: (text: string) => void, info: HuntInfo) {
    this.#write = write;
    this.#info = info;
  }

  /** The server is up and known. */
  started({ profile }: DeviceFacts): void {
    const { label, target, count, commands, kind, seed } = this.#info;
    this.#line(`${this.#paint(bold, oneLine(label))}  ${oneLine(target)}`);
    const amount = kind === "random"
      ? `${plural(count, "conversation")} of ${plural(commands, "command")}`
      : `${count * commands} messages`;
    this.#line(this.#paint(gray, `${amount}, seed ${seed}`));
    if (kind === "random" && !profile.scratch?.length) {
      this.#line(this.#paint(yellow, "Nothing is written: no profile names scratch memory"));
    }
    this.#line("");
  }

  /** So many conversations have been played, and so many kinds of failures found. */
  progress(done: number, found: number): void {
    const now = performance.now();
    if (!this.#terminal || now - this.#last < PROGRESS_MS) return;
    this.#last = now;
    const failed = found === 0 ? "" : `  ${plural(found, "kind")} of failures`;
    this.#write(`\r\x1b[K${done}/${this.#info.count}${failed}`);
  }

  /** The hunt is over; `files` are the replay files in the order of the failures, and the results. */
  finished(hunted: Hunted, files: readonly string[], reproduce: readonly string[]): void {
    hunted.found.forEach((found, i) => this.#failure(found, files[i]!, reproduce));
    for (const file of files) this.#line(`Report: ${oneLine(file)}`);
    const color = hunted.found.length > 0 ? red : hunted.complete ? green : yellow;
    this.#line(`\n${this.#paint(color, this.#paint(bold, huntSentence(this.#info, hunted)))}`);
  }

  #failure(found: Found, file: string, reproduce: readonly string[]): void {
    const { finding, acts, times, drawn, conversation, again, log } = found;
    const { clause, expected, seen, kind } = finding;
    const { level, text } = CLAUSES[clause as keyof typeof CLAUSES] ?? {};
    const what = `expected ${oneLine(expected)}, seen: ${oneLine(seen)}`;
    const head = this.#paint(red, `✘ ${kind === "mismatch" ? "failed" : kind}`);
    this.#line(`${head} ${this.#paint(bold, clause)}: ${what}`);
    if (text !== undefined) this.#line(this.#paint(gray, `  ${level}: ${oneLine(text)}`));
    for (const act of acts.slice(0, MAX_STEPS)) this.#line(`    ${oneLine(actText(act), 300)}`);
    if (acts.length > MAX_STEPS) this.#line(`    … ${acts.length - MAX_STEPS} more`);
    const number = `conversation ${conversation} of ${plural(drawn, "step")}`;
    this.#line(this.#paint(gray, `  ${number}; ${plural(times, "conversation")} failed so`));
    if (!again) {
      this.#line(this.#paint(yellow, "  It did not fail again when it was played alone."));
    }
    if (log !== "") this.#line(this.#paint(gray, indent(lastLines(log, LOG_LINES), "  | ")));
    const words = ["deno", "task", "replay", file, ...reproduce].map(quoted);
    this.#line(`  Play it again: ${oneLine(words.join(" "), 4000)}\n`);
  }

  #line(text: string): void {
    this.#write(`${this.#terminal ? "\r\x1b[K" : ""}${text}\n`);
  }

  #paint(color: (text: string) => string, text: string): string {
    return this.#color ? color(text) : text;
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./{}-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A hunt in one sentence. */
export function huntSentence({ kind, seed }: HuntInfo, hunted: Hunted): string {
  const { found, conversations, commands, seconds, complete, cutOff } = hunted;
  const verdict = found.length > 0 ? "NOT conformant" : complete ? "conformant" : "not judged";
  const bad = found.reduce((sum, { times }) => sum + times, 0);
  const unit = kind === "random" ? "command" : "message";
  const parts = [
    found.length === 0 ? "no failure" : `${plural(found.length, "kind")} of failures in ${bad}`,
    ...(found.length === 0 ? ["in"] : ["of"]),
  ].join(" ");
  const cut = complete ? "" : `, cut off${cutOff === undefined ? "" : `: ${oneLine(cutOff)}`}`;
  return `${verdict}: ${parts} ${plural(conversations, "conversation")}, ` +
    `${plural(commands, unit)} in ${durationText(seconds * 1000)} ` +
    `(${Math.round(commands / seconds)} a second), seed ${seed}${cut}`;
}

/** The results of a hunt, for programs. */
export function huntJson(
  info: Omit<HuntInfo, "label" | "target">,
  hunted: Hunted,
  replays: readonly string[],
  target: string,
): string {
  const { found, ...rest } = hunted;
  const json = {
    ...info,
    target,
    ...rest,
    found: found.map(({ finding, acts, log: _, ...one }, i) => ({
      ...one,
      ...finding,
      level: CLAUSES[finding.clause as keyof typeof CLAUSES]?.level,
      steps: acts.map(actText),
      replay: replays[i],
    })),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}
