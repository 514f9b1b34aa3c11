import { memoryFile } from "../../posix/memory.ts";
import { readText } from "../../posix/proc.ts";
import { Command } from "../../wire/constants.ts";
import { Version } from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import { Interrupts } from "../interrupts.ts";
import { die, hangUp, onReply, patch, setPayload, withPast } from "./tools.ts";

/** Sees that a client waits while another one is served. */
function whileOneWaits(act: () => void): Hooks {
  let path = "";
  return {
    words(words) {
      const name = "--socket-path=";
      path = words.find((word) => word.startsWith(name))?.slice(name.length) ?? "";
      return words;
    },
    request({ command }) {
      // The kernel lists the socket that listens, and one for each client.
      const sockets = readText("/proc/net/unix").split("\n");
      const clients = sockets.filter((socket) => socket.endsWith(` ${path}`)).length - 1;
      if (command !== Command.VERSION && clients > 1) act();
    },
  };
}

/** Sends a client away that comes after eight which have asked for DEVICE_GET_INFO alone. */
function tiresOfClients(): Hooks {
  let clients = 0;
  let commands: number[] = [];
  return {
    connect() {
      clients = String(commands) === `${Command.VERSION},${Command.DEVICE_GET_INFO}`
        ? clients + 1
        : 0;
      commands = [];
      if (clients === 8) hangUp();
    },
    request: ({ command }) => void commands.push(command),
  };
}

/** Tells a client of the twin-socket of the last one, which has agreed on it and no more. */
function remembersTwin(): Hooks {
  let last: Uint8Array | undefined;
  let commands = 0;
  return {
    connect() {
      if (commands !== 1) last = undefined;
      commands = 0;
    },
    request: () => void commands++,
    reply(reply) {
      if (reply.command !== Command.VERSION) return;
      if (last) setPayload(reply, last);
      last = reply.fds.length > 0 ? reply.payload : undefined;
    },
  };
}

/** A client has asked for DEVICE_GET_INFO alone. */
function isIdle(past: readonly number[]): boolean {
  return String(past) === `${Command.VERSION},${Command.DEVICE_GET_INFO}`;
}

/** Faults with clients that leave in order. */
const departures: readonly Fault[] = [
  {
    id: "idle-client-dies",
    clause: "disc-server-survives",
    text: "A client that has asked for DEVICE_GET_INFO alone kills the server when it goes.",
    hooks: withPast((past) => ({ disconnect: () => isIdle(past) ? die() : undefined })),
  },
  {
    id: "disconnect-behind-map-dies",
    clause: "disc-server-survives",
    text: "A client that goes straight behind the second of two maps kills the server.",
    hooks: withPast((past) => ({
      disconnect: ({ dma }) =>
        dma.count === 2 && String(past.slice(-2)) === `${Command.DMA_MAP},${Command.DMA_MAP}`
          ? die()
          : undefined,
    })),
  },
  {
    id: "disconnect-behind-binding-dies",
    clause: "disc-server-survives",
    text: "A client that goes straight behind a DEVICE_SET_IRQS kills the server.",
    hooks: withPast((past) => ({
      disconnect: () => past.at(-1) === Command.DEVICE_SET_IRQS ? die() : undefined,
    })),
  },
  {
    id: "client-behind-idle-one-refused",
    clause: "disc-reconnect",
    text: "The client behind one that has asked for DEVICE_GET_INFO alone is sent away.",
    hooks: () => {
      let wasIdle = false;
      return withPast((past) => ({
        connect: () => wasIdle ? hangUp() : undefined,
        disconnect: () => void (wasIdle = isIdle(past)),
      }))();
    },
  },
  {
    id: "disconnect-in-write-dies",
    clause: "disc-mid-message",
    text: "A client that goes within the data of a REGION_WRITE kills the server.",
    hooks: () => {
      let command = 0;
      return {
        header: (message) => void (command = message.command),
        request: () => void (command = 0),
        disconnect: () => command === Command.REGION_WRITE ? die() : undefined,
      };
    },
  },
];

/** Faults with clients that leave in the middle of something, or meet others (catalogue 2.16). */
export const disconnectionFaults: readonly Fault[] = [
  ...departures,
  {
    id: "minor-of-first-client",
    clause: "disc-limits-renegotiated",
    text: "The minor version that the first client got is that of all.",
    hooks: () => {
      let first: number | undefined;
      return onReply(Command.VERSION, (reply) => {
        first ??= Version.decode(reply.payload).minor;
        patch(reply, Version, { minor: first });
      })();
    },
  },
  {
    id: "twin-of-last-client",
    clause: "disc-limits-renegotiated",
    text: "Behind a client that has only agreed on a twin-socket the next one is told of it.",
    hooks: remembersTwin,
  },
  {
    id: "ninth-client-sent-away",
    clause: "disc-reconnect",
    text: "A client that comes after eight which have done next to nothing is sent away.",
    hooks: tiresOfClients,
  },
  {
    id: "eventfds-outlive-client",
    clause: "disc-irq-cleared",
    text: "The eventfds that a client has bound stay open.",
    hooks: () => ({
      connect(session) {
        Object.assign(session, { interrupts: new Interrupts(session.settings.irqs) });
      },
    }),
  },
  {
    id: "disconnect-in-body-dies",
    clause: "disc-mid-message",
    text: "A client that goes within a payload that came with descriptors kills the server.",
    hooks: () => {
      let isInside = false;
      return {
        connect: () => void (isInside = false),
        header: ({ fds }) => void (isInside = fds.length > 0),
        request: () => void (isInside = false),
        disconnect: () => isInside ? die() : undefined,
      };
    },
  },
  {
    id: "disconnect-behind-replies-dies",
    clause: "disc-mid-message",
    text: "A client that goes and leaves a reply to DEVICE_GET_INFO unread kills the server.",
    hooks: () => {
      let last = 0;
      return {
        request: ({ command }) => void (last = command),
        disconnect(_, cause) {
          if (last === Command.DEVICE_GET_INFO && String(cause).includes("sending")) die();
        },
      };
    },
  },
  {
    id: "disconnect-in-dma-leaks",
    clause: "disc-mid-dma",
    text: "A client that goes while the server waits for it costs a descriptor for ever.",
    hooks: () => {
      let isWaiting = false;
      return {
        ask: () => void (isWaiting = true),
        answer: () => void (isWaiting = false),
        request: () => void (isWaiting = false),
        disconnect() {
          if (isWaiting) memoryFile(0).release();
          isWaiting = false;
        },
      };
    },
  },
  {
    id: "second-client-ends-first",
    clause: "disc-second-client",
    text: "A second client ends the connection of the first.",
    hooks: () => whileOneWaits(hangUp),
  },
  {
    id: "second-client-dies",
    clause: "disc-second-client",
    text: "A client that had to wait for another kills the server when it goes.",
    hooks: () => {
      let oneWaits = false;
      let hasWaited = false;
      return {
        ...whileOneWaits(() => void (oneWaits = true)),
        connect() {
          hasWaited = oneWaits;
          oneWaits = false;
        },
        disconnect: () => hasWaited ? die() : undefined,
      };
    },
  },
];
