import { Command, DeviceFlag, PciRegion } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DeviceInfo, RegionInfo } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { Fault, Hooks } from "../fault.ts";
import { crash, die, onReply, onRequest, pad, patch } from "./tools.ts";

function withInfo(values: Partial<Decoded<typeof DeviceInfo>>): () => Hooks {
  return onReply(Command.DEVICE_GET_INFO, (reply) => patch(reply, DeviceInfo, values));
}

/** Faults in DEVICE_GET_INFO (catalogue 2.3). */
const info: readonly Fault[] = [
  {
    id: "info-of-20-bytes",
    clause: "info-basic",
    text: "DEVICE_GET_INFO is answered with the 20 bytes that Linux has.",
    hooks: onReply(Command.DEVICE_GET_INFO, (reply) => pad(reply, 20)),
  },
  {
    id: "info-argsz-20",
    clause: "info-argsz-reply",
    text: "DEVICE_GET_INFO is answered with argsz 20, and 16 bytes.",
    hooks: withInfo({ argsz: 20 }),
  },
  {
    id: "info-argsz-echoed",
    clause: "info-argsz-reply",
    text: "DEVICE_GET_INFO is answered with the argsz of the request.",
    hooks: onReply(Command.DEVICE_GET_INFO, (reply, request) => {
      patch(reply, DeviceInfo, { argsz: DeviceInfo.decode(request.payload).argsz });
    }),
  },
  {
    id: "info-padded",
    clause: "info-argsz-large",
    text: "DEVICE_GET_INFO is answered with as many bytes as argsz says, up to 4096.",
    hooks: onReply(Command.DEVICE_GET_INFO, (reply, request) => {
      pad(reply, Math.min(4096, DeviceInfo.decode(request.payload).argsz));
    }),
  },
  {
    id: "info-argsz-max-refused",
    clause: "info-argsz-large",
    text: "DEVICE_GET_INFO with an argsz above 1 MiB is refused.",
    hooks: onRequest(
      Command.DEVICE_GET_INFO,
      DeviceInfo,
      ({ argsz }) => argsz > 0x10_0000 ? { errno: Errno.EINVAL } : undefined,
    ),
  },
  {
    id: "info-argsz-small-dies",
    clause: "info-argsz-small",
    text: "DEVICE_GET_INFO with an argsz below 16 kills the server.",
    hooks: onRequest(
      Command.DEVICE_GET_INFO,
      DeviceInfo,
      ({ argsz }) => argsz < DeviceInfo.size ? crash() : undefined,
    ),
  },
  {
    id: "info-without-pci",
    clause: "info-flags-pci",
    text: "The device does not say that it is a PCI device.",
    hooks: withInfo({ flags: DeviceFlag.RESET }),
  },
  {
    id: "info-platform-flag",
    clause: "info-flags-known",
    text: "The device sets a flag that vfio-user does not have.",
    hooks: withInfo({ flags: DeviceFlag.RESET | DeviceFlag.PCI | 0x4 }),
  },
  {
    id: "info-8-regions",
    clause: "info-num-regions",
    text: "The device says that it has 8 regions.",
    hooks: withInfo({ numRegions: 8 }),
  },
  {
    id: "info-changes",
    clause: "info-stable",
    text: "Every second DEVICE_GET_INFO says that there are 6 interrupt types.",
    hooks: () => {
      let isOdd = false;
      return onReply(Command.DEVICE_GET_INFO, (reply) => {
        isOdd = !isOdd;
        patch(reply, DeviceInfo, { numIrqs: isOdd ? 5 : 6 });
      })();
    },
  },
  {
    id: "info-nonzero-dies",
    clause: "info-nonzero-fields",
    text: "DEVICE_GET_INFO with fields that are not 0 kills the server.",
    hooks: onRequest(Command.DEVICE_GET_INFO, DeviceInfo, ({ flags, numRegions, numIrqs }) => {
      if (flags + numRegions + numIrqs > 0) die();
    }),
  },
];

function onReset(act: Hooks["request"] & object): () => Hooks {
  return () => ({
    request(request, session) {
      if (request.command === Command.DEVICE_RESET) return act(request, session);
    },
  });
}

/** After a reset a client is refused one command. */
function refusedAfterReset(refused: number): () => Hooks {
  return () => {
    let isReset = false;
    return {
      connect: () => void (isReset = false),
      request({ command }) {
        isReset ||= command === Command.DEVICE_RESET;
        return isReset && command === refused ? { errno: Errno.EBUSY } : undefined;
      },
    };
  };
}

/** Faults in DEVICE_RESET (catalogue 2.13). */
const reset: readonly Fault[] = [
  {
    id: "reset-refused",
    clause: "info-reset-flag-honest",
    text: "The device says that it can be reset, and refuses.",
    hooks: onReset(() => ({ errno: Errno.EOPNOTSUPP })),
  },
  {
    id: "reset-unsupported-dies",
    clause: "reset-unsupported",
    text: "The device does not say that it can be reset, and DEVICE_RESET kills the server.",
    hooks: () => ({
      tune: (settings) => void (settings.deviceFlags = DeviceFlag.PCI),
      ...onReset(() => die())(),
    }),
  },
  {
    id: "reset-unsupported-with-payload",
    clause: "hdr-err-header-only",
    text:
      "The device does not say that it can be reset, and refuses with a payload and errno 0xbeef.",
    hooks: () => ({
      tune: (settings) => void (settings.deviceFlags = DeviceFlag.PCI),
      reply(reply) {
        if (reply.command !== Command.DEVICE_RESET) return;
        pad(reply, 16);
        reply.error = 0xbeef;
      },
    }),
  },
  {
    id: "reset-with-payload",
    clause: "reset-ok",
    text: "The reply to DEVICE_RESET has a payload.",
    hooks: onReply(Command.DEVICE_RESET, (reply) => pad(reply, 8)),
  },
  {
    id: "reset-without-effect",
    clause: "reset-registers",
    text: "DEVICE_RESET leaves the registers as they are.",
    hooks: onReset(() => ({})),
  },
  {
    id: "reset-stops-unmapping",
    clause: "reset-keeps-dma",
    text: "After DEVICE_RESET nothing can be unmapped.",
    hooks: refusedAfterReset(Command.DMA_UNMAP),
  },
  {
    id: "reset-stops-interrupts",
    clause: "reset-keeps-irqs",
    text: "After DEVICE_RESET nothing can be bound.",
    hooks: refusedAfterReset(Command.DEVICE_SET_IRQS),
  },
  {
    id: "reset-changes-layout",
    clause: "reset-keeps-config-layout",
    text: "After DEVICE_RESET MSI-X has one interrupt less.",
    hooks: onReset((_, { settings }) => void (settings.irqs[2]!.count -= 1)),
  },
  {
    id: "tenth-reset-refused",
    clause: "reset-twice",
    text: "The tenth DEVICE_RESET of a client is refused.",
    hooks: () => {
      let count = 0;
      return {
        connect: () => void (count = 0),
        ...onReset(() => ++count === 10 ? { errno: Errno.EBUSY } : undefined)(),
      };
    },
  },
];

/** Faults with the number of regions and of interrupts. */
const counts: readonly Fault[] = [
  {
    id: "info-2-irqs-later",
    clause: "info-num-irqs",
    text: "The device says to all clients but the first that it has 2 interrupt types.",
    hooks: () => {
      let clients = 0;
      return {
        connect: () => void clients++,
        ...onReply(Command.DEVICE_GET_INFO, (reply) => {
          if (clients > 1) patch(reply, DeviceInfo, { numIrqs: 2 });
        })(),
      };
    },
  },
  {
    id: "own-region-refused",
    clause: "reg-each-index",
    text: "The device has a region beyond those of PCI, and DEVICE_GET_REGION_INFO refuses it.",
    hooks: () => ({
      tune: ({ regions }) => void regions.push({ size: 0x1000, flags: 1, fileOffset: 0 }),
      ...onRequest(
        Command.DEVICE_GET_REGION_INFO,
        RegionInfo,
        ({ index }) => index === PciRegion.COUNT ? { errno: Errno.EINVAL } : undefined,
      )(),
    }),
  },
];

/** Faults of the device as a whole. */
export const deviceFaults: readonly Fault[] = [...info, ...counts, ...reset];
