import { Command, HeaderFlag, PciRegion } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { RegionAccess } from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Message, type Outcome } from "../message.ts";
import { PciConfig } from "../pci_config.ts";
import { Refusal } from "../refusal.ts";
import type { Session } from "../session.ts";
import { crash, onReply, onRequest } from "./tools.ts";

function configOf({ device }: Session): PciConfig {
  const { memory } = device.regions[PciRegion.CONFIG]!;
  if (memory instanceof PciConfig) return memory;
  throw new Refusal(Errno.EIO);
}

/** Changes configuration space when a client comes. */
function withConfig(change: (config: PciConfig) => void): () => Hooks {
  return () => ({ connect: (session) => change(configOf(session)) });
}

type Act = (offset: number, data: Uint8Array, request: Message, session: Session) => Outcome | void;

/** Sees the writes to configuration space. */
function onWrite(act: Act): () => Hooks {
  return onRequest(Command.REGION_WRITE, RegionAccess, ({ region, offset }, request, session) => {
    if (region !== PciRegion.CONFIG || offset >= 0x1000n) return;
    return act(Number(offset), request.payload.subarray(RegionAccess.size), request, session);
  });
}

const REFUSED: Outcome = { errno: Errno.EINVAL };

/** Faults in configuration space (catalogue 2.8). */
export const pciConfigFaults: readonly Fault[] = [
  {
    id: "config-without-vendor",
    clause: "cfg-vendor",
    text: "The vendor id is 0xffff.",
    hooks: withConfig(({ bytes }) => void bytes.fill(0xff, 0, 2)),
  },
  {
    id: "config-bulk-read-refused",
    clause: "cfg-bulk-read",
    text: "Configuration space cannot be read in one piece.",
    hooks: onRequest(
      Command.REGION_READ,
      RegionAccess,
      ({ region, count }) => region === PciRegion.CONFIG && count > 64 ? REFUSED : undefined,
    ),
  },
  {
    id: "config-bytes-read-0",
    clause: "cfg-read-any-width",
    text: "Single bytes of configuration space read 0.",
    hooks: onReply(Command.REGION_READ, (reply) => {
      const { region, count } = RegionAccess.decode(reply.payload);
      if (region !== PciRegion.CONFIG || count !== 1) return;
      reply.payload = concat(reply.payload.subarray(0, RegionAccess.size), new Uint8Array(1));
    }),
  },
  {
    id: "config-odd-width-refused",
    clause: "cfg-read-any-width",
    text: "Configuration space cannot be read at an odd offset.",
    hooks: onRequest(
      Command.REGION_READ,
      RegionAccess,
      ({ region, offset, count }) =>
        region === PciRegion.CONFIG && (offset & 1n) !== 0n && count > 1 ? REFUSED : undefined,
    ),
  },
  {
    id: "config-unaligned-dies",
    clause: "cfg-bar-partial",
    text: "A misaligned write to configuration space kills the server.",
    hooks: onWrite((offset, data) =>
      data.byteLength > 0 && offset % data.byteLength !== 0 ? crash() : undefined
    ),
  },
  {
    id: "config-bar-partial-dies",
    clause: "cfg-bar-partial",
    text: "A write of less than 4 bytes to a BAR kills the server.",
    hooks: onWrite((offset, data) =>
      offset >= 0x10 && offset < 0x28 && data.byteLength < 4 ? crash() : undefined
    ),
  },
  {
    id: "config-ids-written",
    clause: "cfg-ro-ids",
    text: "Vendor and device id can be written.",
    hooks: withConfig(({ writable }) => void writable.fill(0xff, 0, 4)),
  },
  {
    id: "config-header-written",
    clause: "cfg-ro-ids",
    text: "Revision, class, header type, subsystem and capability pointer can be written.",
    hooks: withConfig(({ writable }) => {
      for (const [from, to] of [[8, 12], [14, 15], [0x2c, 0x30], [0x34, 0x35]] as const) {
        writable.fill(0xff, from, to);
      }
    }),
  },
  {
    id: "config-ids-refused-with-payload",
    clause: "hdr-err-header-only",
    text: "A write to the ids is refused with a payload and errno 0xbeef.",
    hooks: () => ({
      reply(reply, { command, payload }) {
        if (command !== Command.REGION_WRITE || payload.byteLength < RegionAccess.size) return;
        const { region, offset } = RegionAccess.decode(payload);
        if (region !== PciRegion.CONFIG || offset >= 4n) return;
        reply.flags |= HeaderFlag.ERROR;
        reply.error = 0xbeef;
      },
    }),
  },
  {
    id: "config-8-byte-read-dies",
    clause: "rw-1-2-4-8",
    text: "A read of 8 bytes of configuration space kills the server.",
    hooks: onRequest(
      Command.REGION_READ,
      RegionAccess,
      ({ region, count }) => region === PciRegion.CONFIG && count === 8 ? crash() : undefined,
    ),
  },
  {
    id: "config-command-ones-die",
    clause: "cfg-cmd-all-ones",
    text: "Ones in reserved bits of the command register kill the server.",
    hooks: onWrite((offset, data) => offset === 4 && (data[1] ?? 0) >= 0x08 ? crash() : undefined),
  },
  {
    id: "config-reserved-write-dies",
    clause: "cfg-write-undefined",
    text: "A write to the reserved bytes of the header kills the server.",
    hooks: onWrite((offset) => offset >= 0x35 && offset < 0x3c ? crash() : undefined),
  },
  {
    id: "config-bar-unsized",
    clause: "cfg-bar-sizing",
    text: "BARs read back all ones.",
    hooks: withConfig(({ writable }) => void writable.fill(0xff, 0x10, 0x28)),
  },
  {
    id: "config-absent-bar-dies",
    clause: "cfg-bar-unimpl",
    text: "There is no BAR 3, and a write to its register kills the server.",
    hooks: () => ({
      tune: ({ regions }) => void (regions[3] = { size: 0, flags: 0, fileOffset: 0 }),
      ...onWrite((offset) => offset === 0x1c ? crash() : undefined)(),
    }),
  },
  {
    id: "config-upper-bar-fixed",
    clause: "cfg-bar-64",
    text: "The upper half of the 64-bit BAR cannot be written.",
    hooks: withConfig(({ writable }) => void writable.fill(0, 0x24, 0x28)),
  },
  {
    id: "config-command-fixed",
    clause: "cfg-cmd-rw",
    text: "The command register cannot be written.",
    hooks: withConfig(({ writable }) => void writable.fill(0, 4, 6)),
  },
  {
    id: "config-command-half-clears",
    clause: "cfg-cmd-1-byte",
    text: "A write to the low half of the command register clears the high half.",
    hooks: onWrite((offset, data, _, session) => {
      if (offset === 4 && data.byteLength === 1) configOf(session).bytes[5] = 0;
    }),
  },
  {
    id: "config-status-cleared",
    clause: "cfg-status-w1c",
    text: "Writing ones to the status register clears its read-only bits.",
    hooks: onWrite((offset, data, _, session) => {
      if (offset <= 6 && offset + data.byteLength > 6) configOf(session).bytes[6] = 0;
    }),
  },
  {
    id: "config-interrupt-line-fixed",
    clause: "cfg-intline",
    text: "The interrupt line cannot be written.",
    hooks: withConfig(({ writable }) => void (writable[0x3c] = 0)),
  },
  {
    id: "config-without-pin",
    clause: "cfg-intpin",
    text: "The interrupt pin is 0.",
    hooks: withConfig(({ bytes }) => void (bytes[0x3d] = 0)),
  },
  {
    id: "config-rom-write-refused",
    clause: "cfg-rom-sizing",
    text: "The ROM BAR keeps what is written, as if it had 4 GiB.",
    hooks: withConfig(({ writable }) => void writable.fill(0xff, 0x30, 0x34)),
  },
  {
    id: "config-capabilities-loop",
    clause: "cfg-caps-walk",
    text: "The last capability points to the first.",
    hooks: withConfig(({ bytes }) => void (bytes[0x51] = 0x40)),
  },
  {
    id: "config-extended-capabilities-loop",
    clause: "cfg-extcaps-walk",
    text: "The extended capability points to itself.",
    hooks: withConfig(({ bytes }) => void bytes.set([0x0b, 0x00, 0x01, 0x10], 0x100)),
  },
  {
    id: "config-msix-table-larger",
    clause: "irqinfo-msix-matches-cap",
    text: "The MSI-X capability has one interrupt more than DEVICE_GET_IRQ_INFO tells.",
    hooks: withConfig(({ bytes }) => void (bytes[0x52] = 8)),
  },
  {
    id: "config-msix-outside",
    clause: "cfg-msix-consistent",
    text: "The pending bits of MSI-X lie behind their BAR.",
    hooks: withConfig(({ bytes }) => void bytes.set([0x04, 0x00, 0x20, 0x00], 0x58)),
  },
  {
    id: "config-undefined-write-dies",
    clause: "cfg-write-undefined",
    text: "A write to an undefined place of configuration space kills the server.",
    hooks: onWrite((offset) => offset >= 0x60 ? crash() : undefined),
  },
];
