import type { Clause } from "../../harness/case.ts";

const VERSION_REFUSAL =
  "The specification answers a proposal that cannot be supported by closing the connection, every other command by a reply; an error, a close, or both are accepted.";

/** Clauses on negotiation: sections Connection Initiation and VERSION. */
export const versionClauses = {
  "ver-basic": {
    level: "must",
    section: "VERSION",
    text: "A proposal of a supported version is answered with a successful VERSION reply.",
  },
  "ver-major-echo": {
    level: "must",
    section: "VERSION",
    text: "The major version in the reply is the one that the client proposed.",
  },
  "ver-minor-le": {
    level: "must",
    section: "VERSION",
    text: "The minor version in the reply is at most the one that the client proposed.",
  },
  "ver-minor-0-supported": {
    level: "must",
    section: "VERSION",
    text: "Version 0.0 is supported: proposed, it is answered with minor version 0.",
  },
  "ver-major-1-refused": {
    level: "must",
    section: "VERSION",
    text:
      "A major version that the server does not support is refused, by closing the connection or with an error; a reply never names another major version.",
    note: VERSION_REFUSAL,
  },
  "ver-first-msg": {
    level: "should",
    section: "Connection Initiation",
    text:
      "A first message other than VERSION is answered with an error or by closing the connection.",
  },
  "ver-no-json": {
    level: "must",
    section: "VERSION",
    text: "A VERSION proposal without version data, which is optional, is accepted.",
  },
  "ver-empty-object": {
    level: "must",
    section: "VERSION",
    text: "Version data without the optional member capabilities is accepted.",
  },
  "ver-empty-caps": {
    level: "must",
    section: "VERSION",
    text: "An empty list of capabilities is accepted, as each of them is optional.",
  },
  "ver-unknown-cap": {
    level: "should",
    section: "VERSION",
    text: "Unknown members of the version data and unknown capabilities are ignored.",
  },
  "ver-reply-nul": {
    level: "must",
    section: "VERSION",
    text: "Version data in the reply ends with a NUL byte, which the message size counts.",
  },
  "ver-reply-json-valid": {
    level: "must",
    section: "VERSION",
    text:
      "Version data in the reply is a JSON object, and capabilities, where present, is an object in it.",
  },
  "ver-reply-types": {
    level: "must",
    section: "VERSION",
    text:
      "Capabilities in the reply have their types: numbers are integers from 0 up, write_multiple is a boolean, twin_socket is an object.",
  },
  "ver-reply-subset": {
    level: "should",
    section: "VERSION",
    text:
      "The reply carries no capabilities but those that the client proposed; the limits of the server itself may stand beside them.",
    note:
      "The reply is to be a subset of the proposal, yet capabilities state the limits of each side, with a default where one is absent; more than was proposed is reported and never fails.",
  },
  "ver-reply-twin-only-if-asked": {
    level: "must",
    section: "VERSION",
    text:
      "A reply offers a twin socket, and carries its descriptor, only if the client proposed twin_socket.supported as true.",
  },
  "ver-reply-no-extra-fds": {
    level: "robust",
    section: "VERSION",
    text: "A VERSION reply carries no descriptors but that of a twin socket.",
  },
  "ver-twin-ok": {
    level: "may",
    section: "VERSION",
    text:
      "Asked for a twin socket, the server leaves it out, or sends one end of a connected stream socket and names its place in fd_index.",
  },
  "ver-twin-inconsistent": {
    level: "must",
    section: "VERSION",
    text:
      "A reply with twin_socket.supported true has an fd_index that names a descriptor of this reply.",
  },
  "ver-twin-zero-fds": {
    level: "robust",
    section: "VERSION",
    text:
      "A client that can receive no descriptors is sent no twin socket; the server survives, and the session works without it.",
  },
  "ver-twin-not-object": {
    level: "robust",
    section: "VERSION",
    text:
      "A twin_socket of the wrong type is ignored, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-cap-max-fds-range": {
    level: "robust",
    section: "VERSION",
    text:
      "The max_msg_fds of the server is at most 253, the number of descriptors that one message can carry on Linux.",
  },
  "ver-cap-xfer-nonzero": {
    level: "robust",
    section: "VERSION",
    text:
      "The max_data_xfer_size of the server is at least 8, so that its registers can be read and written.",
  },
  "ver-missing-nul": {
    level: "should",
    section: "VERSION",
    text:
      "Version data without the terminating NUL is refused with an error or by closing the connection, or accepted without a read beyond the message; the server survives.",
    note: VERSION_REFUSAL,
  },
  "ver-embedded-nul": {
    level: "robust",
    section: "VERSION",
    text:
      "Version data with bytes behind its first NUL is accepted, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-only-nul": {
    level: "robust",
    section: "VERSION",
    text:
      "Version data of a single NUL is accepted, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-bad-json": {
    level: "should",
    section: "VERSION",
    text:
      "Version data that is not JSON is refused with an error or by closing the connection; the server survives and serves the next client.",
    note: VERSION_REFUSAL,
  },
  "ver-trailing-garbage": {
    level: "robust",
    section: "VERSION",
    text:
      "Version data with text behind its JSON object is accepted, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-top-not-object": {
    level: "robust",
    section: "VERSION",
    text:
      "Version data that is JSON but no object is accepted, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-caps-not-object": {
    level: "robust",
    section: "VERSION",
    text:
      "A capabilities member that is no object is ignored, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-max-fds-type": {
    level: "robust",
    section: "VERSION",
    text:
      "A max_msg_fds that is no integer is replaced by the default, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-max-fds-negative": {
    level: "robust",
    section: "VERSION",
    text:
      "A negative max_msg_fds is clamped, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-max-fds-huge": {
    level: "robust",
    section: "VERSION",
    text:
      "A max_msg_fds beyond any real limit is clamped, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-xfer-zero": {
    level: "robust",
    section: "VERSION",
    text:
      "A max_data_xfer_size of 0 is accepted, refused with an error, or ends the connection; the server survives, and DMA to such a client does not loop without end.",
  },
  "ver-xfer-negative-huge": {
    level: "robust",
    section: "VERSION",
    text:
      "A max_data_xfer_size that is negative or beyond any real size is clamped, refused with an error, or ends the connection; the server survives.",
  },
  "ver-dup-keys": {
    level: "robust",
    section: "VERSION",
    text:
      "Version data with a key twice is accepted, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-deep-nesting": {
    level: "robust",
    section: "Security Considerations",
    text:
      "Deeply nested version data is accepted, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-long-json": {
    level: "robust",
    section: "Security Considerations",
    text:
      "Version data of many kilobytes is accepted, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-utf8": {
    level: "robust",
    section: "VERSION",
    text:
      "Version data with non-ASCII or invalid UTF-8 is accepted, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "ver-short-payload": {
    level: "must",
    section: "VERSION",
    text:
      "A VERSION payload below 4 bytes is answered with an error or by closing the connection; the server survives and serves the next client.",
    note: VERSION_REFUSAL,
  },
  "ver-with-fds": {
    level: "robust",
    section: "VERSION",
    text:
      "Descriptors sent with VERSION are ignored, refused with an error, or end the connection; the server survives and leaks none.",
  },
  "ver-type-reply": {
    level: "robust",
    section: "Header",
    text:
      "A first message VERSION of type Reply is answered with an error or by closing the connection; the server survives and serves the next client.",
  },
  "ver-noreply": {
    level: "robust",
    section: "Header",
    text:
      "A VERSION with No_reply is answered or taken in silence; the server survives and serves the next client.",
  },
  "ver-twice": {
    level: "robust",
    section: "VERSION",
    text:
      "A second VERSION on an established session is refused with an error or answered as before; the server survives, and the session goes on within its limits.",
  },
  "ver-min-version-matrix": {
    level: "should",
    section: "VERSION",
    text: "Every minor version up to the highest that the server supports is accepted.",
    note:
      "The specification does not say which minor version has which feature; features are told by capabilities and probes only.",
  },
  "ver-connect-close-loop": {
    level: "robust",
    section: "Connection Initiation",
    text:
      "Clients that connect and leave without a byte do not wear the server out: it survives and serves the next client.",
  },
  "ver-stalled-client": {
    level: "robust",
    section: "Security Considerations",
    text:
      "A client that stalls in its first message does not end the server; the next client may wait until the first has left, as one connection at a time is enough.",
  },
} as const satisfies Record<string, Clause>;
