import type { TrialOptions } from "./trial.ts";

/** What a run against one behaviour must come to. */
export interface Expected {
  readonly behaviour: string;
  /** The exit code. */
  readonly code: 0 | 1 | 3;
  /** Part of what is said about it: on standard error with 3, by a failing case with 1. */
  readonly says: string;
  readonly options?: TrialOptions;
}

/** Where the harness waits in vain, it does not wait long. */
const timeoutMs = 300;
const ONE_CASE: TrialOptions = { cases: ["device-get-info/basic"] };
/** A server that never comes up is not waited for as long as one that is only slow. */
const SHORT: TrialOptions = { ...ONE_CASE, startMs: 1000 };
const READ: TrialOptions = { cases: ["region-access/read-memory", "device-reset/once"] };
const REGIONS: TrialOptions = {
  cases: [
    "device-get-region-info/descriptor-of-mappable-region",
    "device-get-region-info/access-on-both-sides",
    "region-access/read-memory",
  ],
};
const CLIENTS: TrialOptions = {
  cases: ["device-get-info/basic", "disconnection/next-client"],
  timeoutMs,
};

function all(code: 0 | 1 | 3, options: TrialOptions, says: Record<string, string>): Expected[] {
  return Object.entries(says).map(([behaviour, says]) => ({ behaviour, code, says, options }));
}

const SILENT = "no reply within the time limit";
const GONE = "it does not listen at ";

/** The behaviours that the tests play: of a family that differs only by command and point, some. */
export const TRIALS: readonly Expected[] = [
  { behaviour: "honest", code: 0, says: "" },
  ...all(3, SHORT, {
    "never-listens": GONE,
    "stops-at-start": GONE,
    "pours-and-never-listens": GONE,
  }),
  ...all(3, { ...ONE_CASE, timeoutMs }, {
    "never-accepts": SILENT,
    "never-answers": SILENT,
    "answers-version-only": `GET_INFO gave ${SILENT}`,
    "claims-more-in-version": "of a message within the time limit",
    "one-byte-a-second-from-the-start": "only 1 bytes of a message",
  }),
  ...all(3, ONE_CASE, {
    "exits-0-at-start": "the server exited with code 0",
    "claims-0-in-version": "claims to have 0 bytes",
    "claims-4-gib-in-version": "claims to have 4294967295 bytes",
    "endless-replies-from-the-start": "message ID 31420",
    "closes-at-once": "the connection closed",
    "closes-version-in-header": "the connection closed after 9 bytes of a message",
    "closes-get-info-unanswered": "GET_INFO gave the connection closed",
    "dies-at-once": "the server was killed by SIGKILL",
    "dies-version-in-payload": "the server was killed by SIGKILL",
    "dies-get-info-after-header": "GET_INFO gave the connection closed after 16 bytes",
    "dies-get-info-answered": "the server was killed by SIGKILL",
    "dies-get-region-info-in-payload": "the server was killed by SIGKILL",
    "dies-get-irq-info-in-header": "the server was killed by SIGKILL",
  }),
  ...all(1, { cases: ["device-get-irq-info/each-index"], timeoutMs }, {
    "answers-info-only": SILENT,
  }),
  ...all(1, { cases: ["device-get-irq-info/each-index"] }, {
    "closes-get-irq-info-in-payload": "the connection closed after 31 bytes of a message",
  }),
  ...all(1, { ...READ, timeoutMs }, {
    "falls-silent": SILENT,
    "claims-more": "of a message within the time limit",
    "endless-requests": "no end of commands from the server",
    "endless-requests-unread": "no end of commands from the server",
    "endless-large-requests": "no end of commands from the server",
    "endless-requests-without-reply": "no end of commands from the server",
    "one-byte-a-second": "only 1 bytes of a message",
    "stops": SILENT,
    "ignores-sigterm-and-falls-silent": SILENT,
  }),
  ...all(1, READ, {
    "claims-0": "claims to have 0 bytes",
    "claims-15": "claims to have 15 bytes",
    "claims-4-gib": "claims to have 4294967295 bytes",
    "endless-replies": "message ID",
    "endless-unasked-replies": "message ID 31420",
    "random-bytes": "message",
    "descriptors-until-the-limit": "descriptors",
    "descriptors-and-close": "the connection closed after 9 bytes of a message",
    "exits-0": "the server exited with code 0",
    "re-executes": "the connection closed",
    "child-holds-socket": "the server exited with code 0",
    "prints-and-fails": "error errno 57005",
    "closes-region-read-unread": "the connection closed",
    "closes-region-read-answered": "the connection closed",
    "dies-region-read-unanswered": "the server was killed by SIGKILL",
    "dies-region-read-in-payload": "the server was killed by SIGKILL",
  }),
  ...all(1, { cases: ["region-access/write-memory"] }, {
    "closes-region-write-after-header": "the connection closed after 16 bytes of a message",
    "dies-region-write-answered": "the server was killed by SIGKILL",
  }),
  ...all(1, { cases: ["dma-map/same-range-after-unmap"] }, {
    "closes-dma-map-unanswered": "the connection closed",
    "closes-dma-unmap-in-header": "the connection closed after 9 bytes of a message",
    "dies-dma-map-unread": "the server was killed by SIGKILL",
    "dies-dma-unmap-after-header": "the server was killed by SIGKILL",
  }),
  ...all(1, { cases: ["device-set-irqs/disable-counted", "device-reset/once"] }, {
    "closes-set-irqs-unread": "the connection closed",
    "dies-device-reset-answered": "the server was killed by SIGKILL",
  }),
  ...all(0, { cases: ["device-get-region-info/sparse-count"] }, { "many-capabilities": "" }),
  ...all(0, {}, {
    "billions-of-regions": "",
    "capability-loop": "",
    "capability-outside": "",
    "billions-of-areas": "",
    "huge-argsz": "",
    "changes-region-size": "",
    "deep-json": "",
    "deep-json-in-capability": "",
    "markup-in-capabilities": "",
    "many-capability-names": "",
    "endless-limits": "",
    "huge-request": "",
    "truncates-client-memory": "",
    "closes-output": "",
    "nests-folders": "",
    "opens-folder": "",
    "ignores-sigterm": "",
  }),
  ...all(1, { cases: ["device-get-irq-info/each-index"] }, { "billions-of-irqs": "error EINVAL" }),
  ...all(0, READ, {
    "billions-of-interrupts": "",
    "child-holds-output": "",
    "child-without-environment": "",
    "child-without-traces": "",
    "child-pours-output": "",
    "child-relay": "",
    "fifty-children": "",
    "pours-output": "",
    "pours-one-line": "",
  }),
  ...all(1, REGIONS, {
    "closes-get-region-info-answered": "the connection closed",
    "region-of-2-to-the-64": "Cannot map",
    "region-of-64-tib": "Cannot map 70368744177664 bytes",
    "region-offset-of-2-to-the-64": "Cannot map 8192 bytes at 18446744073709547520",
    "descriptors-in-every-message": "data 00000000",
    "region-is-empty-file": "the mapped file has no such page",
    "region-is-null-device": "ENODEV",
    "region-is-folder": "Cannot map 8192 bytes",
    "region-is-eventfd": "ENODEV",
    "region-is-socket": "ENODEV",
    "truncates-after-map": "the mapped file has no such page",
    "truncates-and-restores": "the mapped file has no such page",
  }),
  ...all(1, CLIENTS, {
    "removes-socket": GONE,
    "moves-socket": GONE,
    "socket-becomes-file": GONE,
    "socket-becomes-folder": GONE,
    "socket-becomes-loop": "ELOOP",
    "removes-folder": GONE,
    "folder-becomes-link": GONE,
  }),
  ...all(1, { ...READ, openFiles: 512 }, {
    "descriptors-until-the-limit": "more than can be opened",
  }),
  ...all(0, { ...READ, diskBytes: 8 << 20 }, { "fills-disk": "" }),
  ...all(1, { ...READ, diskBytes: 8 << 20 }, { "fills-disk-later": "error ENOSPC" }),
];
