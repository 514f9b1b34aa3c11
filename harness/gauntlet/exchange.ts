import type { Fd } from "../posix/fd.ts";
import { HeaderFlag, MessageType } from "../wire/constants.ts";
import { Header } from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import type { Client } from "./client.ts";
import type { Device } from "./device.ts";

/** What is said to a command. */
export interface Answer {
  readonly payload?: Uint8Array;
  readonly errno?: number;
  /** Stay the device's. */
  readonly fds?: readonly Fd[];
}

/** A command whose header has been read, and the ways to deal with it. */
export class Exchange {
  readonly client: Client;
  readonly device: Device;
  /** Where the server listens. */
  readonly path: string;
  readonly header: Decoded<typeof Header>;

  constructor(client: Client, device: Device, path: string, header: Decoded<typeof Header>) {
    this.client = client;
    this.device = device;
    this.path = path;
    this.header = header;
  }

  /** The number of the command. */
  get command(): number {
    return this.header.command;
  }

  /** Reads the rest of the command, and does what it asks for. */
  async answer(): Promise<Answer> {
    const payload = await this.client.payload(this.header);
    const fds = this.client.takeFds();
    try {
      return this.device.answer({ header: this.header, payload }, fds);
    } finally {
      for (const fd of fds) fd[Symbol.dispose]();
    }
  }

  /** Does what an honest server does. */
  async honest(): Promise<void> {
    await this.reply(await this.answer());
  }

  /** Sends an answer. */
  async reply(answer: Answer): Promise<void> {
    if ((this.header.flags & HeaderFlag.NO_REPLY) !== 0) return;
    await this.client.send(this.encode(answer), answer.fds);
  }

  /** The bytes of a reply, with a flaw in its header where one is given. */
  encode(
    { payload = new Uint8Array(), errno }: Answer,
    flaw: Partial<Decoded<typeof Header>> = {},
  ): Uint8Array {
    const bytes = new Uint8Array(Header.size + payload.byteLength);
    bytes.set(Header.encode({
      msgId: this.header.msgId,
      command: this.header.command,
      msgSize: bytes.byteLength,
      flags: MessageType.REPLY | (errno === undefined ? 0 : HeaderFlag.ERROR),
      error: errno ?? 0,
      ...flaw,
    }));
    bytes.set(payload, Header.size);
    return bytes;
  }
}
