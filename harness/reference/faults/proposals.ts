import { Command } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { Version } from "../../wire/messages.ts";
import { getInfo } from "../device_commands.ts";
import type { Fault } from "../fault.ts";
import { die, hang, onProposal, patch, type Proposal } from "./tools.ts";

const NAMES: readonly string[] = [
  "max_msg_fds",
  "max_data_xfer_size",
  "max_dma_maps",
  "pgsizes",
  "twin_socket",
  "write_multiple",
  "migration",
];

type Test = (proposal: Proposal) => boolean;
type Row = readonly [id: string, clause: string, what: string, test: Test];

/** Proposals that a server has to agree to. */
const good: readonly Row[] = [
  ["minor-0-refused", "ver-minor-0-supported", "Minor 0", ({ minor }) => minor === 0],
  ["minor-2-refused", "ver-min-version-matrix", "Minor 2", ({ minor }) => minor === 2],
  ["minor-above-2-refused", "ver-min-version-matrix", "A minor above 2", ({ minor }) => minor > 2],
  ["no-json-refused", "ver-no-json", "No version data", ({ data }) => data.length === 0],
  [
    "empty-object-refused",
    "ver-empty-object",
    "JSON without capabilities",
    ({ json, data }) => data.length > 0 && json !== undefined && !("capabilities" in json),
  ],
  [
    "empty-capabilities-refused",
    "ver-empty-caps",
    "JSON with no capability",
    ({ json, capabilities }) =>
      json?.capabilities !== undefined && Object.keys(capabilities).length === 0,
  ],
  [
    "unknown-member-refused",
    "ver-unknown-cap",
    "JSON with a member that is not known",
    ({ json = {} }) => Object.keys(json).some((name) => name !== "capabilities"),
  ],
  [
    "unknown-capability-refused",
    "ver-unknown-cap",
    "JSON with a capability that is not known",
    ({ capabilities }) => Object.keys(capabilities).some((name) => !NAMES.includes(name)),
  ],
];

function rawCapability({ text }: Proposal, name: string): unknown {
  try {
    return JSON.parse(text)?.capabilities?.[name];
  } catch {
    return undefined;
  }
}

function isWrongTwin(proposal: Proposal): boolean {
  const twin = rawCapability(proposal, "twin_socket");
  if (twin === undefined) return false;
  const isObject = typeof twin === "object" && twin !== null && !Array.isArray(twin) &&
    !("fd_index" in twin);
  return !isObject || typeof ((twin as { supported?: unknown }).supported ?? false) !== "boolean";
}

function hasKeyTwice(text: string): boolean {
  const keys = text.match(/"\w+"(?=\s*:)/g) ?? [];
  return new Set(keys).size < keys.length;
}

/** Proposals of which a server may think what it likes, as long as it survives them. */
const odd: readonly Row[] = [
  [
    "missing-nul-dies",
    "ver-missing-nul",
    "JSON without NUL",
    ({ data }) => data.length > 0 && data.at(-1) !== 0,
  ],
  ["inner-nul-dies", "ver-embedded-nul", "More than one NUL", ({ text }) => text.includes("\0")],
  ["only-nul-dies", "ver-only-nul", "A NUL alone", ({ data, text }) => data.length > 0 && !text],
  [
    "trailing-garbage-dies",
    "ver-trailing-garbage",
    "Text behind JSON",
    ({ text }) => /\}\s*[^\s}\]",\0]/.test(text),
  ],
  ["bad-json-dies", "ver-bad-json", "Text that is no JSON object", ({ json }) => !json],
  ["utf8-dies", "ver-utf8", "Text beyond ASCII", ({ data }) => data.some((byte) => byte > 0x7f)],
  ["long-json-dies", "ver-long-json", "JSON above 16 KiB", ({ data }) => data.length > 16384],
  ["deep-json-dies", "ver-deep-nesting", "Deep JSON", ({ text }) => /[[{]{200}/.test(text)],
  [
    "same-key-dies",
    "ver-dup-keys",
    "A key that comes twice",
    ({ text }) => hasKeyTwice(text),
  ],
  ["wrong-twin-dies", "ver-twin-not-object", "A wrong twin_socket", isWrongTwin],
  ["fds-type-dies", "ver-max-fds-type", "A max_msg_fds that is no integer", (proposal) => {
    const value = rawCapability(proposal, "max_msg_fds");
    return value !== undefined && !/"max_msg_fds":\s*-?\d+[,}]/.test(proposal.text);
  }],
  [
    "fds-negative-dies",
    "ver-max-fds-negative",
    "A negative max_msg_fds",
    (proposal) => Number(rawCapability(proposal, "max_msg_fds")) < 0,
  ],
  [
    "fds-huge-dies",
    "ver-max-fds-huge",
    "A max_msg_fds above 1000",
    (proposal) => Number(rawCapability(proposal, "max_msg_fds")) > 1000,
  ],
  [
    "transfer-0-dies",
    "ver-xfer-zero",
    "A max_data_xfer_size of 0",
    (proposal) => rawCapability(proposal, "max_data_xfer_size") === 0,
  ],
  [
    "transfer-huge-dies",
    "ver-xfer-negative-huge",
    "A max_data_xfer_size out of range",
    (p) => {
      const value = Number(rawCapability(p, "max_data_xfer_size") ?? 0);
      return value < 0 || value >= 2 ** 31;
    },
  ],
  [
    "transfer-text-dies",
    "ver-xfer-negative-huge",
    "A max_data_xfer_size that is a text",
    (proposal) => typeof rawCapability(proposal, "max_data_xfer_size") === "string",
  ],
  [
    "empty-capabilities-die",
    "ver-reply-subset",
    "JSON with no capability",
    ({ json, capabilities }) =>
      json?.capabilities !== undefined && Object.keys(capabilities).length === 0,
  ],
  [
    "top-array-dies",
    "ver-top-not-object",
    "JSON that is no object",
    ({ text, data }) => data.length > 1 && !/^\s*\{/.test(text),
  ],
  [
    "caps-type-dies",
    "ver-caps-not-object",
    "Capabilities that are no object",
    ({ text }) => /"capabilities"\s*:\s*[^{\s]/.test(text),
  ],
];

/** Faults with proposals in VERSION (catalogue 2.2). */
export const proposalFaults: readonly Fault[] = [
  ...good.map(([id, clause, what, test]): Fault => ({
    id,
    clause,
    text: `${what} is refused in VERSION.`,
    hooks: onProposal((proposal) => test(proposal) ? { errno: Errno.EINVAL } : undefined),
  })),
  ...odd.map(([id, clause, what, test]): Fault => ({
    id,
    clause,
    text: `${what} in VERSION kills the server.`,
    hooks: onProposal((proposal) => test(proposal) ? die() : undefined),
  })),
  {
    id: "short-version-accepted",
    clause: "ver-short-payload",
    text: "A VERSION too short for its version is taken for 0.0.",
    hooks: () => ({
      request(request) {
        if (request.command !== Command.VERSION || request.payload.byteLength >= 4) return;
        request.payload = Version.encode({});
      },
    }),
  },
  {
    id: "bad-json-hangs",
    clause: "ver-bad-json",
    text: "The server hangs on version data that are no JSON object.",
    hooks: onProposal(({ json }) => json ? undefined : hang()),
  },
  {
    id: "major-1-accepted",
    clause: "ver-major-1-refused",
    text: "A major above 0 is agreed to, with major 0 in the reply.",
    hooks: onProposal((_, request) => patch(request, Version, { major: 0 })),
  },
  {
    id: "major-1-kept-open",
    clause: "ver-major-1-refused",
    text: "A major above 0 is answered with itself.",
    hooks: onProposal(({ major }, _, { settings }) => void (settings.major = major)),
  },
  {
    id: "get-info-before-version",
    clause: "ver-first-msg",
    text: "A DEVICE_GET_INFO before VERSION is answered.",
    hooks: () => ({
      request(request, session) {
        if (session.negotiated || request.command !== Command.DEVICE_GET_INFO) return;
        return getInfo(request, session);
      },
    }),
  },
  {
    id: "command-before-version-dies",
    clause: "ver-first-msg",
    text: "A command before VERSION kills the server.",
    hooks: () => ({
      request({ command }, { negotiated }) {
        if (!negotiated && command !== Command.VERSION) die();
      },
    }),
  },
  {
    id: "version-as-reply-dies",
    clause: "ver-type-reply",
    text: "A reply before VERSION kills the server.",
    hooks: () => ({
      header({ flags }, { negotiated }) {
        if (!negotiated && (flags & 1) !== 0) die();
      },
    }),
  },
  {
    id: "version-no-reply-dies",
    clause: "ver-noreply",
    text: "A VERSION with No_reply kills the server.",
    hooks: onProposal((_, { flags }) => (flags & 0x10) !== 0 ? die() : undefined),
  },
  {
    id: "version-fds-leak",
    clause: "ver-with-fds",
    text: "Descriptors that come with VERSION stay open.",
    hooks: onProposal((_, { fds }) => fds.forEach((fd) => void fd.release())),
  },
  {
    id: "second-version-dies",
    clause: "ver-twice",
    text: "A second VERSION kills the server.",
    hooks: () => ({
      request({ command }, { negotiated }) {
        if (negotiated && command === Command.VERSION) die();
      },
    }),
  },
  {
    id: "twentieth-silent-client-dies",
    clause: "ver-connect-close-loop",
    text: "The twentieth client that goes without a word kills the server.",
    hooks: () => {
      let silent = 0;
      return {
        disconnect({ negotiated }) {
          if (!negotiated && ++silent === 20) die();
        },
      };
    },
  },
  {
    id: "zero-transfer-spins",
    clause: "ver-xfer-zero",
    text: "A DMA for a client with a max_data_xfer_size of 0 never ends.",
    hooks: () => ({
      async reply({ command }, _, session) {
        if (command !== Command.REGION_WRITE || session.client.maxDataXferSize !== 0) return;
        const [region] = session.dma.regions;
        if (region && !region.mapping) await hang();
      },
    }),
  },
];
