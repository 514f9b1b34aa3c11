import type {
  CaseResult,
  Failure,
  ListedClause,
  RunInfo,
  RunResult,
  TranscriptEntry,
} from "../../harness/results.ts";
import { DmaMap, Header, Version } from "../../harness/wire/messages.ts";

const OVERLAP: ListedClause = {
  id: "dma-map-overlap",
  level: "must",
  section: "DMA_MAP",
  text: "A range that overlaps one that is mapped is refused with EEXIST.",
};

/** Facts of a made-up run. */
export const INFO: RunInfo = {
  tool: "vfio-user-conformance",
  version: "0.1.0",
  target: "./build/samples/server -v --socket-path={socket}",
  label: "sample server",
  reproduce: ["--timeout", "2000", "--", "./build/samples/server", "-v", "--socket-path={socket}"],
  platform: "linux x86_64",
  startedAt: "2026-11-03T14:05:09.123Z",
  levels: ["must", "robust"],
  timeoutMs: 2000,
  facts: {
    "Protocol version": "0.1",
    "Capabilities": "max_msg_fds 8, max_data_xfer_size 1048576, twin_socket no",
    "Device": "PCI, can be reset",
    "Regions": "BAR0 4096 bytes read write, BAR1 8192 bytes read write mmap, config 256 bytes",
    "Interrupts": "INTX 1, MSI 1, MSI-X 4",
  },
  clauses: [
    {
      id: "hdr-reply-id",
      level: "must",
      section: "Header",
      text: "A reply carries the message ID of the command that it answers.",
    },
    {
      id: "hdr-ids-unique",
      level: "may",
      section: "Header",
      text: "A server may use message IDs of its own.",
      note: "The specification says nothing of their order.",
      noCase: "No client can see it.",
    },
    OVERLAP,
  ],
};

/** A message as a transcript entry. */
export function message(
  kind: "sent" | "received",
  atMs: number,
  header: { command: number; flags?: number; error?: number },
  payload: Uint8Array = new Uint8Array(),
): TranscriptEntry {
  const { command, flags = kind === "sent" ? 0 : 1, error = 0 } = header;
  const size = Header.size + payload.byteLength;
  const head = Header.encode({ msgId: 7, command, msgSize: size, flags, error });
  return { kind, atMs, hex: head.toHex() + payload.toHex(), size, fdCount: 0, text: "" };
}

const MAP = DmaMap.encode({ argsz: 32, flags: 3, offset: 0n, address: 0x10000n, size: 4096n });

const HELLO = new Uint8Array([
  ...Version.encode({ major: 0, minor: 1 }),
  ...new TextEncoder().encode('{"capabilities":{"max_msg_fds":8,"max_data_xfer_size":1048576}}\0'),
]);

/** What a short conversation looks like. */
export const TRANSCRIPT: readonly TranscriptEntry[] = [
  message("sent", 0.05, { command: 1 }, HELLO),
  message("received", 0.3, { command: 1 }, HELLO),
  {
    ...message("sent", 0.42, { command: 2 }, MAP),
    fdCount: 1,
    text: "memory file of 4096 bytes",
  },
  message("received", 0.55, { command: 2, flags: 0x21, error: 17 }),
  { kind: "note", atMs: 0.6, hex: "", size: 0, fdCount: 0, text: "a fence follows" },
  message("received", 0.7, { command: 2 }),
];

/** A passing case, changed where the caller says so. */
export function caseResult(id: string, change: Partial<CaseResult> = {}): CaseResult {
  const suite = id.split("/")[0]!;
  return {
    id,
    suite,
    suiteTitle: suite.toUpperCase().replaceAll("-", "_"),
    title: "Maps the same range twice",
    clause: OVERLAP,
    verdict: "pass",
    notes: [],
    startMs: 10,
    durationMs: 1.234,
    transcript: TRANSCRIPT,
    log: "",
    ...change,
  };
}

/** A failure, or what ended in an error. */
export function failure(kind: Failure["kind"], seen: string): Failure {
  return { kind, expected: ["error EEXIST", "a closed connection"], seen, entry: 5 };
}

const MAY = { ...caseResult("x/y").clause, level: "may" } as const;

/** One case of every kind. */
export const RESULTS: readonly CaseResult[] = [
  caseResult("version/plain", { title: "Negotiates a version", notes: ["minor 1 was offered"] }),
  caseResult("version/no-json", { title: "Sends no JSON", log: "vfu: no capabilities\n" }),
  caseResult("dma-map/same-range-twice", {
    verdict: "fail",
    failure: failure("mismatch", "a reply of 16 bytes without error"),
    log: "vfu: map 0x10000\nvfu: map 0x10000\n",
    clause: { ...caseResult("x/y").clause, note: "The specification names EEXIST." },
  }),
  caseResult("dma-map/many", {
    verdict: "fail",
    title: "Maps 65536 ranges",
    failure: { kind: "crash", expected: [], seen: "the server was ended by SIGSEGV", entry: 3 },
    log: "=================\n==1==ERROR: AddressSanitizer: heap-buffer-overflow\n",
  }),
  caseResult("dma-map/odd-flags", {
    verdict: "fail",
    title: "Maps with a reserved flag",
    clause: MAY,
    failure: failure("no-reply", "nothing within 2000 ms"),
  }),
  caseResult("dma-map/no-memory", {
    verdict: "error",
    title: "Maps more than there is",
    failure: { kind: "harness", expected: [], seen: "no memory file could be made: EMFILE" },
  }),
  caseResult("migration/stop", {
    verdict: "skip",
    title: "Stops the device",
    transcript: [],
    skip: { kind: "need", text: "the device has no migration" },
  }),
  caseResult("migration/resume", {
    verdict: "skip",
    title: "Resumes the device",
    transcript: [],
    skip: { kind: "not-run", text: "the run ended before" },
  }),
];

/** A run of the cases above. */
export const RUN: RunResult = {
  info: INFO,
  results: RESULTS,
  durationMs: 3456,
  life: "stays, and serves one client after another",
  complete: true,
};
