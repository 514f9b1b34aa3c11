import type { Fd } from "../posix/fd.ts";
import { Mapping, memoryFile } from "../posix/memory.ts";
import { PciRegion, RegionFlag } from "../wire/constants.ts";
import type { Contents } from "./device_state.ts";
import { type Memory, PlainMemory } from "./memory.ts";
import { Migration } from "./migration.ts";
import { PciConfig } from "./pci_config.ts";
import { RegisterPage } from "./registers.ts";
import type { RegionSettings, Settings } from "./settings.ts";

/** Region 3 cannot be written; every 4 bytes of it hold this and their own offset. */
const PATTERN = 0xa5c3_0000;

/** One region of the device. */
export interface Region extends Readonly<RegionSettings> {
  readonly memory: Memory;
  /** File of a region that can be mapped. */
  readonly file?: Fd;
}

/** The device: regions with their contents. Lives as long as the server, over all clients. */
export class Device implements Disposable {
  readonly regions: readonly Region[];
  /** Its way to another place. */
  readonly migration: Migration;
  readonly #owned = new DisposableStack();

  /** Builds the regions that the settings announce. */
  constructor(settings: Settings) {
    this.regions = settings.regions.map((region, index) => this.#build(region, index, settings));
    this.migration = new Migration(this, settings.migrationFlags);
  }

  /** DEVICE_RESET. */
  reset(): void {
    for (const region of this.regions) region.memory.reset();
    this.migration.reset();
  }

  /** Takes over what another device held. */
  load(contents: Contents): void {
    for (const [index, bytes] of contents) this.regions[index]!.memory.load(bytes);
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #build(region: RegionSettings, index: number, settings: Settings): Region {
    if (index === PciRegion.CONFIG) return { ...region, memory: new PciConfig(settings) };
    if (index === PciRegion.BAR0) return { ...region, memory: new RegisterPage(region.size) };
    if ((region.flags & RegionFlag.MMAP) !== 0) return this.#buildMappable(region);
    const bytes = new Uint8Array(region.size);
    if ((region.flags & RegionFlag.WRITE) === 0) fillWithPattern(bytes);
    return { ...region, memory: new PlainMemory(bytes) };
  }

  #buildMappable(region: RegionSettings): Region {
    const { size, fileOffset } = region;
    // The client holds the file too: the seal keeps it from taking the pages away under our feet.
    const file = this.#owned.use(memoryFile(fileOffset + size, { sealShrink: true }));
    const options = { offset: BigInt(fileOffset), size, write: true };
    const mapping = this.#owned.use(Mapping.map(file, options));
    return { ...region, file, memory: new PlainMemory(mapping.bytes) };
  }
}

function fillWithPattern(bytes: Uint8Array<ArrayBuffer>): void {
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 <= bytes.byteLength; at += 4) view.setUint32(at, PATTERN + at, true);
}
