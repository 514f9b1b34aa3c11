import type { Fd } from "../../posix/fd.ts";
import { memoryFile } from "../../posix/memory.ts";
import { Command, PAGE } from "../../wire/constants.ts";
import { Version } from "../../wire/messages.ts";
import { encodeVersionJson, parseVersionJson } from "../../wire/version_json.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Reply } from "../message.ts";
import { onProposal, onReply, patch, setPayload } from "./tools.ts";

type Members = Record<string, unknown>;

/** Sees the reply to VERSION. */
export function onAgreement(change: (reply: Reply) => void): () => Hooks {
  return onReply(Command.VERSION, change);
}

/** Replaces the version data. */
export function setData(reply: Reply, data: Uint8Array): void {
  setPayload(reply, concat(reply.payload.subarray(0, Version.size), data));
}

/** Changes the JSON of the reply. */
export function withJson(change: (json: Members, capabilities: Members) => void): () => Hooks {
  return onAgreement((reply) => {
    const parsed = parseVersionJson(reply.payload.subarray(Version.size));
    const json = parsed.ok ? parsed.json : {};
    change(json, json.capabilities as Members);
    setData(reply, encodeVersionJson(json));
  });
}

/** Announces another value. */
export function withCapability(name: string, value: unknown): () => Hooks {
  return withJson((_, capabilities) => void (capabilities[name] = value));
}

/** Lends a descriptor that is no socket. */
function withFile(change: (reply: Reply, file: Fd) => void): () => Hooks {
  return () => {
    const file = memoryFile(PAGE);
    return onAgreement((reply) => change(reply, file))();
  };
}

/** Faults in what VERSION is answered with (catalogue 2.2). */
const answers: readonly Fault[] = [
  {
    id: "reply-major-1",
    clause: "ver-major-echo",
    text: "VERSION is answered with major 1.",
    hooks: onAgreement((reply) => patch(reply, Version, { major: 1 })),
  },
  {
    id: "reply-minor-2",
    clause: "ver-minor-le",
    text: "VERSION is answered with minor 2 whatever was proposed.",
    hooks: onAgreement((reply) => patch(reply, Version, { minor: 2 })),
  },
  {
    id: "reply-minor-3",
    clause: "ver-minor-le",
    text: "Minor 2 and above are answered with minor 3.",
    hooks: onAgreement((reply) => {
      if (Version.decode(reply.payload).minor === 2) patch(reply, Version, { minor: 3 });
    }),
  },
  {
    id: "reply-without-nul",
    clause: "ver-reply-nul",
    text: "The JSON of the reply has no NUL.",
    hooks: onAgreement((reply) => setPayload(reply, reply.payload.slice(0, -1))),
  },
  {
    id: "reply-json-broken",
    clause: "ver-reply-json-valid",
    text: "The JSON of the reply has a comma too many.",
    hooks: onAgreement((reply) =>
      setData(reply, new TextEncoder().encode(`{"capabilities":{"max_msg_fds":8,}}\0`))
    ),
  },
  {
    id: "reply-capabilities-array",
    clause: "ver-reply-json-valid",
    text: "The capabilities of the reply are an array.",
    hooks: withJson((json) => void (json.capabilities = [])),
  },
  {
    id: "reply-limit-as-text",
    clause: "ver-reply-types",
    text: "max_msg_fds of the reply is a text.",
    hooks: withCapability("max_msg_fds", "8"),
  },
  {
    id: "reply-limit-negative",
    clause: "ver-reply-types",
    text: "max_data_xfer_size of the reply is -1.",
    hooks: withCapability("max_data_xfer_size", -1),
  },
  {
    id: "reply-limit-fraction",
    clause: "ver-reply-types",
    text: "max_dma_maps of the reply is 64.5.",
    hooks: withCapability("max_dma_maps", 64.5),
  },
  {
    id: "reply-multiple-as-number",
    clause: "ver-reply-types",
    text: "write_multiple of the reply is 0 instead of false.",
    hooks: withCapability("write_multiple", 0),
  },
  {
    id: "reply-max-fds-1000",
    clause: "ver-cap-max-fds-range",
    text: "max_msg_fds of the reply is 1000.",
    hooks: withCapability("max_msg_fds", 1000),
  },
  {
    id: "reply-transfer-0",
    clause: "ver-cap-xfer-nonzero",
    text: "max_data_xfer_size of the reply is 0.",
    hooks: withCapability("max_data_xfer_size", 0),
  },
  {
    id: "reply-long",
    clause: "qemu-version-size",
    text: "The reply to VERSION is longer than any request.",
    hooks: withCapability("comment", "x".repeat(300)),
  },
  {
    id: "reply-with-fd",
    clause: "ver-reply-no-extra-fds",
    text: "A descriptor comes with the reply to VERSION.",
    hooks: withFile((reply, file) => {
      if (reply.fds.length === 0) reply.fds = [file];
    }),
  },
];

/** Faults with the twin-socket (catalogue 2.2). */
const twin: readonly Fault[] = [
  {
    id: "twin-unasked",
    clause: "ver-reply-twin-only-if-asked",
    text: "A twin-socket is announced and sent to a client that did not ask for one.",
    hooks: withFile((reply, file) => {
      if (announceTwin(reply)) reply.fds = [file];
    }),
  },
  {
    id: "twin-unasked-without-fd",
    clause: "ver-reply-twin-only-if-asked",
    text: "A twin-socket is announced to a client that did not ask for one, and not sent.",
    hooks: onAgreement((reply) => void announceTwin(reply)),
  },
  {
    id: "twin-index-too-large",
    clause: "ver-twin-inconsistent",
    text: "The twin-socket has fd_index 1 where there is one descriptor.",
    hooks: withTwin((twin) => void (twin.fd_index = 1)),
  },
  {
    id: "twin-without-index",
    clause: "ver-twin-inconsistent",
    text: "The twin-socket has no fd_index.",
    hooks: withTwin((twin) => void delete twin.fd_index),
  },
  {
    id: "twin-without-fd",
    clause: "ver-twin-inconsistent",
    text: "The descriptor of the twin-socket is missing.",
    hooks: onAgreement((reply) => void (reply.fds = [])),
  },
  {
    id: "twin-no-socket",
    clause: "ver-twin-ok",
    text: "The descriptor of the twin-socket is a file.",
    hooks: withFile((reply, file) => {
      if (reply.fds.length > 0) reply.fds = [file];
    }),
  },
  {
    id: "twin-for-client-without-fds",
    clause: "ver-twin-zero-fds",
    text: "A client with max_msg_fds 0 gets a twin-socket.",
    hooks: onProposal(({ json, capabilities }, request) => {
      if (!json || capabilities.max_msg_fds !== 0) return;
      const more = { ...json, capabilities: { ...capabilities, max_msg_fds: 1 } };
      request.payload = concat(request.payload.subarray(0, 4), encodeVersionJson(more));
    }),
  },
];

function withTwin(change: (twin: Members) => void): () => Hooks {
  return withJson((_, { twin_socket }) => {
    if (twin_socket) change(twin_socket as Members);
  });
}

/** Whether the client did not ask for one. */
function announceTwin(reply: Reply): boolean {
  const parsed = parseVersionJson(reply.payload.subarray(Version.size));
  if (!parsed.ok || parsed.capabilities.twinSocket.supported) return false;
  const twin_socket = { supported: true, fd_index: 0 };
  const capabilities = { ...parsed.json.capabilities as Members, twin_socket };
  setData(reply, encodeVersionJson({ capabilities }));
  return true;
}

/** Faults in the reply to VERSION (catalogue 2.2). */
export const agreementFaults: readonly Fault[] = [...answers, ...twin];
