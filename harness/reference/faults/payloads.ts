import { Command, commandName } from "../../wire/constants.ts";
import { Header } from "../../wire/messages.ts";
import { PAYLOADS } from "../../wire/payloads.ts";
import type { Fault } from "../fault.ts";
import type { Message } from "../message.ts";
import { die, isError } from "./tools.ts";

const FIXED: readonly number[] = [
  Command.DMA_MAP,
  Command.DMA_UNMAP,
  Command.DEVICE_GET_INFO,
  Command.DEVICE_GET_REGION_INFO,
  Command.DEVICE_GET_REGION_IO_FDS,
  Command.DEVICE_GET_IRQ_INFO,
  Command.DEVICE_SET_IRQS,
  Command.REGION_READ,
  Command.REGION_WRITE,
  Command.REGION_WRITE_MULTI,
  Command.DEVICE_FEATURE,
  Command.MIG_DATA_READ,
  Command.MIG_DATA_WRITE,
];

function missing({ command, payload }: Message): number {
  return (PAYLOADS.get(command)?.request.head?.size ?? 0) - payload.byteLength;
}

function kebab(command: number): string {
  return commandName(command).toLowerCase().replaceAll("_", "-");
}

const shortPayloads: readonly Fault[] = FIXED.map((command) => ({
  id: `short-${kebab(command)}-accepted`,
  clause: "hdr-short-payload",
  text: `${commandName(command)} with a payload that is too short is answered with success.`,
  hooks: () => ({
    request(request) {
      const isShort = request.payload.byteLength > 0 && missing(request) > 0;
      return request.command === command && isShort ? {} : undefined;
    },
  }),
}));

/** Faults with payloads that are shorter or longer than they are said to be (catalogue 2.1). */
export const payloadFaults: readonly Fault[] = [
  ...shortPayloads,
  {
    id: "empty-payload-accepted",
    clause: "hdr-no-payload",
    text: "A command without its payload is answered with success.",
    hooks: () => ({
      request: (request) =>
        request.payload.byteLength === 0 && missing(request) > 0 ? {} : undefined,
    }),
  },
  {
    id: "empty-payload-dies",
    clause: "hdr-no-payload",
    text: "A command without its payload kills the server.",
    hooks: () => ({
      request(request) {
        if (request.payload.byteLength === 0 && missing(request) > 0) die();
      },
    }),
  },
  {
    id: "extra-payload-dies",
    clause: "hdr-extra-payload",
    text: "Bytes behind a payload of fixed size kill the server.",
    hooks: () => ({
      request(request) {
        const { tail } = PAYLOADS.get(request.command)?.request ?? { tail: "unknown" };
        if (tail === undefined && missing(request) < 0) die();
      },
    }),
  },
  {
    id: "refused-write-desyncs",
    clause: "rw-exact-after-err",
    text: "The data of a REGION_WRITE that is refused are taken for messages.",
    hooks: () => ({
      async reply(reply, request, { channel }) {
        const data = request.payload.subarray(16);
        if (reply.command !== Command.REGION_WRITE || !isError(reply) || data.length === 0) return;
        await channel.send(reply);
        const { msgId, command } = Header.decode(new Uint8Array([...data, ...new Uint8Array(16)]));
        Object.assign(reply, { msgId, command });
      },
    }),
  },
];
