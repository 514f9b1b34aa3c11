import { Command, RegionFlag } from "../../wire/constants.ts";
import { RegionInfo, RegionIoFd, RegionIoFds } from "../../wire/messages.ts";
import { isError, onReply, pad, patch, setPayload } from "../faults/tools.ts";
import type { Freedom } from "../freedom.ts";
import { concat } from "../message.ts";

/** Bytes of an entry of DEVICE_GET_REGION_IO_FDS in servers with shadow memory. */
const LONG_ENTRY = 48;

/** What replies hold that have no room for all, or more room than they need (catalogue 2.4, 2.5, A2, A5). */
export const truncationFreedoms: readonly Freedom[] = [
  {
    id: "truncated-to-argsz",
    clause: "reg-trunc-payload-bound",
    text: "A region info that is cut short is filled with zeroes up to argsz.",
    suites: ["device-get-region-info", "qemu-client"],
    hooks: onReply(Command.DEVICE_GET_REGION_INFO, (reply, request) => {
      const { argsz } = RegionInfo.decode(request.payload);
      if (RegionInfo.decode(reply.payload).argsz > argsz) pad(reply, argsz);
    }),
  },
  {
    id: "truncated-with-fd",
    clause: "reg-mmap-fd",
    text: "A region info that is cut short comes with the descriptor too.",
    suites: ["device-get-region-info", "qemu-client"],
    hooks: onReply(Command.DEVICE_GET_REGION_INFO, (reply, _, { device, client }) => {
      const { index, flags } = RegionInfo.decode(reply.payload);
      const file = device.regions[index]?.file;
      const isMappable = (flags & RegionFlag.MMAP) !== 0 && client.maxMsgFds > 0;
      if (file !== undefined && isMappable) reply.fds = [file];
    }),
  },
  {
    id: "io-fds-truncated-count-0",
    clause: "iofds-trunc",
    text: "Sub-regions that have no room in the reply are not counted there.",
    suites: ["device-get-region-io-fds"],
    hooks: onReply(Command.DEVICE_GET_REGION_IO_FDS, (reply) => {
      const { argsz } = RegionIoFds.decode(reply.payload);
      if (argsz > reply.payload.byteLength) patch(reply, RegionIoFds, { count: 0 });
    }),
  },
  {
    id: "io-fds-long-entries",
    clause: "iofds-stride",
    text: "Sub-regions are described by 48 bytes each, as in servers with shadow memory.",
    suites: ["device-get-region-io-fds", "device-set-irqs"],
    hooks: () => ({
      reply(reply, request) {
        if (reply.command !== Command.DEVICE_GET_REGION_IO_FDS || isError(reply)) return;
        const { argsz, count } = RegionIoFds.decode(reply.payload);
        const full = RegionIoFds.size + count * LONG_ENTRY;
        const entries = reply.payload.subarray(RegionIoFds.size);
        const isWhole = entries.byteLength === count * RegionIoFd.size;
        if (count === 0 || argsz === full) return;
        patch(reply, RegionIoFds, { argsz: full });
        if (!isWhole) return;
        if (RegionIoFds.decode(request.payload).argsz < full) {
          setPayload(reply, reply.payload.slice(0, RegionIoFds.size));
          reply.fds = [];
          return;
        }
        const longer = Array.from({ length: count }, (_, i) => {
          const entry = entries.subarray(i * RegionIoFd.size, (i + 1) * RegionIoFd.size);
          // Eight bytes more, before the value that is compared.
          return concat(entry.subarray(0, 32), new Uint8Array(8), entry.subarray(32));
        });
        setPayload(reply, concat(reply.payload.subarray(0, RegionIoFds.size), ...longer));
      },
    }),
  },
];
