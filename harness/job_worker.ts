/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
// A thread that plays cases on a server of its own: see jobs.ts.

import { Agenda } from "./agenda.ts";
import type { Clause, Suite } from "./case.ts";
import { HarnessError } from "./harness_error.ts";
import type { FromJob, JobOrder, JobStart, ToJob } from "./jobs.ts";
import { playAgenda } from "./play_agenda.ts";
import { Player } from "./player.ts";
import { casesOf } from "./select.ts";
import { Stage } from "./stage.ts";

interface Cases {
  readonly SUITES: readonly Suite[];
  readonly CLAUSES: Readonly<Record<string, Clause>>;
}

let stage: Stage | undefined;
let cases: Promise<Cases> | undefined;
let playing = false;
let ended: Promise<void> | undefined;

function tell(message: FromJob): void {
  self.postMessage(message);
}

function start({ target, stage: options, casesModule }: JobStart): void {
  stage = new Stage(target, options);
  stage.warmUp();
  cases = import(casesModule);
}

async function play(order: JobOrder, stage: Stage, { SUITES, CLAUSES }: Cases): Promise<void> {
  stage.knows(order.life);
  const byId = new Map(casesOf(SUITES).map((one) => [one.id, one]));
  const selected = order.cases.map((one) => ({ ...byId.get(one.id)!, ...one }));
  const agenda = new Agenda(selected, order.jobs, order.agenda);
  // One that cannot be started beside the first takes no case.
  if (!await reachable(stage)) return;
  const player = new Player(stage, order.device, agenda, { ...order.player, clauses: CLAUSES });
  await playAgenda(player, selected, agenda, {
    took: (index) => tell({ kind: "took", index }),
    played: (index, result) => tell({ kind: "played", index, result }),
  });
}

async function reachable(stage: Stage): Promise<boolean> {
  try {
    stage.share(await stage.negotiated());
    return true;
  } catch (error) {
    if (error instanceof HarnessError) return false;
    throw error;
  }
}

async function end(): Promise<void> {
  ended ??= stage?.[Symbol.asyncDispose](); // it may be told twice
  await ended;
  tell({ kind: "ended" });
}

self.onmessage = async ({ data }: MessageEvent<ToJob>) => {
  if (data.kind === "start") start(data);
  else if (data.kind === "stop") {
    stage?.stop(); // whoever plays sees the server go, and ends; nobody starts another
    if (!playing) await end();
  } else if (stage !== undefined && cases !== undefined) {
    playing = true;
    await play(data, stage, await cases);
    await end();
  }
};
