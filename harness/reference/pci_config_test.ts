import { assert, assertEquals } from "@std/assert";
import { PciConfig } from "./pci_config.ts";
import { defaultSettings } from "./settings.ts";

function u16(config: PciConfig, offset: number): number {
  return new DataView(config.bytes.buffer).getUint16(offset, true);
}

function u32(config: PciConfig, offset: number): number {
  return new DataView(config.bytes.buffer).getUint32(offset, true);
}

function ones(config: PciConfig, offset: number, count: number): void {
  config.write(offset, new Uint8Array(count).fill(0xff));
}

Deno.test("PciConfig has a device of its own kind", () => {
  const config = new PciConfig(defaultSettings());
  assertEquals([u16(config, 0), u16(config, 2), config.bytes[0x0e]], [0x1209, 0xf10a, 0]);
  assertEquals(config.bytes.length, 4096);
  assertEquals(u32(config, 0x100), 0);
});

Deno.test("PciConfig sizes its BARs", () => {
  const config = new PciConfig(defaultSettings());
  ones(config, 0x10, 24);
  const bars = [0, 1, 2, 3, 4, 5].map((bar) => u32(config, 0x10 + 4 * bar));
  assertEquals(bars, [
    0xffff_f000,
    0xffff_c000,
    0xffff_0000,
    0xffff_f000,
    0xffe0_000c,
    0xffff_ffff,
  ]);
  ones(config, 0x30, 4);
  assertEquals(u32(config, 0x30), 0);
});

Deno.test("PciConfig takes any width, and keeps reserved bits 0", () => {
  const config = new PciConfig(defaultSettings());
  ones(config, 4, 2);
  assertEquals(u16(config, 4), 0x0547);
  config.write(4, Uint8Array.of(0));
  assertEquals(u16(config, 4), 0x0500);
  ones(config, 6, 2);
  assertEquals(u16(config, 6), 0x0010);
  ones(config, 0, 4);
  assertEquals(u16(config, 0), 0x1209);
  config.write(0x3b, Uint8Array.of(9, 9, 9));
  assertEquals([...config.bytes.slice(0x3b, 0x3e)], [0, 9, 1]);
  config.reset();
  assertEquals([u16(config, 4), config.bytes[0x3c]], [0, 0]);
});

Deno.test("PciConfig has a list of capabilities that ends", () => {
  const config = new PciConfig(defaultSettings());
  const ids = [];
  for (let at = config.bytes[0x34]!; at !== 0; at = config.bytes[at + 1]!) {
    assert(at >= 0x40 && at % 4 === 0);
    ids.push(config.bytes[at]);
  }
  assertEquals(ids, [0x01, 0x11]);
  assertEquals(u16(config, 0x52) & 0x7ff, 7);
});
