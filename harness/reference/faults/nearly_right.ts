import type { UnixSocket } from "../../posix/unix_socket.ts";
import {
  Command,
  DeviceState,
  DmaMapFlag,
  FeatureFlag,
  HeaderFlag,
  SetIrqsFlag,
} from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import {
  DeviceFeature,
  IrqInfo,
  RegionAccess,
  RegionInfo,
  RegionIoFds,
  SetIrqs,
} from "../../wire/messages.ts";
import { PAYLOADS } from "../../wire/payloads.ts";
import type { Fields, Struct, Values } from "../../wire/struct.ts";
import type { DmaRegion } from "../dma_table.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Message } from "../message.ts";
import type { Session } from "../session.ts";
import { echo, onSetState, onUse, type Use } from "./feature_tools.ts";
import { lineCount, onSet } from "./irq_tools.ts";
import { hangUp, onRequest, patch } from "./tools.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD } = SetIrqsFlag;
const { ACTION_MASK, ACTION_UNMASK, ACTION_TRIGGER } = SetIrqsFlag;
const DATA = DATA_NONE | DATA_BOOL | DATA_EVENTFD;
const ACTION = ACTION_MASK | ACTION_UNMASK | ACTION_TRIGGER;

/** Reads other flags from a DEVICE_SET_IRQS than it has. */
function readsFlags(change: (flags: number) => number): () => Hooks {
  return onSet(({ flags }, request) => patch(request, SetIrqs, { flags: change(flags) }));
}

const interrupts: readonly Fault[] = [
  {
    id: "irq-range-off-by-one",
    clause: "irqset-range-oob",
    text: "A range that ends one behind the last interrupt is accepted.",
    hooks: onSet((set, _, session) =>
      set.count > 0 && set.start + set.count === lineCount(set, session) + 1 ? {} : undefined
    ),
  },
  {
    id: "irq-no-data-as-none",
    clause: "irqset-no-data-flag",
    text: "Flags without a DATA bit are taken for DATA_NONE.",
    hooks: readsFlags((flags) => (flags & DATA) === 0 ? flags | DATA_NONE : flags),
  },
  {
    id: "irq-no-action-as-trigger",
    clause: "irqset-no-action-flag",
    text: "Flags without an ACTION bit are taken for ACTION_TRIGGER.",
    hooks: readsFlags((flags) => (flags & ACTION) === 0 ? flags | ACTION_TRIGGER : flags),
  },
  {
    id: "irq-lowest-data-counts",
    clause: "irqset-two-data",
    text: "Of several DATA bits the lowest counts.",
    hooks: readsFlags((flags) => flags & ~DATA | (flags & DATA & -(flags & DATA))),
  },
  {
    id: "irq-lowest-action-counts",
    clause: "irqset-two-action",
    text: "Of several ACTION bits the lowest counts.",
    hooks: readsFlags((flags) => flags & ~ACTION | (flags & ACTION & -(flags & ACTION))),
  },
  {
    id: "irq-bools-missing-as-true",
    clause: "irqset-bool-short",
    text: "Bools that are missing count as true.",
    hooks: onSet(({ flags, count }, request) => {
      const missing = SetIrqs.size + count - request.payload.byteLength;
      if ((flags & DATA) !== DATA_BOOL || missing <= 0 || missing > 64) return;
      request.payload = concat(request.payload, new Uint8Array(missing).fill(1));
    }),
  },
  {
    id: "irq-fds-missing-bind-some",
    clause: "irqset-fds-fewer",
    text: "Of a range with less eventfds than interrupts the first ones are bound.",
    hooks: onSet(({ flags, count }, request) => {
      const { length } = request.fds;
      if ((flags & DATA) !== DATA_EVENTFD || length === 0 || length >= count) return;
      patch(request, SetIrqs, { count: length });
    }),
  },
];

/** An index that there is not is taken for another one, by the remainder of a division. */
function wraps<F extends Fields>(
  command: number,
  layout: Struct<F>,
  field: "index" | "region",
  count: (session: Session) => number,
): () => Hooks {
  return onRequest(command, layout, (values, request, session) => {
    const index = (values as Record<string, number>)[field]!;
    const change = { [field]: index % count(session) } as unknown as Partial<Values<F>>;
    if (index >= count(session)) patch(request, layout, change);
  });
}

const regionCount = ({ settings }: Session) => settings.regions.length;
const irqCount = ({ settings }: Session) => settings.irqs.length;

const indexes: readonly Fault[] = ([
  [
    "region-info",
    "reg-index-oob",
    wraps(Command.DEVICE_GET_REGION_INFO, RegionInfo, "index", regionCount),
  ],
  [
    "io-fds",
    "iofds-index-oob",
    wraps(Command.DEVICE_GET_REGION_IO_FDS, RegionIoFds, "index", regionCount),
  ],
  ["irq-info", "irqinfo-oob", wraps(Command.DEVICE_GET_IRQ_INFO, IrqInfo, "index", irqCount)],
  ["set-irqs", "irqset-index-oob", wraps(Command.DEVICE_SET_IRQS, SetIrqs, "index", irqCount)],
  ["read", "rw-region-oob", wraps(Command.REGION_READ, RegionAccess, "region", regionCount)],
  ["write", "rw-region-oob", wraps(Command.REGION_WRITE, RegionAccess, "region", regionCount)],
] satisfies [string, string, () => Hooks][]).map(([id, clause, hooks]) => ({
  id: `${id}-index-wraps`,
  clause,
  text: `An index that there is not counts from the first one again (${id}).`,
  hooks,
}));

const SHORT: readonly (readonly [id: string, commands: readonly number[]])[] = [
  ["info", [
    Command.DEVICE_GET_INFO,
    Command.DEVICE_GET_REGION_INFO,
    Command.DEVICE_GET_REGION_IO_FDS,
    Command.DEVICE_GET_IRQ_INFO,
  ]],
  ["access", [
    Command.REGION_READ,
    Command.REGION_WRITE,
    Command.DEVICE_SET_IRQS,
    Command.REGION_WRITE_MULTI,
  ]],
  ["other", [
    Command.DMA_MAP,
    Command.DMA_UNMAP,
    Command.DEVICE_FEATURE,
    Command.MIG_DATA_READ,
    Command.MIG_DATA_WRITE,
  ]],
];

function missing({ command, payload }: Message): number {
  return (PAYLOADS.get(command)?.request.head?.size ?? 0) - payload.byteLength;
}

const short: readonly Fault[] = SHORT.map(([id, commands]) => ({
  id: `short-${id}-filled`,
  clause: "hdr-short-payload",
  text:
    `A payload that is too short is filled up with zeroes, and what fails all the same is answered twice (${id}).`,
  hooks: () => {
    let isShort = false;
    return {
      request(request) {
        isShort = commands.includes(request.command) && missing(request) > 0;
        if (isShort) request.payload = concat(request.payload, new Uint8Array(missing(request)));
      },
      async reply(reply, _, { channel }) {
        if (isShort && (reply.flags & HeaderFlag.ERROR) !== 0) await channel.send({ ...reply });
        isShort = false;
      },
    };
  },
}));

type Lookup = (address: bigint) => DmaRegion | undefined;

/** Finds regions in another way where they are accessed by messages. */
function findsRegions(
  change: (address: bigint, at: Lookup, session: Session) => DmaRegion | undefined,
): () => Hooks {
  return () => ({
    connect(session) {
      const { dma } = session;
      const at = dma.at.bind(dma);
      dma.at = (address) => at(address) ?? change(address, at, session);
    },
  });
}

const bothWays = DmaMapFlag.READ | DmaMapFlag.WRITE;

const dma: readonly Fault[] = [
  {
    id: "dma-between-regions",
    clause: "sdma-only-mapped",
    text: "What lies between two regions counts as mapped.",
    hooks: findsRegions((address, _, { dma: { regions } }) => {
      const ends = regions.map((region) => region.address + region.size);
      const above = regions.find((region) => region.address > address);
      const isBetween = above && ends.some((end) => end <= address);
      return isBetween ? { address, size: above.address - address, flags: bothWays } : undefined;
    }),
  },
  {
    id: "dma-page-before-region",
    clause: "sdma-only-mapped",
    text: "The page before a region counts as a part of it.",
    hooks: findsRegions((address, at) => {
      const size = 4096n - address % 4096n;
      const region = at(address + size);
      return region && { address, size, flags: region.flags };
    }),
  },
  {
    id: "dma-beyond-top",
    clause: "sdma-only-mapped",
    text: "The last page of the address space and what lies behind it count as mapped.",
    hooks: findsRegions((address) =>
      address >= (1n << 64n) - 4096n ? { address, size: 4096n, flags: bothWays } : undefined
    ),
  },
  {
    id: "dma-without-regions",
    clause: "sdma-only-mapped",
    text: "As long as nothing is mapped, everything is.",
    hooks: findsRegions((address, _, session) =>
      session.dma.count === 0 ? { address, size: 4096n, flags: bothWays } : undefined
    ),
  },
  {
    id: "dma-finds-unmapped",
    clause: "sdma-after-unmap",
    text: "The region that was accessed last is found also when it is unmapped.",
    hooks: () => ({
      connect({ dma }) {
        const at = dma.at.bind(dma);
        let last: DmaRegion | undefined;
        dma.at = (address) => {
          const isInLast = last && address >= last.address && address < last.address + last.size;
          const found = at(address) ?? (isInLast ? last : undefined);
          if (found && !found.mapping) last = found;
          return found;
        };
      },
    }),
  },
  {
    id: "dma-checks-other-flag",
    clause: "sdma-perm",
    text: "A region can be written that is readable, and read that is writeable.",
    hooks: () => ({
      connect({ dma }) {
        const at = dma.at.bind(dma);
        dma.at = (address) => {
          const region = at(address);
          if (!region || region.mapping) return region;
          const flags = (region.flags & 1) << 1 | region.flags >> 1;
          return { ...region, flags };
        };
      },
    }),
  },
  {
    id: "dma-file-copied",
    clause: "sdma-fd-direct",
    text: "The bytes of a file are copied when it is mapped, and changed in the copy.",
    hooks: () => ({
      connect({ dma }) {
        const add = dma.add.bind(dma);
        dma.add = (region) => {
          const { mapping, size } = region;
          if (!mapping || size > 1n << 20n || region.flags !== bothWays) return add(region);
          const bytes = new Uint8Array(Number(size));
          const copy = {
            read: (offset: number, count: number) => bytes.slice(offset, offset + count),
            write: (offset: number, data: Uint8Array) => bytes.set(data, offset),
            [Symbol.dispose]: () => mapping[Symbol.dispose](),
          };
          add({ ...region, mapping: copy as unknown as typeof mapping });
        };
      },
    }),
  },
  {
    id: "dma-error-closes",
    clause: "sdma-err-reply",
    text: "An error reply of the client ends the connection.",
    hooks: () => ({
      answer: ({ flags }) => (flags & HeaderFlag.ERROR) !== 0 ? hangUp() : undefined,
    }),
  },
  {
    id: "dma-busy-refuses",
    clause: "sdma-interleave",
    text: "A command that comes while a DMA is under way is refused when its turn comes.",
    hooks: () => {
      let isBusy = false;
      const late = new WeakSet<Message>();
      return {
        connect: () => void (isBusy = false),
        ask: () => void (isBusy = true),
        header: (message) =>
          void (isBusy && (message.flags & HeaderFlag.TYPE_MASK) === 0 && late.add(message)),
        request: (request) => late.has(request) ? { errno: Errno.EBUSY } : undefined,
        reply: () => void (isBusy = false),
      };
    },
  },
  {
    id: "twin-unused",
    clause: "sdma-twin-path",
    text: "There is a twin-socket, and commands of the server come over the main one alone.",
    hooks: () => {
      let twin: UnixSocket | undefined;
      return {
        connect(session) {
          const { negotiate } = session;
          session.negotiate = (client, socket) => {
            twin = socket;
            negotiate.call(session, client);
          };
        },
        disconnect() {
          twin?.[Symbol.dispose]();
          twin = undefined;
        },
      };
    },
  },
];

/** Reads other flags from a DEVICE_FEATURE than it has. */
function readsUse(test: (use: Use) => boolean, change: (flags: number) => number): () => Hooks {
  return onUse((use) => {
    if (test(use)) patch(use.request, DeviceFeature, { flags: change(use.flags) });
  });
}

const { GET, SET, PROBE } = FeatureFlag;
const { STOP, RUNNING_P2P, PRE_COPY_P2P, RUNNING } = DeviceState;

const features: readonly Fault[] = [
  {
    id: "probe-of-both-asks-for-one",
    clause: "feat-probe-get-set",
    text: "A probe of GET and SET is answered as one of GET.",
    hooks: readsUse(({ probes, gets, sets }) => probes && gets && sets, (flags) => flags & ~SET),
  },
  {
    id: "probe-of-set-as-get",
    clause: "feat-probe-get-set",
    text: "A probe of SET is answered as one of GET.",
    hooks: readsUse(
      ({ probes, gets, sets }) => probes && !gets && sets,
      (flags) => flags & ~SET | GET,
    ),
  },
  {
    id: "no-method-as-probe",
    clause: "feat-no-op",
    text: "A DEVICE_FEATURE without GET, SET and PROBE is taken for a probe.",
    hooks: readsUse(
      ({ probes, gets, sets }) => !probes && !gets && !sets,
      (flags) => flags | PROBE,
    ),
  },
  {
    id: "set-state-p2p-stops",
    clause: "mig-set-p2p",
    text: "A SET of a P2P state fails, and leads to STOP, or from there to RUNNING.",
    hooks: onSetState((to, from, { session: { device } }) => {
      if (to !== RUNNING_P2P && to !== PRE_COPY_P2P) return;
      device.migration.go(from === STOP ? RUNNING : STOP);
    }),
  },
  {
    id: "same-state-stops",
    clause: "mig-noop-same",
    text: "A SET of the current state, RUNNING aside, leads to STOP, and from there to RUNNING.",
    hooks: onSetState((to, from, use) => {
      const { device } = use.session;
      if (to !== from || from === RUNNING) return;
      device.migration.go(from === STOP ? RUNNING : STOP);
      return echo(use);
    }),
  },
];

/** Faults that make a thing nearly right: the next one, the last one, a part of it, or with something left over. */
export const nearlyRightFaults: readonly Fault[] = [
  ...interrupts,
  ...indexes,
  ...short,
  ...dma,
  ...features,
];
