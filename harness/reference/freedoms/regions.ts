import { PciRegion, RegionFlag } from "../../wire/constants.ts";
import type { Freedom } from "../freedom.ts";
import type { RegionSettings, Settings } from "../settings.ts";

const { READ, WRITE, MMAP } = RegionFlag;

function changesEach(change: (region: RegionSettings, index: number) => void) {
  return () => ({
    tune: ({ regions }: Settings) => regions.forEach(change),
  });
}

/** Which regions there are (catalogue 2.4). */
export const regionFreedoms: readonly Freedom[] = [
  {
    id: "bars-empty",
    clause: "reg-flags-size0",
    text: "BARs 1 to 3 are not there.",
    suites: ["device-get-region-info", "region-access", "pci-config", "qemu-client"],
    kind: "bars",
    lacks: { scratch: [1, 2] },
    hooks: changesEach((region, index) => {
      if (index < 1 || index > 3) return;
      Object.assign(region, { size: 0, flags: 0, fileOffset: 0 });
      delete region.areas;
    }),
  },
  {
    id: "bars-full",
    clause: "reg-each-index",
    text: "BARs 0 to 4, the ROM and the VGA region are there; BAR 5 is the upper half of BAR 4.",
    suites: ["device-get-region-info", "region-access", "pci-config", "device-get-region-io-fds"],
    kind: "bars",
    hooks: changesEach((region, index) => {
      if (region.size === 0 && index !== PciRegion.BAR5) {
        Object.assign(region, { size: 0x1000, flags: READ });
      }
    }),
  },
  {
    id: "bars-tiny",
    clause: "reg-bar-size-pow2",
    text: "BAR 3 has 16 bytes, the least that there can be.",
    suites: ["device-get-region-info", "region-access", "pci-config"],
    kind: "bars",
    hooks: changesEach((region, index) => {
      if (index === 3) region.size = 16;
    }),
  },
  {
    id: "no-mmap",
    clause: "reg-nommap-nofd",
    text: "No region can be mapped.",
    suites: ["device-get-region-info", "region-access", "qemu-client"],
    kind: "mmap",
    hooks: changesEach((region) => {
      region.flags &= ~MMAP;
      region.fileOffset = 0;
      delete region.areas;
    }),
  },
  {
    id: "mmap-of-one",
    clause: "reg-mmap-works",
    text: "Only BAR 1 can be mapped.",
    suites: ["device-get-region-info"],
    kind: "mmap",
    hooks: changesEach((region, index) => {
      if (index === 1) return;
      region.flags &= ~MMAP;
      delete region.areas;
    }),
  },
  {
    id: "mmap-read-only",
    clause: "reg-mmap-works",
    text: "BAR 1 can be mapped and read, and not written.",
    suites: ["device-get-region-info", "region-access", "region-write-multi"],
    kind: "mmap",
    lacks: { scratch: [1] },
    hooks: changesEach((region, index) => {
      if (index === 1) region.flags &= ~WRITE;
    }),
  },
  {
    id: "mmap-far-into-file",
    clause: "reg-mmap-works",
    text: "Mappable regions begin far into their files.",
    suites: ["device-get-region-info", "qemu-client"],
    kind: "mmap",
    hooks: changesEach((region) => {
      if ((region.flags & MMAP) !== 0) region.fileOffset = 0x10_0000;
    }),
  },
  {
    id: "sparse-areas-many",
    clause: "reg-sparse-nr",
    text: "BAR 2 has sparse areas of a page each, in descending order.",
    suites: ["device-get-region-info", "qemu-client"],
    kind: "mmap",
    hooks: changesEach((region, index) => {
      if (index !== 2) return;
      region.areas = [0xe000, 0xc000, 0x8000, 0x4000].map((offset) => ({ offset, size: 0x1000 }));
    }),
  },
  {
    id: "sparse-areas-none",
    clause: "reg-sparse-nr",
    text: "The sparse capability of BAR 2 has no area.",
    suites: ["device-get-region-info", "region-access"],
    kind: "mmap",
    hooks: changesEach((region, index) => {
      if (index === 2) region.areas = [];
    }),
  },
  {
    id: "config-256",
    clause: "reg-config-region",
    text: "The PCI configuration space has 256 bytes.",
    suites: ["pci-config", "qemu-client", "region-access"],
    kind: "config",
    hooks: changesEach((region, index) => {
      if (index === PciRegion.CONFIG) region.size = 0x100;
    }),
  },
  {
    id: "config-read-only",
    clause: "wr-readonly-region",
    text: "The PCI configuration space cannot be written.",
    suites: ["pci-config", "region-access", "concurrency"],
    kind: "config",
    hooks: changesEach((region, index) => {
      if (index === PciRegion.CONFIG) region.flags = READ;
    }),
  },
  {
    id: "region-write-only",
    clause: "rd-noread-region",
    text: "BAR 3 can be written, and not read.",
    suites: ["device-get-region-info", "region-access"],
    kind: "bar-3",
    hooks: changesEach((region, index) => {
      if (index === 3 && region.size > 0) region.flags = WRITE;
    }),
  },
  {
    id: "no-io-fds",
    clause: "iofds-none",
    text: "No region has sub-regions with descriptors.",
    suites: ["device-get-region-io-fds", "device-set-irqs"],
    hooks: changesEach((region) => void delete region.ioEventFds),
  },
];
