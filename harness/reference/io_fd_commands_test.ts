import { assertEquals } from "@std/assert";
import { EventFd } from "../posix/event_fd.ts";
import { Command, SetIrqsFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { RegionIoFd, RegionIoFds, SetIrqs } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import { negotiated, type RawClient } from "./_raw_client.ts";
import { Register } from "./registers.ts";

const FULL = RegionIoFds.size + 2 * RegionIoFd.size;

type Question = Partial<Decoded<typeof RegionIoFds>>;

async function ask(client: RawClient, values: Question = {}) {
  const request = RegionIoFds.encode({ argsz: FULL, ...values });
  const { payload, fds } = await client.succeed(Command.DEVICE_GET_REGION_IO_FDS, request);
  return { ...RegionIoFds.decode(payload), payload, fds };
}

async function rings(client: RawClient): Promise<number> {
  const bytes = await client.read(0, Register.DOORBELL_COUNT, 4);
  return new DataView(bytes.buffer).getUint32(0, true);
}

Deno.test("two registers of the first region have eventfds", async () => {
  await using test = await negotiated();
  const { argsz, flags, index, count, payload, fds } = await ask(test.client);
  assertEquals([argsz, flags, index, count, payload.byteLength], [FULL, 0, 0, 2, FULL]);
  const common = { size: 4n, type: 0, padding: 0 };
  assertEquals([RegionIoFd.decode(payload, 16), RegionIoFd.decode(payload, 56)], [
    { ...common, offset: 0x54n, fdIndex: 0, flags: 1, datamatch: 0x2_0003n },
    { ...common, offset: 0x5cn, fdIndex: 1, flags: 0, datamatch: 0n },
  ]);
  assertEquals(fds.length, 2);
});

Deno.test("entries and descriptors come only where there is room for all of them", async () => {
  await using test = await negotiated();
  for (const argsz of [16, 56, FULL - 1]) {
    const answer = await ask(test.client, { argsz });
    assertEquals([answer.argsz, answer.count], [FULL, 2]);
    assertEquals([answer.payload.byteLength, answer.fds.length], [16, 0]);
  }
});

Deno.test("other regions have none", async () => {
  await using test = await negotiated();
  for (let index = 1; index < 9; index++) {
    const answer = await ask(test.client, { index });
    assertEquals([answer.argsz, answer.index, answer.count], [16, index, 0]);
    assertEquals([answer.payload.byteLength, answer.fds.length], [16, 0]);
  }
});

Deno.test("a client gets no more descriptors than it takes", async () => {
  await using test = await negotiated({ max_msg_fds: 1 });
  const { argsz, count, fds } = await ask(test.client);
  assertEquals([argsz, count, fds.length], [56, 1, 1]);
});

Deno.test("what cannot be asked is refused", async () => {
  await using test = await negotiated();
  for (const values of [{ argsz: 15 }, { flags: 1 }, { count: 1 }, { index: 9 }]) {
    const request = RegionIoFds.encode({ argsz: FULL, ...values });
    const error = await test.client.fail(Command.DEVICE_GET_REGION_IO_FDS, request);
    assertEquals(error, Errno.EINVAL);
  }
});

Deno.test("signals reach the device as writes do", async () => {
  await using test = await negotiated();
  const { client } = test;
  using irq = new EventFd();
  const { DATA_EVENTFD, ACTION_TRIGGER } = SetIrqsFlag;
  const bind = { argsz: 20, flags: DATA_EVENTFD | ACTION_TRIGGER, index: 2, start: 3, count: 1 };
  await client.succeed(Command.DEVICE_SET_IRQS, SetIrqs.encode(bind), { fds: [irq.fd] });
  const { fds } = await ask(client);
  const [raise, doorbell] = fds.map((fd) => EventFd.adopt(fd));
  await client.write(0, Register.DOORBELL, Uint8Array.of(1, 0, 0, 0));
  assertEquals(await rings(client), 1);
  doorbell!.add(3n);
  assertEquals(await rings(client), 4);
  raise!.add(1n);
  // Nothing else makes the server look.
  assertEquals(await irq.wait(performance.now() + 5000), true);
  assertEquals(irq.read(), 1n);
  doorbell!.add(1n << 60n);
  assertEquals(await rings(client), 68);
});

Deno.test("the descriptors go with their client", async () => {
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = open();
  {
    await using test = await negotiated();
    await ask(test.client);
    test.client.closeFds();
    const once = open();
    await ask(test.client);
    test.client.closeFds();
    assertEquals(open(), once);
  }
  assertEquals(open(), before);
});
