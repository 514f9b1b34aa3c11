import type { Clause } from "../../harness/case.ts";

const CLIENT_GONE =
  "The specification lets a server exit when its client leaves, and asks that the device state be retained; both are accepted.";

/** Clauses of section Client Disconnection. */
export const disconnectionClauses = {
  "disc-server-survives": {
    level: "robust",
    section: "Client Disconnection",
    text: "After a client has left, the server waits for the next one or exits with status 0.",
    note: CLIENT_GONE,
  },
  "disc-reconnect": {
    level: "should",
    section: "Client Disconnection",
    text: "After a client has left, a server that goes on running serves the next one.",
  },
  "disc-dma-cleared": {
    level: "must",
    section: "Client Disconnection",
    text:
      "When a client leaves, its DMA regions are unmapped; the next client can map the same ranges.",
  },
  "disc-dma-fd-closed": {
    level: "must",
    section: "Client Disconnection",
    text:
      "When a client leaves, the server closes the descriptors of its DMA regions and removes their mappings.",
  },
  "disc-irq-cleared": {
    level: "must",
    section: "Client Disconnection",
    text: "When a client leaves, the server closes its eventfds and signals them no more.",
  },
  "disc-state-kept": {
    level: "should",
    section: "Client Disconnection",
    text: "When a client leaves, the state of the device is retained.",
    note: CLIENT_GONE,
  },
  "disc-limits-renegotiated": {
    level: "should",
    section: "VERSION",
    text: "Each session has the limits that its own VERSION exchange has set.",
  },
  "disc-mid-message": {
    level: "robust",
    section: "Socket Disconnection Behavior",
    text:
      "A client that leaves in the middle of a message does not end the server, which serves the next client.",
  },
  "disc-mid-dma": {
    level: "robust",
    section: "Socket Disconnection Behavior",
    text:
      "A client that leaves while the server waits for its DMA reply does not end the server, which leaks no descriptors and serves the next client.",
  },
  "disc-pending-noreply": {
    level: "robust",
    section: "Socket Disconnection Behavior",
    text:
      "Commands with No_reply that are under way when their client leaves may be carried out or dropped; the server survives and serves the next client.",
  },
  "disc-100-cycles": {
    level: "robust",
    section: "Client Disconnection",
    text:
      "Sessions that come and go raise neither the number of descriptors that the server holds nor its memory.",
  },
  "disc-second-client": {
    level: "robust",
    section: "Socket",
    text:
      "A second client is refused, queued or served; the first one is not disturbed, and the server survives.",
  },
  "disc-logging-cleared": {
    level: "robust",
    section: "Client Disconnection",
    text:
      "DMA logging of a client that has left does not harm the next one: its reports are refused with an error or well formed; the server survives.",
  },
  "disc-twin-closed": {
    level: "robust",
    section: "Socket Disconnection Behavior",
    text: "When the main socket is closed, the server closes its end of the twin socket too.",
  },
} as const satisfies Record<string, Clause>;
