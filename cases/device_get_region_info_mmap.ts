import type { Send, Step } from "../harness/case.ts";
import { hasFlags, mappableAreas, type RegionFacts } from "../harness/device_facts.ts";
import { isMemory } from "../harness/needs.ts";
import {
  anyError,
  atLeast,
  atMost,
  countDescriptors,
  expect,
  getRegionInfo,
  mapDescriptor,
  readMemory,
  regionRead,
  regionWrite,
  reply,
  sameDescriptors,
  saved,
  version,
  writeMemory,
} from "../harness/steps.ts";
import { RegionFlag } from "../harness/wire/constants.ts";
import type { Row } from "./row.ts";

/** Areas of a region that are mapped; a server may announce any number. */
const MOST_AREAS = 64;

const FIRST = Uint8Array.of(0xa5, 0x5a, 0xc3, 0x3c);
const SECOND = Uint8Array.of(0x11, 0x22, 0x33, 0x44);

function isMappable(region: RegionFacts): boolean {
  return hasFlags(region, RegionFlag.MMAP);
}

function isWritableMemory(region: RegionFacts): boolean {
  return isMemory(region) && hasFlags(region, RegionFlag.WRITE) &&
    mappableAreas(region).length > 0;
}

/** With room for all that the server wants to say. */
function askWhole({ index, argsz }: RegionFacts): Send {
  return getRegionInfo({ index, argsz: Math.max(argsz, 32) });
}

function mapAreas(region: RegionFacts): Step[] {
  const name = `region ${region.index}`;
  const maps = mappableAreas(region).slice(0, MOST_AREAS).map(({ offset, size }, i) =>
    mapDescriptor({
      from: name,
      offset: region.offset + offset,
      size: Number(size),
      write: hasFlags(region, RegionFlag.WRITE),
      name: `${name} area ${i}`,
    })
  );
  return [askWhole(region), expect(reply({}, { saveFds: name })), ...maps];
}

/** Writes on one side are read on the other; the old bytes are put back. */
function compareSides(region: RegionFacts): Step[] {
  const mapping = `region ${region.index} area 0`;
  const place = { region: region.index, offset: mappableAreas(region)[0]?.offset ?? 0n };
  const read = regionRead({ ...place, count: FIRST.byteLength });
  return [
    ...mapAreas(region),
    read,
    expect(reply({}, { save: "old" })),
    writeMemory(mapping, 0, FIRST),
    read,
    expect(reply({}, { data: FIRST })),
    regionWrite({ ...place, data: SECOND }),
    expect(reply()),
    readMemory(mapping, 0, SECOND),
    regionWrite({ ...place, data: saved("old"), count: FIRST.byteLength }),
    expect(reply()),
  ];
}

/** Cases about the descriptors of regions and what they map. */
export const regionMappingCases: readonly Row[] = [
  {
    id: "descriptor-of-mappable-region",
    title: "Looks for the descriptor of every region that can be mapped",
    clause: "reg-mmap-fd",
    needs: ["mappable-region"],
    steps: (device) =>
      device.regions.filter(isMappable).flatMap((region) => [
        askWhole(region),
        expect(reply({}, { fdCount: atLeast(1) })),
      ]),
  },
  {
    id: "descriptor-of-other-region",
    title: "Looks for descriptors of regions that cannot be mapped",
    clause: "reg-nommap-nofd",
    steps: (device) =>
      device.regions.filter((region) => !isMappable(region)).flatMap((region) => [
        askWhole(region),
        expect(reply({}, { fdCount: 0 })),
      ]),
  },
  {
    id: "several-descriptors",
    title: "Counts the descriptors of every region that can be mapped",
    clause: "reg-fd-count",
    needs: ["mappable-region"],
    steps: (device) =>
      device.regions.filter(isMappable).flatMap((region) => [
        askWhole(region),
        expect(reply({}, { fdCount: atMost(1) })),
      ]),
  },
  {
    id: "client-without-descriptors",
    title: "Asks for regions that can be mapped, with max_msg_fds 0 in VERSION",
    clause: "reg-fd-count",
    needs: ["mappable-region"],
    begins: "connected",
    steps: (device) => [
      version({ json: { capabilities: { max_msg_fds: 0 } } }),
      expect(reply()),
      ...device.regions.filter(isMappable).flatMap((region) => [
        askWhole(region),
        expect(reply({}, { fdCount: 0 }), anyError()),
      ]),
    ],
  },
  {
    id: "mapping",
    title: "Maps all mappable areas of every region",
    clause: "reg-mmap-works",
    needs: ["mappable-region"],
    steps: (device) => device.regions.filter(isMemory).flatMap(mapAreas),
  },
  {
    id: "access-on-both-sides",
    title: "Writes through the mapping and with REGION_WRITE, and reads on the other side",
    clause: "reg-mmap-coherent",
    needs: ["mappable-writable-region"],
    steps: (device) => device.regions.filter(isWritableMemory).flatMap(compareSides),
  },
  {
    id: "read-of-mappable-region",
    title: "Reads every mappable region with REGION_READ",
    clause: "reg-mmap-rw-still",
    needs: ["mappable-region"],
    steps: (device) =>
      device.regions.filter(isMemory).flatMap((region) => [
        regionRead({ region: region.index, offset: mappableAreas(region)[0]?.offset ?? 0n }),
        expect(reply()),
      ]),
  },
  {
    id: "asked-many-times",
    title: "Asks 200 times for a region that can be mapped",
    clause: "reg-fd-not-leaked",
    needs: ["mappable-region", "local-process"],
    steps: (device) => [
      countDescriptors(),
      ...device.regions.filter(isMappable).slice(0, 1).flatMap((region) =>
        Array(200).fill([askWhole(region), expect(reply())]).flat()
      ),
      sameDescriptors(),
    ],
  },
];
