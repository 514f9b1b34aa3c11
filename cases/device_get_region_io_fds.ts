import type { Reply, Step } from "../harness/case.ts";
import type { DeviceFacts, IoFdsFacts } from "../harness/device_facts.ts";
import { ioFdInterrupts } from "../harness/interrupt_facts.ts";
import {
  anyError,
  atLeast,
  atMost,
  closed,
  eventfd,
  expect,
  getRegionIoFds,
  oneOf,
  reply,
  setIrqs,
  signalled,
  signalReceived,
} from "../harness/steps.ts";
import { IoFdType, IoRegionFdFlag, PAGE } from "../harness/wire/constants.ts";
import { readSubRegions, type SubRegion, subRegionStride } from "../harness/wire/io_fds.ts";
import { RegionIoFd, RegionIoFds } from "../harness/wire/messages.ts";
import { BIND } from "./interrupts.ts";
import type { Row, RowSuite } from "./row.ts";

const HEAD = RegionIoFds.size;
const ALL_ONES = 0xffff_ffff;
const TYPES: readonly number[] = Object.values(IoFdType);

/** Steps with each region for which the command is carried out. */
function onEach(
  test: (region: IoFdsFacts) => boolean,
  steps: (region: IoFdsFacts, device: DeviceFacts) => readonly Step[],
): (device: DeviceFacts) => Step[] {
  return (device) => device.ioFds.filter(test).flatMap((region) => steps(region, device));
}

/** Steps with the first region for which the command is carried out. */
function onFirst(steps: (region: IoFdsFacts) => readonly Step[]): (device: DeviceFacts) => Step[] {
  return (device) => device.ioFds.slice(0, 1).flatMap(steps);
}

const any = () => true;
const withSubRegions = ({ count }: IoFdsFacts) => count > 0;
const withoutSubRegions = ({ count }: IoFdsFacts) => count === 0;

function subRegionsOf(reply: Reply): SubRegion[] {
  const { argsz = 0, count = 0 } = reply.fields;
  return readSubRegions(reply.payload, { argsz: Number(argsz), count: Number(count) });
}

const optional: Row[] = [
  {
    id: "region-0",
    title: "Asks for the sub-regions of region 0",
    clause: "iofds-supported-or-err",
    steps: [getRegionIoFds({ argsz: PAGE }), expect(reply(), anyError())],
  },
  {
    id: "every-region",
    title: "Asks for the sub-regions of every region",
    clause: "iofds-supported-or-err",
    steps: ({ regions }) =>
      regions.flatMap(({ index }) => [getRegionIoFds({ index }), expect(reply(), anyError())]),
  },
];

const refused: Row[] = [
  ...[1, 0x8000_0000].map((flags): Row => ({
    id: `flags-${flags}`,
    title: `Asks with flags 0x${flags.toString(16)}`,
    clause: "iofds-flags-nonzero",
    needs: ["region-io-fds"],
    steps: onFirst(({ index }) => [getRegionIoFds({ index, flags }), expect(anyError(), closed())]),
  })),
  ...[1, ALL_ONES].map((count): Row => ({
    id: `count-${count}`,
    title: `Asks with a count of ${count}`,
    clause: "iofds-count-nonzero",
    needs: ["region-io-fds"],
    steps: onFirst(({ index }) => [getRegionIoFds({ index, count }), expect(anyError(), closed())]),
  })),
  {
    id: "index-num-regions",
    title: "Asks for the region behind the last one",
    clause: "iofds-index-oob",
    needs: ["region-io-fds"],
    steps: ({ numRegions }) => [
      getRegionIoFds({ index: numRegions }),
      expect(anyError(), closed()),
    ],
  },
  ...[0x7fff_ffff, ALL_ONES].map((index): Row => ({
    id: `index-${index}`,
    title: `Asks for region ${index}`,
    clause: "iofds-index-oob",
    needs: ["region-io-fds"],
    steps: [getRegionIoFds({ index }), expect(anyError(), closed())],
  })),
];

const silent: Row[] = [
  {
    id: "empty-region",
    title: "Asks for every region of size 0",
    clause: "iofds-unimpl-region",
    needs: ["region-io-fds", "empty-region"],
    steps: ({ regions }) =>
      regions.filter(({ size }) => size === 0n).flatMap(({ index }) => [
        getRegionIoFds({ index }),
        expect(anyError(), reply({ count: 0 }), closed()),
      ]),
  },
  ...[0, 8, 15].map((argsz): Row => ({
    id: `argsz-${argsz}`,
    title: `Asks with argsz ${argsz}`,
    clause: "iofds-argsz-small",
    needs: ["region-io-fds"],
    steps: onFirst(({ index }) => [
      getRegionIoFds({ index, argsz }),
      expect(
        anyError(),
        reply({ argsz: atLeast(HEAD) }),
        reply({}, { payloadSize: atMost(argsz) }),
        closed(),
      ),
    ]),
  })),
  ...[(1 << 20) + 1, ALL_ONES].map((argsz): Row => ({
    id: `argsz-${argsz}`,
    title: `Asks with argsz ${argsz}`,
    clause: "iofds-argsz-huge",
    needs: ["region-io-fds"],
    steps: onFirst(({ index }) => [
      getRegionIoFds({ index, argsz }),
      expect(reply(), anyError(), closed()),
    ]),
  })),
];

const replies: Row[] = [
  {
    id: "without-sub-regions",
    title: "Asks for every region without sub-regions",
    clause: "iofds-none",
    needs: ["region-without-io-fds"],
    steps: onEach(withoutSubRegions, ({ index }) => [
      getRegionIoFds({ index }),
      expect(reply({ count: 0, argsz: HEAD }, { payloadSize: HEAD })),
    ]),
  },
  {
    id: "room-for-head",
    title:
      "Asks for every region with sub-regions with argsz 16, and then with the argsz of the reply",
    clause: "iofds-trunc",
    needs: ["io-fds"],
    steps: onEach(withSubRegions, ({ index, argsz, count }) => [
      getRegionIoFds({ index, argsz: HEAD }),
      expect(reply({ argsz, count: oneOf(count, 0) }, { payloadSize: HEAD })),
      getRegionIoFds({ index, argsz }),
      expect(reply({ argsz, count }, { payloadSize: argsz })),
    ]),
  },
  {
    id: "reply-fields",
    title: "Asks for every region, and looks at flags and index of the reply",
    clause: "iofds-reply-fields",
    needs: ["region-io-fds"],
    steps: onEach(any, ({ index }) => [
      getRegionIoFds({ index }),
      expect(reply({ flags: 0, index })),
    ]),
  },
  {
    id: "size-of-sub-regions",
    title: "Asks for every region with sub-regions, and looks at their sizes in the reply",
    clause: "iofds-stride",
    needs: ["io-fds"],
    steps: onEach(withSubRegions, ({ index, argsz }) => [
      getRegionIoFds({ index, argsz }),
      expect(reply({ argsz }, {
        payloadSize: argsz,
        wants: `sub-regions of equal sizes, at least ${RegionIoFd.size} bytes`,
        check: ({ fields }) => {
          const stride = subRegionStride(Number(fields.argsz), Number(fields.count));
          if (Number.isInteger(stride) && stride >= RegionIoFd.size) return undefined;
          return `argsz ${fields.argsz} for ${fields.count} sub-regions`;
        },
      })),
    ]),
  },
  {
    id: "descriptor-indexes",
    title: "Asks for every region with sub-regions, and looks for their descriptors",
    clause: "iofds-fd-index",
    needs: ["io-fds"],
    steps: onEach(withSubRegions, (region) =>
      asksFor(region, {
        wants: "a descriptor for each fd_index",
        fits: ({ fdIndex }, { fdCount }) => fdIndex < fdCount,
        text: ({ fdIndex }, { fdCount }) => `fd_index ${fdIndex} with ${fdCount} descriptors`,
      })),
  },
  {
    id: "types",
    title: "Asks for every region with sub-regions, and looks at their types",
    clause: "iofds-type",
    needs: ["io-fds"],
    steps: onEach(withSubRegions, (region) =>
      asksFor(region, {
        wants: "known types",
        fits: ({ type }) => TYPES.includes(type),
        text: ({ type }) => `type ${type}`,
      })),
  },
  {
    id: "bounds",
    title: "Asks for every region with sub-regions, and looks at their bounds",
    clause: "iofds-bounds",
    needs: ["io-fds"],
    steps: onEach(withSubRegions, (region, { regions }) => {
      const end = regions.find(({ index }) => index === region.index)?.size ?? 0n;
      return asksFor(region, {
        wants: `sub-regions within ${end} bytes`,
        fits: ({ offset, size }) => offset + size <= end,
        text: ({ offset, size }) => `one of ${size} bytes at ${offset}`,
      });
    }),
  },
  {
    id: "posted-writes",
    title: "Asks for every region with sub-regions, and looks at the flags of each ioregionfd",
    clause: "iofds-posted",
    needs: ["ioregionfd"],
    steps: onEach(withSubRegions, (region) =>
      asksFor(region, {
        wants: "POSTED_WRITES for each ioregionfd of size 0",
        fits: ({ type, size, flags }) =>
          type !== IoFdType.IOREGIONFD || size > 0n || (flags & IoRegionFdFlag.POSTED_WRITES) !== 0,
        text: ({ flags }) => `flags 0x${flags.toString(16)}`,
      })),
  },
];

/** What is owed of each sub-region. */
interface Owed {
  readonly wants: string;
  readonly fits: (subRegion: SubRegion, reply: Reply) => boolean;
  readonly text: (subRegion: SubRegion, reply: Reply) => string;
}

function asksFor({ index, argsz }: IoFdsFacts, { wants, fits, text }: Owed): Step[] {
  return [
    getRegionIoFds({ index, argsz }),
    expect(reply({}, {
      wants,
      check: (reply) => {
        const wrong = subRegionsOf(reply).find((one) => !fits(one, reply));
        return wrong === undefined ? undefined : text(wrong, reply);
      },
    })),
  ];
}

const kick: Row[] = [
  {
    id: "eventfd-raises-interrupt",
    title: "Signals the eventfd that stands for the write by which the device raises an interrupt",
    clause: "iofds-eventfd-kick",
    needs: ["io-fd-interrupt"],
    steps: (device) =>
      ioFdInterrupts(device).slice(0, 1).flatMap(({ region, argsz, fdIndex, interrupt }) => [
        setIrqs({
          flags: BIND,
          index: interrupt.index,
          start: interrupt.subIndex,
          fds: [eventfd("raised")],
        }),
        expect(reply()),
        getRegionIoFds({ index: region, argsz }),
        expect(reply({}, { saveFds: "kicks" })),
        signalReceived("kicks", fdIndex),
        signalled("raised", 1),
      ]),
  },
];

/** Section DEVICE_GET_REGION_IO_FDS. */
export const deviceGetRegionIoFdsSuite: RowSuite = {
  id: "device-get-region-io-fds",
  title: "DEVICE_GET_REGION_IO_FDS",
  cases: [...optional, ...refused, ...silent, ...replies, ...kick],
};
