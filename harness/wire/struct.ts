/** One fixed-size field of a layout, in the byte order of the host. */
export interface Field<T extends number | bigint> {
  /** Bytes on the wire. */
  readonly size: number;
  /** Largest value that fits, for a check before encoding. */
  readonly max: T;
  /** Reads the field at `offset` bytes. */
  get(view: DataView, offset: number): T;
  /** Writes the field at `offset` bytes. */
  set(view: DataView, offset: number, value: T): void;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Unsigned 16-bit integer. */
export const u16: Field<number> = {
  size: 2,
  max: 0xffff,
  get: (view, offset) => view.getUint16(offset, LITTLE_ENDIAN),
  set: (view, offset, value) => view.setUint16(offset, value, LITTLE_ENDIAN),
};

/** Unsigned 32-bit integer. */
export const u32: Field<number> = {
  size: 4,
  max: 0xffff_ffff,
  get: (view, offset) => view.getUint32(offset, LITTLE_ENDIAN),
  set: (view, offset, value) => view.setUint32(offset, value, LITTLE_ENDIAN),
};

/** Unsigned 64-bit integer. */
export const u64: Field<bigint> = {
  size: 8,
  max: 0xffff_ffff_ffff_ffffn,
  get: (view, offset) => view.getBigUint64(offset, LITTLE_ENDIAN),
  set: (view, offset, value) => view.setBigUint64(offset, value, LITTLE_ENDIAN),
};

/** The fields of a layout, in wire order, without gaps. */
export type Fields = Readonly<Record<string, Field<number> | Field<bigint>>>;

/** The values that a layout holds. */
export type Values<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

/** A layout: fields at fixed offsets. */
export interface Struct<F extends Fields> {
  /** Bytes on the wire. */
  readonly size: number;
  /** The declaration itself. */
  readonly fields: F;
  /** Offset of each field, in bytes from the start of the struct. */
  readonly offsets: { readonly [K in keyof F]: number };
  /** Encodes; a field left out is 0. Throws `RangeError` for a value that does not fit. */
  encode(values: Partial<Values<F>>): Uint8Array<ArrayBuffer>;
  /** Decodes at `offset`. Throws `RangeError` when `bytes` are too short. */
  decode(bytes: Uint8Array, offset?: number): Values<F>;
}

/** The values of a declared struct: `Decoded<typeof DmaMap>`. */
export type Decoded<S> = S extends Struct<infer F> ? Values<F> : never;

/** Declares a layout in the shape of the specification's tables. */
export function struct<const F extends Fields>(fields: F): Struct<F> {
  const offsets: Record<string, number> = {};
  let size = 0;
  for (const [name, field] of Object.entries(fields)) {
    offsets[name] = size;
    size += field.size;
  }
  return {
    size,
    fields,
    offsets: offsets as Struct<F>["offsets"],
    encode(values) {
      const bytes = new Uint8Array(size);
      const view = new DataView(bytes.buffer);
      for (const name in values) {
        const value = values[name];
        if (value !== undefined) writeField(view, name, fields[name], offsets[name] ?? 0, value);
      }
      return bytes;
    },
    decode(bytes, offset = 0) {
      if (bytes.byteLength < offset + size) {
        throw new RangeError(
          `Cannot decode ${size} bytes at ${offset}: only ${bytes.byteLength} are there`,
        );
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size);
      const values: Record<string, number | bigint> = {};
      for (const name in fields) values[name] = fields[name]!.get(view, offsets[name]!);
      return values as Values<F>;
    },
  };
}

function writeField(
  view: DataView,
  name: string,
  field: Field<number> | Field<bigint> | undefined,
  offset: number,
  value: number | bigint,
): void {
  if (field === undefined) throw new RangeError(`Cannot encode field ${name}: no such field`);
  if (value < 0 || value > field.max) {
    throw new RangeError(`Cannot encode field ${name} as 0..${field.max}: value is ${value}`);
  }
  if (field.size === 8) (field as Field<bigint>).set(view, offset, BigInt(value));
  else (field as Field<number>).set(view, offset, Number(value));
}
