import type { Case, Suite } from "../harness/case.ts";
import type { ClauseId } from "./clauses/mod.ts";

/** One case of this catalogue: its clause is one of ours. */
export type Row = Case<ClauseId>;

/** One suite of this catalogue. */
export type RowSuite = Suite<ClauseId>;
