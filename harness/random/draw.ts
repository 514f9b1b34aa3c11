import { Command, HeaderFlag, PAGE } from "../wire/constants.ts";
import { encodeVersionJson } from "../wire/version_json.ts";
import { drawFeature, drawMigrationData } from "./draw_features.ts";
import { drawIrqInfo, drawSetIrqs } from "./draw_irqs.ts";
import { drawRead, drawWrite, drawWriteMulti } from "./draw_memory.ts";
import type { Arbitrary, FastCheck } from "./fast_check.ts";
import type { Ground } from "./ground.ts";
import { type Act, type Descriptor, type Message, message, type Proposal } from "./message.ts";

/** Guest memory that conversations map: few pages, so that ranges meet. */
const BASE = 0x10_0000n;
const PAGES = 12n;
const LAST_PAGE = (1n << 64n) - BigInt(PAGE);

/** Draws conversations of `commands` steps; shorter ones come of shrinking. */
export function drawConversation(
  fc: FastCheck,
  ground: Ground,
  commands: number,
): Arbitrary<Act[]> {
  return ofFullLength(fc, drawAct(fc, ground), commands);
}

/** Arrays that are drawn with `length` elements, and shrunk to fewer. */
export function ofFullLength<T>(
  fc: FastCheck,
  element: Arbitrary<T>,
  length: number,
): Arbitrary<T[]> {
  const shrunk = fc.array(element, { minLength: 1, maxLength: length, size: "max" });
  const drawn = fc.array(element, { minLength: length, maxLength: length, size: "max" });
  // Both are of one kind, so one can go on with what the other has drawn.
  return new class extends fc.Arbitrary<T[]> {
    override generate(...given: Parameters<Arbitrary<T[]>["generate"]>) {
      return drawn.generate(...given);
    }
    override canShrinkWithoutContext(value: unknown): value is T[] {
      return shrunk.canShrinkWithoutContext(value);
    }
    override shrink(value: T[], context: unknown) {
      return shrunk.shrink(value, context);
    }
  }();
}

/** Draws one step. */
function drawAct(fc: FastCheck, ground: Ground): Arbitrary<Act> {
  const sent = drawMessage(fc, ground).map((one): Act => ({ act: "send", message: one }));
  const again = drawProposal(fc).map((proposal): Act => ({ act: "reconnect", proposal }));
  return fc.oneof({ arbitrary: sent, weight: 49 }, { arbitrary: again, weight: 1 });
}

function drawProposal(fc: FastCheck): Arbitrary<Proposal> {
  return fc.record({
    minor: fc.constantFrom(1, 0, 2),
    maxMsgFds: fc.constantFrom(8, 1, 0),
    maxDataXferSize: fc.constantFrom(1 << 20, 4096, 64),
  });
}

/** Draws a command, good as a rule, bad in one way as often as not. */
export function drawMessage(fc: FastCheck, ground: Ground): Arbitrary<Message> {
  const kinds: readonly (readonly [number, Arbitrary<Message> | undefined])[] = [
    [3, drawInfo(fc)],
    [4, drawRegionInfo(fc, ground)],
    [1, drawIoFds(fc, ground)],
    [2, drawIrqInfo(fc, ground)],
    [9, drawSetIrqs(fc, ground)],
    [10, drawMap(fc)],
    [7, drawUnmap(fc)],
    [9, drawRead(fc, ground)],
    [9, drawWrite(fc, ground)],
    [2, drawWriteMulti(fc, ground)],
    [6, drawFeature(fc, ground)],
    [3, drawMigrationData(fc, ground)],
    [1, fc.constant(message(Command.DEVICE_RESET))],
    [1, drawUnknown(fc)],
    [1, drawVersion(fc)],
  ];
  const usual = fc.oneof(
    ...kinds.flatMap(([weight, arbitrary]) =>
      arbitrary === undefined ? [] : [{ weight, arbitrary }]
    ),
  );
  return fc.tuple(usual, drawOddity(fc)).map(([one, oddity]) => withOddity(one, oddity));
}

interface Oddity {
  readonly kind: "none" | "silent" | "id" | "short" | "long" | "fd";
  readonly number: number;
}

function drawOddity(fc: FastCheck): Arbitrary<Oddity> {
  const kinds = ["silent", "id", "id", "short", "long", "fd"] as const;
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant<Oddity>({ kind: "none", number: 0 }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom(...kinds), number: fc.nat(0xffff) }),
    },
  );
}

const STRAY: Descriptor = { kind: "memory", pages: 1 };

function withOddity(one: Message, { kind, number }: Oddity): Message {
  switch (kind) {
    case "silent":
      // Whether VERSION can go without a reply is not said.
      if (one.command === Command.VERSION) return one;
      return { ...one, header: { ...one.header, flags: HeaderFlag.NO_REPLY } };
    case "id":
      return { ...one, header: { ...one.header, msgId: number } };
    case "short":
      return { ...one, payloadSize: number % 40 };
    case "long":
      return { ...one, data: new Uint8Array([...one.data, ...new Uint8Array(1 + number % 16)]) };
    case "fd":
      return { ...one, fds: [...one.fds, STRAY] };
    default:
      return one;
  }
}

/** Mostly the usual value, which comes first: it is what shrinking ends at. */
export function mostly<T>(fc: FastCheck, usual: T, ...others: readonly T[]): Arbitrary<T> {
  const filler = Array.from({ length: Math.max(1, others.length * 4) }, () => usual);
  return fc.constantFrom(...filler, ...others);
}

function drawInfo(fc: FastCheck): Arbitrary<Message> {
  return fc.record({ argsz: mostly(fc, 16, 32, 0xffff_ffff, 15, 0), flags: mostly(fc, 0, 1) })
    .map((fields) => message(Command.DEVICE_GET_INFO, fields));
}

/** Indexes that exist, and the first few that do not. */
export function drawIndex(fc: FastCheck, count: number): Arbitrary<number> {
  const known = Array.from({ length: Math.min(count, 16) }, (_, index) => index);
  return fc.constantFrom(...known, ...known, count, 0xffff_ffff);
}

function drawRegionInfo(fc: FastCheck, { device }: Ground): Arbitrary<Message> {
  return fc.record({
    argsz: fc.constantFrom(32, 4096, 31, 33, 40, 0, ...device.regions.map(({ argsz }) => argsz)),
    index: drawIndex(fc, device.numRegions),
    flags: mostly(fc, 0, 1),
  }).map((fields) => message(Command.DEVICE_GET_REGION_INFO, fields));
}

function drawIoFds(fc: FastCheck, { device }: Ground): Arbitrary<Message> {
  return fc.record({
    argsz: fc.constantFrom(4096, 16, 15, 56, 0),
    index: drawIndex(fc, device.numRegions),
    flags: mostly(fc, 0, 1),
    count: mostly(fc, 0, 1),
  }).map((fields) => message(Command.DEVICE_GET_REGION_IO_FDS, fields));
}

function drawMap(fc: FastCheck): Arbitrary<Message> {
  return fc.record({
    argsz: mostly(fc, 32, 31, 64),
    flags: mostly(fc, 3, 1, 1, 2, 0, 0x10, 0x8000_0000),
    ...drawRange(fc),
    offset: mostly(fc, 0n, 4096n, 4096n, 1n, 1n << 63n),
    file: fc.constantFrom<"none" | "memory" | "read-only" | "two" | "pipe" | "eventfd">(
      ...Array.from({ length: 5 }, () => ["none", "memory"] as const).flat(),
      "read-only",
      "two",
      "pipe",
      "eventfd",
    ),
  }).map(({ file, offset, page, odd, ...rest }) => {
    const range = rangeOf(page, rest.size, odd);
    const fields = { argsz: rest.argsz, flags: rest.flags, offset: file === "none" ? 0n : offset };
    return message(Command.DMA_MAP, { ...fields, ...range }, { fds: FILES[file]! });
  });
}

const MEMORY: Descriptor = { kind: "memory", pages: 16 };
const FILES: Readonly<Record<string, readonly Descriptor[]>> = {
  "none": [],
  "memory": [MEMORY],
  "read-only": [{ kind: "memory", pages: 16, readOnly: true }],
  "two": [MEMORY, MEMORY],
  "pipe": [{ kind: "pipe" }],
  "eventfd": [{ kind: "eventfd", number: 0 }],
};

function drawUnmap(fc: FastCheck): Arbitrary<Message> {
  return fc.record({
    argsz: mostly(fc, 24, 23, 4096),
    flags: mostly(fc, 0, 2, 4),
    ...drawRange(fc),
  }).map(({ argsz, flags, page, size, odd }) =>
    message(Command.DMA_UNMAP, { argsz, flags, ...rangeOf(page, size, odd) })
  );
}

type OddRange = "none" | "top" | "wrap" | "zero" | "huge" | "unaligned";

function drawRange(fc: FastCheck) {
  return {
    page: fc.bigInt(0n, PAGES - 1n),
    size: fc.constantFrom(1n, 1n, 1n, 2n, 3n),
    odd: mostly<OddRange>(fc, "none", "top", "wrap", "zero", "huge", "unaligned"),
  };
}

function rangeOf(page: bigint, pages: bigint, odd: OddRange): { address: bigint; size: bigint } {
  const [address, size] = [BASE + page * BigInt(PAGE), pages * BigInt(PAGE)];
  switch (odd) {
    case "top":
      return { address: LAST_PAGE, size: BigInt(PAGE) };
    case "wrap":
      return { address: LAST_PAGE, size: 2n * BigInt(PAGE) };
    case "zero":
      return { address, size: 0n };
    case "huge":
      return { address, size: 1n << 63n };
    case "unaligned":
      return { address: address + 1n, size };
    default:
      return { address, size };
  }
}

function drawUnknown(fc: FastCheck): Arbitrary<Message> {
  return fc.record({
    command: fc.constantFrom(0, 14, 19, 0xffff, Command.DMA_READ, Command.DMA_WRITE),
    size: fc.constantFrom(0, 4, 32),
  }).map(({ command, size }) => message(command, {}, { data: new Uint8Array(size) }));
}

/** One VERSION too many proposes what holds already. */
function drawVersion(fc: FastCheck): Arbitrary<Message> {
  return fc.constantFrom("none", "empty").map((json) =>
    message(Command.VERSION, { major: 0, minor: 1 }, {
      data: json === "none" ? new Uint8Array() : encodeVersionJson({}),
    })
  );
}
