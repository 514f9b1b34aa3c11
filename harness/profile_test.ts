import { assert, assertEquals, assertThrows } from "@std/assert";
import { Ajv } from "npm:ajv@8.17.1";
import { HarnessError } from "./harness_error.ts";
import { parseProfile } from "./parse_profile.ts";
import schema from "./profile.schema.json" with { type: "json" };
import reference from "./reference/profile.json" with { type: "json" };

const followsSchema = new Ajv({ strict: true, strictTypes: false, strictRequired: false })
  .compile(schema);

/** What the parser says is wrong. */
function mistake(profile: unknown): string {
  const error = assertThrows(() => parseProfile(JSON.stringify(profile), "p.json"), HarnessError);
  assertEquals(error.kind, "usage");
  return error.message.replace("Cannot use the device profile p.json: ", "");
}

const write = { region: 0, offset: 8, size: 4, value: 1 };
const place = { region: 0, offset: 0 };
const dma = { maxCount: 64, buffer: place, writes: [{ ...write, size: 8, value: "address" }] };
const irq = { index: 2, subIndex: 0, writes: [write] };
const MAX = Number.MAX_SAFE_INTEGER;

const GOOD: readonly [name: string, profile: unknown][] = [
  ["of the reference server", reference],
  ["that is empty", {}],
  ["with empty lists", { scratch: [], interrupts: [], reset: [] }],
  ["that names its schema", { $schema: "profile.schema.json" }],
  ["of a server that stays", { life: "stays" }],
  ["of a server that exits", { life: "exits" }],
  ["with scratch memory of a byte at the very end", {
    scratch: [{ region: 0xffff_ffff, offset: MAX, size: 1 }],
  }],
  ["with an interrupt", { interrupts: [irq] }],
  ["with DMA both ways", { dmaRead: dma, dmaWrite: dma }],
  ["with DMA of a count", { dmaRead: { ...dma, writes: [{ ...write, value: "count" }] } }],
  ["with registers of every size", {
    reset: [
      { ...write, size: 1, value: 0xff },
      { ...write, size: 2, value: 0xffff },
      { ...write, size: 4, value: 0xffff_ffff },
      { ...write, size: 8, value: MAX },
    ],
  }],
];

const BAD: readonly [profile: unknown, line: string][] = [
  [[], "the top level must be an object with $schema, life, scratch, interrupts, dmaRead, …"],
  [null, "the top level must be an object with …"],
  [{ scrach: [] }, "the top level has the unknown key scrach: known are …"],
  [{ $schema: 7 }, "$schema must be a text: it is 7"],
  [{ life: "leaves" }, 'life must be "stays" or "exits": it is "leaves"'],
  [{ life: null }, 'life must be "stays" or "exits": it is null'],
  [{ scratch: {} }, "scratch must be a list: it is {}"],
  [{ scratch: null }, "scratch must be a list: it is null"],
  [{ scratch: [7] }, "scratch[0] must be an object with region, offset, size"],
  [{ scratch: [{ ...place, size: 8 }, place] }, "scratch[1] lacks the key size"],
  [
    { scratch: [{ ...place, size: 0 }] },
    "scratch[0].size must be an integer of at least 1: it is 0",
  ],
  [{ scratch: [{ ...place, size: 1.5 }] }, "scratch[0].size must be an integer …"],
  [{ scratch: [{ ...place, size: "8" }] }, "scratch[0].size must be an integer …"],
  [{ scratch: [{ region: -1, offset: 0, size: 8 }] }, "scratch[0].region must be an integer …"],
  [
    { scratch: [{ region: 2 ** 32, offset: 0, size: 8 }] },
    "scratch[0].region must be an integer …",
  ],
  [{ scratch: [{ region: 0, offset: -8, size: 8 }] }, "scratch[0].offset must be an integer …"],
  [{ scratch: [{ region: 0, offset: MAX + 1, size: 8 }] }, "scratch[0].offset must be …"],
  [{ scratch: [{ ...place, size: 8, flags: 1 }] }, "scratch[0] has the unknown key flags: …"],
  [{ interrupts: [{ ...irq, subIndex: -1 }] }, "interrupts[0].subIndex must be an integer …"],
  [{ interrupts: [{ ...irq, index: 2 ** 32 }] }, "interrupts[0].index must be an integer …"],
  [{ interrupts: [{ index: 2, subIndex: 0 }] }, "interrupts[0] lacks the key writes"],
  [{ interrupts: [{ ...irq, writes: [] }] }, "interrupts[0].writes must not be empty"],
  [
    { interrupts: [irq, { ...irq, writes: [write, { ...write, size: 3 }] }] },
    "interrupts[1].writes[1].size must be 1, 2, 4 or 8: it is 3",
  ],
  [
    { interrupts: [{ ...irq, writes: [{ ...write, value: "address" }] }] },
    'interrupts[0].writes[0].value must be an integer from 0 to 4294967295: it is "address"',
  ],
  [{ dmaRead: [] }, "dmaRead must be an object with maxCount, buffer, writes"],
  [{ dmaRead: { ...dma, maxCount: 3 } }, "dmaRead.maxCount must be an integer of at least 4: …"],
  [{ dmaRead: { ...dma, buffer: 0 } }, "dmaRead.buffer must be an object with region, offset"],
  [{ dmaRead: { ...dma, buffer: { region: 0 } } }, "dmaRead.buffer lacks the key offset"],
  [{ dmaRead: { ...dma, buffer: { ...place, size: 1 } } }, "dmaRead.buffer has the unknown key …"],
  [{ dmaWrite: { ...dma, writes: [] } }, "dmaWrite.writes must not be empty"],
  [
    { dmaWrite: { ...dma, writes: [{ ...write, value: "adress" }] } },
    "dmaWrite.writes[0].value must be an integer …",
  ],
  [
    { reset: [{ ...write, size: 1, value: 256 }] },
    "reset[0].value must be an integer from 0 to 255…",
  ],
  [{ reset: [{ ...write, size: 2, value: 65_536 }] }, "reset[0].value must be an integer …"],
  [{ reset: [{ ...write, size: 4, value: 2 ** 32 }] }, "reset[0].value must be an integer …"],
  [{ reset: [{ ...write, size: 8, value: MAX + 1 }] }, "reset[0].value must be an integer …"],
  [{ reset: [{ ...write, value: -1 }] }, "reset[0].value must be an integer …"],
  [{ reset: [{ ...write, value: "count" }] }, "reset[0].value must be an integer …"],
  [{ reset: [place] }, "reset[0] lacks the key size"],
];

for (const [name, profile] of GOOD) {
  Deno.test(`parseProfile() and the schema accept a profile ${name}`, () => {
    assert(followsSchema(profile), JSON.stringify(followsSchema.errors));
    assertEquals(parseProfile(JSON.stringify(profile), "p.json"), profile);
  });
}

for (const [profile, line] of BAD) {
  Deno.test(`parseProfile() and the schema refuse ${JSON.stringify(profile)}`, () => {
    assert(!followsSchema(profile), "The schema accepts it");
    const seen = mistake(profile);
    assert(seen.startsWith(line.split("…")[0]!), seen);
  });
}

Deno.test("parseProfile() says where a file is no JSON, in one line", () => {
  const error = assertThrows(() => parseProfile('{\n"scratch": [,]\n}', "p.json"), HarnessError);
  assertEquals(error.message.split("\n").length, 1);
});

Deno.test("parseProfile() and the schema refuse a key __proto__", () => {
  const text = '{ "scratch": [{ "region": 0, "offset": 0, "__proto__": { "size": 8 } }] }';
  assertThrows(() => parseProfile(text, "p.json"), HarnessError, "unknown key __proto__");
  assert(!followsSchema(JSON.parse(text)));
});

Deno.test("the schema describes every key of a profile", () => {
  for (const [key, { description }] of Object.entries(schema.properties)) {
    assert(description.length > 20, key);
  }
});
