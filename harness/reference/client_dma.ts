import { Command, HeaderFlag } from "../wire/constants.ts";
import { Errno } from "../wire/errno.ts";
import { DmaAccess } from "../wire/messages.ts";
import type { MessageDma } from "./guest_memory.ts";
import { concat, type Message } from "./message.ts";
import { Refusal } from "./refusal.ts";

/** Sends a command to the client and waits for the reply to it. */
export type Ask = (command: number, payload: Uint8Array) => Promise<Message>;

const DATA_OFFSET = DmaAccess.size;

/** DMA_READ and DMA_WRITE, cut into transfers that the client takes. */
export class ClientDma implements MessageDma {
  readonly #ask: Ask;
  readonly #maxCount: () => number;

  /** `maxCount` says how many bytes the client takes in one transfer. */
  constructor(ask: Ask, maxCount: () => number) {
    this.#ask = ask;
    this.#maxCount = maxCount;
  }

  async read(address: bigint, count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (const [at, length] of this.#transfers(count)) {
      const request = { address: address + BigInt(at), count: BigInt(length) };
      const reply = await this.#ask(Command.DMA_READ, DmaAccess.encode(request));
      checkError(reply);
      if (reply.payload.byteLength !== DATA_OFFSET + length) throw new Refusal(Errno.EIO);
      if (DmaAccess.decode(reply.payload).count !== request.count) throw new Refusal(Errno.EIO);
      bytes.set(reply.payload.subarray(DATA_OFFSET), at);
    }
    return bytes;
  }

  async write(address: bigint, data: Uint8Array): Promise<void> {
    for (const [at, length] of this.#transfers(data.byteLength)) {
      const request = { address: address + BigInt(at), count: BigInt(length) };
      const payload = concat(DmaAccess.encode(request), data.subarray(at, at + length));
      const reply = await this.#ask(Command.DMA_WRITE, payload);
      checkError(reply);
      if (!isWriteReply(reply.payload, length)) throw new Refusal(Errno.EIO);
    }
  }

  *#transfers(count: number): Generator<readonly [at: number, length: number]> {
    const max = this.#maxCount();
    if (max === 0) throw new Refusal(Errno.EINVAL);
    for (let at = 0; at < count; at += max) yield [at, Math.min(max, count - at)];
  }
}

function checkError(reply: Message): void {
  if ((reply.flags & HeaderFlag.ERROR) !== 0) throw new Refusal(reply.error || Errno.EIO);
}

/** The specification's text has 16 bytes, its table 12, and some clients answer with the header alone. */
function isWriteReply(payload: Uint8Array, count: number): boolean {
  if (payload.byteLength === 0) return true;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload.byteLength === 12) return view.getUint32(8, true) === count;
  return payload.byteLength === DATA_OFFSET && view.getBigUint64(8, true) === BigInt(count);
}
