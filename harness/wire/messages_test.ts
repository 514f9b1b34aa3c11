import { assertEquals } from "@std/assert";
import * as layout from "./messages.ts";
import type { Fields, Struct } from "./struct.ts";

// Written down from the tables of the specification, by hand and apart from messages.ts:
// name, size, then the offset and size of each field.
const TABLE = `
Header               16  msgId 0 2, command 2 2, msgSize 4 4, flags 8 4, error 12 4
Version               4  major 0 2, minor 2 2
DmaMap               32  argsz 0 4, flags 4 4, offset 8 8, address 16 8, size 24 8
DmaUnmap             24  argsz 0 4, flags 4 4, address 8 8, size 16 8
DeviceInfo           16  argsz 0 4, flags 4 4, numRegions 8 4, numIrqs 12 4
RegionInfo           32  argsz 0 4, flags 4 4, index 8 4, capOffset 12 4, size 16 8, offset 24 8
RegionCapHeader       8  id 0 2, version 2 2, next 4 4
SparseMmapCap         8  nrAreas 0 4, reserved 4 4
SparseArea           16  offset 0 8, size 8 8
TypeCap               8  type 0 4, subtype 4 4
RegionIoFds          16  argsz 0 4, flags 4 4, index 8 4, count 12 4
RegionIoFd           40  offset 0 8, size 8 8, fdIndex 16 4, type 20 4, flags 24 4, padding 28 4, datamatch 32 8
IrqInfo              16  argsz 0 4, flags 4 4, index 8 4, count 12 4
SetIrqs              20  argsz 0 4, flags 4 4, index 8 4, start 12 4, count 16 4
RegionAccess         16  offset 0 8, region 8 4, count 12 4
DmaAccess            16  address 0 8, count 8 8
RegionWriteMulti      8  wrCnt 0 8
RegionWrite          24  offset 0 8, region 8 4, count 12 4, data 16 8
DeviceFeature         8  argsz 0 4, flags 4 4
FeatureMigration      8  flags 0 8
FeatureDeviceState    8  deviceState 0 4, dataFd 4 4
FeatureLoggingControl 16  pageSize 0 8, numRanges 8 4, reserved 12 4
LoggingRange         16  iova 0 8, length 8 8
FeatureLoggingReport 24  iova 0 8, length 8 8, pageSize 16 8
MigData               8  argsz 0 4, size 4 4
`;

const LINES = TABLE.trim().split("\n").map((line) => {
  const [, name = "", size = "", fields = ""] = /^(\w+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
  return { name, size: Number(size), fields };
});

Deno.test("layouts cover the table, and the table the layouts", () => {
  assertEquals(LINES.map(({ name }) => name).toSorted(), Object.keys(layout).toSorted());
});

for (const { name, size, fields } of LINES) {
  const struct = (layout as unknown as Record<string, Struct<Fields>>)[name]!;

  Deno.test(`${name} has the offsets and sizes of the specification`, () => {
    const own = Object.entries(struct.fields).map(([field, type]) =>
      `${field} ${struct.offsets[field]} ${type.size}`
    );
    assertEquals(own.join(", "), fields);
    assertEquals(struct.size, size);
  });

  Deno.test(`${name} puts each field where the specification has it, and nowhere else`, () => {
    for (const entry of fields.split(", ")) {
      const [field = "", offset = "", width = ""] = entry.split(" ");
      const bytes = struct.encode({ [field]: struct.fields[field]!.max });
      const expected = new Uint8Array(size).fill(
        0xff,
        Number(offset),
        Number(offset) + Number(width),
      );
      assertEquals(bytes, expected);
      assertEquals(struct.decode(bytes)[field], struct.fields[field]!.max);
    }
  });
}
