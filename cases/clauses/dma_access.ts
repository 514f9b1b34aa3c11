import type { Clause } from "../../harness/case.ts";

const DMA_WRITE_REPLY =
  "The specification gives count 8 bytes in DMA_WRITE and 4 in its reply; 8 bytes have to work, the other forms are only probed.";

/** Clauses of sections DMA_READ and DMA_WRITE, the commands that the server sends. */
export const dmaAccessClauses = {
  "sdma-only-mapped": {
    level: "must",
    section: "DMA_READ, DMA_WRITE",
    text: "The server asks only for addresses within mapped regions.",
  },
  "sdma-perm": {
    level: "should",
    section: "DMA_MAP",
    text:
      "The server sends no DMA_WRITE to a region that is not writeable, and no DMA_READ to one that is not readable.",
  },
  "sdma-header": {
    level: "must",
    section: "Header",
    text:
      "A DMA_READ or DMA_WRITE from the server has the type Command, its command number, and the message size that its payload gives it.",
  },
  "sdma-count-width": {
    level: "must",
    section: "DMA_READ, DMA_WRITE",
    text: "The count of DMA_READ and DMA_WRITE has 8 bytes, and the data of DMA_WRITE follow it.",
    note:
      "The specification gives the count 8 bytes, a known client reads 4 and expects the data behind these; graded by the specification.",
  },
  "sdma-write-reply-16": {
    level: "should",
    section: "DMA_WRITE",
    text: "A DMA_WRITE reply of 16 bytes, with a count as wide as in the request, is accepted.",
    note: DMA_WRITE_REPLY,
  },
  "sdma-write-reply-12": {
    level: "robust",
    section: "DMA_WRITE",
    text:
      "A DMA_WRITE reply of 12 bytes is accepted, fails the transfer, or ends the connection; the server survives and serves the next client.",
    note: DMA_WRITE_REPLY,
  },
  "sdma-write-reply-0": {
    level: "robust",
    section: "DMA_WRITE",
    text:
      "A DMA_WRITE reply without payload is accepted, fails the transfer, or ends the connection; the server survives and serves the next client.",
    note: DMA_WRITE_REPLY,
  },
  "sdma-max-xfer": {
    level: "must",
    section: "Read and Write Operations",
    text:
      "The server splits its transfers by the client's max_data_xfer_size: no count is above it, and together the parts are complete.",
  },
  "sdma-xfer-default": {
    level: "must",
    section: "VERSION",
    text: "Without a max_data_xfer_size of the client, no count of the server is above 1048576.",
  },
  "sdma-err-reply": {
    level: "should",
    section: "Header",
    text: "An error reply of the client fails the transfer, and the session goes on.",
  },
  "sdma-wrong-id": {
    level: "robust",
    section: "Header",
    text:
      "A DMA reply with the wrong message ID is not taken for the answer; the server survives and serves the next client.",
  },
  "sdma-short-read-data": {
    level: "robust",
    section: "DMA_READ",
    text:
      "A DMA_READ reply with less data than asked for fails the transfer or ends the connection, without a read beyond the message; the server survives.",
  },
  "sdma-reply-too-big": {
    level: "robust",
    section: "Security Considerations",
    text:
      "A DMA reply larger than asked for is refused or its surplus ignored; the server survives and serves the next client.",
  },
  "sdma-no-answer": {
    level: "robust",
    section: "Socket",
    text:
      "A client that never answers a DMA command may stall that transfer, yet the server still honours SIGTERM.",
  },
  "sdma-interleave": {
    level: "must",
    section: "Command Concurrency",
    text:
      "Commands of the client that are under way when the server sends its own are carried out and answered like any other.",
  },
  "sdma-twin-path": {
    level: "must",
    section: "VERSION",
    text:
      "With a twin socket, the server sends its commands there and nowhere else, and takes their replies there.",
  },
  "sdma-twin-concurrent": {
    level: "must",
    section: "Socket",
    text:
      "With a twin socket, commands on the main socket are answered in order while the server waits for a reply, without a deadlock.",
  },
  "sdma-twin-close": {
    level: "robust",
    section: "Socket Disconnection Behavior",
    text:
      "A client that closes only the twin socket fails the transfer or ends the connection; the server survives and serves the next client.",
  },
  "sdma-fd-direct": {
    level: "may",
    section: "DMA_MAP",
    text:
      "A transfer with a region that has a descriptor goes through its memory or by messages, and moves the same bytes either way.",
  },
  "sdma-after-unmap": {
    level: "must",
    section: "DMA_UNMAP",
    text: "When DMA_UNMAP is answered, the server sends no more DMA commands for that range.",
  },
  "sdma-noreply-bit": {
    level: "may",
    section: "Header",
    text:
      "A DMA_WRITE of the server may have No_reply set; then the server goes on without an answer.",
  },
} as const satisfies Record<string, Clause>;
