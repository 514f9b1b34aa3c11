import type { Send, Step } from "../harness/case.ts";
import { expect, reply, version } from "../harness/steps.ts";
import type { Row } from "./row.ts";

/** What tells one generation of QEMU's client from the other. */
export interface QemuClient {
  /** For case ids. */
  readonly id: string;
  readonly name: string;
  /** Version data, byte for byte: the reply must fit where they were. */
  readonly proposal: string;
  /** Whether writes to regions that cannot be mapped ask for no reply. */
  readonly postsWrites: boolean;
}

const COMMON = `"migration": {"max_bitmap_size": 268435456, "pgsize": 4096}, "max_msg_fds": 16, ` +
  `"max_data_xfer_size": 1048576, "pgsizes": 4096, "max_dma_maps": 65535`;

/** The client of the first patch series: no REGION_WRITE_MULTI yet. Like today's it never sends DIRTY_PAGES. */
const FIRST: QemuClient = {
  id: "2022",
  name: "the client of the first patch series (2022)",
  proposal: `{"capabilities": {${COMMON}}}`,
  postsWrites: true,
};

/** The client that QEMU has. */
const TODAY: QemuClient = {
  id: "today",
  name: "today's client",
  proposal: `{"capabilities": {${COMMON}, "write_multiple": true}}`,
  postsWrites: false,
};

/** Both generations. */
export const QEMU_CLIENTS: readonly QemuClient[] = [FIRST, TODAY];

/** VERSION as QEMU sends it. */
export function qemuVersion({ proposal }: QemuClient = TODAY): Send {
  return version({ major: 0, minor: 0, data: new TextEncoder().encode(`${proposal}\0`) });
}

/** The row on a connection that QEMU has negotiated. */
export function onQemuConnection(row: Row): Row {
  const hello: Step[] = [qemuVersion(), expect(reply())];
  const { steps } = row;
  return {
    ...row,
    begins: "connected",
    steps: typeof steps === "function"
      ? (device) => [...hello, ...steps(device)]
      : [...hello, ...steps],
  };
}
