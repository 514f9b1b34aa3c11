import { assert, assertEquals } from "@std/assert";
import { Command } from "./wire/constants.ts";
import { MigData } from "./wire/messages.ts";
import { loadMigrationData, saveMigrationData } from "./migration_data.ts";
import type { Conversation } from "./converse.ts";
import type { Outcome, Reply, Send } from "./case.ts";
import type { Failure } from "./results.ts";

/** A row whose server holds these data, and pads its replies as some do. */
class FakeRow {
  readonly saved = new Map<string, Uint8Array>();
  readonly written: number[] = [];
  readonly #data: Uint8Array;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  failure(kind: Failure["kind"], expected: readonly string[], seen: string): Failure {
    return { kind, expected, seen };
  }

  ask(message: Send, outcome: Outcome): Promise<Failure | undefined> {
    const [head, data] = message.payload as Uint8Array[];
    const { size } = MigData.decode(head!);
    if (message.command === Command.MIG_DATA_WRITE) {
      this.written.push(data!.byteLength);
      return Promise.resolve(undefined);
    }
    const part = this.#data.subarray(this.#at, this.#at + size);
    this.#at += part.byteLength;
    const padded = new Uint8Array(size);
    padded.set(part);
    const reply = { fields: { argsz: 8 + size, size: part.byteLength }, data: padded } as Partial<
      Reply
    >;
    const seen = "demands" in outcome && outcome.demands.check?.(reply as Reply, this.saved);
    return Promise.resolve(seen ? this.failure("mismatch", [], seen) : undefined);
  }
}

function rowWith(size: number): { fake: FakeRow; row: Conversation; data: Uint8Array } {
  const data = Uint8Array.from({ length: size }, (_, i) => i & 0xff);
  const fake = new FakeRow(data);
  return { fake, row: fake as unknown as Conversation, data };
}

Deno.test("saveMigrationData() reads until a read comes short, and keeps no padding", async () => {
  const { fake, row, data } = rowWith(20);
  const step = { step: "save-migration-data", name: "data", chunk: 8 } as const;
  assertEquals(await saveMigrationData(row, step), undefined);
  assertEquals(fake.saved.get("data"), data);
});

Deno.test("saveMigrationData() goes on behind what is saved, for some reads at a time", async () => {
  const { fake, row, data } = rowWith(20);
  const step = { step: "save-migration-data", name: "data", chunk: 8 } as const;
  await saveMigrationData(row, { ...step, reads: 1 });
  assertEquals(fake.saved.get("data"), data.subarray(0, 8));
  await saveMigrationData(row, step);
  assertEquals(fake.saved.get("data"), data);
});

Deno.test("saveMigrationData() gives up on data without an end", async () => {
  const { row } = rowWith(20_000);
  const step = { step: "save-migration-data", name: "data", chunk: 1 } as const;
  const failure = await saveMigrationData(row, step);
  assert(failure !== undefined);
  assertEquals(failure.seen, "10000 bytes without an end");
});

Deno.test("loadMigrationData() writes in small pieces at first", async () => {
  const { fake, row } = rowWith(0);
  fake.saved.set("data", new Uint8Array(2500));
  const step = { step: "load-migration-data", name: "data", chunk: 1, rest: 400 } as const;
  assertEquals(await loadMigrationData(row, step), undefined);
  assertEquals(fake.written.length, 2002);
  assertEquals(fake.written.slice(-2), [400, 100]);
});
