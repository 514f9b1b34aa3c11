import { assert, assertEquals } from "@std/assert";
import { Agenda, type AgendaCase } from "./agenda.ts";

const CASES = ["a", "a", "a", "b"].map((id) => ({ suite: { id }, row: {} }));

Deno.test("Agenda gives each case to one taker", () => {
  const agenda = new Agenda(CASES);
  const other = new Agenda(CASES, 1, agenda.shared);
  assertEquals([agenda.take(), other.take(), other.take(), agenda.take()], [0, 1, 2, 3]);
  assertEquals([agenda.take(), other.take()], [undefined, undefined]);
});

const STARTING: readonly AgendaCase[] = [
  ...CASES.slice(0, 2),
  ...Array.from(
    { length: 3 },
    () => ({ suite: { id: "s" }, row: { needs: ["conventions"] } }) as const,
  ),
];

Deno.test("Agenda gives a case that starts servers to one of two at a time, and at once", () => {
  const agenda = new Agenda(STARTING, 2);
  const other = new Agenda(STARTING, 2, agenda.shared);
  assertEquals([agenda.take(), other.take(), agenda.take(), other.take()], [2, 0, 3, 1]);
  // Nothing else is left.
  assertEquals([other.take(), other.take(), agenda.take()], [4, undefined, undefined]);
});

Deno.test("Agenda keeps the order where nobody plays beside", () => {
  const agenda = new Agenda(STARTING, 1);
  assertEquals(Array.from({ length: 6 }, () => agenda.take()), [0, 1, 2, 3, 4, undefined]);
});

Deno.test("Agenda stops for all, for the first reason", () => {
  const agenda = new Agenda(CASES);
  const other = new Agenda(CASES, 1, agenda.shared);
  assertEquals(other.stopped, undefined);
  agenda.stop("fail-fast");
  other.stop("cut-off");
  assertEquals([agenda.stopped, other.stopped], ["fail-fast", "fail-fast"]);
});

Deno.test("Agenda gives a suite up at its third case in a row without an answer", () => {
  const agenda = new Agenda(CASES);
  const other = new Agenda(CASES, 1, agenda.shared);
  assertEquals([agenda.unanswered("a"), other.unanswered("a")], [false, false]);
  agenda.answered("a");
  assertEquals([agenda.unanswered("a"), other.unanswered("b"), other.unanswered("a")], [
    false,
    false,
    false,
  ]);
  assert(!agenda.givenUp("a"));
  assert(other.unanswered("a"));
  agenda.answered("a"); // too late: a case that was under way
  assertEquals([agenda.givenUp("a"), agenda.givenUp("b")], [true, false]);
  assert(!agenda.unanswered("a")); // said once
});
