import { assert, assertEquals } from "@std/assert";
import { Agenda } from "./agenda.ts";

const CASES = ["a", "a", "a", "b"].map((id) => ({ suite: { id } }));

Deno.test("Agenda gives each case to one taker", () => {
  const agenda = new Agenda(CASES);
  const other = new Agenda(CASES, agenda.shared);
  assertEquals([agenda.take(), other.take(), other.take(), agenda.take()], [0, 1, 2, 3]);
  assertEquals([agenda.take(), other.take()], [undefined, undefined]);
});

Deno.test("Agenda stops for all, for the first reason", () => {
  const agenda = new Agenda(CASES);
  const other = new Agenda(CASES, agenda.shared);
  assertEquals(other.stopped, undefined);
  agenda.stop("fail-fast");
  other.stop("cut-off");
  assertEquals([agenda.stopped, other.stopped], ["fail-fast", "fail-fast"]);
});

Deno.test("Agenda gives a suite up at its third case in a row without an answer", () => {
  const agenda = new Agenda(CASES);
  const other = new Agenda(CASES, agenda.shared);
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
