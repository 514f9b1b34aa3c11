import type { Outcome, Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import type { Need } from "../harness/needs.ts";
import {
  connect,
  expect,
  readGuest,
  reconnect,
  reply,
  useTwin,
  version,
  writeGuest,
} from "../harness/steps.ts";
import {
  deviceHolds,
  fillDevice,
  startReading,
  startWriting,
  type Transfer,
  WHATEVER,
} from "./device_dma.ts";
import type { Row } from "./row.ts";

/** What a device does to guest memory, and where the server asks for it. */
export interface Way {
  readonly verb: "read" | "write";
  /** What the server sends. */
  readonly command: "DMA_READ" | "DMA_WRITE";
  readonly socket: "main" | "twin";
  /** For titles. */
  readonly where: "" | " on the twin socket";
}

export const READS: Way = { verb: "read", command: "DMA_READ", socket: "main", where: "" };
export const WRITES: Way = { verb: "write", command: "DMA_WRITE", socket: "main", where: "" };
export const ON_MAIN: readonly Way[] = [READS, WRITES];
export const ON_TWIN: readonly Way[] = ON_MAIN.map((way) => onTwin(way));
export const EACH_WAY: readonly Way[] = [...ON_MAIN, ...ON_TWIN];

/** The same on the twin socket. */
export function onTwin(way: Way): Way {
  return { ...way, socket: "twin", where: " on the twin socket" };
}

/** A row of one way: its id gets the verb and the socket, its steps begin where the sockets are there. */
export interface WayRow extends Omit<Row, "steps" | "begins"> {
  readonly way: Way;
  /** Capabilities that VERSION proposes besides the twin socket. Default: those of every connection. */
  readonly capabilities?: Readonly<Record<string, unknown>>;
  /** The device moves 64 bytes or more. */
  readonly large?: boolean;
  /** What is played on a negotiated connection before that of the row. */
  readonly before?: readonly Step[];
  readonly steps: (device: DeviceFacts) => readonly Step[];
}

/** Completes a row. */
export function along(
  { way, capabilities, large = false, needs = [], before = [], steps, ...row }: WayRow,
): Row {
  const { verb, socket } = way;
  const isTwin = socket === "twin";
  const dma: Need = large ? `large-dma-${verb}` : `device-dma-${verb}`;
  const isOwn = isTwin || capabilities !== undefined;
  const opening = isOwn ? agreed(isTwin, capabilities) : [];
  const again = before.length > 0 ? [...before, isOwn ? connect() : reconnect()] : [];
  return {
    ...row,
    id: [verb, row.id, ...(isTwin ? ["on-twin"] : [])].join("-"),
    needs: [...needs, dma, ...(isTwin ? ["twin-socket" as const] : [])],
    ...(isOwn && before.length === 0 ? { begins: "connected" as const } : {}),
    steps: (device) => [...again, ...opening, ...steps(device)],
  };
}

const USUAL = { max_msg_fds: 8, max_data_xfer_size: 1 << 20 };

function agreed(isTwin: boolean, capabilities: object = USUAL): Step[] {
  if (!isTwin) return [version({ json: { capabilities } }), expect(reply())];
  return [
    version({ json: { capabilities: { ...capabilities, twin_socket: { supported: true } } } }),
    expect(reply({}, { save: "twin", saveFds: "twin" })),
    useTwin("twin"),
  ];
}

/** The device moves these bytes, each to its place; its buffer is accessed in messages of at most so many. */
export function moves(
  { verb }: Way,
  device: DeviceFacts,
  { address, bytes }: Transfer,
  atMost?: number,
): Step[] {
  const count = bytes.byteLength;
  if (verb === "read") {
    return [
      writeGuest(address, bytes),
      ...startReading(device, address, count),
      expect(reply()),
      ...deviceHolds(device, bytes, atMost),
    ];
  }
  return [
    ...fillDevice(device, bytes, atMost),
    ...startWriting(device, address, count),
    expect(reply()),
    readGuest(address, bytes),
  ];
}

/** The device is told to move bytes; what comes of it is up to the row. */
export function mayMove(
  way: Way,
  device: DeviceFacts,
  transfer: Transfer,
  outcomes: readonly Outcome[] = WHATEVER,
): Step[] {
  return [...starts(way, device, transfer), expect(...outcomes)];
}

/** The device is told to move bytes, and the reply to the write that starts it is owed to the row. */
export function starts({ verb }: Way, device: DeviceFacts, { address, bytes }: Transfer): Step[] {
  const count = bytes.byteLength;
  if (verb === "read") return startReading(device, address, count);
  return [...fillDevice(device, bytes), ...startWriting(device, address, count)];
}

/** Where a transfer that was started has left its bytes. */
export function hasMoved({ verb }: Way, device: DeviceFacts, { address, bytes }: Transfer): Step[] {
  return verb === "read" ? deviceHolds(device, bytes) : [readGuest(address, bytes)];
}

/** Bytes that differ from one place to the next, and from seed to seed: a buffer outlives a row. */
export function pattern(seed: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, at) => seed * 59 + at * 7 + (at >> 8) * 13);
}
