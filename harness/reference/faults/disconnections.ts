import { memoryFile } from "../../posix/memory.ts";
import { Command } from "../../wire/constants.ts";
import { Version } from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import { Interrupts } from "../interrupts.ts";
import { die, hangUp, onReply, patch } from "./tools.ts";

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
      const sockets = Deno.readTextFileSync("/proc/net/unix").split("\n");
      const clients = sockets.filter((socket) => socket.endsWith(` ${path}`)).length - 1;
      if (command !== Command.VERSION && clients > 1) act();
    },
  };
}

/** Faults with clients that leave in the middle of something, or meet others (catalogue 2.16). */
export const disconnectionFaults: readonly Fault[] = [
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
