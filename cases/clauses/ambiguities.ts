/**
 * Where the specification leaves a matter open or contradicts itself, for clauses of
 * several places, and how it is graded.
 *
 * @module
 */

/** What an error reply consists of. */
export const HEADER_ONLY =
  "The specification allows a reply additional data, but an error reply only the header; graded by the latter, while data behind an error are read and skipped.";

/** The order of replies. */
export const REPLY_ORDER =
  "The specification promises the order of processing and not that of the replies; replies are matched by message ID, and another order gives a warning.";

/** An argsz below the fixed size of the reply. */
export const ARGSZ_TOO_SMALL =
  "The specification asks clients for an argsz of at least the fixed size and says nothing of a server that gets less; an error and a reply are both accepted.";

/** Whether argsz counts descriptors. */
export const SET_IRQS_ARGSZ =
  "The specification counts the data in argsz, yet descriptors travel outside of the payload; an argsz of 20 has to work for them, other values are informative.";
