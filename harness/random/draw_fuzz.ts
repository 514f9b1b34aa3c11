import { HeaderFlag } from "../wire/constants.ts";
import { Header } from "../wire/messages.ts";
import { drawMessage, ofFullLength } from "./draw.ts";
import type { Arbitrary, FastCheck } from "./fast_check.ts";
import type { Ground } from "./ground.ts";
import { type Act, type Descriptor, headOf, type Message, payloadSize } from "./message.ts";

/** One change to a message. */
interface Mutation {
  readonly what:
    | "field"
    | "size"
    | "msgSize"
    | "flags"
    | "error"
    | "command"
    | "fds"
    | "data"
    | "cut";
  /** Chooses among what the message has. */
  readonly which: number;
  /** Chooses among the edges. */
  readonly edge: number;
}

const KINDS = [
  "field",
  "field",
  "field",
  "size",
  "msgSize",
  "flags",
  "error",
  "command",
  "fds",
  "data",
  "cut",
] as const;

/** Messages above this are for the suite's own cases. */
const MOST_SENT = 1 << 16;

/** Draws `messages` messages, each good but for a few changes to its structure. */
export function drawFuzz(fc: FastCheck, ground: Ground, messages: number): Arbitrary<Act[]> {
  const mutation: Arbitrary<Mutation> = fc.record({
    what: fc.constantFrom(...KINDS),
    which: fc.nat(0xffff),
    edge: fc.nat(0xffff),
  });
  const mutations = fc.array(mutation, { maxLength: 3, size: "max" });
  const act = fc.tuple(drawMessage(fc, ground), mutations)
    .map(([one, changes]): Act => ({ act: "send", message: changes.reduce(mutate, one) }));
  return ofFullLength(fc, act, messages);
}

function mutate(one: Message, mutation: Mutation): Message {
  const { what, which, edge } = mutation;
  const size = Header.size + payloadSize(one);
  switch (what) {
    case "field":
      return mutateField(one, mutation);
    case "size":
      return { ...one, payloadSize: pick([0, 1, 4, 8, 15, 16, 20, 24, 31, 32, 4096, which], edge) };
    case "msgSize":
      return header(one, { msgSize: pick([0, 1, 15, 16, size - 1, size + 1, ...BIG], edge) });
    case "flags":
      return header(one, {
        flags: pick([1, 2, 0xf, HeaderFlag.NO_REPLY, 0x20, 0x31, ...BIG], edge),
      });
    case "error":
      return header(one, { error: pick([1, 22, 0xffff, ...BIG], edge) });
    case "command":
      return retyped(one, pick([0, 1, 2, 3, 8, 10, 11, 12, 14, 15, 16, 18, 19, 0xffff], edge));
    case "fds":
      return { ...one, fds: fdsOf(which, pick([0, 1, 2, 3, 8, 9, 16, 17, 64, 253], edge)) };
    case "data":
      return { ...one, data: dataOf(one.data, which, edge) };
    case "cut":
      return { ...one, cuts: [1 + which % size, 1 + edge % size].sort((a, b) => a - b) };
  }
}

const BIG = [0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff] as const;

function pick(values: readonly number[], edge: number): number {
  return Math.max(0, values[edge % values.length]!);
}

function header(one: Message, changed: Message["header"]): Message {
  return { ...one, header: { ...one.header, ...changed } };
}

/** The same payload under another command; fields keep their names only where that command has them. */
function retyped(one: Message, command: number): Message {
  const known = headOf(command)?.fields ?? {};
  const fields = Object.fromEntries(
    Object.entries(one.fields).flatMap(([name, value]) => {
      const field = known[name];
      if (field === undefined || value > field.max) return [];
      return [[name, field.size === 8 ? BigInt(value) : Number(value)]];
    }),
  );
  return { ...one, command, fields };
}

function mutateField(one: Message, { which, edge }: Mutation): Message {
  const known = Object.entries(headOf(one.command)?.fields ?? {});
  const chosen = known[which % Math.max(1, known.length)];
  if (chosen === undefined) return one;
  const [name, { size }] = chosen;
  const bits = BigInt(size * 8);
  const at = BigInt(one.fields[name] ?? 0);
  const top = 1n << bits;
  const edges = [
    0n,
    1n,
    2n,
    7n,
    8n,
    255n,
    4096n,
    at + 1n,
    at - 1n,
    at * 2n,
    at ^ (1n << (bits - 1n)),
  ];
  const ends = [
    top - 1n,
    top - 2n,
    top >> 1n,
    (top >> 1n) - 1n,
    top - 4096n,
    1n << BigInt(which % Number(bits)),
  ];
  const all = [...edges, ...ends];
  const value = BigInt.asUintN(size * 8, all[edge % all.length]!);
  return { ...one, fields: { ...one.fields, [name]: size === 8 ? value : Number(value) } };
}

function fdsOf(which: number, count: number): Descriptor[] {
  const kinds: readonly Descriptor[] = [
    { kind: "memory", pages: 1 },
    { kind: "memory", pages: 16, readOnly: true },
    { kind: "eventfd", number: which % 12 },
    { kind: "pipe" },
  ];
  return Array.from({ length: count }, (_, i) => kinds[(which + i) % kinds.length]!);
}

/** Data cut, repeated, or with one byte changed. */
function dataOf(data: Uint8Array, which: number, edge: number): Uint8Array {
  if (edge % 3 === 0) return data.slice(0, which % (data.byteLength + 1));
  if (edge % 3 === 1) {
    const grown = new Uint8Array(Math.min(MOST_SENT, 1 + which)).fill(edge);
    grown.set(data.subarray(0, grown.byteLength));
    return grown;
  }
  const changed = data.slice();
  if (changed.byteLength > 0) changed[which % changed.byteLength]! ^= 1 << (edge & 7);
  return changed;
}
