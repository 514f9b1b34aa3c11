import { SIGKILL, signalProcess } from "../posix/process.ts";
import { Command } from "../wire/constants.ts";
import { at, type Behaviour } from "./behaviour.ts";
import { ClientGone } from "./client.ts";
import type { Exchange } from "./exchange.ts";

/** Commands whose exchange is broken off. */
const COMMANDS = {
  "version": Command.VERSION,
  "get-info": Command.DEVICE_GET_INFO,
  "get-region-info": Command.DEVICE_GET_REGION_INFO,
  "get-irq-info": Command.DEVICE_GET_IRQ_INFO,
  "region-read": Command.REGION_READ,
  "region-write": Command.REGION_WRITE,
  "dma-map": Command.DMA_MAP,
  "dma-unmap": Command.DMA_UNMAP,
  "set-irqs": Command.DEVICE_SET_IRQS,
  "device-reset": Command.DEVICE_RESET,
} as const;

/** How far an exchange comes. */
const POINTS: readonly [id: string, text: string, play: (exchange: Exchange) => unknown][] = [
  ["unread", "when only the header has been read", () => {}],
  ["unanswered", "instead of answering", (exchange) => exchange.answer()],
  ["in-header", "after 9 bytes of the reply", (exchange) => sendPart(exchange, 9)],
  ["after-header", "after the header of the reply", (exchange) => sendPart(exchange, 16)],
  ["in-payload", "before the last byte of the reply", (exchange) => sendPart(exchange, -1)],
  ["answered", "right after the reply", (exchange) => exchange.honest()],
];

const ENDS: readonly [id: string, text: string, end: (exchange: Exchange) => unknown][] = [
  ["closes", "closes the connection", ({ client }) => {
    client.socket[Symbol.dispose]();
    throw new ClientGone();
  }],
  ["dies", "is killed", () => void signalProcess(Deno.pid, SIGKILL)],
];

async function sendPart(exchange: Exchange, end: number): Promise<void> {
  const answer = await exchange.answer();
  await exchange.client.send(exchange.encode(answer).subarray(0, end), answer.fds);
}

/** The connection or the process ends, at every point of every exchange. */
export const ENDINGS: readonly Behaviour[] = ENDS.flatMap(([verb, doing, end]) => [
  { id: `${verb}-at-once`, text: `${doing} that it has accepted`, accepted: endAtOnce(verb) },
  ...Object.entries(COMMANDS).flatMap(([name, command]) =>
    POINTS.map(([point, when, play]): Behaviour => ({
      id: `${verb}-${name}-${point}`,
      text: `${doing} ${when}, at ${name}`,
      answer: at(command, async (exchange) => {
        await play(exchange);
        await end(exchange);
      }),
    }))
  ),
]);

function endAtOnce(verb: string): () => void {
  return () => {
    if (verb === "dies") signalProcess(Deno.pid, SIGKILL);
    throw new ClientGone();
  };
}
