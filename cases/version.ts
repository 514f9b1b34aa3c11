import type { Reply, Step } from "../harness/case.ts";
import { truncate } from "../harness/mutate.ts";
import {
  anyError,
  atMost,
  closed,
  connect,
  deviceReset,
  dmaMap,
  expect,
  getInfo,
  regionRead,
  remarkable,
  reply,
  version,
} from "../harness/steps.ts";
import { Version } from "../harness/wire/messages.ts";
import type { Row, RowSuite } from "./row.ts";
import {
  badJson,
  badNumber,
  badTwinIndex,
  badTypes,
  namedCapabilities,
  offeredTwin,
  withoutNul,
} from "./version_reply.ts";
import { versionRobustness } from "./version_robustness.ts";

const LIMITS = { max_msg_fds: 8, max_data_xfer_size: 1_048_576 };

/** A proposal with these capabilities besides our limits. */
function proposing(capabilities: Record<string, unknown> = {}, minor = 1) {
  return version({ minor, json: { capabilities: { ...LIMITS, ...capabilities } } });
}

const numbers: readonly Row[] = [
  {
    id: "limits",
    title: "Proposes version 0.1 with its limits",
    clause: "ver-basic",
    begins: "connected",
    steps: [proposing(), expect(reply())],
  },
  {
    id: "major-in-reply",
    title: "Looks at the major version in the reply",
    clause: "ver-major-echo",
    begins: "connected",
    steps: [proposing(), expect(reply({ major: 0 }), anyError(), closed())],
  },
  // Of 0.65535 any reply is right.
  ...[0, 1, 2].map((minor): Row => ({
    id: `minor-${minor}-in-reply`,
    title: `Proposes version 0.${minor} and looks at the minor version in the reply`,
    clause: "ver-minor-le",
    begins: "connected",
    steps: [proposing({}, minor), expect(reply({ minor: atMost(minor) }), anyError(), closed())],
  })),
  {
    id: "minor-0",
    title: "Proposes version 0.0",
    clause: "ver-minor-0-supported",
    begins: "connected",
    steps: [proposing({}, 0), expect(reply({ minor: 0 }))],
  },
  {
    id: "every-minor",
    title: "Proposes version 0.0 to 0.9, each on a connection of its own",
    clause: "ver-min-version-matrix",
    begins: "connected",
    steps: Array.from({ length: 10 }, (_, minor): Step[] => [
      ...(minor === 0 ? [] : [connect()]),
      proposing({}, minor),
      expect(reply()),
    ]).flat(),
  },
  ...[1, 2, 0xffff].map((major): Row => ({
    id: `major-${major}`,
    title: `Proposes version ${major}.0`,
    clause: "ver-major-1-refused",
    begins: "connected",
    ends: "may-exit",
    steps: [
      version({ major, minor: 0, json: { capabilities: LIMITS } }),
      expect(closed(), anyError()),
    ],
  })),
];

const firstMessages: readonly Row[] = [
  { id: "get-info", name: "DEVICE_GET_INFO", message: getInfo() },
  { id: "region-read", name: "REGION_READ", message: regionRead({ region: 7 }) },
  { id: "dma-map", name: "DMA_MAP", message: dmaMap() },
  { id: "device-reset", name: "DEVICE_RESET", message: deviceReset() },
].map(({ id, name, message }): Row => ({
  id: `${id}-first`,
  title: `Sends ${name} before VERSION`,
  clause: "ver-first-msg",
  begins: "connected",
  steps: [message, expect(anyError(), closed())],
}));

const proposals: readonly Row[] = [
  {
    id: "without-data",
    title: "Proposes a version without version data",
    clause: "ver-no-json",
    begins: "connected",
    steps: [version(), expect(reply())],
  },
  {
    id: "empty-object",
    title: "Proposes a version with an empty object",
    clause: "ver-empty-object",
    begins: "connected",
    steps: [version({ json: {} }), expect(reply())],
  },
  {
    id: "empty-capabilities",
    title: "Proposes a version with empty capabilities",
    clause: "ver-empty-caps",
    begins: "connected",
    steps: [version({ json: { capabilities: {} } }), expect(reply())],
  },
  ...[
    { id: "unknown-member", what: "an unknown member", json: { capabilities: LIMITS, unknown: 1 } },
    {
      id: "unknown-capability",
      what: "an unknown capability",
      json: { capabilities: { ...LIMITS, unknown: true } },
    },
    {
      id: "unknown-everything",
      what: "unknown members that hold objects, lists and null",
      json: { capabilities: { ...LIMITS, a: { b: [1, "c"] }, d: null }, e: [{}], f: null },
    },
  ].map(({ id, what, json }): Row => ({
    id,
    title: `Proposes a version with ${what}`,
    clause: "ver-unknown-cap",
    begins: "connected",
    steps: [version({ json }), expect(reply())],
  })),
  ...[0, 1, 2, 3].map((size): Row => ({
    id: `payload-of-${size}`,
    title: `Proposes a version with a payload of ${size} of ${Version.size} bytes`,
    clause: "ver-short-payload",
    begins: "connected",
    steps: [truncate(version(), size), expect(anyError(), closed())],
  })),
];

/** Looks at the replies to a full and to an empty proposal; whether they are accepted is for other cases. */
function everyReply(
  row: Pick<Row, "id" | "title" | "clause">,
  wants: string,
  check: (reply: Reply) => string | undefined,
): Row {
  const outcome = expect(reply({}, { wants, check }), anyError(), closed());
  return {
    ...row,
    begins: "connected",
    steps: [
      proposing({ twin_socket: { supported: false }, write_multiple: true }),
      outcome,
      connect(),
      version({ json: { capabilities: {} } }),
      outcome,
    ],
  };
}

const replies: readonly Row[] = [
  everyReply(
    { id: "nul-in-reply", title: "Looks for NUL at the end of replies", clause: "ver-reply-nul" },
    "version data that ends with NUL",
    withoutNul,
  ),
  everyReply(
    {
      id: "json-in-reply",
      title: "Parses the version data of replies",
      clause: "ver-reply-json-valid",
    },
    "a JSON object",
    badJson,
  ),
  everyReply(
    {
      id: "types-in-reply",
      title: "Looks at the types of capabilities in replies",
      clause: "ver-reply-types",
    },
    "capabilities of their types",
    badTypes,
  ),
  everyReply(
    {
      id: "max-msg-fds-in-reply",
      title: "Looks at max_msg_fds in replies",
      clause: "ver-cap-max-fds-range",
    },
    "max_msg_fds of at most 253",
    badNumber("max_msg_fds", (value) => value <= 253),
  ),
  everyReply(
    {
      id: "max-data-xfer-size-in-reply",
      title: "Looks at max_data_xfer_size in replies",
      clause: "ver-cap-xfer-nonzero",
    },
    "max_data_xfer_size of at least 8",
    badNumber("max_data_xfer_size", (value) => value >= 8),
  ),
  {
    id: "capabilities-not-proposed",
    title: "Proposes no capabilities and looks at those in the reply",
    clause: "ver-reply-subset",
    begins: "connected",
    steps: [
      version({ json: { capabilities: {} } }),
      expect(
        reply({}, { wants: "no capabilities", check: namedCapabilities }),
        remarkable(reply(), "the reply names capabilities that were not proposed"),
        anyError(),
        closed(),
      ),
    ],
  },
];

const NO_TWIN = { fdCount: 0, wants: "no twin socket", check: offeredTwin };
const ASKED = { twin_socket: { supported: true } };

const twinSocket: readonly Row[] = [
  ...[
    { id: "twin-not-proposed", what: "without twin_socket", capabilities: {} },
    {
      id: "twin-unsupported",
      what: "with twin_socket.supported false",
      capabilities: { twin_socket: { supported: false } },
    },
    {
      id: "twin-unspecified",
      what: "with a twin_socket that says nothing",
      capabilities: { twin_socket: {} },
    },
  ].map(({ id, what, capabilities }): Row => ({
    id,
    title: `Proposes a version ${what}`,
    clause: "ver-reply-twin-only-if-asked",
    begins: "connected",
    steps: [proposing(capabilities), expect(reply({}, NO_TWIN))],
  })),
  {
    id: "descriptors-in-reply",
    title: "Proposes a version without twin_socket and counts the descriptors in the reply",
    clause: "ver-reply-no-extra-fds",
    begins: "connected",
    steps: [proposing(), expect(reply({}, { fdCount: 0 }))],
  },
  {
    id: "twin-socket",
    title: "Asks for a twin socket and looks at the descriptor",
    clause: "ver-twin-ok",
    begins: "connected",
    steps: [
      proposing(ASKED),
      expect(reply({}, { save: "twin", saveFds: "twin" })),
      { step: "stream-socket", from: "twin", index: "fdIndex" },
    ],
  },
  {
    id: "twin-fd-index",
    title: "Asks for a twin socket and looks at fd_index",
    clause: "ver-twin-inconsistent",
    begins: "connected",
    steps: [
      proposing(ASKED),
      expect(
        reply({}, { wants: "an fd_index that names a descriptor", check: badTwinIndex }),
      ),
    ],
  },
  {
    id: "twin-without-descriptors",
    title: "Asks for a twin socket with max_msg_fds 0",
    clause: "ver-twin-zero-fds",
    begins: "connected",
    steps: [
      proposing({ ...ASKED, max_msg_fds: 0 }),
      expect(reply({}, { fdCount: 0 }), anyError(), closed()),
    ],
  },
];

/** Cases on VERSION, with which every connection begins. */
export const versionSuite: RowSuite = {
  id: "version",
  title: "VERSION",
  cases: [
    ...numbers,
    ...firstMessages,
    ...proposals,
    ...replies,
    ...twinSocket,
    ...versionRobustness,
  ],
};
