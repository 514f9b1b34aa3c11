import type { Outcome } from "../harness/case.ts";
import { atMost, expect, reply } from "../harness/steps.ts";
import { Version } from "../harness/wire/messages.ts";
import type { ClauseId } from "./clauses/mod.ts";
import { QEMU_CLIENTS, qemuVersion } from "./qemu_clients.ts";
import type { Row } from "./row.ts";

const MAX_FDS = 16;
const MAX_XFER = 64 << 20;
const MIN_XFER = 4096;
const MAX_DMA_MAPS = 65_535;
const MAX_BITMAP = 256 << 20;
/** No page below this one, and none that is not a multiple of it. */
const QEMU_PAGE = 4096n;

type Values = Readonly<Record<string, unknown>>;

/** The reply names nothing that QEMU refuses: `flaw` says what it does name. */
function agreeable(wants: string, flaw: (capabilities: Values) => string | undefined): Outcome {
  return reply({}, { wants, check: ({ data }) => flaw(capabilitiesOf(data)) });
}

/** Data that cannot be read have cases of their own, in the suite about VERSION. */
function capabilitiesOf(data: Uint8Array): Values {
  try {
    const { capabilities } = JSON.parse(textOf(data)) as { capabilities?: Values };
    return isObject(capabilities) ? capabilities : {};
  } catch {
    return {};
  }
}

function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data).replace(/\0$/, "");
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether it is absent, or an integer for which `holds` is true. */
function absentOr(value: unknown, holds: (value: bigint) => boolean): boolean {
  if (value === undefined) return true;
  return Number.isInteger(value) && holds(BigInt(value as number));
}

function shown(name: string, value: unknown): string {
  return `${name} ${JSON.stringify(value)}`;
}

/** Limits by the name of their capability. */
const limits: readonly [
  name: string,
  clause: ClauseId,
  wants: string,
  holds: (value: bigint) => boolean,
][] = [
  ["max_msg_fds", "qemu-max-fds", `0 to ${MAX_FDS}`, (v) => v >= 0n && v <= MAX_FDS],
  [
    "max_data_xfer_size",
    "qemu-max-xfer",
    `${MIN_XFER} to ${MAX_XFER}`,
    (v) => v >= MIN_XFER && v <= MAX_XFER,
  ],
  ["max_dma_maps", "qemu-max-dma", `0 to ${MAX_DMA_MAPS}`, (v) => v >= 0n && v <= MAX_DMA_MAPS],
  ["pgsizes", "qemu-pgsizes", "pages of 4096 and above", (v) => v > 0n && v % QEMU_PAGE === 0n],
];

/** Numbers outside of strings. */
function numbersOf(text: string): string[] {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").match(/-?\d[\d.eE+-]*/g) ?? [];
}

/** Cases about the reply to QEMU's VERSION. */
export const qemuVersionCases: readonly Row[] = [
  ...QEMU_CLIENTS.map((client): Row => ({
    id: `version-size-${client.id}`,
    title: `Negotiates as ${client.name}, who has room for a reply as long as the request`,
    clause: "qemu-version-size",
    begins: "connected",
    steps: [
      qemuVersion(client),
      expect(reply({}, { payloadSize: atMost(Version.size + client.proposal.length + 1) })),
    ],
  })),
  {
    id: "version-0-0",
    title: "Proposes version 0.0",
    clause: "qemu-minor-0",
    begins: "connected",
    steps: [qemuVersion(), expect(reply({ major: 0, minor: 0 }))],
  },
  ...limits.map(([name, clause, wants, holds]): Row => ({
    id: name.replaceAll("_", "-"),
    title: `Negotiates and compares ${name} with QEMU's limits`,
    clause,
    begins: "connected",
    steps: [
      qemuVersion(),
      expect(agreeable(`${name} absent or ${wants}`, (capabilities) => {
        const value = capabilities[name];
        return absentOr(value, holds) ? undefined : shown(name, value);
      })),
    ],
  })),
  {
    id: "migration-capability",
    title: "Negotiates and compares the migration capability with QEMU's limits",
    clause: "qemu-migration-cap",
    begins: "connected",
    steps: [
      qemuVersion(),
      expect(
        agreeable("migration absent, or an object with QEMU's page and bitmap sizes", (values) => {
          const { migration } = values;
          if (migration === undefined) return undefined;
          if (!isObject(migration)) return shown("migration", migration);
          const { pgsize, max_bitmap_size } = migration;
          if (!absentOr(pgsize, (v) => v % QEMU_PAGE === 0n)) return shown("pgsize", pgsize);
          return absentOr(max_bitmap_size, (v) => v >= 0n && v <= MAX_BITMAP)
            ? undefined
            : shown("max_bitmap_size", max_bitmap_size);
        }),
      ),
    ],
  },
  {
    id: "numbers",
    title: "Negotiates and looks how numbers are written",
    clause: "qemu-int-json",
    begins: "connected",
    steps: [
      qemuVersion(),
      expect(reply({}, {
        wants: "numbers without fraction and exponent",
        check: ({ data }) => numbersOf(textOf(data)).find((number) => /[.eE]/.test(number)),
      })),
    ],
  },
];
