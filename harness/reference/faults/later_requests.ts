import { Command, DeviceState, Feature, FeatureFlag, PciRegion } from "../../wire/constants.ts";
import { DeviceFeature, RegionAccess, RegionInfo } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import { COMMANDS } from "../commands.ts";
import type { Fault } from "../fault.ts";
import type { Message } from "../message.ts";
import type { Session } from "../session.ts";
import { isError, isLater, type Mistreatment, mistreats, SUFFERS, withPast } from "./tools.ts";

const { DEVICE_GET_INFO, DEVICE_GET_REGION_INFO, DEVICE_FEATURE, REGION_READ, REGION_WRITE } =
  Command;
const { GET, PROBE } = FeatureFlag;

type Test = (request: Message, session: Session, past: readonly number[]) => boolean;
type Row = readonly [
  id: string,
  clause: string,
  what: string,
  how: Mistreatment,
  test: Test,
];

function isAgain({ command }: Message, past: readonly number[]): boolean {
  return command === DEVICE_GET_INFO && past.at(-2) === DEVICE_GET_INFO;
}

function asksRegion0({ command, payload }: Message, past: readonly number[]): boolean {
  return command === DEVICE_GET_REGION_INFO && payload.byteLength === RegionInfo.size &&
    RegionInfo.decode(payload).index === 0 && isLater(past);
}

function isBehindInfo({ command }: Message, past: readonly number[], wanted: number): boolean {
  return command === wanted && past.at(-2) === DEVICE_GET_INFO;
}

function accesses(
  { command, payload }: Message,
  wanted: number,
  test: (access: Decoded<typeof RegionAccess>) => boolean,
): boolean {
  return command === wanted && payload.byteLength >= RegionAccess.size &&
    test(RegionAccess.decode(payload));
}

function readsIds(request: Message): boolean {
  return accesses(
    request,
    REGION_READ,
    ({ region, offset, count }) => region === PciRegion.CONFIG && offset === 0n && count === 2,
  );
}

function changesNothing({ command, payload }: Message, { device }: Session): boolean {
  if (command !== REGION_WRITE || payload.byteLength < RegionAccess.size) return false;
  const { region, offset, count } = RegionAccess.decode(payload);
  const held = device.regions[region]?.memory.read(Number(offset), count);
  const data = payload.subarray(RegionAccess.size);
  return held !== undefined && count > 0 && held.byteLength === data.byteLength &&
    held.every((byte, i) => byte === data[i]);
}

/** DEVICE_FEATURE with these flags. */
function feature(flags: number, test: Test = () => true): Test {
  return (request, session, past) =>
    request.command === DEVICE_FEATURE && request.payload.byteLength >= DeviceFeature.size &&
    DeviceFeature.decode(request.payload).flags === flags && test(request, session, past);
}

/** A probe of one feature; the device is looked at first by probes of all of them. */
function probe(index: number): Test {
  return feature(PROBE | index, (_request, _session, past) => isLater(past));
}

function inState(state: number, command: number): Test {
  return (request, { device }) => request.command === command && device.migration.state === state;
}

const { STOP, STOP_COPY } = DeviceState;
const PROBES = "feat-probe-any";
const STOPPED = "mig-stopped-access";
const ANSWERED = "hdr-every-cmd-answered";

const ROWS: readonly Row[] = [
  [
    "unknown-command-alone-twice",
    "hdr-unknown-cmd-nobody",
    "An unknown command without payload",
    "twice",
    ({ command, payload }) => payload.byteLength === 0 && COMMANDS[command] === undefined,
  ],
  [
    "second-version-twice",
    "ver-twice",
    "A second VERSION",
    "twice",
    ({ command }, { negotiated }) => command === Command.VERSION && negotiated,
  ],
  [
    "read-of-nothing-unanswered",
    "rd-count-zero",
    "A REGION_READ of 0 bytes",
    "unanswered",
    (request) => accesses(request, REGION_READ, ({ count }) => count === 0),
  ],
  [
    "write-of-nothing-unanswered",
    "wr-count-zero",
    "A REGION_WRITE of 0 bytes",
    "unanswered",
    (request) => accesses(request, REGION_WRITE, ({ count }) => count === 0),
  ],
  [
    "unaligned-read-twice",
    "rw-unaligned",
    "A REGION_READ of 2 or 4 bytes from an odd offset",
    "twice",
    (request) =>
      accesses(
        request,
        REGION_READ,
        ({ offset, count }) => (offset & 1n) === 1n && (count === 2 || count === 4),
      ),
  ],
  [
    "info-again-unanswered",
    ANSWERED,
    "The second of two DEVICE_GET_INFO",
    "unanswered",
    (r, _, past) => isAgain(r, past),
  ],
  [
    "region-info-later-twice",
    ANSWERED,
    "A DEVICE_GET_REGION_INFO of region 0, but for the client's second question,",
    "twice",
    (r, _, past) => asksRegion0(r, past),
  ],
  [
    "irq-info-later-twice",
    ANSWERED,
    "A DEVICE_GET_IRQ_INFO behind a DEVICE_GET_INFO",
    "twice",
    (request, _, past) => isBehindInfo(request, past, Command.DEVICE_GET_IRQ_INFO),
  ],
  [
    "io-fds-later-twice",
    ANSWERED,
    "A DEVICE_GET_REGION_IO_FDS behind a DEVICE_GET_INFO",
    "twice",
    (request, _, past) => isBehindInfo(request, past, Command.DEVICE_GET_REGION_IO_FDS),
  ],
  ["ids-read-twice", ANSWERED, "A read of vendor and device id", "twice", readsIds],
  [
    "idle-write-unanswered",
    ANSWERED,
    "A REGION_WRITE that changes nothing",
    "unanswered",
    changesNothing,
  ],
  [
    "probe-of-get-unanswered",
    ANSWERED,
    "A probe of GET for MIGRATION",
    "unanswered",
    feature(PROBE | GET | Feature.MIGRATION),
  ],
  [
    "probe-of-migration-unanswered",
    PROBES,
    "A single probe of MIGRATION",
    "unanswered",
    probe(Feature.MIGRATION),
  ],
  [
    "probe-of-state-twice",
    PROBES,
    "A single probe of MIG_DEVICE_STATE",
    "twice",
    probe(Feature.MIG_DEVICE_STATE),
  ],
  [
    "probe-of-start-hangs",
    PROBES,
    "A single probe of DMA_LOGGING_START",
    "hangs",
    probe(Feature.DMA_LOGGING_START),
  ],
  [
    "probe-of-stop-dies",
    PROBES,
    "A single probe of DMA_LOGGING_STOP",
    "dies",
    probe(Feature.DMA_LOGGING_STOP),
  ],
  [
    "reset-in-stop-unanswered",
    STOPPED,
    "A DEVICE_RESET in STOP",
    "unanswered",
    inState(STOP, Command.DEVICE_RESET),
  ],
  [
    "reset-in-stop-copy-hangs",
    STOPPED,
    "A DEVICE_RESET in STOP_COPY",
    "hangs",
    inState(STOP_COPY, Command.DEVICE_RESET),
  ],
  [
    "info-in-stop-copy-unanswered",
    STOPPED,
    "A DEVICE_GET_INFO in STOP_COPY",
    "unanswered",
    inState(STOP_COPY, DEVICE_GET_INFO),
  ],
  [
    "region-info-in-stop-copy-dies",
    STOPPED,
    "A DEVICE_GET_REGION_INFO in STOP_COPY",
    "dies",
    inState(STOP_COPY, DEVICE_GET_REGION_INFO),
  ],
  [
    "irq-info-in-stop-copy-twice",
    STOPPED,
    "A DEVICE_GET_IRQ_INFO in STOP_COPY",
    "twice",
    inState(STOP_COPY, Command.DEVICE_GET_IRQ_INFO),
  ],
  [
    "set-irqs-in-stop-copy-dies",
    STOPPED,
    "A DEVICE_SET_IRQS in STOP_COPY",
    "dies",
    inState(STOP_COPY, Command.DEVICE_SET_IRQS),
  ],
  [
    "read-in-stop-copy-hangs",
    STOPPED,
    "A REGION_READ in STOP_COPY",
    "hangs",
    inState(STOP_COPY, REGION_READ),
  ],
  [
    "write-in-stop-copy-twice",
    STOPPED,
    "A REGION_WRITE in STOP_COPY",
    "twice",
    inState(STOP_COPY, REGION_WRITE),
  ],
  [
    "unmap-in-stop-copy-unanswered",
    STOPPED,
    "A DMA_UNMAP in STOP_COPY",
    "unanswered",
    inState(STOP_COPY, Command.DMA_UNMAP),
  ],
];

/** Faults with the size in the header of a reply. */
const sizes: readonly Fault[] = ([
  ["info-again-size", "the second of two DEVICE_GET_INFO", (r, _, past) => isAgain(r, past)],
  [
    "region-info-later-size",
    "DEVICE_GET_REGION_INFO of region 0, the client's second question aside,",
    (r, _, past) => asksRegion0(r, past),
  ],
  [
    "irq-info-later-size",
    "a DEVICE_GET_IRQ_INFO behind a DEVICE_GET_INFO",
    (request, _, past) => isBehindInfo(request, past, Command.DEVICE_GET_IRQ_INFO),
  ],
  [
    "io-fds-later-size",
    "a DEVICE_GET_REGION_IO_FDS behind a DEVICE_GET_INFO",
    (request, _, past) => isBehindInfo(request, past, Command.DEVICE_GET_REGION_IO_FDS),
  ],
  [
    "read-of-64-size",
    "a REGION_READ of 64 bytes",
    ({ command, payload }) =>
      command === REGION_READ && payload.byteLength >= RegionAccess.size &&
      RegionAccess.decode(payload).count === 64,
  ],
] satisfies [string, string, Test][]).map(([id, what, test]) => ({
  id: `${id}-4-less`,
  clause: "hdr-reply-size",
  text: `The size in the reply to ${what} is 4 bytes less than what is sent.`,
  hooks: withPast((past) => ({
    reply(reply, request, session) {
      if (!isError(reply) && test(request, session, past)) reply.msgSize -= 4;
    },
  })),
}));

/** Faults with requests that are in order, later than a client's first ones or in another state. */
export const laterRequestFaults: readonly Fault[] = [
  ...ROWS.map(([id, clause, what, how, test]): Fault => ({
    id,
    clause,
    text: `${what} ${SUFFERS[how]}.`,
    hooks: mistreats(how, test),
  })),
  ...sizes,
];
