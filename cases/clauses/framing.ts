import type { Clause } from "../../harness/case.ts";
import { HEADER_ONLY, REPLY_ORDER } from "./ambiguities.ts";

/** Clauses on framing and the header: sections Header, Commands and Message sizes. */
export const framingClauses = {
  "hdr-reply-id": {
    level: "must",
    section: "Header",
    text: "A reply carries the message ID of the command that it answers.",
  },
  "hdr-reply-cmd": {
    level: "must",
    section: "Header",
    text:
      "A reply, error replies included, carries the command number of the command that it answers.",
  },
  "hdr-reply-type": {
    level: "must",
    section: "Header",
    text: "Every reply has the type Reply (1) in bits 0 to 3 of its flags.",
  },
  "hdr-reply-noerr-clean": {
    level: "should",
    section: "Header",
    text: "A successful reply has the Error bit clear and an error field of 0.",
  },
  "hdr-reply-no-noreply-bit": {
    level: "robust",
    section: "Header",
    text: "A reply sets no flags but its type and, where it reports an error, the Error bit.",
  },
  "hdr-reply-size": {
    level: "must",
    section: "Header",
    text:
      "The message size of a reply is at least 16 and equals the number of bytes that the server sends.",
  },
  "hdr-err-header-only": {
    level: "must",
    section: "Header",
    text: "An error reply consists of the 16-byte header only.",
    note: HEADER_ONLY,
  },
  "hdr-errno-positive": {
    level: "should",
    section: "Header",
    text: "The error field of an error reply is 0 or a positive UNIX errno.",
  },
  "hdr-every-cmd-answered": {
    level: "must",
    section: "Header",
    text: "Every command without No_reply gets exactly one reply.",
  },
  "hdr-unknown-cmd-0": {
    level: "should",
    section: "Commands",
    text:
      "The undefined command 0 is answered with an error, and the messages behind it are still understood.",
  },
  "hdr-unknown-cmd-14": {
    level: "should",
    section: "Commands",
    text:
      "Command 14, which the protocol no longer defines, is answered with an error; a server that still implements it for older clients may carry it out.",
  },
  "hdr-unknown-cmd-19": {
    level: "should",
    section: "Commands",
    text:
      "A command number above those defined is answered with an error, and the messages behind it are still understood.",
  },
  "hdr-unknown-cmd-nobody": {
    level: "robust",
    section: "Commands",
    text:
      "An unknown command without payload is answered with an error or by closing the connection; the server survives, and on an open connection the next message is understood.",
  },
  "hdr-s2c-cmd-from-client": {
    level: "robust",
    section: "Commands",
    text:
      "A DMA_READ or DMA_WRITE command from the client is not carried out; the server survives, and on an open connection the next message is understood.",
  },
  "hdr-size-lt-16": {
    level: "robust",
    section: "Header",
    text:
      "A header whose message size is below 16 is answered with an error or by closing the connection; the server survives and serves the next client.",
  },
  "hdr-size-zero-loop": {
    level: "robust",
    section: "Header",
    text:
      "A header whose message size is 0 starts neither a busy loop nor an endless row of replies; the server survives and serves the next client.",
  },
  "hdr-size-huge": {
    level: "robust",
    section: "Header",
    text:
      "A message size of gigabytes is answered with an error or by closing the connection, and no such buffer is allocated; the server survives and serves the next client.",
  },
  "hdr-size-over-max": {
    level: "robust",
    section: "Message sizes",
    text:
      "A message size above what the server takes is answered with an error or by closing the connection; the server survives and serves the next client.",
  },
  "hdr-short-payload": {
    level: "must",
    section: "Message sizes",
    text:
      "A command whose payload is shorter than its fixed structure is answered with an error, and the messages behind it are still understood.",
  },
  "hdr-no-payload": {
    level: "must",
    section: "Message sizes",
    text: "A command that needs a payload and comes without one is answered with an error.",
  },
  "hdr-extra-payload": {
    level: "robust",
    section: "Message sizes",
    text:
      "Bytes behind the fixed structure of a command are ignored or refused with an error; as they belong to the message, the next message is understood.",
  },
  "hdr-type-2-15": {
    level: "robust",
    section: "Header",
    text:
      "A header of an undefined type (2 to 15) is answered with an error or by closing the connection; the server survives and serves the next client.",
  },
  "hdr-unsolicited-reply": {
    level: "robust",
    section: "Header",
    text:
      "A reply that answers no command of the server is ignored, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "hdr-reserved-flags": {
    level: "robust",
    section: "Header",
    text:
      "Undefined bits in the flags of a command are ignored or refused with an error; the server survives, and the next message is understood.",
  },
  "hdr-error-field-in-cmd": {
    level: "robust",
    section: "Header",
    text:
      "The Error bit and the error field, which are reserved in a command, are ignored or refused with an error; the server survives, and the next message is understood.",
  },
  "hdr-split-hdr-body": {
    level: "should",
    section: "Header",
    text: "A command whose body arrives later than its header is carried out like any other.",
  },
  "hdr-split-body": {
    level: "should",
    section: "Header",
    text: "A command whose body arrives in parts is carried out like any other.",
  },
  "hdr-split-header": {
    level: "should",
    section: "Header",
    text: "A command whose header arrives in parts is carried out like any other.",
  },
  "hdr-byte-by-byte": {
    level: "robust",
    section: "Header",
    text:
      "A command that arrives byte by byte is carried out, refused with an error, or ends the connection; the server survives and serves the next client.",
  },
  "hdr-coalesced": {
    level: "must",
    section: "Command Concurrency",
    text:
      "Commands that arrive in one piece are taken apart by their message sizes, and each gets its reply.",
    note: REPLY_ORDER,
  },
  "hdr-truncated-then-close": {
    level: "robust",
    section: "Socket Disconnection Behavior",
    text:
      "A client that leaves in the middle of a message costs the server nothing: it survives, frees what it held for that client and serves the next one.",
  },
  "hdr-half-close": {
    level: "robust",
    section: "Socket Disconnection Behavior",
    text:
      "A client that shuts down its sending side gets the connection closed; the server survives and serves the next client.",
  },
  "hdr-client-rst-on-reply": {
    level: "robust",
    section: "Socket Disconnection Behavior",
    text:
      "A client that leaves without reading its replies does not end the server, which survives and serves the next client.",
  },
  "hdr-slow-reader": {
    level: "robust",
    section: "Header",
    text:
      "A client that reads late finds every reply, complete and correct; until then the server may stop taking commands from it.",
  },
  "hdr-seqpacket-not-needed": {
    level: "may",
    section: "Socket",
    text: "The server listens on a stream socket.",
    noCase:
      "Every case connects with a stream socket, which the kernel refuses on a socket of another type: no case could run.",
  },
  "fd-unexpected-closed": {
    level: "robust",
    section: "Security Considerations",
    text:
      "Descriptors that come with a command which takes none are closed, whether the command is carried out or refused; the server survives and leaks none.",
  },
  "fd-unexpected-on-error": {
    level: "robust",
    section: "Security Considerations",
    text:
      "Descriptors that come with a command which is refused are closed; the server survives and leaks none.",
  },
  "fd-over-max-msg-fds": {
    level: "robust",
    section: "VERSION",
    text:
      "More descriptors in one message than the server accepts are taken, refused with an error, or end the connection; the server survives and leaks none.",
  },
  "fd-253": {
    level: "robust",
    section: "Header",
    text:
      "As many descriptors in one message as the kernel allows are taken, refused with an error, or end the connection; the server survives and leaks none.",
  },
  "fd-late": {
    level: "robust",
    section: "Header",
    text:
      "A descriptor that comes with the body instead of the header is accepted or ignored; the server survives, and the next message is understood.",
  },
  "fd-closed-before-send": {
    level: "robust",
    section: "Header",
    text: "No descriptor that the client has already closed reaches the server.",
    noCase: "A closed descriptor cannot be sent on Linux: sendmsg refuses it in the client.",
  },
} as const satisfies Record<string, Clause>;
