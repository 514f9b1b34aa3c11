import type { Case, Clause, Suite } from "../case.ts";
import { anyError, expect, getInfo, regionRead, reply } from "../steps.ts";

/** What the stub server owes. */
export const CLAUSES: Readonly<Record<string, Clause>> = {
  any: { level: "must", section: "Header", text: "The server answers." },
};

const ROWS: readonly Case[] = Array.from({ length: 60 }, (_, i) => ({
  id: `row-${i}`,
  title: "",
  clause: "any",
  steps: i % 10 === 5 ? [regionRead(), expect(anyError())] : [getInfo(), expect(reply())],
}));

/** Sixty cases: each tenth makes the stub server misbehave. */
export const SUITES: readonly Suite[] = [{ id: "stub", title: "Stub", cases: ROWS }];
