import { assert, assertEquals } from "@std/assert";
import { type State, STATES, TRANSITIONS } from "./migration_states.ts";

/** States between two others on the shortest way of direct transitions. */
function shortestWay(from: State, to: State): readonly State[] {
  let ways: State[][] = [[from]];
  while (!ways.some((way) => way.at(-1) === to)) {
    ways = ways.flatMap((way) =>
      STATES
        .filter((next) => TRANSITIONS[way.at(-1)!][next].kind === "direct")
        .map((next) => [...way, next])
    );
  }
  return ways.find((way) => way.at(-1) === to)!.slice(1, -1);
}

Deno.test("TRANSITIONS combines direct transitions to the shortest way", () => {
  for (const from of STATES) {
    for (const to of STATES) {
      const owed = TRANSITIONS[from][to];
      if (owed.kind === "combined") {
        assertEquals(owed.by, shortestWay(from, to), `${from} to ${to}`);
      }
    }
  }
});

Deno.test("TRANSITIONS leaves every state as it is, and forbids one transition", () => {
  const forbidden = STATES.flatMap((from) =>
    STATES.filter((to) => TRANSITIONS[from][to].kind === "forbidden").map((to) => [from, to])
  );
  assertEquals(forbidden, [["STOP_COPY", "PRE_COPY"]]);
  for (const state of STATES) assert(TRANSITIONS[state][state].kind === "same");
});
