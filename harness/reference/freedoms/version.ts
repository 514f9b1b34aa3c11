import { Version } from "../../wire/messages.ts";

import type { Hooks } from "../fault.ts";
import { onAgreement, setData, withJson } from "../faults/agreements.ts";
import type { Freedom } from "../freedom.ts";

const UTF8 = new TextEncoder();

/** Writes the JSON of the reply in another way; it says the same. */
function inOtherWords(write: (text: string) => string): () => Hooks {
  return onAgreement((reply) => {
    const data = reply.payload.subarray(Version.size, -1);
    setData(reply, UTF8.encode(`${write(new TextDecoder().decode(data))}\0`));
  });
}

/** Escapes the letters of all names: no value of ours is a text. */
function escapeNames(text: string): string {
  return text.replaceAll(
    /"([^"]*)"/g,
    (_, name) => `"${[...name].map(escapeLetter).join("")}"`,
  );
}

function escapeLetter(letter: string, i: number): string {
  return i % 5 === 0 ? `\\u00${letter.charCodeAt(0).toString(16).padStart(2, "0")}` : letter;
}

/** How the agreement is written down (catalogue 2.2). */
const writing: readonly Freedom[] = [
  {
    id: "json-spread-out",
    clause: "ver-reply-json-valid",
    text: "The JSON of the reply has white space of all kinds wherever it may stand.",
    suites: ["version"],
    hooks: inOtherWords((text) => `\r\n\t ${text.replaceAll(/[{}:,]/g, " $&\t")}\n`),
  },
  {
    id: "json-escaped",
    clause: "ver-reply-json-valid",
    text: "The names in the JSON of the reply are partly written as escapes.",
    suites: ["version"],
    // QEMU takes no reply longer than its request.
    hooks: inOtherWords((text) =>
      text.length > 120 ? text.replaceAll('"c', '"\\u0063') : escapeNames(text)
    ),
  },
  {
    id: "json-reversed",
    clause: "ver-reply-json-valid",
    text: "The members of the reply come in the reverse order.",
    suites: ["version"],
    hooks: withJson((json, capabilities) => {
      json.capabilities = Object.fromEntries(Object.entries(capabilities).reverse());
    }),
  },
  {
    id: "json-members-unknown",
    clause: "ver-unknown-cap",
    text: "The reply has members that nobody knows, at both levels, nested and of every type.",
    suites: ["version"],
    hooks: withJson((json, capabilities) => {
      json["x.y"] = [{ z: null }, -1.5e3];
      capabilities["é"] = { a: [[]], b: "" };
    }),
  },
  {
    id: "json-absent",
    clause: "ver-no-json",
    text: "The reply to VERSION has no JSON: all defaults hold.",
    suites: ["version", "dma-map", "device-set-irqs"],
    kind: "capabilities",
    hooks: () => ({
      tune(settings) {
        settings.capabilities = {};
        settings.twinSocket = false;
        settings.maxDmaMaps = 65_535;
      },
      ...onAgreement((reply) => setData(reply, new Uint8Array()))(),
    }),
  },
  {
    id: "capabilities-absent",
    clause: "ver-empty-object",
    text: "The JSON of the reply is an empty object: all defaults hold.",
    suites: ["version", "dma-map"],
    kind: "capabilities",
    hooks: () => ({
      tune(settings) {
        settings.capabilities = {};
        settings.twinSocket = false;
        settings.maxDmaMaps = 65_535;
      },
      ...withJson((json) => void delete json.capabilities)(),
    }),
  },
  {
    id: "migration-capability",
    clause: "qemu-migration-cap",
    text:
      "The reply names the page size and the largest bitmap of migration, an extension of some servers.",
    suites: ["version", "qemu-client"],
    hooks: withJson((_, capabilities) => {
      capabilities.migration = { pgsize: 4096 };
    }),
  },
  {
    id: "twin-refused-in-words",
    clause: "ver-twin-ok",
    text: "The reply says in so many words that there is no twin-socket.",
    suites: ["version", "dma-access"],
    kind: "twin",
    hooks: () => ({
      tune: (settings) => void (settings.twinSocket = false),
      ...withJson((_, capabilities) => void (capabilities.twin_socket = { supported: false }))(),
    }),
  },
];

/** Announces other limits, and keeps them. */
function announces(capabilities: Record<string, unknown>): () => Hooks {
  return () => ({
    tune(settings) {
      Object.assign(settings.capabilities, capabilities);
      settings.maxDataXferSize = Number(
        capabilities.max_data_xfer_size ?? settings.maxDataXferSize,
      );
      settings.maxDmaMaps = Number(capabilities.max_dma_maps ?? settings.maxDmaMaps);
    },
  });
}

/** What is agreed on (catalogue 2.2). */
const limits: readonly Freedom[] = [
  {
    id: "minor-0",
    clause: "ver-minor-le",
    text: "The server speaks no minor version above 0.",
    suites: ["version"],
    kind: "minor",
    hooks: () => ({ tune: (settings) => void (settings.minor = 0) }),
  },
  {
    id: "minor-9",
    clause: "ver-min-version-matrix",
    text: "The server speaks minor versions that are not specified yet.",
    suites: ["version"],
    kind: "minor",
    hooks: () => ({ tune: (settings) => void (settings.minor = 9) }),
  },
  {
    id: "transfer-4096",
    clause: "ver-cap-xfer-nonzero",
    text: "The server takes no more than 4096 bytes of data in a message.",
    suites: ["region-access", "migration", "qemu-client", "region-write-multi"],
    kind: "capabilities",
    hooks: announces({ max_data_xfer_size: 4096 }),
  },
  {
    id: "transfer-odd",
    clause: "ver-cap-xfer-nonzero",
    text: "The server takes up to 8191 bytes of data in a message.",
    suites: ["region-access", "migration", "dma-logging"],
    kind: "capabilities",
    hooks: announces({ max_data_xfer_size: 8191 }),
  },
  {
    id: "transfer-large",
    clause: "qemu-max-xfer",
    text: "The server takes up to 16 MiB of data in a message.",
    suites: ["region-access", "migration", "framing"],
    kind: "capabilities",
    hooks: announces({ max_data_xfer_size: 16 << 20 }),
  },
  {
    id: "one-fd",
    clause: "irqset-bind-all",
    text: "The server takes one descriptor in a message.",
    suites: ["device-set-irqs", "framing"],
    kind: "fds",
    hooks: announces({ max_msg_fds: 1 }),
  },
  {
    id: "many-fds",
    clause: "ver-cap-max-fds-range",
    text: "The server takes as many descriptors in a message as Linux does.",
    suites: ["device-set-irqs", "framing", "version"],
    kind: "fds",
    hooks: announces({ max_msg_fds: 253 }),
  },
  {
    id: "two-dma-maps",
    clause: "dma-map-max",
    text: "The device has two DMA windows.",
    suites: ["dma-map", "dma-unmap", "dma-access", "dma-logging", "concurrency"],
    kind: "capabilities",
    hooks: announces({ max_dma_maps: 2 }),
  },
  {
    id: "one-dma-map",
    clause: "dma-map-max",
    text: "The device has one DMA window.",
    suites: ["dma-map", "dma-unmap", "dma-access", "dma-logging", "disconnection"],
    kind: "capabilities",
    hooks: announces({ max_dma_maps: 1 }),
  },
  {
    id: "all-dma-maps",
    clause: "qemu-max-dma",
    text: "The device has as many DMA windows as there can be by default.",
    suites: ["dma-map"],
    kind: "capabilities",
    hooks: announces({ max_dma_maps: 65_535 }),
  },
  {
    id: "many-page-sizes",
    clause: "qemu-pgsizes",
    text: "All page sizes from 4 KiB up are announced: a number of 64 bits.",
    suites: ["version", "dma-map", "dma-logging"],
    kind: "pages",
    hooks: () => ({
      ...announces({ pgsizes: Number(2n ** 64n - 4096n) })(),
      ...inOtherWords((text) => text.replace(/"pgsizes":\d+/, '"pgsizes":18446744073709547520'))(),
    }),
  },
  {
    id: "no-twin-socket",
    clause: "ver-twin-ok",
    text: "The server has no twin-socket.",
    suites: ["version", "dma-access", "disconnection"],
    kind: "twin",
    hooks: () => ({ tune: (settings) => void (settings.twinSocket = false) }),
  },
  {
    id: "no-write-multiple",
    clause: "multi-unsupported",
    text: "The server has no REGION_WRITE_MULTI, and says so.",
    suites: ["region-write-multi", "concurrency"],
    hooks: announces({ write_multiple: false }),
  },
];

/** Freedoms in VERSION. */
export const versionFreedoms: readonly Freedom[] = [...writing, ...limits];
