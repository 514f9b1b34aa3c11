import { Command, PciRegion, RegionFlag } from "../../wire/constants.ts";
import { RegionInfo } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Reply } from "../message.ts";
import { die, onReply, onRequest, pad, patch, setPayload } from "./tools.ts";

/** Fields of the reply. */
export type Info = Decoded<typeof RegionInfo>;

const CAP = RegionInfo.size;

/** Changes one reply. */
export type Change = (reply: Reply, info: Info, argsz: number) => void;

/** Changes the replies for the regions that `test` picks; `argsz` is that of the request. */
export function onInfo(test: (info: Info, reply: Reply) => boolean, change: Change): () => Hooks {
  return onReply(Command.DEVICE_GET_REGION_INFO, (reply, request) => {
    const info = RegionInfo.decode(reply.payload);
    if (test(info, reply)) change(reply, info, RegionInfo.decode(request.payload).argsz);
  });
}

/** Overwrites fields of the replies for the regions that `test` picks. */
export function withInfo(
  test: (info: Info) => boolean,
  values: (info: Info) => Partial<Info>,
): () => Hooks {
  return onInfo(test, (reply, info) => patch(reply, RegionInfo, values(info)));
}

/** Every region. */
export function any(): boolean {
  return true;
}

function isPlain({ argsz }: Info): boolean {
  return argsz === RegionInfo.size;
}

/** A region that can be mapped. */
export function isMappable({ flags }: Info): boolean {
  return (flags & RegionFlag.MMAP) !== 0;
}

function isEmpty({ size }: Info): boolean {
  return size === 0n;
}

function onIndex(test: (index: number) => boolean, act: () => { errno: number } | void) {
  return onRequest(
    Command.DEVICE_GET_REGION_INFO,
    RegionInfo,
    ({ index }) => test(index) ? act() : undefined,
  );
}

/** Faults in the fixed part of DEVICE_GET_REGION_INFO (catalogue 2.4). */
export const regionInfoFaults: readonly Fault[] = [
  {
    id: "empty-region-info-short",
    clause: "reg-each-index",
    text: "DEVICE_GET_REGION_INFO answers with 24 bytes for an empty region.",
    hooks: onInfo(isEmpty, (reply) => setPayload(reply, reply.payload.slice(0, 24))),
  },
  {
    id: "region-index-0",
    clause: "reg-index-echo",
    text: "DEVICE_GET_REGION_INFO answers with index 0.",
    hooks: withInfo(any, () => ({ index: 0 })),
  },
  {
    id: "region-9-exists",
    clause: "reg-index-oob",
    text: "DEVICE_GET_REGION_INFO accepts the index behind the last one.",
    hooks: onRequest(
      Command.DEVICE_GET_REGION_INFO,
      RegionInfo,
      ({ index }, { payload }) => index === 9 ? { payload: payload.slice(0, CAP) } : undefined,
    ),
  },
  {
    id: "region-index-huge-dies",
    clause: "reg-index-oob",
    text: "DEVICE_GET_REGION_INFO with an index above 1000 kills the server.",
    hooks: onIndex((index) => index > 1000, die),
  },
  {
    id: "region-info-small-argsz-dies",
    clause: "reg-argsz-small",
    text: "DEVICE_GET_REGION_INFO with an argsz below 32 kills the server.",
    hooks: onRequest(
      Command.DEVICE_GET_REGION_INFO,
      RegionInfo,
      ({ argsz }) => argsz < CAP ? die() : undefined,
    ),
  },
  {
    id: "region-info-nonzero-dies",
    clause: "reg-nonzero-request",
    text: "DEVICE_GET_REGION_INFO with fields that are not 0 kills the server.",
    hooks: onRequest(
      Command.DEVICE_GET_REGION_INFO,
      RegionInfo,
      ({ flags, capOffset, size, offset }) =>
        flags || capOffset || size || offset ? die() : undefined,
    ),
  },
  {
    id: "region-argsz-64",
    clause: "reg-argsz-exact-nocaps",
    text: "A region without capabilities has argsz 64.",
    hooks: withInfo(isPlain, () => ({ argsz: 64 })),
  },
  {
    id: "region-caps-flag-alone",
    clause: "reg-argsz-exact-nocaps",
    text: "A region without capabilities has the CAPS flag.",
    hooks: withInfo(isPlain, ({ flags }) => ({ flags: flags | RegionFlag.CAPS })),
  },
  {
    id: "region-info-padded",
    clause: "reg-argsz-large-nocaps",
    text: "A region without capabilities is answered with as many bytes as argsz says.",
    hooks: onInfo(isPlain, (reply, _, argsz) => pad(reply, Math.min(argsz, 4096))),
  },
  {
    id: "region-unknown-flag",
    clause: "reg-flags-known",
    text: "Region flags have bit 7 set.",
    hooks: withInfo(any, ({ flags }) => ({ flags: flags | 0x80 })),
  },
  {
    id: "region-8-behind-6-dies",
    clause: "reg-flags-size0",
    text: "DEVICE_GET_REGION_INFO for region 8 straight behind that for region 6 kills the server.",
    hooks: () => {
      let last = -1;
      return onIndex((index) => {
        const isSkipped = last === PciRegion.ROM && index === PciRegion.VGA;
        last = index;
        return isSkipped;
      }, die)();
    },
  },
  {
    id: "config-of-1024-bytes",
    clause: "reg-config-region",
    text: "Configuration space says that it has 1024 bytes.",
    hooks: withInfo(({ index }) => index === PciRegion.CONFIG, () => ({ size: 1024n })),
  },
  {
    id: "config-mappable",
    clause: "cfg-not-mappable",
    text: "Configuration space says that it can be mapped.",
    hooks: withInfo(
      ({ index }) => index === PciRegion.CONFIG,
      ({ flags }) => ({ flags: flags | RegionFlag.MMAP }),
    ),
  },
  {
    id: "bar-of-odd-size",
    clause: "reg-bar-size-pow2",
    text: "BAR 3 says that it has 12 KiB.",
    hooks: withInfo(({ index }) => index === 3, () => ({ size: 0x3000n })),
  },
  {
    id: "upper-bar-with-size",
    clause: "reg-64bit-upper",
    text: "The upper half of the 64-bit BAR says that it has 4 KiB.",
    hooks: withInfo(({ index }) => index === 5, () => ({ size: 0x1000n })),
  },
  {
    id: "region-9-without-type",
    clause: "reg-type-cap",
    text: "There is a region behind those of PCI, without a type capability.",
    hooks: () => ({
      tune({ regions }) {
        regions.push({ size: 0x1000, flags: RegionFlag.READ | RegionFlag.WRITE, fileOffset: 0 });
      },
    }),
  },
];
