import type { Step } from "../harness/case.ts";
import { configRegion, type DeviceFacts } from "../harness/device_facts.ts";
import { anyError, expect, regionRead, remarkable, reply } from "../harness/steps.ts";
import { littleEndian, register, StatusBit } from "./pci_registers.ts";

/** What is owed of the configuration space as a whole. */
interface ConfigCheck {
  readonly wants: string;
  /** What is wrong, or nothing. */
  readonly flaw: (config: Uint8Array) => string | undefined;
  /** Where it holds, a flaw is worth this note, and no failure. */
  readonly remark?: { readonly text: string; readonly holds: (config: Uint8Array) => boolean };
}

/** Looks at the whole configuration space; a server that refuses or shortens such a read has cases for that. */
export function inspectConfig(device: DeviceFacts, { wants, flaw, remark }: ConfigCheck): Step[] {
  const whole = register(0, Math.min(Number(configRegion(device).size), 4096));
  const sound = reply({}, {
    wants,
    check: ({ data }) => data.byteLength < whole.count ? undefined : flaw(data),
  });
  const flawed = remark === undefined ? [] : [remarkable(
    reply({}, { wants, check: ({ data }) => remark.holds(data) ? undefined : flaw(data) }),
    remark.text,
  )];
  return [regionRead(whole), expect(sound, ...flawed, anyError())];
}

/** Capabilities by offset, and what is wrong with their list. */
export interface PciCapabilities {
  readonly found: readonly { readonly id: number; readonly at: number }[];
  readonly flaw?: string;
}

/** Follows the list of capabilities in the first 256 bytes. Ends, whatever the bytes. */
export function walkCapabilities(config: Uint8Array): PciCapabilities {
  const status = littleEndian(config.subarray(0x06, 0x08));
  const first = (status & StatusBit.CAPABILITIES) === 0 ? 0 : config[0x34] ?? 0;
  return follow(config.subarray(0, 256), { first, least: 0x40 }, (header) => ({
    id: header & 0xff,
    next: (header >>> 8) & 0xff,
  }));
}

/** Follows the list of extended capabilities. Ends, whatever the bytes. */
export function walkExtendedCapabilities(config: Uint8Array): PciCapabilities {
  return follow(config, { first: 0x100, least: 0x100 }, (header) => ({
    id: header & 0xffff,
    // All ones is what a device without extended capabilities may read as.
    next: header === 0xffff_ffff ? 0 : header >>> 20,
  }));
}

function follow(
  config: Uint8Array,
  { first, least }: { readonly first: number; readonly least: number },
  decode: (header: number) => { id: number; next: number },
): PciCapabilities {
  const found: { id: number; at: number }[] = [];
  for (let at = first; at !== 0;) {
    const where = `a capability at 0x${at.toString(16)}`;
    if (at < least) return { found, flaw: `${where}, within the header` };
    if (at % 4 !== 0) return { found, flaw: `${where}, not aligned to 4 bytes` };
    if (at + 4 > config.byteLength) return { found, flaw: `${where}, behind the end` };
    if (found.some((one) => one.at === at)) return { found, flaw: `${where} for a second time` };
    const { id, next } = decode(littleEndian(config.subarray(at, at + 4)));
    found.push({ id, at });
    at = next;
  }
  return { found };
}

/** Where the MSI-X capability says that its tables are. */
export interface Msix {
  /** Interrupts. */
  readonly tableSize: number;
  readonly table: { readonly bar: number; readonly offset: number };
  readonly pendingBits: { readonly bar: number; readonly offset: number };
}

/** The MSI-X capability, if there is one. */
export function findMsix(config: Uint8Array): Msix | undefined {
  const at = walkCapabilities(config).found.find((capability) => capability.id === 0x11)?.at;
  if (at === undefined || at + 12 > config.byteLength) return undefined;
  const place = (offset: number) => {
    const value = littleEndian(config.subarray(offset, offset + 4));
    return { bar: value & 7, offset: value - (value & 7) };
  };
  const control = littleEndian(config.subarray(at + 2, at + 4));
  return {
    tableSize: (control & 0x7ff) + 1,
    table: place(at + 4),
    pendingBits: place(at + 8),
  };
}
