import type { Agenda, Stop } from "./agenda.ts";
import { ask } from "./ask.ts";
import type { Case, Clause, Send } from "./case.ts";
import type { Connection } from "./connection.ts";
import { Conversation, leavesStream } from "./converse.ts";
import { DescriptorWatch } from "./descriptor_watch.ts";
import type { DeviceFacts } from "./device_facts.ts";
import { HarnessError } from "./harness_error.ts";
import { MemoryWatch } from "./memory_watch.ts";
import { unmetNeed } from "./needs.ts";
import { sanitizerReport } from "./output_tail.ts";
import type { CaseResult, Failure, Flaky, Skip } from "./results.ts";
import type { SelectedCase } from "./select.ts";
import type { Stage } from "./stage.ts";
import { getInfo } from "./steps.ts";
import type { Traces } from "./traces.ts";
import { Transcript } from "./transcript.ts";

interface Attempt {
  readonly failure?: Failure;
  readonly flaky?: Flaky;
  readonly notes: readonly string[];
  readonly transcript: Transcript;
  readonly log: string;
}

/** Options of a player. */
export interface PlayerOptions {
  readonly clauses: Readonly<Record<string, Clause>>;
  /** Play a failing row again, alone, before it is reported. Default: true. */
  readonly replay?: boolean;
  /** How often each row is played. Default: 1. */
  readonly repeat?: number;
  /** Look for descriptors that the server holds for good after any case. Default: true. */
  readonly leaks?: boolean;
  /** Play on against a server that answers no more. Default: false. */
  readonly keepGoing?: boolean;
  /** When the run began, in milliseconds since 1970: the same for all threads. */
  readonly beganAt: number;
}

/** How long a server is watched that has nothing to do, and the part of a processor that is worth a remark. */
const IDLE_MS = 100;
const BUSY = 0.5;

/**
 * After a case without an answer, the next are waited for a tenth as long, but for this many milliseconds and three
 * times as long as any case took that passed.
 */
const HURRY = { part: 0.1, leastMs: 250, times: 3 } as const;

/** As many cases in a row without a server end the run. */
const MAX_LOST = 3;

/** What a skip says when the rest of a run is not played. */
const STOP_TEXTS: Readonly<Record<Stop, string>> = {
  "cut-off": "the run was cut off",
  "fail-fast": "the run ended at its first failure",
  "unanswered":
    "the server answers no more: three cases in a row got no answer (--keep-going plays on)",
  "lost": "the server could not be reached any more",
};
const GIVEN_UP_TEXT =
  "three cases of this suite in a row got no answer (--keep-going plays the rest)";

/** Turns cases into results, on one server after another. */
export class Player {
  readonly #stage: Stage;
  readonly #device: DeviceFacts | undefined;
  readonly #agenda: Agenda;
  readonly #options: PlayerOptions;
  readonly #descriptors = new DescriptorWatch();
  /** Cases in a row that found no server. */
  #lost = 0;
  /** Whether what rows leave behind can be put back, as far as is known. */
  #undoes = true;
  readonly #timeoutMs: number;
  /** The longest that a case took which passed, in milliseconds. */
  #longestMs = 0;

  /** Without a device, of a run that is cut off before one is known, nothing is played. */
  constructor(
    stage: Stage,
    device: DeviceFacts | undefined,
    agenda: Agenda,
    options: PlayerOptions,
  ) {
    this.#stage = stage;
    this.#timeoutMs = stage.timeoutMs;
    this.#device = device;
    this.#agenda = agenda;
    this.#options = options;
  }

  get #known(): DeviceFacts {
    if (this.#device === undefined) throw new HarnessError("internal", "No server was met");
    return this.#device;
  }

  /** The longest wait for a reply, in milliseconds, while it is shorter than it should be. */
  get hurriedMs(): number | undefined {
    const { timeoutMs } = this.#stage;
    return timeoutMs < this.#timeoutMs ? timeoutMs : undefined;
  }

  /** Waits as long as it should. */
  takeTime(): void {
    this.#stage.timeoutMs = this.#timeoutMs;
  }

  async result(selected: SelectedCase): Promise<CaseResult> {
    const started = now();
    const outcome = await this.#outcome(selected);
    if (outcome.verdict === "pass") this.#longestMs = Math.max(this.#longestMs, now() - started);
    const { suite, row } = selected;
    const clause = this.#options.clauses[row.clause];
    if (clause === undefined) throw new HarnessError("internal", `No clause ${row.clause}`);
    const { level, section, text, note } = clause;
    return {
      id: selected.id,
      suite: suite.id,
      suiteTitle: suite.title,
      title: row.title,
      clause: { id: row.clause, level, section, text, ...(note === undefined ? {} : { note }) },
      startMs: started - this.#options.beganAt,
      durationMs: now() - started,
      ...outcome,
    };
  }

  /** Ends the server; a sanitizer that speaks then fails the last case that was played, which is given. */
  async end(last: CaseResult): Promise<CaseResult> {
    await this.#watchIdle();
    await this.#stage.replace();
    const log = this.#stage.takeOutput();
    const seen = sanitizerReport(log);
    if (seen === undefined || last.verdict !== "pass") return last;
    const failure = { kind: "crash", expected: ["no sanitizer report at the end"], seen } as const;
    const note = "the report is about all cases that the server had served";
    return { ...last, verdict: "fail", failure, notes: [...last.notes, note], log: last.log + log };
  }

  /** A server that has nothing to do should do nothing. */
  async #watchIdle(): Promise<void> {
    const probe = this.#stage.idleProbe;
    const before = probe?.busyMs();
    if (before === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const share = ((probe?.busyMs() ?? before) - before) / IDLE_MS;
    if (share < BUSY) return;
    this.#stage.remarks.add("keeps a processor busy while nothing is asked of it");
  }

  async #outcome(selected: SelectedCase) {
    const skip = this.#skip(selected);
    if (skip !== undefined) return skipped(skip);
    try {
      const attempt = await this.#repeatedly(selected.row);
      this.#lost = 0;
      if (this.#stage.stopped) return skipped(this.#notRun("cut-off"));
      await this.#countSilence(selected, attempt);
      const { failure, flaky } = attempt;
      return {
        verdict: failure === undefined ? "pass" : "fail",
        ...(failure === undefined ? {} : { failure }),
        ...(flaky === undefined ? {} : { flaky }),
        notes: attempt.notes,
        transcript: attempt.transcript.entries(),
        log: attempt.log,
      } as const;
    } catch (error) {
      if (this.#stage.stopped) return skipped(this.#notRun("cut-off"));
      return await this.#error(error);
    }
  }

  async #error(error: unknown) {
    if (error instanceof HarnessError && error.kind === "second-server") {
      return skipped({ kind: "need", text: error.message });
    }
    const noServer = error instanceof HarnessError && error.kind === "start";
    if (noServer && ++this.#lost >= MAX_LOST) this.#agenda.stop("lost");
    await this.#stage.replace();
    const seen = error instanceof HarnessError ? error.message : String((error as Error).stack);
    const failure = { kind: "harness", expected: [], seen } as const;
    const log = this.#stage.takeOutput();
    return { verdict: "error", failure, notes: [], transcript: [], log } as const;
  }

  #skip({ leftOutBy, suite, row }: SelectedCase): Skip | undefined {
    if (leftOutBy !== undefined) return { kind: "user", text: `left out by --skip ${leftOutBy}` };
    const stopped = this.#stage.stopped ? "cut-off" : this.#agenda.stopped;
    if (stopped !== undefined) return this.#notRun(stopped);
    if (this.#agenda.givenUp(suite.id)) return { kind: "not-run", text: GIVEN_UP_TEXT };
    const unmet = unmetNeed(this.#known, row.needs ?? []);
    return unmet === undefined ? undefined : { kind: "need", text: unmet };
  }

  #notRun(why: Stop): Skip {
    this.#agenda.stop(why);
    return { kind: "not-run", text: STOP_TEXTS[this.#agenda.stopped ?? why] };
  }

  /** Waits less: whoever is silent once is likely to stay so. */
  #hurry(): void {
    const { part, leastMs, times } = HURRY;
    const ms = Math.max(this.#timeoutMs * part, leastMs, this.#longestMs * times);
    this.#stage.timeoutMs = Math.min(Math.round(ms), this.#timeoutMs);
  }

  /** A server that keeps silent three times in a row costs no more time: the suite, or all, is given up. */
  async #countSilence({ suite }: SelectedCase, { failure }: Attempt): Promise<void> {
    this.takeTime();
    if (this.#options.keepGoing) return;
    if (failure?.kind === "no-reply") this.#hurry();
    if (failure?.kind !== "no-reply") this.#agenda.answered(suite.id);
    else if (this.#agenda.unanswered(suite.id) && !await this.#stillAnswers()) {
      this.#agenda.stop("unanswered");
    }
  }

  async #stillAnswers(): Promise<boolean> {
    try {
      const connection = await this.#stage.negotiated();
      const reply = await ask(connection, getInfo(), this.#stage.timeoutMs);
      if (typeof reply === "string") connection[Symbol.dispose]();
      else this.#stage.share(connection);
      return typeof reply !== "string";
    } catch (error) {
      if (error instanceof HarnessError) return false;
      throw error;
    }
  }

  /** Verdicts that differ are a failure of their own. */
  async #repeatedly(row: Case): Promise<Attempt> {
    const { repeat = 1 } = this.#options;
    let [attempts, passes] = [0, 0];
    let passed: Attempt | undefined;
    let failed: Attempt | undefined;
    const memory = new MemoryWatch(repeat);
    while (attempts < repeat && !this.#stage.stopped) {
      const attempt = await this.#fairly(row);
      attempts++;
      memory.look(attempts, this.#stage.idleProbe);
      if (attempt.failure === undefined) [passed, passes] = [passed ?? attempt, passes + 1];
      else failed ??= attempt;
    }
    const grown = memory.remark();
    if (failed === undefined && passed !== undefined) {
      return { ...passed, notes: [...passed.notes, ...grown] };
    }
    if (failed === undefined || passed === undefined) return (failed ?? passed)!;
    const { transcript, log } = passed;
    return {
      ...failed,
      flaky: { attempts, passed: passes, transcript: transcript.entries(), log },
    };
  }

  /** A failure is looked at twice before it is reported. */
  async #fairly(row: Case): Promise<Attempt> {
    const fresh = this.#stage.fresh;
    const attempt = await this.#attempt(row);
    const alone = fresh && !this.#stage.secondWasUsed;
    if (attempt.failure === undefined) return attempt;
    if (attempt.failure.kind === "leak") {
      // What a server opens once, when it is first needed, is no leak.
      const once = "the server held more at first, and no more the second time";
      return await this.#again(row, attempt, once);
    }
    await this.#stage.replace();
    const { replay = true } = this.#options;
    if (alone || !replay || this.#stage.stopped) return attempt;
    if (attempt.failure.kind === "no-reply") this.#hurry();
    const passed = "failed at first, after other cases on the same server, and passed alone";
    const again = await this.#again(row, attempt, passed);
    if (again.failure?.kind !== "no-reply" || this.hurriedMs === undefined) return again;
    // The first attempt was waited for as long as it should be.
    const note = `alone, it got no answer within ${this.hurriedMs} ms either`;
    return { ...attempt, notes: [...attempt.notes, note] };
  }

  /** The second attempt counts, where there can be one. */
  async #again(row: Case, first: Attempt, noteWhenPassed: string): Promise<Attempt> {
    try {
      const again = await this.#attempt(row);
      if (again.failure === undefined) return { ...again, notes: [...again.notes, noteWhenPassed] };
      await this.#stage.replace();
      return again;
    } catch (error) {
      if (!(error instanceof HarnessError) || error.kind !== "start") throw error;
      const note = `it could not be played again: ${error.message}`;
      return { ...first, notes: [...first.notes, note] };
    }
  }

  async #attempt(row: Case): Promise<Attempt> {
    const stage = this.#stage;
    stage.takeOutput(); // what was printed before is not of this case
    let healthy = false;
    await using _first = { [Symbol.asyncDispose]: () => stage.endSecond(healthy) };
    stage.secondWasUsed = false;
    const transcript = new Transcript();
    const connection = row.begins === "connected" ? await stage.raw() : await stage.negotiated();
    using conversation = new Conversation(stage, transcript, connection);
    let failure = await conversation.play(row, this.#known);
    failure = failure === undefined
      ? await this.#settle(row, conversation)
      : await this.#explain(failure);
    failure ??= await this.#leak();
    const log = stage.takeOutput();
    const report = sanitizerReport(log);
    if (report !== undefined) {
      failure = { kind: "crash", expected: ["no sanitizer report"], seen: report };
    }
    healthy = failure === undefined;
    const notes = conversation.notes;
    return { ...(failure === undefined ? {} : { failure }), notes, transcript, log };
  }

  async #leak(): Promise<Failure | undefined> {
    if (this.#options.leaks === false) return undefined;
    const more = await this.#descriptors.grown(this.#stage);
    if (more === 0) return undefined;
    const expected = ["the server to hold no more descriptors than before the case"];
    return { kind: "leak", expected, seen: `${more} more` };
  }

  /** Shares the connection with the next row, or checks that the next client is served. */
  async #settle(row: Case, conversation: Conversation): Promise<Failure | undefined> {
    const { open, traces } = conversation;
    const connection = conversation.takeConnection();
    const undo = open && connection?.negotiated && !leavesStream(row) ? traces.undo() : undefined;
    if (connection !== undefined && undo !== undefined && this.#sharesAfter(traces, undo)) {
      await this.#share(connection, undo);
      return undefined;
    }
    connection?.[Symbol.dispose]();
    const failure = await this.#stage.nextClientServed();
    const mayExit = row.ends === "may-exit" && failure?.kind === "exit";
    if (mayExit) await this.#stage.replace();
    return mayExit ? undefined : failure;
  }

  /** A server that stays must serve a new client after whatever may harm it; one that exits is expensive to start. */
  #sharesAfter(traces: Traces, undo: readonly Send[]): boolean {
    if (this.#stage.life === "stays") return !traces.stateful;
    return undo.length === 0 || this.#undoes;
  }

  /** Puts back what the row has left; what comes of that is no matter of the row's. */
  async #share(connection: Connection, undo: readonly Send[]): Promise<void> {
    connection.transcript = new Transcript();
    for (const message of undo) {
      const reply = await ask(connection, message, this.#stage.timeoutMs);
      if (typeof reply !== "string") continue;
      this.#undoes = false; // to try again might cost a timeout each time
      connection[Symbol.dispose]();
      await this.#stage.replace();
      return;
    }
    this.#stage.share(connection);
  }

  /** A connection that closed, or a silence, may be a crash. */
  async #explain(failure: Failure): Promise<Failure> {
    if (failure.kind !== "closed" && failure.kind !== "no-reply") return failure;
    const death = await this.#stage.died();
    if (death === undefined) return failure;
    return { ...failure, kind: death.kind, seen: `${failure.seen}: ${death.seen}` };
  }
}

function skipped(skip: Skip) {
  return { verdict: "skip", skip, notes: [], transcript: [], log: "" } as const;
}

/** Milliseconds since 1970, as finely as `performance.now()`, and alike in all threads. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
