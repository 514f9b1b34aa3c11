import { SystemError } from "../posix/libc.ts";
import type { Fd } from "../posix/fd.ts";
import type { UnixSocket } from "../posix/unix_socket.ts";
import { Command, commandName, HeaderFlag, MessageType } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { Header } from "../wire/messages.ts";
import type { Capabilities } from "../wire/version_json.ts";
import { Asker } from "./asker.ts";
import { Channel, typeOf } from "./channel.ts";
import { ClientDma } from "./client_dma.ts";
import { COMMANDS } from "./commands.ts";
import type { Device, Region } from "./device.ts";
import { DmaLog } from "./dma_log.ts";
import { DmaTable } from "./dma_table.ts";
import type { Hooks } from "./fault.ts";
import { GuestMemory } from "./guest_memory.ts";
import { closeAll, Inbox } from "./inbox.ts";
import { IoEventFds } from "./io_event_fds.ts";
import { Interrupts } from "./interrupts.ts";
import { log } from "./log.ts";
import type { Guest } from "./memory.ts";
import type { Message, Outcome, Reply } from "./message.ts";
import { Disconnected, Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";

/** What outlives a session. */
export interface SessionHost {
  readonly settings: Settings;
  readonly device: Device;
  /** Empty in the conforming server. */
  readonly hooks: Hooks;
}

/** One client, from its connection to its disconnection. */
export class Session implements Disposable {
  readonly settings: Settings;
  readonly device: Device;
  /** Guest memory of this client. */
  readonly dma: DmaTable = new DmaTable();
  /** Guest memory that the device has written. */
  readonly dmaLog: DmaLog = new DmaLog();
  /** Interrupts as this client has bound them. */
  readonly interrupts: Interrupts;
  /** The client's side, as the device sees it. */
  readonly guest: Guest;
  /** The client's socket. */
  readonly channel: Channel;
  readonly #hooks: Hooks;
  readonly #inbox: Inbox;
  readonly #asker: Asker;
  readonly #ioEventFds: IoEventFds;
  readonly #owned = new DisposableStack();
  #client: Capabilities | undefined;

  /** Takes the socket over. */
  constructor(socket: UnixSocket, { settings, device, hooks }: SessionHost) {
    this.settings = settings;
    this.device = device;
    this.#hooks = hooks;
    this.channel = this.#owned.use(new Channel(socket, hooks));
    this.#owned.defer(() => this.channel.finish());
    this.#owned.use(this.dma);
    this.interrupts = this.#owned.use(new Interrupts(settings.irqs));
    this.#inbox = this.#owned.use(this.#makeInbox());
    this.#asker = this.#owned.use(this.#makeAsker());
    this.guest = this.#makeGuest();
    this.#ioEventFds = this.#owned.use(new IoEventFds());
  }

  /** Whether VERSION has been agreed on. */
  get negotiated(): boolean {
    return this.#client !== undefined;
  }

  /** What the client has announced in VERSION. */
  get client(): Capabilities {
    if (this.#client === undefined) throw new Refusal(Errno.EINVAL);
    return this.#client;
  }

  /** VERSION has been agreed on. */
  negotiate(client: Capabilities, twin?: UnixSocket): void {
    this.#client = client;
    if (twin) this.#asker.useTwin(new Channel(twin, this.#hooks));
  }

  /** Descriptors that the client can signal in place of writes to a region. */
  ioEventFds(region: Region): readonly Fd[] {
    const fds = this.#ioEventFds.of(region);
    this.channel.attend(this.#ioEventFds.fds, () => this.#ioEventFds.carryOut(this.guest));
    return fds;
  }

  /** Serves the client until it goes. */
  async run(): Promise<void> {
    const end = await this.#serveAll();
    if (!(end instanceof Disconnected)) log(`session ended: ${end}`);
    if (await this.#hooks.disconnect?.(this, end) !== false) this[Symbol.dispose]();
  }

  /** Releases all that the client has brought. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  #makeInbox(): Inbox {
    const { settings } = this;
    return new Inbox(this.channel, {
      maxDataXferSize: settings.maxDataXferSize,
      negotiated: () => this.negotiated,
      onHeader: (message) => this.#hooks.header?.(message, this),
      refuse: (message, errno) => this.#answer(message, { errno }),
    });
  }

  #makeAsker(): Asker {
    return new Asker(this.channel, this.#inbox, {
      onAsk: (command) => this.#hooks.ask?.(command, this),
      onHeader: (message) => this.#hooks.header?.(message, this),
      onAnswer: (reply, command) => this.#hooks.answer?.(reply, command, this),
    });
  }

  #makeGuest(): Guest {
    const ask = (command: number, payload: Uint8Array) => this.#asker.ask(command, payload);
    const messages = new ClientDma(ask, () => this.client.maxDataXferSize);
    const onWrite = (address: bigint, count: number) => this.dmaLog.note(address, count);
    const memory = new GuestMemory(this.dma, messages, onWrite);
    return {
      read: (address, count) => memory.read(address, count),
      write: (address, data) => memory.write(address, data),
      raise: (index, subIndex) => this.interrupts.raise(index, subIndex),
    };
  }

  /** Serves until something is thrown, and says what. */
  async #serveAll(): Promise<unknown> {
    try {
      await this.#hooks.connect?.(this);
      for (;;) await this.#serve(await this.#inbox.next());
    } catch (error) {
      return error;
    }
  }

  async #serve(request: Message): Promise<void> {
    try {
      // A reply that nobody waits for; an answer to it would be one more.
      if (typeOf(request) === MessageType.REPLY) return;
      await this.#answer(request, await this.#carryOut(request));
      if (!this.negotiated) throw new Disconnected();
    } finally {
      closeAll(request);
    }
  }

  async #carryOut(request: Message): Promise<Outcome> {
    try {
      const instead = await this.#hooks.request?.(request, this);
      if (instead) return instead;
      if (!this.negotiated && request.command !== Command.VERSION) throw new Refusal(Errno.EINVAL);
      if (request.fdsLost) throw new Refusal(Errno.EMFILE);
      const handler = COMMANDS[request.command];
      if (handler === undefined) throw new Refusal(Errno.EOPNOTSUPP);
      return await handler(request, this);
    } catch (error) {
      if (error instanceof Refusal || error instanceof SystemError) return { errno: error.errno };
      if (error instanceof Disconnected) throw error;
      log(`${commandName(request.command)} failed: ${error}`);
      return { errno: Errno.EIO };
    }
  }

  async #answer(request: Message, outcome: Outcome): Promise<void> {
    const silent = (request.flags & HeaderFlag.NO_REPLY) !== 0;
    try {
      if (silent && request.command !== Command.VERSION) return;
      const reply = replyTo(request, outcome);
      if (await this.#hooks.reply?.(reply, request, this) === false) return;
      await this.channel.send(reply);
    } finally {
      outcome.sent?.();
    }
  }
}

function replyTo({ msgId, command }: Message, outcome: Outcome): Reply {
  const { errno, payload = new Uint8Array(), fds = [] } = outcome;
  const flags = MessageType.REPLY | (errno === undefined ? 0 : HeaderFlag.ERROR);
  const msgSize = Header.size + payload.byteLength;
  return { msgId, command, msgSize, flags, error: errno ?? 0, payload, fds };
}
