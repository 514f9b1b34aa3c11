import type { Descriptor, Step } from "../harness/case.ts";
import { extend } from "../harness/mutate.ts";
import type { Need } from "../harness/needs.ts";
import {
  anyError,
  countDescriptors,
  eventfd,
  expect,
  memory,
  reconnect,
  reply,
  sameDescriptors,
  setIrqs,
} from "../harness/steps.ts";
import { PAGE, PciIrq, SetIrqsFlag } from "../harness/wire/constants.ts";
import type { ClauseId } from "./clauses/mod.ts";
import { WHATEVER } from "./device_dma.ts";
import { BIND, binds, onInterrupts, TRIGGER, TRIGGER_SOME } from "./interrupts.ts";
import type { Row } from "./row.ts";

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD } = SetIrqsFlag;
const { ACTION_MASK, ACTION_UNMASK, ACTION_TRIGGER } = SetIrqsFlag;

type Given = Parameters<typeof setIrqs>[0];

/** What the specification does not speak of, done to an index of which the first interrupts are bound. */
const oddities: Row[] = ([
  ["irqset-bool-nonone", "boolean-2", "Triggers by a boolean of 2", {
    flags: TRIGGER_SOME,
    bools: [2],
  }],
  ["irqset-bool-nonone", "boolean-255", "Triggers by a boolean of 255", {
    flags: TRIGGER_SOME,
    bools: [255],
  }],
  ["irqset-count0-start-nonzero", "disable-from-one", "Disables from interrupt 1 on", {
    flags: TRIGGER,
    start: 1,
    count: 0,
  }],
  ["irqset-count0-start-nonzero", "disable-from-end", "Disables from interrupt 0xffffffff on", {
    flags: TRIGGER,
    start: 0xffff_ffff,
    count: 0,
  }],
  ["irqset-count0-other", "trigger-no-booleans", "Triggers no interrupts by booleans", {
    flags: TRIGGER_SOME,
    count: 0,
  }],
  ["irqset-count0-other", "bind-none", "Binds no interrupts", { flags: BIND, count: 0 }],
  ["irqset-count0-other", "bind-none-with-eventfd", "Binds an eventfd to no interrupts", {
    flags: BIND,
    count: 0,
    fds: [eventfd()],
  }],
  ["irqset-count0-other", "mask-none", "Masks no interrupts", {
    flags: DATA_NONE | ACTION_MASK,
    count: 0,
  }],
  ["irqset-count0-other", "unmask-none", "Unmasks no interrupts", {
    flags: DATA_NONE | ACTION_UNMASK,
    count: 0,
  }],
  ["irqset-count0-other", "mask-no-booleans", "Masks no interrupts by booleans", {
    flags: DATA_BOOL | ACTION_MASK,
    count: 0,
  }],
  ["irqset-count0-other", "mask-no-eventfd", "Binds nothing to the action mask of no interrupts", {
    flags: DATA_EVENTFD | ACTION_MASK,
    count: 0,
  }],
  ["irqset-reserved-flags", "flag-bit-6", "Triggers with the undefined flag bit 6", {
    flags: TRIGGER | 0x40,
  }],
  ["irqset-reserved-flags", "flag-bit-31", "Triggers with the undefined flag bit 31", {
    flags: (TRIGGER | 0x8000_0000) >>> 0,
  }],
  ["irqset-argsz-small", "argsz-0", "Triggers with argsz 0", { flags: TRIGGER, argsz: 0 }],
  ["irqset-argsz-small", "argsz-19", "Triggers with argsz 19", { flags: TRIGGER, argsz: 19 }],
  [
    "irqset-argsz-small",
    "argsz-without-booleans",
    "Triggers by a boolean that argsz does not count",
    { flags: TRIGGER_SOME, bools: [1], argsz: 20 },
  ],
  [
    "irqset-argsz-large",
    "argsz-with-eventfd",
    "Binds an eventfd with an argsz that counts it, as in Linux",
    { flags: BIND, fds: [eventfd()], argsz: 24 },
  ],
  ["irqset-argsz-large", "argsz-1000", "Triggers with argsz 1000", { flags: TRIGGER, argsz: 1000 }],
  ["irqset-argsz-large", "argsz-4294967295", "Triggers with argsz 0xffffffff", {
    flags: TRIGGER,
    argsz: 0xffff_ffff,
  }],
  [
    "irqset-argsz-large",
    "booleans-with-argsz-1000",
    "Triggers by a boolean with argsz 1000",
    { flags: TRIGGER_SOME, bools: [1], argsz: 1000 },
  ],
  ["irqset-bool-long", "two-booleans-of-one", "Triggers one interrupt by two booleans", {
    flags: TRIGGER_SOME,
    bools: [1, 1],
  }],
] satisfies [ClauseId, string, string, Given][]).map(([clause, id, title, given]) => ({
  id,
  title,
  clause,
  needs: ["interrupt"],
  steps: onInterrupts(({ index }) => [
    ...binds(index, 0),
    setIrqs({ index, ...given }),
    expect(...WHATEVER),
  ]),
}));

const unbound: Row[] = [
  {
    id: "trigger-unbound",
    title: "Triggers all interrupts of the largest index while none is bound",
    clause: "irqset-trigger-unbound",
    needs: ["interrupt"],
    steps: onInterrupts(({ index, count }) => [
      setIrqs({ flags: TRIGGER, index, count }),
      expect(...WHATEVER),
    ]),
  },
  {
    id: "trigger-unbound-by-booleans",
    title: "Triggers an interrupt by a boolean while none is bound",
    clause: "irqset-trigger-unbound",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => [
      setIrqs({ flags: TRIGGER_SOME, index, bools: [1] }),
      expect(...WHATEVER),
    ]),
  },
  {
    id: "disable-empty-index",
    title: "Disables every index that has no interrupts",
    clause: "irqset-disable-empty-index",
    needs: ["empty-interrupt-index"],
    steps: ({ irqs }) =>
      irqs.filter(({ count }) => count === 0).flatMap(({ index }) => [
        setIrqs({ flags: TRIGGER, index, count: 0 }),
        expect(...WHATEVER),
      ]),
  },
  {
    id: "booleans-many-too-many",
    title: "Triggers one interrupt by a boolean with 4095 bytes behind it, and then again",
    clause: "irqset-bool-long",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => [
      extend(setIrqs({ flags: TRIGGER_SOME, index, bools: [1] }), PAGE - 1),
      expect(...WHATEVER),
      setIrqs({ flags: TRIGGER, index }),
      expect(...WHATEVER),
    ]),
  },
];

/** More descriptors than are wanted, or some where none are. */
const extra: Row[] = ([
  ["irqset-fds-more", "two-eventfds-of-one", "Binds one interrupt to two eventfds", {
    flags: BIND,
    fds: [eventfd("one"), eventfd("other")],
  }],
  ["irqset-fds-with-none", "eventfd-with-trigger", "Triggers an interrupt with an eventfd", {
    flags: TRIGGER,
    fds: [eventfd()],
  }],
  [
    "irqset-fds-with-none",
    "eventfd-with-booleans",
    "Triggers an interrupt by a boolean with an eventfd",
    { flags: TRIGGER_SOME, bools: [1], fds: [eventfd()] },
  ],
  ["irqset-fds-with-none", "eventfd-with-disable", "Disables an index with an eventfd", {
    flags: TRIGGER,
    count: 0,
    fds: [eventfd()],
  }],
] satisfies [ClauseId, string, string, Given][]).flatMap(([clause, id, title, given]): Row[] => [
  {
    id,
    title,
    clause,
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => [setIrqs({ index, ...given }), expect(...WHATEVER)]),
  },
  {
    id: `${id}-counted`,
    title: `${title}, and counts those of the server`,
    clause,
    needs: ["interrupt", "local-process"],
    steps: onInterrupts(({ index }) => [
      countDescriptors(),
      setIrqs({ index, ...given }),
      expect(...WHATEVER),
      reconnect(),
      sameDescriptors(),
    ]),
  },
]);

/** Binds the descriptor and triggers it, twice, whatever comes of it. */
function bindsAndTriggers(index: number, fd: Descriptor): Step[] {
  return [
    setIrqs({ flags: BIND, index, fds: [fd] }),
    expect(...WHATEVER),
    setIrqs({ flags: TRIGGER, index }),
    expect(...WHATEVER),
    setIrqs({ flags: TRIGGER, index }),
    expect(...WHATEVER),
  ];
}

const kinds: Row[] = ([
  ["null-device", { kind: "null-device" }],
  ["pipe", { kind: "pipe" }],
  ["broken-pipe", { kind: "broken-pipe" }],
  ["socket", { kind: "socket" }],
  ["directory", { kind: "directory" }],
  ["memory", memory(PAGE)],
  ["read-only-memory", memory(PAGE, { readOnly: true })],
] satisfies [string, Descriptor][]).map(([name, fd]) => ({
  id: `descriptor-of-kind-${name}`,
  title: `Binds a descriptor that is no eventfd, and triggers it: ${name}`,
  clause: "irqset-fd-wrong-type",
  needs: ["interrupt"],
  steps: onInterrupts(({ index }) => bindsAndTriggers(index, fd)),
}));

const saturated: Row[] = [
  {
    id: "full-eventfd",
    title: "Binds an eventfd whose counter is full, and triggers it",
    clause: "irqset-fd-saturated",
    needs: ["interrupt"],
    steps: onInterrupts(({ index }) => bindsAndTriggers(index, { kind: "eventfd", full: true })),
  },
];

const special: Row[] = ([
  ["errors", "ERR", PciIrq.ERR, "error-interrupt"],
  ["requests", "REQ", PciIrq.REQ, "request-interrupt"],
] satisfies [string, string, number, Need][]).map(([id, name, index, need]) => ({
  id,
  title: `Binds, triggers and masks the interrupt ${name}`,
  clause: "irqset-err-req",
  needs: [need],
  steps: [
    setIrqs({ flags: BIND, index, fds: [eventfd()] }),
    expect(reply(), anyError()),
    setIrqs({ flags: DATA_NONE | ACTION_TRIGGER, index }),
    expect(reply(), anyError()),
    setIrqs({ flags: DATA_NONE | ACTION_MASK, index }),
    expect(anyError(), reply()),
    setIrqs({ flags: DATA_NONE | ACTION_UNMASK, index }),
    expect(anyError(), reply()),
    setIrqs({ flags: TRIGGER, index, count: 0 }),
    expect(reply(), anyError()),
  ],
}));

/** What the specification does not say of DEVICE_SET_IRQS. */
export const setIrqsRobustness: readonly Row[] = [
  ...oddities,
  ...unbound,
  ...extra,
  ...kinds,
  ...saturated,
  ...special,
];
