import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Command, HeaderFlag, RegionCapId, RegionFlag } from "./constants.ts";
import { decodeMessage } from "./decode.ts";
import * as layout from "./messages.ts";
import { PAYLOADS } from "./payloads.ts";
import { encodeVersionJson } from "./version_json.ts";

function message(command: number, flags: number, ...payload: Uint8Array[]): Uint8Array {
  const size = payload.reduce((sum, part) => sum + part.byteLength, layout.Header.size);
  const header = layout.Header.encode({ msgId: 7, command, msgSize: size, flags });
  return Uint8Array.from([header, ...payload].flatMap((part) => [...part]));
}

function texts(bytes: Uint8Array): Record<string, string> {
  return Object.fromEntries(decodeMessage(bytes).fields.map(({ name, text }) => [name, text]));
}

Deno.test("decodeMessage() covers every byte of every command and reply, once", () => {
  for (const [command, { request, reply }] of PAYLOADS) {
    for (const [flags, payload] of [[0, request], [1, reply]] as const) {
      const bytes = message(command, flags, new Uint8Array(payload.head?.size ?? 0));
      let at = 0;
      for (const field of decodeMessage(bytes).fields) {
        assertEquals(field.offset, at);
        at += field.size;
      }
      assertEquals(at, bytes.byteLength);
    }
  }
});

Deno.test("decodeMessage() names commands, flags and errnos", () => {
  const map = layout.DmaMap.encode({ argsz: 32, flags: 3, address: 0x1000n, size: 4096n });
  const command = message(Command.DMA_MAP, HeaderFlag.NO_REPLY, map);
  assertEquals(decodeMessage(command).summary, "DMA_MAP command, no reply");
  assertEquals(texts(command)["flags"], "0x3 READ|WRITE");
  assertEquals(texts(command)["header.flags"], "0x10 command|NO_REPLY");
  const header = layout.Header.encode({ command: 2, msgSize: 16, flags: 0x21, error: 17 });
  assertEquals(decodeMessage(header).summary, "DMA_MAP reply, error EEXIST");
});

Deno.test("decodeMessage() shows VERSION data with control characters made visible", () => {
  const json = encodeVersionJson({ a: "\x1b[31m" });
  const bytes = message(Command.VERSION, 1, layout.Version.encode({ minor: 2 }), json);
  assertStringIncludes(texts(bytes)["json"]!, `{"a":"\\u001b[31m"}\\x00`);
});

Deno.test("decodeMessage() follows region capabilities", () => {
  const flags = RegionFlag.MMAP | RegionFlag.CAPS;
  const info = layout.RegionInfo.encode({ argsz: 64, flags, capOffset: 32, size: 0x2000n });
  const cap = layout.RegionCapHeader.encode({ id: RegionCapId.SPARSE_MMAP, version: 1 });
  const areas = layout.SparseMmapCap.encode({ nrAreas: 1 });
  const area = layout.SparseArea.encode({ offset: 0x1000n, size: 0x1000n });
  const fields = texts(message(Command.DEVICE_GET_REGION_INFO, 1, info, cap, areas, area));
  assertEquals(fields["caps[0].id"], "1");
  assertEquals(fields["caps[0].areas[0].offset"], "4096 (0x1000)");
});

Deno.test("decodeMessage() decodes whatever comes, cut anywhere", () => {
  const random = new Uint8Array(256);
  for (let seed = 0; seed < 200; seed++) {
    crypto.getRandomValues(random);
    random[2] = seed % 20;
    random[3] = 0;
    for (let size = 0; size <= 120; size += 5) {
      const { summary, fields } = decodeMessage(random.subarray(0, size));
      assert(summary.length > 0);
      for (const field of fields) assert(field.offset + field.size <= size, summary);
    }
  }
});
