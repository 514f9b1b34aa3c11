import type { Agenda } from "./agenda.ts";
import type { Player } from "./player.ts";
import type { CaseResult } from "./results.ts";
import type { SelectedCase } from "./select.ts";

/** Who hears what is played. */
export interface JobListener {
  took(index: number): void;
  played(index: number, result: CaseResult): void;
}

/** A result that may not be told yet. */
interface Held {
  readonly index: number;
  readonly result: CaseResult;
}

/** Plays what an agenda gives until there is no more. A pass at the end is told when the server has ended. */
export async function playAgenda(
  player: Player,
  cases: readonly SelectedCase[],
  agenda: Agenda,
  listener: JobListener,
): Promise<void> {
  let last: Held | undefined;
  const silent: Held[] = [];
  const tell = ({ index, result }: Held) => listener.played(index, result);
  const patiently = async (index: number) => {
    player.takeTime();
    return await player.result(cases[index]!);
  };
  /** Silence counts that was not waited for long enough when its suite is given up, or all; else it is played again. */
  const settle = async () => {
    for (const held of silent.splice(0)) {
      const counts = agenda.stopped === "unanswered" ||
        agenda.givenUp(cases[held.index]!.suite.id);
      tell(counts ? held : { index: held.index, result: await patiently(held.index) });
    }
  };
  for (let index = agenda.take(); index !== undefined; index = agenda.take()) {
    listener.took(index);
    const { hurriedMs } = player;
    let result = await player.result(cases[index]!);
    if (last !== undefined) tell(last);
    last = undefined;
    if (hurriedMs !== undefined && result.failure?.kind === "no-reply") {
      const note = `waited for ${hurriedMs} ms only, since the case before got no answer`;
      silent.push({ index, result: { ...result, notes: [...result.notes, note] } });
      continue;
    }
    if (hurriedMs !== undefined && result.failure !== undefined) result = await patiently(index);
    await settle();
    if (result.verdict === "pass") last = { index, result };
    else tell({ index, result });
  }
  await settle();
  if (last !== undefined) tell({ index: last.index, result: await player.end(last.result) });
}
