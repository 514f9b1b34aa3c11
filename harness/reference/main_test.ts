import { assert, assertEquals, assertMatch } from "@std/assert";
import { UnixListener } from "../posix/unix_listener.ts";
import { UnixSocket } from "../posix/unix_socket.ts";
import { Command } from "../wire/constants.ts";
import { RawClient } from "./_raw_client.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const TIMEOUT_MS = 10_000;

/** A reference server in a process of its own. */
class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  constructor(...args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", MAIN, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Sends a signal, when there is one, and waits for the end. */
  async end(signal?: Deno.Signal): Promise<{ code: number; stdout: string; stderr: string }> {
    if (signal) this.#child.kill(signal);
    const { code, stdout, stderr } = await this.#child.output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: decode(stdout), stderr: decode(stderr) };
  }

  /** Waits for the end of a program that a test has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
      await this.#child.output();
    } catch (error) {
      // It has ended, or its output was read.
      assert(error instanceof TypeError);
    }
  }
}

/** Connects as soon as the server listens. */
async function connect(path: string): Promise<RawClient> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return new RawClient(UnixSocket.connect(path));
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A folder that goes with the test. */
function temporaryFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test.each(["SIGTERM", "SIGINT"] as const)(
  "%s ends the program, and its socket file goes",
  async (signal) => {
    using folder = temporaryFolder();
    const path = `${folder.path}/socket`;
    await using program = new Program(`--socket-path=${path}`);
    using client = await connect(path);
    await client.negotiate();
    assertEquals(await program.end(signal), { code: 0, stdout: "", stderr: "" });
    assert(!exists(path));
    await client.expectClosed();
  },
);

Deno.test("a client in the middle of a message does not keep the program", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/socket`;
  await using program = new Program("--socket-path", path);
  using client = await connect(path);
  await client.negotiate();
  await client.send(new Uint8Array(7));
  assertEquals((await program.end("SIGTERM")).code, 0);
});

Deno.test("the program serves one client after another, and the device stays", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/socket`;
  await using program = new Program(`--socket-path=${path}`);
  for (let i = 0; i < 3; i++) {
    using client = await connect(path);
    await client.negotiate();
    assertEquals(await client.read(0, 0, 1), Uint8Array.of(i));
    await client.write(0, 0, Uint8Array.of(i + 1));
  }
  assertEquals((await program.end("SIGTERM")).code, 0);
});

Deno.test("the program takes clients from a descriptor, and leaves its file", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/socket`;
  using listener = UnixListener.listen(path);
  listener.fd.setCloseOnExec(false);
  using client = new RawClient(UnixSocket.connect(path));
  await using program = new Program(`--fd=${listener.fd.number}`);
  await client.negotiate();
  assertEquals((await program.end("SIGTERM")).code, 0);
  assert(exists(path));
});

Deno.test("the program serves a client that is passed as a descriptor", async () => {
  const [ours, theirs] = UnixSocket.pair();
  theirs.fd.setCloseOnExec(false);
  await using program = new Program("--fd", String(theirs.fd.number));
  theirs[Symbol.dispose]();
  {
    using client = new RawClient(ours);
    await client.negotiate();
  }
  assertEquals((await program.end()).code, 0);
});

Deno.test("a stale socket file is taken over, any other file is not", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/socket`;
  {
    await using first = new Program(`--socket-path=${path}`);
    using client = await connect(path);
    await client.negotiate();
    const second = await new Program(`--socket-path=${path}`).end();
    assertEquals([second.code, second.stderr.split("\n").length], [1, 2]);
    assertMatch(second.stderr, /EADDRINUSE/);
    await first.end("SIGKILL");
  }
  assert(exists(path));
  await using third = new Program(`--socket-path=${path}`);
  using client = await connect(path);
  await client.negotiate();
  assertEquals((await third.end("SIGTERM")).code, 0);
  await Deno.writeTextFile(path, "precious");
  assertEquals((await new Program(`--socket-path=${path}`).end()).code, 1);
  assertEquals(await Deno.readTextFile(path), "precious");
});

Deno.test("a command line that is wrong is refused in one line", async () => {
  for (
    const args of [
      ["--fd=3", "--socket-path=x"],
      ["--what"],
      ["--socket-path=x", "--fault=y"],
      ["--socket-path=x", "--freedom=minor-0", "--freedom=y"],
    ]
  ) {
    const { code, stderr } = await new Program(...args).end();
    assertEquals(code, 2);
    assertMatch(stderr, /^reference server: [^\n]+\n$/);
  }
});

Deno.test("the program says what it can be asked, and what it can do wrong", async () => {
  assertMatch((await new Program("--help").end()).stdout, /--socket-path=PATH/);
  const { stdout } = await new Program("--list-faults").end();
  assertMatch(stdout, /^id-loses-top-bit\thdr-reply-id\t[^\n]+\.\n/);
  const freedoms = await new Program("--list-freedoms").end();
  assertMatch(freedoms.stdout, /^one-byte-pieces\thdr-reply-size\t[^\n]+\.\n/);
});

Deno.test("a fault changes what it says", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/socket`;
  await using program = new Program(`--socket-path=${path}`, "--fault=id-loses-top-bit");
  using client = await connect(path);
  await client.negotiate();
  const reply = await client.ask(Command.DEVICE_RESET, new Uint8Array(), { msgId: 0xffff });
  assertEquals(reply.msgId, 0x7fff);
  assertEquals((await program.end("SIGTERM")).code, 0);
});

Deno.test("freedoms act together, and with a fault", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/socket`;
  const words = ["--freedom=errno-0", "--fault=id-loses-top-bit", "--freedom=one-byte-pieces"];
  await using program = new Program(`--socket-path=${path}`, ...words);
  using client = await connect(path);
  await client.negotiate();
  const reply = await client.ask(99, new Uint8Array(), { msgId: 0xffff });
  assertEquals([reply.msgId, reply.flags, reply.error], [0x7fff, 0x21, 0]);
  assertEquals((await program.end("SIGTERM")).code, 0);
});
