import type { Fd } from "../posix/fd.ts";
import { preadFd, pwriteFd } from "../posix/file_io.ts";
import { memoryFile } from "../posix/memory.ts";
import { Command, DeviceFlag, IrqFlag, RegionFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import {
  DeviceInfo,
  DmaMap,
  IrqInfo,
  RegionAccess,
  RegionInfo,
  Version,
} from "../wire/messages.ts";
import { encodeVersionJson } from "../wire/version_json.ts";
import type { Request } from "./client.ts";
import type { Answer } from "./exchange.ts";

/** Bytes of region 0, which is memory. */
export const REGION_SIZE = 0x2000;

/** All parts, one behind the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.byteLength;
  }
  return whole;
}

/** The reply to VERSION of an honest server, with other capabilities where they are given. */
export function versionReply(capabilities: Record<string, unknown> = {}): Uint8Array {
  const json = encodeVersionJson({
    capabilities: { max_msg_fds: 8, max_data_xfer_size: 1 << 20, ...capabilities },
  });
  return concat([Version.encode({ minor: 1 }), json]);
}

/** A device as small as can be: one region of memory that can be mapped, and one interrupt. */
export class Device {
  /** The memory of region 0; not sealed, so that a behaviour can cut it short. */
  readonly memory: Fd = memoryFile(REGION_SIZE, { sealShrink: false });
  /** Where the client said that its memory is. */
  lastMapped = 0n;

  /** Does what a command asks for. The descriptors stay the caller's. */
  answer({ header, payload }: Request, _fds: readonly Fd[]): Answer {
    const { command } = header;
    switch (command) {
      case Command.VERSION:
        return { payload: versionReply() };
      case Command.DEVICE_GET_INFO:
        return {
          payload: DeviceInfo.encode({
            argsz: DeviceInfo.size,
            flags: DeviceFlag.RESET,
            numRegions: 2,
            numIrqs: 1,
          }),
        };
      case Command.DEVICE_GET_REGION_INFO:
        return this.#regionInfo(payload);
      case Command.DEVICE_GET_IRQ_INFO:
        return this.#irqInfo(payload);
      case Command.REGION_READ:
      case Command.REGION_WRITE:
        return this.#access(command, payload);
      case Command.DMA_MAP:
        this.lastMapped = DmaMap.decode(payload).address;
        return {};
      case Command.DMA_UNMAP:
        return { payload };
      case Command.DEVICE_SET_IRQS:
      case Command.DEVICE_RESET:
        return {};
      default:
        return { errno: Errno.EINVAL };
    }
  }

  #regionInfo(payload: Uint8Array): Answer {
    const { index } = RegionInfo.decode(payload);
    if (index > 1) return { errno: Errno.EINVAL };
    if (index === 1) return { payload: RegionInfo.encode({ argsz: RegionInfo.size, index }) };
    const flags = RegionFlag.READ | RegionFlag.WRITE | RegionFlag.MMAP;
    return {
      payload: RegionInfo.encode({
        argsz: RegionInfo.size,
        flags,
        index,
        size: BigInt(REGION_SIZE),
      }),
      fds: [this.memory],
    };
  }

  #irqInfo(payload: Uint8Array): Answer {
    const { index } = IrqInfo.decode(payload);
    if (index > 0) return { errno: Errno.EINVAL };
    return {
      payload: IrqInfo.encode({ argsz: IrqInfo.size, flags: IrqFlag.EVENTFD, index, count: 1 }),
    };
  }

  #access(command: number, payload: Uint8Array): Answer {
    const access = RegionAccess.decode(payload);
    const { region, offset, count } = access;
    if (region !== 0 || offset + BigInt(count) > BigInt(REGION_SIZE)) {
      return { errno: Errno.EINVAL };
    }
    const head = RegionAccess.encode(access);
    if (command === Command.REGION_WRITE) {
      pwriteFd(this.memory, offset, payload.subarray(RegionAccess.size));
      return { payload: head };
    }
    const data = new Uint8Array(count);
    data.set(preadFd(this.memory, offset, count)); // less where the file was cut short
    return { payload: concat([head, data]) };
  }
}
