import type { Clause } from "../../harness/case.ts";
import { REPLY_ORDER } from "./ambiguities.ts";

/** Clauses of section Command Concurrency, No_reply and message IDs. */
export const concurrencyClauses = {
  "noreply-write": {
    level: "must",
    section: "Header",
    text: "A REGION_WRITE with No_reply gets no reply.",
  },
  "noreply-effect": {
    level: "must",
    section: "Command Concurrency",
    text: "A command with No_reply is carried out before the reply to a later command is sent.",
  },
  "noreply-error-silent": {
    level: "must",
    section: "Header",
    text:
      "A command with No_reply that fails gets no reply either, and the messages behind it are still understood.",
  },
  "noreply-each-cmd": {
    level: "should",
    section: "Header",
    text: "Every command but VERSION, with No_reply set, is carried out without a reply.",
  },
  "noreply-unknown-cmd": {
    level: "robust",
    section: "Header",
    text:
      "An unknown command with No_reply is passed over in silence, answered with an error, or ends the connection; the server survives.",
  },
  "noreply-burst": {
    level: "should",
    section: "Command Concurrency",
    text:
      "Many commands with No_reply are all carried out before the reply to a later command is sent.",
  },
  "pipe-order": {
    level: "must",
    section: "Command Concurrency",
    text: "Commands sent without waiting are carried out in the order in which they were sent.",
    note: REPLY_ORDER,
  },
  "pipe-mixed": {
    level: "must",
    section: "Command Concurrency",
    text: "Reads and writes sent without waiting give the values that they would give one by one.",
  },
  "pipe-depth": {
    level: "robust",
    section: "Command Concurrency",
    text: "A thousand commands under way at once all get their replies, and the server survives.",
  },
  "pipe-error-middle": {
    level: "must",
    section: "Header",
    text: "A command that fails leaves the commands before and behind it unharmed.",
  },
  "pipe-fds": {
    level: "must",
    section: "DMA_MAP",
    text: "The descriptors of several messages in a row each stay with their own message.",
  },
  "id-reuse-seq": {
    level: "must",
    section: "Header",
    text: "The same message ID can be used for one command after the other.",
  },
  "id-reuse-concurrent": {
    level: "must",
    section: "Header",
    text:
      "The same message ID can be used for several commands at once, each of which gets its reply.",
  },
  "id-zero-and-max": {
    level: "must",
    section: "Header",
    text: "The message IDs 0 and 0xffff are as good as any other.",
  },
  "id-s2c-namespace": {
    level: "must",
    section: "Header",
    text:
      "A command of the client is not confused with a command of the server that has the same message ID.",
  },
} as const satisfies Record<string, Clause>;
