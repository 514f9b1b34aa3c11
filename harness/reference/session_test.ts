import { assert, assertEquals } from "@std/assert";
import { EventFd } from "../posix/event_fd.ts";
import { Command, HeaderFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { DeviceInfo, DmaMap, Header, Version } from "../wire/messages.ts";
import { PAYLOADS } from "../wire/payloads.ts";
import { encodeVersionJson, parseVersionJson } from "../wire/version_json.ts";
import { encode, negotiated, type RawClient, TestSession } from "./_raw_client.ts";
import { concat } from "./message.ts";
import { UnixSocket } from "../posix/unix_socket.ts";

const GET_INFO = DeviceInfo.encode({ argsz: 16 });

async function stillAnswers(client: RawClient): Promise<void> {
  const { payload } = await client.succeed(Command.DEVICE_GET_INFO, GET_INFO, { msgId: 99 });
  assertEquals(DeviceInfo.decode(payload), { argsz: 16, flags: 3, numRegions: 9, numIrqs: 5 });
}

function proposal(version: { major?: number; minor?: number }, data = new Uint8Array()) {
  return concat(Version.encode(version), data);
}

Deno.test.each([[0, 0], [1, 1], [2, 2], [65535, 2]])(
  "VERSION 0.%i gives minor %i",
  async (minor, expected) => {
    await using test = new TestSession();
    const { payload } = await test.client.succeed(Command.VERSION, proposal({ minor }));
    assertEquals(Version.decode(payload), { major: 0, minor: expected });
    const parsed = parseVersionJson(payload.subarray(4));
    assert(parsed.ok);
    assertEquals(parsed.json, {
      capabilities: {
        max_msg_fds: 8,
        max_data_xfer_size: 1048576,
        max_dma_maps: 64,
        pgsizes: 4096,
        write_multiple: true,
      },
    });
    await stillAnswers(test.client);
  },
);

const UTF8 = new TextEncoder();
const bad: readonly (readonly [string, Uint8Array])[] = [
  ["another major", proposal({ major: 1 })],
  ["a short payload", new Uint8Array(3)],
  ["no NUL", proposal({}, UTF8.encode("{}"))],
  ["no JSON", proposal({}, UTF8.encode("{]\0"))],
  ["an array", proposal({}, UTF8.encode("[]\0"))],
  [
    "a limit of the wrong type",
    proposal({}, encodeVersionJson({ capabilities: { pgsizes: "x" } })),
  ],
];

Deno.test.each(bad)("VERSION with %s is refused, and the connection closed", async (_, payload) => {
  await using test = new TestSession();
  assertEquals(await test.client.fail(Command.VERSION, payload), Errno.EINVAL);
  await test.client.expectClosed();
});

Deno.test("a command before VERSION is refused, and the connection closed", async () => {
  await using test = new TestSession();
  assertEquals(await test.client.fail(Command.DEVICE_GET_INFO, GET_INFO), Errno.EINVAL);
  await test.client.expectClosed();
});

Deno.test("a second VERSION is refused, and the session goes on", async () => {
  await using test = await negotiated();
  assertEquals(await test.client.fail(Command.VERSION, proposal({})), Errno.EINVAL);
  await stillAnswers(test.client);
});

Deno.test("VERSION is answered whatever No_reply says", async () => {
  await using test = new TestSession();
  await test.client.succeed(Command.VERSION, proposal({}), { flags: HeaderFlag.NO_REPLY });
});

Deno.test.each([0, 3, 6, 14, 15, 16, 17, 18, 19, 65535])(
  "command %i is refused and drained",
  async (command) => {
    await using test = await negotiated();
    assertEquals(await test.client.fail(command, new Uint8Array(64)) > 0, true);
    await stillAnswers(test.client);
  },
);

Deno.test("payloads that are too short are refused and drained", async () => {
  await using test = await negotiated();
  for (const [command, { request }] of PAYLOADS) {
    const size = request.head?.size ?? 0;
    for (let length = 0; length < size; length++) {
      const payload = new Uint8Array(length).fill(0x20);
      assert(await test.client.fail(command, payload) > 0, `${command} ${length}`);
    }
  }
  await stillAnswers(test.client);
});

Deno.test("a message may come in any pieces", async () => {
  await using test = await negotiated();
  for (const byte of encode(Command.DEVICE_GET_INFO, GET_INFO)) {
    await test.client.send(Uint8Array.of(byte));
  }
  assertEquals((await test.client.receive())?.payload.length, 16);
  await stillAnswers(test.client);
});

Deno.test("several messages may come at once", async () => {
  await using test = await negotiated();
  const messages = Array.from(
    { length: 50 },
    (_, msgId) => encode(Command.DEVICE_GET_INFO, GET_INFO, { msgId }),
  );
  await test.client.send(concat(...messages));
  for (let msgId = 0; msgId < 50; msgId++) {
    assertEquals((await test.client.receive())?.msgId, msgId);
  }
});

Deno.test.each([0, 15, 1_052_705, 0xffff_ffff])(
  "a message size of %i is refused, and the connection closed",
  async (msgSize) => {
    await using test = await negotiated();
    await test.client.send(Header.encode({ command: Command.DEVICE_RESET, msgSize }));
    assertEquals((await test.client.receive())?.error, Errno.EINVAL);
    await test.client.expectClosed();
  },
);

Deno.test("a message a little too large is refused at once, and drained", async () => {
  await using test = await negotiated();
  const size = 1048576 + 17;
  const message = encode(Command.REGION_WRITE, new Uint8Array(size));
  await test.client.send(message.subarray(0, 16));
  assertEquals((await test.client.receive())?.error, Errno.EINVAL);
  await test.client.send(message.subarray(16));
  await stillAnswers(test.client);
});

Deno.test("an undefined type is refused, and the connection closed", async () => {
  await using test = await negotiated();
  assertEquals(
    await test.client.fail(Command.DEVICE_RESET, new Uint8Array(), { flags: 2 }),
    Errno.EINVAL,
  );
  await test.client.expectClosed();
});

Deno.test("a reply that answers nothing is ignored", async () => {
  await using test = await negotiated();
  await test.client.send(encode(Command.DMA_READ, new Uint8Array(20), { flags: 1 }));
  await stillAnswers(test.client);
});

Deno.test("No_reply holds for success, errors and unknown commands", async () => {
  await using test = await negotiated();
  const flags = HeaderFlag.NO_REPLY;
  for (const [command, payload] of [[13, 0], [9, 3], [77, 8]] as const) {
    await test.client.send(encode(command, new Uint8Array(payload), { flags }));
  }
  await stillAnswers(test.client);
});

Deno.test("descriptors that nobody wants are closed", async () => {
  await using test = await negotiated();
  using first = new EventFd();
  using second = new EventFd();
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = open();
  const fds = [first.fd, second.fd];
  await test.client.succeed(Command.DEVICE_GET_INFO, GET_INFO, { fds });
  await test.client.fail(77, GET_INFO, { fds });
  await test.client.fail(Command.DMA_MAP, DmaMap.encode({ argsz: 32 }), { fds });
  assertEquals(open(), before);
});

Deno.test("the twin-socket is there for who asks for it", async () => {
  await using test = new TestSession();
  const { fds, payload } = await test.client.negotiate({ twin_socket: { supported: true } });
  const parsed = parseVersionJson(payload.subarray(4));
  assert(parsed.ok);
  assertEquals(parsed.capabilities.twinSocket, { supported: true, fdIndex: 0 });
  assertEquals(fds.length, 1);
  using twin = UnixSocket.adopt(fds[0]!);
  test.client[Symbol.dispose]();
  await test.done;
  assert(twin);
});

Deno.test("a client without descriptors gets no twin-socket", async () => {
  await using test = new TestSession();
  const twin_socket = { supported: true };
  const { fds } = await test.client.negotiate({ twin_socket, max_msg_fds: 0 });
  assertEquals(fds.length, 0);
});

Deno.test("what fails unexpectedly is answered with EIO", async () => {
  const hooks = {
    request({ command }: { command: number }) {
      if (command === Command.DEVICE_RESET) throw new TypeError("Expected in this test");
    },
  };
  await using test = await negotiated({}, hooks);
  assertEquals(await test.client.fail(Command.DEVICE_RESET), Errno.EIO);
  await stillAnswers(test.client);
});
