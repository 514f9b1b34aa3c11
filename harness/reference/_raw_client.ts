import { assert, assertEquals } from "@std/assert";
import type { Fd } from "../posix/fd.ts";
import { libc } from "../posix/libc.ts";
import { UnixSocket } from "../posix/unix_socket.ts";
import { Command, HeaderFlag } from "../wire/constants.ts";
import { Header, RegionAccess, Version } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import { encodeVersionJson } from "../wire/version_json.ts";
import { Device } from "./device.ts";
import type { Hooks } from "./fault.ts";
import { concat } from "./message.ts";
import { Session } from "./session.ts";
import { defaultSettings } from "./settings.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

const TIMEOUT_MS = 5000;

/** A message from the server. */
export interface Answer extends Decoded<typeof Header> {
  readonly payload: Uint8Array;
  readonly fds: readonly Fd[];
}

/** What may be said of a command beside its payload. */
export interface Details {
  readonly fds?: readonly Fd[];
  readonly msgId?: number;
  readonly flags?: number;
}

/** Bytes of a command. */
export function encode(command: number, payload: Uint8Array, details: Details = {}): Uint8Array {
  const { msgId = 0x1234, flags = 0 } = details;
  const msgSize = Header.size + payload.byteLength;
  return concat(Header.encode({ msgId, command, msgSize, flags }), payload);
}

/** A client of few words, which shares nothing with the suite. */
export class RawClient implements Disposable {
  readonly #socket: UnixSocket;
  readonly #fds: Fd[] = [];

  /** Takes the socket over. */
  constructor(socket: UnixSocket) {
    this.#socket = socket;
  }

  /** Sends bytes as they are. */
  async send(bytes: Uint8Array, fds: readonly Fd[] = []): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      const sent = this.#socket.send(bytes.subarray(at), at === 0 ? fds : []);
      assert(sent !== "closed");
      if (typeof sent === "number") at += sent;
      else assert(await this.#socket.wait("writable", performance.now() + TIMEOUT_MS));
    }
  }

  /** The next message of the server; undefined when it has closed. */
  async receive(): Promise<Answer | undefined> {
    const fds: Fd[] = [];
    if (!await this.#fill(0, Header.size, fds)) return undefined;
    const header = Header.decode(this.#socket.received);
    const rest = header.msgSize - Header.size;
    assert(await this.#fill(Header.size, rest, fds), "The server closed in a message");
    return { ...header, payload: this.#socket.received.slice(Header.size, header.msgSize), fds };
  }

  /** Sends a command and receives the message behind it. */
  async ask(
    command: number,
    payload: Uint8Array = new Uint8Array(),
    details: Details = {},
  ): Promise<Answer> {
    await this.send(encode(command, payload, details), details.fds ?? []);
    const answer = await this.receive();
    assert(answer !== undefined, "The server closed");
    return answer;
  }

  /** Does what succeeds, and returns the payload of the reply. */
  async succeed(
    command: number,
    payload: Uint8Array = new Uint8Array(),
    details: Details = {},
  ): Promise<Answer> {
    const answer = await this.ask(command, payload, details);
    assertEquals([answer.command, answer.flags, answer.error], [command, 1, 0]);
    assertEquals(answer.msgId, details.msgId ?? 0x1234);
    return answer;
  }

  /** Does what is refused, and returns the error number. */
  async fail(
    command: number,
    payload: Uint8Array = new Uint8Array(),
    details: Details = {},
  ): Promise<number> {
    const answer = await this.ask(command, payload, details);
    assertEquals([answer.command, answer.flags], [command, 1 | HeaderFlag.ERROR]);
    assertEquals(answer.payload.byteLength, 0);
    return answer.error;
  }

  /** VERSION. */
  async negotiate(capabilities: Record<string, unknown> = {}): Promise<Answer> {
    const data = encodeVersionJson({ capabilities: { max_msg_fds: 8, ...capabilities } });
    return await this.succeed(Command.VERSION, concat(Version.encode({ minor: 1 }), data));
  }

  /** REGION_READ. */
  async read(region: number, offset: number, count: number): Promise<Uint8Array> {
    const head = RegionAccess.encode({ region, offset: BigInt(offset), count });
    const { payload } = await this.succeed(Command.REGION_READ, head);
    assertEquals(payload.slice(0, RegionAccess.size), head);
    return payload.slice(RegionAccess.size);
  }

  /** REGION_WRITE. */
  async write(region: number, offset: number, data: Uint8Array): Promise<void> {
    const head = RegionAccess.encode({ region, offset: BigInt(offset), count: data.byteLength });
    const { payload } = await this.succeed(Command.REGION_WRITE, concat(head, data));
    assertEquals(payload, head);
  }

  /** No more bytes will come. */
  async expectClosed(): Promise<void> {
    assertEquals(await this.receive(), undefined);
  }

  /** Closes the descriptors that were received. */
  closeFds(): void {
    for (const fd of this.#fds.splice(0)) fd[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.closeFds();
    this.#socket[Symbol.dispose]();
  }

  async #fill(from: number, length: number, fds: Fd[]): Promise<boolean> {
    for (let at = 0; at < length;) {
      const got = this.#socket.receive(from + at, length - at);
      if (got === "closed" || got === "reset") return false;
      if (got === "would-block") {
        assert(await this.#socket.wait("readable", performance.now() + TIMEOUT_MS), "No answer");
        continue;
      }
      fds.push(...got.fds);
      this.#fds.push(...got.fds);
      at += got.count;
    }
    return true;
  }
}

/** A reference server in this process, with one client. */
export class TestSession implements AsyncDisposable {
  /** The client's side. */
  readonly client: RawClient;
  /** The server's side. */
  readonly session: Session;
  /** Ends when the session does. */
  readonly done: Promise<void>;
  readonly #device: Device;

  /** Starts the session; VERSION is the client's to send. */
  constructor(hooks: Hooks = {}) {
    const settings = defaultSettings();
    hooks.tune?.(settings);
    this.#device = new Device(settings);
    const [ours, theirs] = UnixSocket.pair();
    this.session = new Session(theirs, { settings, device: this.#device, hooks });
    this.client = new RawClient(ours);
    this.done = this.session.run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.done;
    this.#device[Symbol.dispose]();
  }
}

/** A session with VERSION agreed on. */
export async function negotiated(
  capabilities?: Record<string, unknown>,
  hooks?: Hooks,
): Promise<TestSession> {
  const test = new TestSession(hooks);
  await test.client.negotiate(capabilities);
  return test;
}
