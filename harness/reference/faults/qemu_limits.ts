import { Command, PciIrq, PciRegion, SetIrqsFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DeviceInfo, RegionAccess, Version } from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Outcome } from "../message.ts";
import { onAgreement, setData, withCapability } from "./agreements.ts";
import { onMap } from "./dma_tools.ts";
import { onKind } from "./irq_tools.ts";
import { onWrite } from "./region_access.ts";
import { die, isError, moreIsWaiting, onReply, pad, patch, setPayload } from "./tools.ts";

const REFUSED: Outcome = { errno: Errno.EINVAL };

/** Writes the number of max_data_xfer_size another way. */
function withTransferWritten(number: string): () => Hooks {
  return onAgreement((reply) => {
    const text = new TextDecoder().decode(reply.payload.subarray(Version.size));
    const changed = text.replace(/(?<="max_data_xfer_size":)\d+/, number);
    setData(reply, new TextEncoder().encode(changed));
  });
}

/** What the reply to VERSION names and QEMU does not take. */
const announced: readonly Fault[] = [
  {
    id: "minor-0-answered-with-1",
    clause: "qemu-minor-0",
    text: "Version 0.0 is answered with version 0.1.",
    hooks: onAgreement((reply) => {
      if (Version.decode(reply.payload).minor === 0) patch(reply, Version, { minor: 1 });
    }),
  },
  {
    id: "reply-max-fds-17",
    clause: "qemu-max-fds",
    text: "max_msg_fds of the reply is 17.",
    hooks: withCapability("max_msg_fds", 17),
  },
  {
    id: "reply-transfer-2048",
    clause: "qemu-max-xfer",
    text: "max_data_xfer_size of the reply is 2048.",
    hooks: withCapability("max_data_xfer_size", 2048),
  },
  {
    id: "reply-transfer-128-mib",
    clause: "qemu-max-xfer",
    text: "max_data_xfer_size of the reply is 128 MiB.",
    hooks: withCapability("max_data_xfer_size", 128 << 20),
  },
  {
    id: "reply-dma-maps-65536",
    clause: "qemu-max-dma",
    text: "max_dma_maps of the reply is 65536.",
    hooks: withCapability("max_dma_maps", 65_536),
  },
  {
    id: "reply-page-sizes-0",
    clause: "qemu-pgsizes",
    text: "pgsizes of the reply is 0.",
    hooks: withCapability("pgsizes", 0),
  },
  {
    id: "reply-page-size-512",
    clause: "qemu-pgsizes",
    text: "pgsizes of the reply has pages of 512 bytes too.",
    hooks: withCapability("pgsizes", 4096 | 512),
  },
  {
    id: "reply-migration-page-512",
    clause: "qemu-migration-cap",
    text: "The migration capability of the reply has a pgsize of 512.",
    hooks: withCapability("migration", { pgsize: 512 }),
  },
  {
    id: "reply-migration-bitmap-512-mib",
    clause: "qemu-migration-cap",
    text: "The migration capability of the reply has a max_bitmap_size of 512 MiB.",
    hooks: withCapability("migration", { pgsize: 4096, max_bitmap_size: 512 << 20 }),
  },
  {
    id: "reply-number-with-fraction",
    clause: "qemu-int-json",
    text: "max_data_xfer_size of the reply is written as 1048576.0.",
    hooks: withTransferWritten("1048576.0"),
  },
  {
    id: "reply-number-with-exponent",
    clause: "qemu-int-json",
    text: "max_data_xfer_size of the reply is written as 1e6.",
    hooks: withTransferWritten("1e6"),
  },
];

/** What QEMU does and the server does not take, or answers with more or less than it expects. */
const exchanged: readonly Fault[] = [
  {
    id: "one-fd-by-default",
    clause: "qemu-max-fds-default",
    text: "The server does not announce max_msg_fds, and takes one descriptor in a message.",
    hooks: () => ({
      tune: ({ capabilities }) => void delete capabilities.max_msg_fds,
      request: ({ fds }) => fds.length > 1 ? REFUSED : undefined,
    }),
  },
  {
    id: "map-without-fd-in-burst-refused",
    clause: "qemu-dma-burst",
    text: "A map without descriptor is refused when more is waiting behind it.",
    hooks: onMap((_, { fds }, session) =>
      fds.length === 0 && moreIsWaiting(session) ? REFUSED : undefined
    ),
  },
  {
    id: "map-from-offset-in-burst-refused",
    clause: "qemu-dma-burst",
    text: "A map of a file from an offset is refused when more is waiting behind it.",
    hooks: onMap(({ offset }, _, session) =>
      offset > 0n && moreIsWaiting(session) ? REFUSED : undefined
    ),
  },
  {
    id: "info-2-irqs-in-0-0",
    clause: "qemu-info-size",
    text: "The device says to a client of version 0.0 that it has 2 interrupt types.",
    hooks: () => {
      let minor = 0;
      return {
        reply(reply) {
          if (isError(reply)) return;
          if (reply.command === Command.VERSION) minor = Version.decode(reply.payload).minor;
          if (reply.command !== Command.DEVICE_GET_INFO || minor > 0) return;
          patch(reply, DeviceInfo, { numIrqs: 2 });
        },
      };
    },
  },
  {
    id: "config-bulk-read-short",
    clause: "qemu-rw-count",
    text: "Of configuration space 64 bytes come at most.",
    hooks: onReply(Command.REGION_READ, (reply) => {
      const { region, count } = RegionAccess.decode(reply.payload);
      if (region !== PciRegion.CONFIG || count <= 64) return;
      patch(reply, RegionAccess, { count: 64 });
      setPayload(reply, reply.payload.slice(0, RegionAccess.size + 64));
    }),
  },
  {
    id: "write-reply-padded",
    clause: "qemu-wr-reply-size",
    text: "REGION_WRITE is answered with 64 bytes more than it brings.",
    hooks: onReply(
      Command.REGION_WRITE,
      (reply, { payload }) => pad(reply, payload.byteLength + 64),
    ),
  },
  {
    id: "zero-in-bar-refused",
    clause: "qemu-reset-writes",
    text: "A write of 0 to a BAR is refused.",
    hooks: onWrite(({ access, end, data }) => {
      const isBar = access.offset >= 0x10n && end <= 0x28n;
      if (access.region !== PciRegion.CONFIG || !isBar) return;
      return data.every((byte) => byte === 0) ? REFUSED : undefined;
    }),
  },
  {
    id: "msix-unbind-from-0-only",
    clause: "qemu-irq-msix-mid-unbind",
    text: "MSI-X interrupts cannot be unbound from another one than the first on.",
    hooks: onKind(
      SetIrqsFlag.DATA_EVENTFD | SetIrqsFlag.ACTION_TRIGGER,
      ({ index, start }, { fds }) =>
        index === PciIrq.MSIX && start > 0 && fds.length === 0 ? REFUSED : undefined,
    ),
  },
  {
    id: "multi-unsupported-dies",
    clause: "qemu-multi-flag-bug",
    text: "REGION_WRITE_MULTI is not announced, and kills the server.",
    hooks: () => ({
      tune: ({ capabilities }) => void delete capabilities.write_multiple,
      request: ({ command }) => command === Command.REGION_WRITE_MULTI ? die() : undefined,
    }),
  },
];

/** Faults that QEMU's client would stumble over (catalogue 2.18). */
export const qemuLimitFaults: readonly Fault[] = [...announced, ...exchanged];
