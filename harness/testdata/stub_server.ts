// A server for tests of the harness: answers VERSION, GET_INFO and nothing else well.
// Usage: stub_server.ts PATH [behaviour [file that outlives it]]

import { setImmediate } from "node:timers";
import { Command } from "../wire/constants.ts";
import { DeviceInfo, Header, Version } from "../wire/messages.ts";

const [path = "", behaviour = "", memory = ""] = Deno.args;

/** What REGION_READ makes it do; a plain server refuses. */
const MISDEEDS: Record<string, (client: Deno.UnixConn, request: Request) => unknown> = {
  "dies": () => Deno.exit(3),
  "kills-itself": () => Deno.kill(Deno.pid, "SIGKILL"),
  "is-silent": () => {},
  "is-silent-and-slow": () => {},
  "leaks": async (client, request) => {
    leaked.push(await Deno.open("/dev/null"));
    await client.write(header(request, 16, 0x21));
  },
  "opens-once": async (client, request) => {
    if (leaked.length === 0) leaked.push(await Deno.open("/dev/null"));
    await client.write(header(request, 16, 0x21));
  },
  "eats": async (client, request) => {
    eaten.push(new Uint8Array(1 << 20).fill(1));
    await client.write(header(request, 16, 0x21));
  },
  "falls-silent": () => remember(remembered() + 1),
  "every-second": async (client, request) => {
    remember(remembered() + 1);
    await client.write(header(request, 16, remembered() % 2 === 0 ? 0x21 : 1));
  },
  "closes": (client) => client.close(),
  "claims-4-gib": (client, request) => client.write(header(request, 0xffff_ffff)),
  "claims-nothing": (client, request) => client.write(header(request, 0)),
  "sends-half": (client, request) => client.write(header(request, 64).subarray(0, 9)),
  "floods": async (client, request) => {
    while (true) await client.write(header({ ...request, msgId: 0x7abc }, 16, 1));
  },
  "asks-for-ever": async (client, request) => {
    const ask = { ...request, command: Command.DMA_READ };
    while (true) await client.write(header(ask, 16, 0x10));
  },
  "answers-twice": async (client, request) => {
    await client.write(header(request, 16, 0x21));
    await client.write(header(request, 16, 0x21));
  },
  "reports": async (client, request) => {
    await Deno.stderr.write(text("==1==ERROR: AddressSanitizer: heap-buffer-overflow\n"));
    await client.write(header(request, 16, 0x21));
  },
  "chatters": async (client, request) => {
    for (let i = 0; i < 16; i++) Deno.stdout.writeSync(new Uint8Array(65_536).fill(0x61));
    await client.write(header(request, 16, 0x21));
  },
};

/** More than a harness in a hurry waits, less than it has to. */
const SLOW_MS = 600;

const leaked: Deno.FsFile[] = [];
const eaten: Uint8Array[] = [];

/** What servers before this one have left for it. */
function remembered(): number {
  return Deno.readTextFileSync(memory).length;
}

function remember(count: number): void {
  Deno.writeTextFileSync(memory, "x".repeat(count));
}

interface Request {
  readonly msgId: number;
  readonly command: number;
}

function text(line: string): Uint8Array {
  return new TextEncoder().encode(line);
}

function header(request: Request, msgSize: number, flags = 1): Uint8Array {
  const { msgId, command } = request;
  return Header.encode({ msgId, command, msgSize, flags });
}

async function fill(client: Deno.UnixConn, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.byteLength;) {
    const count = await client.read(bytes.subarray(at));
    if (count === null) return false;
    at += count;
  }
  return true;
}

async function answer(client: Deno.UnixConn, request: Request): Promise<void> {
  if (behaviour === "never-answers") return;
  if (behaviour === "falls-silent" && remembered() >= 3) return;
  const info = DeviceInfo.encode({ argsz: 16, flags: 2 });
  if (request.command === Command.VERSION) {
    await client.write(Uint8Array.from([...header(request, 20), ...Version.encode({ minor: 1 })]));
  } else if (request.command === Command.DEVICE_GET_INFO) {
    await client.write(Uint8Array.from([...header(request, 32), ...info]));
  } else {
    const misdeed = request.command === Command.REGION_READ ? MISDEEDS[behaviour] : undefined;
    const slow = behaviour === "is-silent-and-slow" && request.command === Command.DEVICE_RESET;
    if (slow) await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    if (misdeed !== undefined) await misdeed(client, request);
    else await client.write(header(request, 16, 0x21));
  }
}

async function serve(client: Deno.UnixConn): Promise<void> {
  const bytes = new Uint8Array(Header.size);
  while (await fill(client, bytes)) {
    const request = Header.decode(bytes);
    if (!await fill(client, new Uint8Array(request.msgSize - Header.size))) break;
    await answer(client, request);
  }
}

if (behaviour === "never-listens") await new Promise(() => setInterval(() => {}, 1000));
if (behaviour === "exits-at-once") {
  await Deno.stderr.write(text("no such device\n"));
  Deno.exit(4);
}
if (behaviour === "reports-at-end") {
  Deno.addSignalListener("SIGTERM", () => {
    Deno.stderr.writeSync(text("==1==ERROR: LeakSanitizer: detected memory leaks\n"));
    Deno.exit(23);
  });
}
if (behaviour === "leaves-a-process") {
  new Deno.Command("sleep", { args: ["60"], detached: true, stdout: "null", stderr: "null" })
    .spawn();
}
if (behaviour === "burns") {
  const spin = () => void setImmediate(spin);
  spin();
}
const listener = Deno.listen({ transport: "unix", path });
for await (const client of listener) {
  await serve(client).catch(() => {});
  if (behaviour !== "closes") client.close();
  if (behaviour === "exits-after-client") Deno.exit(0);
  if (behaviour === "abandons") await new Promise(() => setInterval(() => {}, 1000));
}
