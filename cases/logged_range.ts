import type { DmaRequest, Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import {
  closed,
  dmaMap,
  dmaRequests,
  expect,
  nothing,
  reconnect,
  reply,
} from "../harness/steps.ts";
import { Command, PAGE } from "../harness/wire/constants.ts";
import { deviceWrites, mark } from "./device_dma.ts";
import {
  dirty,
  type GuestRange,
  report,
  startLogging,
  stopLogging,
  type Written,
} from "./dirty_pages.ts";
import { backed, blocks } from "./guest_blocks.ts";

/** 128 pages: two words of a bitmap. */
export const RANGE = blocks(0, 8);
export const PAGES = Number(RANGE.size) / PAGE;
/** Bytes of a mark. */
export const COUNT = mark(0).byteLength;

/** `count` pages of the range from page `first`. */
export function pages(first: number, count: number): GuestRange {
  return { address: RANGE.address + BigInt(first * PAGE), size: BigInt(count * PAGE) };
}

/** A mark somewhere in a page. */
export function inPage(page: number, offset = 0x80): Written {
  return { address: pages(page, 1).address + BigInt(offset), count: COUNT };
}

/** The range is mapped, and logging is on. */
export function logging(): Step[] {
  return [
    dmaMap(backed(0, 8)),
    expect(reply()),
    startLogging(),
    expect(reply({}, { save: "started" })),
  ];
}

interface Report {
  readonly written: readonly Written[];
  readonly range?: GuestRange;
  readonly pageSize?: bigint;
}

/** The device writes, and the report tells where. */
export function writtenAndReported(
  device: DeviceFacts,
  { written, range, pageSize }: Report,
): Step[] {
  const byMessage: DmaRequest[] = [];
  return [
    ...written.flatMap(({ address }, i) => deviceWrites(device, { address, bytes: mark(i) })),
    seeRequests(byMessage),
    ...demanded({ written, range, pageSize }, byMessage),
  ];
}

export function demanded(
  { written, range = RANGE, pageSize = BigInt(PAGE) }: {
    readonly written: readonly Written[];
    readonly range?: GuestRange | undefined;
    readonly pageSize?: bigint | undefined;
  },
  byMessage: readonly DmaRequest[] = [],
): Step[] {
  return [
    report(range, { pageSize }),
    expect(reply({}, dirty(range, written, { pageSize, byMessage }))),
  ];
}

/** Notes what the device wrote by messages. */
export function seeRequests(byMessage: DmaRequest[]): Step {
  return dmaRequests({
    wants: "any requests",
    check: (requests) => {
      byMessage.push(...requests.filter(({ command }) => command === Command.DMA_WRITE));
      return undefined;
    },
  });
}

/** Ends logging after commands that may have ended the connection: it may have outlived that. */
export function stopAnyhow(): Step[] {
  return [expect(nothing(), closed()), reconnect(), ...stopLogging()];
}
