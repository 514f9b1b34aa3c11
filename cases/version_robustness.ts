import type { Outcome, Step } from "../harness/case.ts";
import { onlyFirst, patchHeader, withFds } from "../harness/mutate.ts";
import {
  anyError,
  closed,
  connect,
  countDescriptors,
  disconnect,
  dmaMap,
  eventfd,
  expect,
  memory,
  NO_REPLY,
  nothing,
  reconnect,
  remarkable,
  reply,
  sameDescriptors,
  secondClient,
  version,
} from "../harness/steps.ts";
import { MessageType, PAGE } from "../harness/wire/constants.ts";
import type { ClauseId } from "./clauses/mod.ts";
import { clients } from "./clients.ts";
import { deviceMayWrite, mark } from "./device_dma.ts";
import { ANYTHING, PROPOSAL } from "./framing_samples.ts";
import { blocks } from "./guest_blocks.ts";
import type { Row } from "./row.ts";

const NUL = "\0";

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

interface Proposal {
  readonly id: string;
  /** What stands in the version data, for a title. */
  readonly with: string;
  /** Version data; text gets its NUL. */
  readonly data: string | Uint8Array;
}

/** Cases that propose version 0.1 with such data. */
function proposals(
  clause: ClauseId,
  outcomes: readonly Outcome[],
  given: readonly Proposal[],
): Row[] {
  return given.map(({ id, data, ...title }): Row => ({
    id,
    title: `Proposes a version with ${title.with}`,
    clause,
    begins: "connected",
    steps: [
      version({ data: typeof data === "string" ? encode(data + NUL) : data }),
      expect(...outcomes),
    ],
  }));
}

/** Cases that propose one capability with a value that it should not have. */
function valuesOf(clause: ClauseId, name: string, values: Readonly<Record<string, string>>): Row[] {
  return proposals(
    clause,
    ANYTHING,
    Object.entries(values).map(([id, value]) => ({
      id: `${name.replaceAll("_", "-")}-${id}`,
      with: `${name} ${value}`,
      data: `{"capabilities":{"${name}":${value}}}`,
    })),
  );
}

const LIMITS = `{"capabilities":{"max_msg_fds":8}}`;
const REFUSED = [anyError(), closed()];
const NUL_MISSED = "version data without NUL is accepted";

const notJson: readonly Row[] = [
  ...proposals("ver-missing-nul", [...REFUSED, remarkable(reply(), NUL_MISSED)], [
    { id: "nul-missing", with: "version data without NUL", data: encode(LIMITS) },
    { id: "nul-missing-one-byte", with: "version data of one byte, not NUL", data: encode("{") },
    {
      id: "nul-missing-page",
      with: "4096 bytes of version data without NUL",
      data: encode(`{"capabilities":{}}`.padEnd(PAGE)),
    },
  ]),
  ...proposals("ver-bad-json", REFUSED, [
    { id: "json-open-brace", with: "version data {", data: "{" },
    { id: "json-open-string", with: `version data "`, data: `"` },
    { id: "json-wrong-bracket", with: "version data {]", data: "{]" },
    { id: "json-cut-word", with: "version data nul", data: "nul" },
    { id: "json-cut", with: "version data that is cut", data: `{"capabilities":{"max_msg` },
    {
      id: "json-binary",
      with: "version data of binary garbage",
      data: Uint8Array.of(0xff, 0x01, 0xfe, 0x80, 0x1b, 0x7f, 0x00),
    },
  ]),
  ...proposals("ver-embedded-nul", ANYTHING, [
    { id: "several-nuls", with: "three NULs behind the object", data: "{}\0\0" },
    { id: "data-behind-nul", with: "another object behind the NUL", data: "{}\0{}" },
  ]),
  ...proposals("ver-only-nul", ANYTHING, [
    { id: "only-nul", with: "version data of a single NUL", data: "" },
  ]),
  ...proposals("ver-trailing-garbage", ANYTHING, [
    { id: "text-behind-object", with: "text behind the object", data: "{} x" },
  ]),
  ...proposals("ver-utf8", ANYTHING, [
    { id: "utf-8", with: "a key that is not ASCII", data: `{"capabilities":{"größe":"✓"}}` },
    {
      id: "utf-8-invalid",
      with: "a string that is no UTF-8",
      data: Uint8Array.of(...encode(`{"x":"`), 0xc3, 0x28, 0xff, ...encode(`"}\0`)),
    },
  ]),
];

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

const LONG = 64 * 1024;

const unusualJson: readonly Row[] = [
  ...proposals(
    "ver-top-not-object",
    ANYTHING,
    ["[]", "1", `"s"`, "null", "true"].map((data, i) => ({
      id: `top-level-${["list", "number", "string", "null", "boolean"][i]}`,
      with: `version data ${data}`,
      data,
    })),
  ),
  ...proposals(
    "ver-caps-not-object",
    ANYTHING,
    [`"23"`, "[]", "null", "1"].map((value, i) => ({
      id: `capabilities-${["string", "list", "null", "number"][i]}`,
      with: `capabilities ${value}`,
      data: `{"capabilities":${value}}`,
    })),
  ),
  ...proposals("ver-dup-keys", ANYTHING, [
    {
      id: "capabilities-twice",
      with: "capabilities twice",
      data: `{"capabilities":{"max_msg_fds":1},"capabilities":{"max_msg_fds":8}}`,
    },
    {
      id: "max-msg-fds-twice",
      with: "max_msg_fds twice",
      data: `{"capabilities":{"max_msg_fds":8,"max_msg_fds":"x"}}`,
    },
  ]),
  ...proposals(
    "ver-deep-nesting",
    ANYTHING,
    [2000, 30_000].flatMap((depth) => [
      { id: `${depth}-lists`, with: `${depth} nested lists`, data: nested(depth) },
      {
        id: `${depth}-lists-in-capability`,
        with: `an unknown capability of ${depth} nested lists`,
        data: `{"capabilities":{"unknown":${nested(depth)}}}`,
      },
    ]),
  ),
  ...proposals("ver-long-json", ANYTHING, [
    { id: "long-space", with: "64 KiB of space", data: "{" + " ".repeat(LONG) + "}" },
    { id: "long-string", with: "a string of 64 KiB", data: `{"x":"${"x".repeat(LONG)}"}` },
    { id: "long-key", with: "a key of 64 KiB", data: `{"${"x".repeat(LONG)}":1}` },
    { id: "long-number", with: "a number of 64 KiB", data: `{"x":1${"0".repeat(LONG)}}` },
  ]),
];

const values: readonly Row[] = [
  ...valuesOf("ver-twin-not-object", "twin_socket", {
    "boolean": "true",
    "number": "1",
    "list": "[]",
    "null": "null",
    "number-inside": `{"supported":1}`,
    "string-inside": `{"supported":"true"}`,
    "fd-index-only": `{"fd_index":0}`,
  }),
  ...valuesOf("ver-max-fds-type", "max_msg_fds", {
    "string": `"foo"`,
    "fraction": "8.0",
    "boolean": "true",
    "null": "null",
    "object": "{}",
  }),
  ...valuesOf("ver-max-fds-negative", "max_msg_fds", {
    "minus-1": "-1",
    "lowest": "-9223372036854775808",
  }),
  ...valuesOf("ver-max-fds-huge", "max_msg_fds", {
    "1024": "1024",
    "1025": "1025",
    "2-to-31": "2147483648",
    "2-to-32": "4294967296",
    "2-to-63": "9223372036854775808",
  }),
  ...valuesOf("ver-xfer-zero", "max_data_xfer_size", { "0": "0" }),
  ...valuesOf("ver-xfer-negative-huge", "max_data_xfer_size", {
    "minus-1": "-1",
    "2-to-31": "2147483648",
    "2-to-63": "9223372036854775808",
    "2-to-64": "18446744073709551616",
    "1e300": "1e300",
    "string": `"1048576"`,
  }),
  {
    id: "max-data-xfer-size-0-and-dma",
    title: "Takes no data in messages, and makes the device write to memory without a descriptor",
    clause: "ver-xfer-zero",
    needs: ["device-dma-write"],
    begins: "connected",
    steps: (device) =>
      [
        version({ json: { capabilities: { max_data_xfer_size: 0 } } }),
        expect(),
        dmaMap(blocks(0)),
        expect(),
        ...deviceMayWrite(device, { address: blocks(0).address, bytes: mark(21) }),
      ].map(whateverComes),
  },
];

/** A server that has refused VERSION refuses what follows. */
function whateverComes(step: Step): Step {
  return step.step === "expect" ? expect(...ANYTHING) : step;
}

const headers: readonly Row[] = [
  {
    id: "descriptor",
    title: "Sends a descriptor with VERSION",
    clause: "ver-with-fds",
    begins: "connected",
    steps: [withFds(PROPOSAL, eventfd()), expect(...ANYTHING)],
  },
  {
    id: "descriptors-closed",
    title: "Sends descriptors with VERSION, and counts those of the server",
    clause: "ver-with-fds",
    needs: ["local-process"],
    steps: [
      countDescriptors(),
      connect(),
      withFds(PROPOSAL, eventfd(), memory(PAGE)),
      expect(...ANYTHING),
      reconnect(),
      sameDescriptors(),
    ],
  },
  {
    id: "type-reply",
    title: "Sends VERSION as a reply",
    clause: "ver-type-reply",
    begins: "connected",
    steps: [
      patchHeader(PROPOSAL, { flags: MessageType.REPLY }),
      expect(closed(), anyError(), nothing(), reply()),
    ],
  },
  {
    id: "no-reply",
    title: "Sends VERSION with No_reply",
    clause: "ver-noreply",
    begins: "connected",
    steps: [
      patchHeader(PROPOSAL, { flags: NO_REPLY }),
      expect(nothing(), reply(), anyError(), closed()),
    ],
  },
  ...[
    { id: "twice", what: "a version", message: PROPOSAL },
    { id: "twice-other-major", what: "another major version", message: version({ major: 1 }) },
    {
      id: "twice-bad-json",
      what: "a version with data that is not JSON",
      message: version({ data: encode("{" + NUL) }),
    },
  ].map(({ id, what, message }): Row => ({
    id,
    title: `Proposes ${what} within a session`,
    clause: "ver-twice",
    steps: [
      message,
      expect(anyError(), reply(), remarkable(closed(), "a second VERSION ends the session")),
    ],
  })),
];

const connections: readonly Row[] = [
  {
    id: "leaves-at-once",
    title: "Connects and leaves without a byte, again and again",
    clause: "ver-connect-close-loop",
    begins: "connected",
    steps: (device) => [
      ...Array.from({ length: clients(device, 50) }, () => connect()),
      reconnect(),
    ],
  },
  ...[2, 16, 18].map((size): Row => ({
    id: `stalls-after-${size}-bytes`,
    title: `Sends the first ${size} bytes of VERSION and leaves`,
    clause: "ver-stalled-client",
    begins: "connected",
    ends: "alive",
    steps: [onlyFirst(PROPOSAL, size), disconnect()],
  })),
  {
    id: "stalls-while-another-waits",
    title: "Sends the first 18 bytes of VERSION, and leaves when another client has come",
    clause: "ver-stalled-client",
    begins: "connected",
    ends: "alive",
    steps: [
      onlyFirst(PROPOSAL, 18),
      secondClient("connects"),
      secondClient("proposes"),
      disconnect(),
      secondClient("leaves"),
    ],
  },
];

/** What the specification does not say of VERSION. */
export const versionRobustness: readonly Row[] = [
  ...notJson,
  ...unusualJson,
  ...values,
  ...headers,
  ...connections,
];
