import { assert, assertEquals } from "@std/assert";
import { encodeVersionJson, parseVersionJson } from "./version_json.ts";

const DEFAULT_LIMITS = {
  maxMsgFds: 1,
  maxDataXferSize: 1_048_576,
  maxDmaMaps: 65_535,
  pgsizes: 4096n,
  twinSocket: { supported: false },
  writeMultiple: false,
};

function parse(text: string) {
  return parseVersionJson(new TextEncoder().encode(text));
}

for (const text of ["", "{}\0", `{"capabilities":{}}\0`, `{"other":1,"capabilities":{"x":[]}}\0`]) {
  Deno.test(`parseVersionJson() takes the defaults for ${JSON.stringify(text)}`, () => {
    const parsed = parse(text);
    assert(parsed.ok);
    assertEquals(parsed.capabilities, DEFAULT_LIMITS);
  });
}

Deno.test("parseVersionJson() reads what encodeVersionJson() wrote", () => {
  const parsed = parseVersionJson(encodeVersionJson({
    capabilities: {
      max_msg_fds: 8,
      max_data_xfer_size: 4096,
      max_dma_maps: 64,
      pgsizes: 0x201000,
      twin_socket: { supported: true, fd_index: 0 },
      write_multiple: true,
    },
  }));
  assert(parsed.ok);
  assertEquals(parsed.capabilities, {
    maxMsgFds: 8,
    maxDataXferSize: 4096,
    maxDmaMaps: 64,
    pgsizes: 0x201000n,
    twinSocket: { supported: true, fdIndex: 0 },
    writeMultiple: true,
  });
});

const BAD: readonly [text: string, reason: string][] = [
  ["{}", "the last byte is not NUL"],
  ["[]\0", "the top level is not an object"],
  [`{"capabilities":3}\0`, `"capabilities" is not an object`],
  [`{"capabilities":{"max_msg_fds":"8"}}\0`, `max_msg_fds is "8", not a non-negative integer`],
  [`{"capabilities":{"max_msg_fds":-1}}\0`, `max_msg_fds is -1, not a non-negative integer`],
  [`{"capabilities":{"pgsizes":1.5}}\0`, `pgsizes is 1.5, not a non-negative integer`],
  [`{"capabilities":{"write_multiple":1}}\0`, "write_multiple is 1, not a boolean"],
  [`{"capabilities":{"twin_socket":true}}\0`, "twin_socket is true, not an object"],
];

for (const [text, reason] of BAD) {
  Deno.test(`parseVersionJson() refuses ${JSON.stringify(text)}`, () => {
    assertEquals(parse(text), { ok: false, reason });
  });
}

Deno.test("parseVersionJson() refuses what is not JSON, or not UTF-8", () => {
  assert(!parse("{\0").ok);
  assert(!parseVersionJson(Uint8Array.of(0x22, 0xff, 0x22, 0)).ok);
});
