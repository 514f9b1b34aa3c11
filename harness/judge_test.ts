import { assertEquals } from "@std/assert";
import type { Outcome } from "./case.ts";
import type { Observed } from "./judge.ts";
import { judge } from "./judge.ts";
import { anyError, atLeast, error, reply } from "./outcomes.ts";
import { Command } from "./wire/constants.ts";
import { Errno } from "./wire/errno.ts";
import { Header, RegionAccess } from "./wire/messages.ts";

const DATA = Uint8Array.of(1, 2, 3, 4);

/** A reply to REGION_READ of 4 bytes, with a flaw in its header where the caller wants one. */
function answer(change: { flags?: number; error?: number } = {}): Observed {
  const head = RegionAccess.encode({ offset: 8n, region: 1, count: 4 });
  const payload = new Uint8Array([...head, ...DATA]);
  const msgSize = Header.size + payload.byteLength;
  const fields = { msgId: 7, command: Command.REGION_READ, msgSize, flags: 1, error: 0, ...change };
  const bytes = new Uint8Array([...Header.encode(fields), ...payload]);
  return { kind: "message", header: Header.decode(bytes), bytes, fds: [] };
}

function blamed(outcome: Outcome, observed: Observed = answer()) {
  const mismatch = judge(outcome, observed, new Map());
  return mismatch && [mismatch.field?.offset, mismatch.field?.size];
}

Deno.test("judge() finds nothing to blame in what is permitted", () => {
  assertEquals(blamed(reply({ region: 1, count: 4 }, { data: DATA })), undefined);
});

Deno.test("judge() blames the field of the payload", () => {
  assertEquals(judge(reply({ count: atLeast(5) }), answer(), new Map()), {
    seen: "count 4",
    field: { offset: 28, size: 4 },
  });
});

Deno.test("judge() blames the field of the header", () => {
  assertEquals(blamed(anyError()), [8, 4], "no error bit");
  assertEquals(blamed(error(Errno.EEXIST), answer({ flags: 0x21, error: 22 })), [12, 4]);
  assertEquals(blamed(reply(), answer({ flags: 0x21, error: 22 })), [12, 4]);
  assertEquals(blamed(reply({}, { payloadSize: 16 })), [4, 4]);
});

Deno.test("judge() blames the bytes from the first to the last that differ", () => {
  assertEquals(blamed(reply({}, { data: Uint8Array.of(1, 9, 9, 4) })), [33, 2]);
});

Deno.test("judge() blames no bytes where none are wrong", () => {
  assertEquals(blamed(reply({}, { fdCount: 1 })), [undefined, undefined]);
  assertEquals(blamed(reply({}, { data: Uint8Array.of(1) })), [undefined, undefined]);
  assertEquals(blamed(reply({}, { check: () => "odd" })), [undefined, undefined]);
  assertEquals(blamed(reply(), { kind: "closed", partial: 0 }), [undefined, undefined]);
});
