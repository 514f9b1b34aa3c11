import { assert, assertEquals } from "@std/assert";
import { EventFd } from "../posix/event_fd.ts";
import { type Fd, pipe } from "../posix/fd.ts";
import { Command, SetIrqsFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { IrqInfo, SetIrqs } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import { encodeWrite } from "./_profile.ts";
import { negotiated, type RawClient } from "./_raw_client.ts";
import { concat } from "./message.ts";
import profile from "./profile.json" with { type: "json" };

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD, ACTION_MASK, ACTION_UNMASK, ACTION_TRIGGER } =
  SetIrqsFlag;
const MSIX = 2;

interface Irqs extends Partial<Decoded<typeof SetIrqs>> {
  readonly bools?: readonly number[];
  readonly fds?: readonly Fd[];
}

function encodeIrqs({ bools = [], fds: _, ...values }: Irqs): Uint8Array {
  return concat(
    SetIrqs.encode({ argsz: 20, index: MSIX, count: 1, ...values }),
    Uint8Array.from(bools),
  );
}

async function setIrqs(client: RawClient, irqs: Irqs): Promise<void> {
  const { payload } = await client.succeed(Command.DEVICE_SET_IRQS, encodeIrqs(irqs), {
    fds: irqs.fds ?? [],
  });
  assertEquals(payload.length, 0);
}

async function failIrqs(client: RawClient, irqs: Irqs): Promise<number> {
  return await client.fail(Command.DEVICE_SET_IRQS, encodeIrqs(irqs), { fds: irqs.fds ?? [] });
}

const BIND = DATA_EVENTFD | ACTION_TRIGGER;
const FIRE = DATA_NONE | ACTION_TRIGGER;

/** Binds all MSI-X interrupts. */
async function bound(client: RawClient, owned: DisposableStack): Promise<EventFd[]> {
  const eventFds = Array.from({ length: 8 }, () => owned.use(new EventFd()));
  await setIrqs(client, { flags: BIND, count: 8, fds: eventFds.map(({ fd }) => fd) });
  return eventFds;
}

function counts(eventFds: readonly EventFd[]): number[] {
  return eventFds.map((eventFd) => Number(eventFd.read()));
}

Deno.test("the interrupt types are those of a PCI device", async () => {
  await using test = await negotiated();
  const seen = [];
  for (let index = 0; index < 5; index++) {
    const request = IrqInfo.encode({ argsz: 16, index });
    const { payload } = await test.client.succeed(Command.DEVICE_GET_IRQ_INFO, request);
    const { argsz, index: echoed, flags, count } = IrqInfo.decode(payload);
    assertEquals([payload.length, argsz, echoed], [16, 16, index]);
    seen.push([flags, count]);
  }
  assertEquals(seen, [[7, 1], [9, 0], [1, 8], [1, 1], [1, 1]]);
  for (const values of [{ argsz: 16, index: 5 }, { argsz: 15 }]) {
    const request = IrqInfo.encode(values);
    assertEquals(await test.client.fail(Command.DEVICE_GET_IRQ_INFO, request), Errno.EINVAL);
  }
});

Deno.test("a trigger fires what is bound in its range", async () => {
  await using test = await negotiated();
  using owned = new DisposableStack();
  const eventFds = await bound(test.client, owned);
  await setIrqs(test.client, { flags: FIRE, start: 2, count: 3 });
  assertEquals(counts(eventFds), [0, 0, 1, 1, 1, 0, 0, 0]);
  const bools = [0, 1, 2];
  await setIrqs(test.client, { flags: DATA_BOOL | ACTION_TRIGGER, start: 4, count: 3, bools });
  assertEquals(counts(eventFds), [0, 0, 0, 0, 0, 1, 1, 0]);
});

Deno.test("interrupts are bound anew, unbound and disabled", async () => {
  await using test = await negotiated();
  using owned = new DisposableStack();
  const eventFds = await bound(test.client, owned);
  using other = new EventFd();
  const all = [...eventFds, other];
  await setIrqs(test.client, { flags: BIND, start: 1, fds: [other.fd] });
  await setIrqs(test.client, { flags: BIND, start: 3, count: 2 });
  await setIrqs(test.client, { flags: FIRE, count: 8 });
  assertEquals(counts(all), [1, 0, 1, 0, 0, 1, 1, 1, 1]);
  await setIrqs(test.client, { flags: FIRE, index: 0, count: 0 });
  await setIrqs(test.client, { flags: FIRE, index: 1, count: 0 });
  await setIrqs(test.client, { flags: FIRE, count: 1 });
  assertEquals(counts(all), [1, 0, 0, 0, 0, 0, 0, 0, 0]);
  await setIrqs(test.client, { flags: FIRE, count: 0 });
  await setIrqs(test.client, { flags: FIRE, count: 8 });
  assertEquals(counts(all), [0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("INTx can be masked, and what came meanwhile comes later", async () => {
  await using test = await negotiated();
  const { client } = test;
  using eventFd = new EventFd();
  using unmaskFd = new EventFd();
  await setIrqs(client, { index: 0, flags: BIND, fds: [eventFd.fd] });
  const held = { index: 0, flags: DATA_EVENTFD | ACTION_UNMASK };
  await setIrqs(client, { ...held, fds: [unmaskFd.fd] });
  await setIrqs(client, { index: 0, flags: DATA_NONE | ACTION_MASK });
  await setIrqs(client, { index: 0, flags: FIRE });
  assertEquals(counts([eventFd]), [0]);
  await setIrqs(client, { index: 0, flags: DATA_BOOL | ACTION_UNMASK, bools: [1] });
  assertEquals(counts([eventFd]), [1]);
  await setIrqs(client, held);
});

Deno.test("the device raises interrupts as the profile says", async () => {
  await using test = await negotiated();
  for (const { index, subIndex, writes } of profile.interrupts) {
    using eventFd = new EventFd();
    await setIrqs(test.client, { index, flags: BIND, start: subIndex, fds: [eventFd.fd] });
    for (const write of writes) {
      await test.client.write(write.region, write.offset, encodeWrite(write));
    }
    assertEquals(counts([eventFd]), [1]);
  }
});

Deno.test("INTx masks itself when the device raises it", async () => {
  await using test = await negotiated();
  using eventFd = new EventFd();
  await setIrqs(test.client, { index: 0, flags: BIND, fds: [eventFd.fd] });
  for (let i = 0; i < 2; i++) await test.client.write(0, 0x54, new Uint8Array(4));
  assertEquals(counts([eventFd]), [1]);
  await setIrqs(test.client, { index: 0, flags: DATA_NONE | ACTION_UNMASK });
  assertEquals(counts([eventFd]), [1]);
});

Deno.test("what makes no sense is refused, and nothing is done", async () => {
  await using test = await negotiated();
  using owned = new DisposableStack();
  const eventFds = await bound(test.client, owned);
  const [a, b] = eventFds.map(({ fd }) => fd);
  const [readEnd, writeEnd] = pipe();
  owned.use(readEnd);
  owned.use(writeEnd);
  const wrong: readonly Irqs[] = [
    { argsz: 19, flags: FIRE },
    { flags: DATA_NONE },
    { flags: ACTION_TRIGGER },
    { flags: FIRE | DATA_BOOL, bools: [1] },
    { flags: FIRE | ACTION_MASK },
    { flags: FIRE, index: 5 },
    { flags: FIRE, start: 8 },
    { flags: FIRE, start: 7, count: 2 },
    { flags: FIRE, start: 1, count: 0xffff_ffff },
    { flags: FIRE, start: 1, count: 0 },
    { flags: DATA_BOOL | ACTION_TRIGGER, count: 0 },
    { flags: DATA_BOOL | ACTION_TRIGGER, count: 2, bools: [1] },
    { flags: BIND, count: 2, fds: [a!] },
    { flags: BIND, count: 1, fds: [a!, b!] },
    { flags: BIND, count: 2, fds: [a!, writeEnd] },
    { flags: DATA_NONE | ACTION_MASK },
    { flags: FIRE, index: 3, count: 2 },
  ];
  for (const irqs of wrong) assertEquals(await failIrqs(test.client, irqs), Errno.EINVAL);
  assertEquals(counts(eventFds), new Array(8).fill(0));
  await setIrqs(test.client, { flags: FIRE, count: 8 });
  assertEquals(counts(eventFds), new Array(8).fill(1));
});

Deno.test("a counter that is full is no reason to stop", async () => {
  await using test = await negotiated();
  using eventFd = new EventFd({ blocking: true });
  eventFd.add(2n ** 64n - 2n);
  await setIrqs(test.client, { flags: BIND, fds: [eventFd.fd] });
  await setIrqs(test.client, { flags: FIRE });
});

Deno.test("what a client has bound goes with it", async () => {
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = open();
  {
    await using test = await negotiated();
    using owned = new DisposableStack();
    await bound(test.client, owned);
    assert(open() > before);
  }
  assertEquals(open(), before);
});
