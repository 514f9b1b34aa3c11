import type { DmaDemands, DmaRequest } from "../harness/case.ts";
import { Command, HeaderFlag } from "../harness/wire/constants.ts";
import type { Transfer } from "./device_dma.ts";
import type { Way } from "./dma_ways.ts";

/** A stretch of guest memory. */
export interface Range {
  readonly address: bigint;
  readonly size: bigint;
}

type Whole = DmaRequest & { readonly address: bigint; readonly count: bigint };

/** Requests that say what they are about; the others are for the case on their layout. */
function whole(requests: readonly DmaRequest[]): Whole[] {
  return requests.filter((one): one is Whole => one.count !== undefined);
}

function text({ address, count }: Whole): string {
  return `${count} bytes at 0x${address.toString(16)}`;
}

/** Nothing that has been asked for so far is looked at. */
export const FORGET: DmaDemands = { wants: "anything", check: () => undefined };

/** Nothing was asked for. */
export const NOTHING_ASKED: DmaDemands = {
  wants: "no DMA_READ and no DMA_WRITE",
  check: ([first]) => first && `a ${nameOf(first)}`,
};

/** No request of this kind touched the range. */
export function notAskedFor({ command }: Way, range: Range): DmaDemands {
  return {
    wants: `no ${command} there`,
    check: (requests) => {
      const found = whole(requests).find((one) =>
        one.command === Command[command] && one.address < range.address + range.size &&
        range.address < one.address + one.count
      );
      return found && `a ${command} of ${text(found)}`;
    },
  };
}

/** Every byte asked for is mapped; one request may reach over regions that touch each other. */
export function within(...ranges: readonly Range[]): DmaDemands {
  return {
    wants: "DMA within mapped regions",
    check: (requests) => {
      const outside = whole(requests).find(({ address, count }) => {
        const end = address + count;
        let at = address;
        for (;;) {
          const range = ranges.find((one) => at >= one.address && at < one.address + one.size);
          if (range === undefined) return at < end;
          at = range.address + range.size;
        }
      });
      return outside && `a ${nameOf(outside)} of ${text(outside)}`;
    },
  };
}

/** Headers are those of commands, and say how large the messages are. */
export function wellFramed({ command }: Way): DmaDemands {
  return {
    wants: `${command} with flags 0 and a message size for its payload`,
    check: (requests) => {
      if (requests.length === 0) return "no command";
      for (const request of whole(requests)) {
        const mayWantNoReply = request.command === Command.DMA_WRITE ? HeaderFlag.NO_REPLY : 0;
        const flags = request.flags & ~mayWantNoReply;
        if (flags !== 0) return `flags 0x${request.flags.toString(16)}`;
        const data = request.command === Command.DMA_WRITE ? request.count : 0n;
        if (BigInt(request.msgSize) !== 32n + data) {
          return `a ${nameOf(request)} of ${
            text(request)
          } in a message of ${request.msgSize} bytes`;
        }
      }
      return undefined;
    },
  };
}

/** Payloads have an address and a count of 8 bytes each, then the data; together they are the transfer. */
export function wellLaidOut(transfer: Transfer): DmaDemands {
  return {
    wants: "address and count of 8 bytes each, and data behind them",
    check: (requests) => {
      for (const { command, count, dataSize, msgSize } of requests) {
        if (count === undefined) return `a payload of ${msgSize - 16} bytes`;
        const data = command === Command.DMA_WRITE ? count : 0n;
        if (BigInt(dataSize) !== data) return `count ${count} with ${dataSize} bytes of data`;
      }
      return missing(requests, transfer);
    },
  };
}

/** No count is above the limit, and together they are the transfer. */
export function limitedTo(limit: number, transfer: Transfer): DmaDemands {
  return {
    wants: `all ${transfer.bytes.byteLength} bytes in counts of at most ${limit}`,
    check: (requests) => {
      const tooMuch = whole(requests).find(({ count }) => count > limit);
      return tooMuch ? `count ${tooMuch.count}` : missing(requests, transfer);
    },
  };
}

/** All was asked for on one socket. */
export function onlyOn(socket: "main" | "twin"): DmaDemands {
  return {
    wants: `commands on the ${socket} socket only`,
    check: (requests) => {
      if (requests.length === 0) return "no command";
      const other = requests.find((one) => one.socket !== socket);
      return other && `a ${nameOf(other)} on the ${other.socket} socket`;
    },
  };
}

/** Which bytes of a transfer nobody asked for. */
function missing(requests: readonly DmaRequest[], transfer: Transfer): string | undefined {
  let at = transfer.address;
  const end = at + BigInt(transfer.bytes.byteLength);
  const inOrder = whole(requests).sort((a, b) => Number(a.address - b.address));
  for (const { address, count } of inOrder) {
    if (address > at) break;
    if (address + count > at) at = address + count;
  }
  return at >= end ? undefined : `nothing for the ${end - at} bytes at 0x${at.toString(16)}`;
}

function nameOf({ command }: DmaRequest): string {
  return command === Command.DMA_READ ? "DMA_READ" : "DMA_WRITE";
}
