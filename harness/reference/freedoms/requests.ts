import { Command, HeaderFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import {
  DeviceInfo,
  DmaMap,
  DmaUnmap,
  IrqInfo,
  RegionAccess,
  RegionInfo,
  RegionIoFds,
  SetIrqs,
} from "../../wire/messages.ts";
import type { Hooks } from "../fault.ts";
import type { Freedom } from "../freedom.ts";
import { combine } from "../combine.ts";
import type { Message } from "../message.ts";
import { readsAs, refusesIf } from "./tools.ts";

/** Sizes of the payloads of commands that are always of one size. */
const FIXED: ReadonlyMap<number, number> = new Map<number, number>([
  [Command.DMA_MAP, DmaMap.size],
  [Command.DMA_UNMAP, DmaUnmap.size],
  [Command.DEVICE_GET_INFO, DeviceInfo.size],
  [Command.DEVICE_GET_REGION_INFO, RegionInfo.size],
  [Command.DEVICE_GET_REGION_IO_FDS, RegionIoFds.size],
  [Command.DEVICE_GET_IRQ_INFO, IrqInfo.size],
  [Command.REGION_READ, RegionAccess.size],
  [Command.DEVICE_RESET, 0],
]);

const KNOWN_FLAGS = HeaderFlag.TYPE_MASK | HeaderFlag.NO_REPLY;

/** Refuses requests for which `test` holds. */
function refuses(test: (request: Message) => boolean): () => Hooks {
  return () => ({
    request: (request) => test(request) ? { errno: Errno.EINVAL } : undefined,
  });
}

/** Whether all fields that a client sets to 0 are 0. */
function isClean(values: Readonly<Record<string, number | bigint>>, mayBeSet: readonly string[]) {
  return Object.entries(values).every(([name, value]) =>
    mayBeSet.includes(name) || Number(value) === 0
  );
}

/** What a server may refuse, and most do not (catalogue 2.1, 2.3 to 2.6). */
const strict: readonly Freedom[] = [
  {
    id: "extra-payload-refused",
    clause: "hdr-extra-payload",
    text: "A payload that is longer than the command's is refused.",
    suites: ["framing", "device-get-info", "region-access", "dma-map"],
    hooks: refuses(({ command, payload }) => payload.byteLength > (FIXED.get(command) ?? Infinity)),
  },
  {
    id: "reserved-flags-refused",
    clause: "hdr-reserved-flags",
    text: "A command with reserved bits in the flags of its header is refused.",
    suites: ["framing"],
    hooks: refuses(({ flags }) => (flags & ~KNOWN_FLAGS & ~HeaderFlag.ERROR) !== 0),
  },
  {
    id: "unclean-questions-refused",
    clause: "info-nonzero-fields",
    text: "Fields that only the reply has must be 0 in the request.",
    suites: ["device-get-info", "device-get-region-info", "device-get-irq-info"],
    hooks: () =>
      combine([
        refusesIf(Command.DEVICE_GET_INFO, DeviceInfo, (info) => !isClean(info, ["argsz"]))(),
        refusesIf(
          Command.DEVICE_GET_REGION_INFO,
          RegionInfo,
          (info) => !isClean(info, ["argsz", "index"]),
        )(),
        refusesIf(Command.DEVICE_GET_IRQ_INFO, IrqInfo, (info) =>
          !isClean(info, ["argsz", "index"]))(),
      ]),
  },
  {
    id: "large-argsz-refused",
    clause: "dma-map-argsz-large",
    text: "DMA_MAP, DMA_UNMAP and DEVICE_GET_REGION_IO_FDS refuse an argsz that is far too large.",
    suites: ["dma-map", "dma-unmap", "device-get-region-io-fds"],
    hooks: () =>
      combine([
        refusesIf(Command.DMA_MAP, DmaMap, ({ argsz }) => argsz > DmaMap.size)(),
        refusesIf(Command.DMA_UNMAP, DmaUnmap, ({ argsz }) => argsz > 1 << 20)(),
        refusesIf(Command.DEVICE_GET_REGION_IO_FDS, RegionIoFds, ({ argsz }) => argsz > 1 << 20)(),
      ]),
  },
];

/** What a server may pass over, and most refuse (catalogue A15). */
const lenient: readonly Freedom[] = [
  {
    id: "argsz-ignored",
    clause: "info-argsz-small",
    text: "An argsz below the fixed size is taken for the fixed size.",
    suites: ["device-get-info", "device-get-region-info", "device-get-irq-info", "dma-unmap"],
    hooks: () =>
      combine([
        readsAs(Command.DEVICE_GET_INFO, DeviceInfo, atLeastFixed(DeviceInfo.size))(),
        readsAs(Command.DEVICE_GET_REGION_INFO, RegionInfo, atLeastFixed(RegionInfo.size))(),
        readsAs(Command.DEVICE_GET_IRQ_INFO, IrqInfo, atLeastFixed(IrqInfo.size))(),
        readsAs(Command.DEVICE_SET_IRQS, SetIrqs, atLeastFixed(SetIrqs.size))(),
        readsAs(Command.DMA_MAP, DmaMap, atLeastFixed(DmaMap.size))(),
        readsAs(Command.DMA_UNMAP, DmaUnmap, atLeastFixed(DmaUnmap.size))(),
      ]),
  },
  {
    id: "unmap-argsz-24",
    clause: "dma-unmap-echo",
    text: "The reply to DMA_UNMAP has its own size as argsz.",
    suites: ["dma-unmap", "qemu-client"],
    hooks: readsAs(
      Command.DMA_UNMAP,
      DmaUnmap,
      ({ argsz }) => argsz > DmaUnmap.size ? { argsz: DmaUnmap.size } : {},
    ),
  },
];

function atLeastFixed(size: number): ({ argsz }: { argsz: number }) => { argsz?: number } {
  return ({ argsz }) => argsz < size ? { argsz: size } : {};
}

/** What becomes of a VERSION that wants no reply, and of other oddities (catalogue 2.15). */
const silence: readonly Freedom[] = [
  {
    id: "version-without-reply",
    clause: "ver-noreply",
    text: "VERSION with No_reply is not answered.",
    suites: ["version", "concurrency"],
    hooks: () => ({
      reply: ({ command }, { flags }) =>
        command === Command.VERSION && (flags & HeaderFlag.NO_REPLY) !== 0 ? false : undefined,
    }),
  },
  {
    id: "version-twice-same-answer",
    clause: "ver-twice",
    text: "A second VERSION is answered as the first was.",
    suites: ["version"],
    hooks: () => {
      let answer: Uint8Array | undefined;
      return {
        connect: () => void (answer = undefined),
        request: ({ command }, { negotiated }) =>
          command === Command.VERSION && negotiated && answer ? { payload: answer } : undefined,
        reply: ({ command, payload, error }) => {
          if (command === Command.VERSION && error === 0) answer ??= payload.slice();
        },
      };
    },
  },
];

/** Freedoms in how closely requests are looked at. */
export const requestFreedoms: readonly Freedom[] = [...strict, ...lenient, ...silence];
