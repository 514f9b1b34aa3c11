import {
  Command,
  DeviceFlag,
  DmaMapFlag,
  FeatureFlag,
  IrqFlag,
  RegionFlag,
  SetIrqsFlag,
} from "./constants.ts";
import * as layout from "./messages.ts";
import type { Fields, Struct } from "./struct.ts";

/** What follows the fixed head of a payload. */
export type Tail =
  | { readonly kind: "bytes" }
  | { readonly kind: "json" }
  | { readonly kind: "region-caps" }
  | { readonly kind: "feature" }
  | { readonly kind: "array"; readonly of: Struct<Fields> };

/** A payload: its fixed head, and what may follow. */
export interface PayloadLayout {
  /** Absent for a payload that is empty. */
  readonly head?: Struct<Fields>;
  /** Absent when nothing follows the head. */
  readonly tail?: Tail;
  /** Names of the bits of the head's `flags`. */
  readonly flags?: Readonly<Record<string, number>>;
}

/** Both payloads of a command. */
export interface CommandLayout {
  readonly request: PayloadLayout;
  readonly reply: PayloadLayout;
}

const BYTES: Tail = { kind: "bytes" };

function both(payload: PayloadLayout): CommandLayout {
  return { request: payload, reply: payload };
}

/** Payloads of every command, by its number (specification, Commands). */
export const PAYLOADS: ReadonlyMap<number, CommandLayout> = new Map<number, CommandLayout>([
  [Command.VERSION, both({ head: layout.Version, tail: { kind: "json" } })],
  [Command.DMA_MAP, { request: { head: layout.DmaMap, flags: DmaMapFlag }, reply: {} }],
  [Command.DMA_UNMAP, both({ head: layout.DmaUnmap })],
  [Command.DEVICE_GET_INFO, both({ head: layout.DeviceInfo, flags: DeviceFlag })],
  [Command.DEVICE_GET_REGION_INFO, {
    request: { head: layout.RegionInfo, flags: RegionFlag },
    reply: { head: layout.RegionInfo, flags: RegionFlag, tail: { kind: "region-caps" } },
  }],
  [Command.DEVICE_GET_REGION_IO_FDS, {
    request: { head: layout.RegionIoFds },
    reply: { head: layout.RegionIoFds, tail: { kind: "array", of: layout.RegionIoFd } },
  }],
  [Command.DEVICE_GET_IRQ_INFO, both({ head: layout.IrqInfo, flags: IrqFlag })],
  [Command.DEVICE_SET_IRQS, {
    request: { head: layout.SetIrqs, flags: SetIrqsFlag, tail: BYTES },
    reply: {},
  }],
  [Command.REGION_READ, {
    request: { head: layout.RegionAccess },
    reply: { head: layout.RegionAccess, tail: BYTES },
  }],
  [Command.REGION_WRITE, {
    request: { head: layout.RegionAccess, tail: BYTES },
    reply: { head: layout.RegionAccess },
  }],
  [Command.DMA_READ, {
    request: { head: layout.DmaAccess },
    reply: { head: layout.DmaAccess, tail: BYTES },
  }],
  [Command.DMA_WRITE, {
    request: { head: layout.DmaAccess, tail: BYTES },
    reply: { head: layout.DmaAccess },
  }],
  [Command.DEVICE_RESET, both({})],
  [Command.REGION_WRITE_MULTI, {
    request: { head: layout.RegionWriteMulti, tail: { kind: "array", of: layout.RegionWrite } },
    reply: { head: layout.RegionWriteMulti },
  }],
  [
    Command.DEVICE_FEATURE,
    both({ head: layout.DeviceFeature, flags: FeatureFlag, tail: { kind: "feature" } }),
  ],
  [Command.MIG_DATA_READ, {
    request: { head: layout.MigData },
    reply: { head: layout.MigData, tail: BYTES },
  }],
  [Command.MIG_DATA_WRITE, { request: { head: layout.MigData, tail: BYTES }, reply: {} }],
]);
