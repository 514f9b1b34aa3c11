import { Command } from "../wire/constants.ts";
import { DeviceInfo, DmaAccess, Header } from "../wire/messages.ts";
import { at, type Behaviour, forever } from "./behaviour.ts";
import type { Exchange } from "./exchange.ts";

/** Sends a reply whose header claims another size. */
async function claim(exchange: Exchange, msgSize: number): Promise<void> {
  const answer = await exchange.answer();
  await exchange.client.send(exchange.encode(answer, { msgSize }), answer.fds);
}

function claims(id: string, text: string, msgSize: number): Behaviour[] {
  const lie = (exchange: Exchange) => claim(exchange, msgSize);
  return [
    {
      id: `claims-${id}`,
      text: `replies that claim ${text}`,
      answer: at(Command.REGION_READ, lie),
    },
    {
      id: `claims-${id}-in-version`,
      text: `a reply to VERSION that claims ${text}`,
      answer: at(Command.VERSION, lie),
    },
  ];
}

/** Replies that are not as long as they say. */
export const SIZES: readonly Behaviour[] = [
  ...claims("0", "to have 0 bytes", 0),
  ...claims("15", "to have 15 bytes", 15),
  ...claims("4-gib", "to have 4 GiB", 0xffff_ffff),
  ...claims("more", "a mebibyte, of which nearly nothing arrives", 1 << 20),
];

/** A command of the server's own for guest memory. */
function dmaRead({ device }: Exchange, count: bigint, flags = 0): Uint8Array {
  const payload = DmaAccess.encode({ address: device.lastMapped, count });
  const msgSize = Header.size + payload.byteLength;
  const header = { msgId: 0x4000, command: Command.DMA_READ, msgSize, flags };
  return Uint8Array.from([...Header.encode(header), ...payload]);
}

async function sendForEver({ client }: Exchange, bytes: Uint8Array): Promise<never> {
  while (true) await client.send(bytes);
}

/** Sends for ever, and reads what is answered, lest the client be busy with sending. */
async function askForEver(exchange: Exchange, question: Uint8Array): Promise<void> {
  await Promise.race([sendForEver(exchange, question), exchange.client.untilGone()]);
}

async function trickle(exchange: Exchange): Promise<void> {
  const bytes = exchange.encode(await exchange.answer());
  for (let i = 0; i < bytes.byteLength; i++) {
    await exchange.client.send(bytes.subarray(i, i + 1));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function unasked(exchange: Exchange): Promise<Uint8Array> {
  return exchange.encode(await exchange.answer(), { msgId: 0x7abc });
}

/** Streams without end, or without haste. */
export const STREAMS: readonly Behaviour[] = [
  {
    id: "endless-replies",
    text: "answers REGION_READ with replies without end",
    answer: at(
      Command.REGION_READ,
      async (exchange) => await sendForEver(exchange, exchange.encode(await exchange.answer())),
    ),
  },
  {
    id: "endless-unasked-replies",
    text: "answers REGION_READ with replies to nobody, without end",
    answer: at(
      Command.REGION_READ,
      async (exchange) => await sendForEver(exchange, await unasked(exchange)),
    ),
  },
  {
    id: "endless-replies-from-the-start",
    text: "sends replies to nobody without end to whoever connects",
    accepted: async (client) => {
      const reply = Header.encode({ msgId: 0x7abc, command: 1, msgSize: 16, flags: 1 });
      while (true) await client.send(reply);
    },
  },
  {
    id: "endless-requests",
    text: "sends DMA_READ without end, and reads what is answered",
    answer: at(Command.REGION_READ, (exchange) => askForEver(exchange, dmaRead(exchange, 4096n))),
  },
  {
    id: "endless-requests-unread",
    text: "sends DMA_READ without end, and reads nothing",
    answer: at(Command.REGION_READ, (exchange) => sendForEver(exchange, dmaRead(exchange, 4096n))),
  },
  {
    id: "endless-large-requests",
    text: "sends DMA_READ of 2 MiB without end, and reads nothing",
    answer: at(
      Command.REGION_READ,
      (exchange) => sendForEver(exchange, dmaRead(exchange, 2n << 20n)),
    ),
  },
  {
    id: "endless-requests-without-reply",
    text: "sends DMA_READ with No_reply without end",
    answer: at(
      Command.REGION_READ,
      (exchange) => sendForEver(exchange, dmaRead(exchange, 4096n, 0x10)),
    ),
  },
  {
    id: "huge-request",
    text: "asks for 2^63 bytes of guest memory, and then answers",
    answer: at(Command.REGION_READ, async (exchange) => {
      const answer = await exchange.answer();
      await exchange.client.send(dmaRead(exchange, 1n << 63n));
      await exchange.client.payload(await exchange.client.header());
      await exchange.reply(answer);
    }),
  },
  {
    id: "one-byte-a-second",
    text: "sends its replies to REGION_READ at one byte a second",
    answer: at(Command.REGION_READ, trickle),
  },
  {
    id: "one-byte-a-second-from-the-start",
    text: "sends its reply to VERSION at one byte a second",
    answer: at(Command.VERSION, trickle),
  },
  {
    id: "random-bytes",
    text: "answers REGION_READ with a mebibyte of random bytes",
    answer: at(Command.REGION_READ, async (exchange) => {
      const bytes = new Uint8Array(1 << 20);
      for (let i = 0; i < bytes.byteLength; i += 65_536) {
        crypto.getRandomValues(bytes.subarray(i, i + 65_536));
      }
      await exchange.client.send(bytes);
    }),
  },
];

async function claimRegions(exchange: Exchange): Promise<void> {
  const { payload } = await exchange.answer();
  const info = DeviceInfo.decode(payload!);
  await exchange.reply({ payload: DeviceInfo.encode({ ...info, numRegions: 0xffff_ffff }) });
}

/** Servers that do not come up, or fall silent. */
export const SILENCES: readonly Behaviour[] = [
  { id: "honest", text: "does nothing wrong: what the others are compared with" },
  { id: "never-listens", text: "runs, and never listens", start: forever },
  { id: "never-accepts", text: "listens, and never accepts", listening: forever },
  { id: "never-answers", text: "accepts, and never answers", answer: forever },
  {
    id: "answers-version-only",
    text: "answers VERSION and nothing else",
    answer: (exchange) =>
      exchange.command === Command.VERSION ? exchange.honest() : exchange.answer(),
  },
  {
    id: "answers-info-only",
    text: "answers VERSION and GET_INFO, which claims 4 billion regions, and nothing else",
    answer: (exchange) => {
      if (exchange.command === Command.VERSION) return exchange.honest();
      if (exchange.command !== Command.DEVICE_GET_INFO) return exchange.answer();
      return claimRegions(exchange);
    },
  },
  {
    id: "falls-silent",
    text: "answers until the first REGION_READ, and nothing from then on",
    answer: at(Command.REGION_READ, forever),
  },
];
