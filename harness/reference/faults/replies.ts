import { Command, HeaderFlag, PAGE } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { Header } from "../../wire/messages.ts";
import type { Fault } from "../fault.ts";
import { isError, onError, onReply, setPayload } from "./tools.ts";

/** Faults in the header and the number of replies (catalogue 2.1). */
export const replyFaults: readonly Fault[] = [
  {
    id: "id-loses-top-bit",
    clause: "hdr-reply-id",
    text: "Replies to message IDs above 0x7fff lose the top bit.",
    hooks: () => ({ reply: (reply) => void (reply.msgId &= 0x7fff) }),
  },
  {
    id: "id-loses-bit-14",
    clause: "hdr-reply-id",
    text: "Replies lose bit 14 of the message ID.",
    hooks: () => ({ reply: (reply) => void (reply.msgId &= ~0x4000) }),
  },
  {
    id: "id-1-becomes-2",
    clause: "hdr-reply-id",
    text: "Replies to message ID 1 carry ID 2, VERSION aside.",
    hooks: () => ({
      reply(reply) {
        if (reply.msgId === 1 && reply.command !== Command.VERSION) reply.msgId = 2;
      },
    }),
  },
  {
    id: "id-0-becomes-1",
    clause: "id-zero-and-max",
    text: "Replies to message ID 0 carry ID 1.",
    hooks: () => ({ reply: (reply) => void (reply.msgId ||= 1) }),
  },
  {
    id: "id-counts-replies",
    clause: "id-reuse-seq",
    text: "A message ID that comes twice in a row is answered with the next one.",
    hooks: () => {
      let last = -1;
      return {
        reply(reply) {
          const again = reply.msgId === last;
          last = reply.msgId;
          if (again) reply.msgId = (reply.msgId + 1) & 0xffff;
        },
      };
    },
  },
  {
    id: "reply-of-another-command",
    clause: "hdr-reply-cmd",
    text: "Replies to DMA_MAP carry the command number of DMA_UNMAP.",
    hooks: onReply(Command.DMA_MAP, (reply) => void (reply.command = Command.DMA_UNMAP)),
  },
  {
    id: "error-without-command",
    clause: "hdr-reply-cmd",
    text: "Error replies carry command 0.",
    hooks: onError((reply) => void (reply.command = 0)),
  },
  {
    id: "reply-typed-as-command",
    clause: "hdr-reply-type",
    text: "Replies to DEVICE_GET_IRQ_INFO carry type 0, command.",
    hooks: onReply(Command.DEVICE_GET_IRQ_INFO, (reply) => void (reply.flags &= ~1)),
  },
  {
    id: "error-typed-as-command",
    clause: "hdr-reply-type",
    text: "Error replies carry type 0, command.",
    hooks: onError((reply) => void (reply.flags &= ~1)),
  },
  {
    id: "errno-in-success",
    clause: "hdr-reply-noerr-clean",
    text: "Replies without the Error bit carry an error number.",
    hooks: () => ({
      reply(reply) {
        if (!isError(reply)) reply.error = Errno.EINVAL;
      },
    }),
  },
  {
    id: "reset-with-error-bit",
    clause: "reset-ok",
    text: "DEVICE_RESET works, and is answered with the Error bit and error number 0.",
    hooks: onReply(Command.DEVICE_RESET, (reply) => void (reply.flags |= HeaderFlag.ERROR)),
  },
  {
    id: "reply-size-without-payload",
    clause: "hdr-reply-size",
    text: "The size in the replies to DMA_UNMAP leaves the payload out.",
    hooks: onReply(Command.DMA_UNMAP, (reply) => void (reply.msgSize = Header.size)),
  },
  {
    id: "reply-size-too-large",
    clause: "hdr-every-cmd-answered",
    text: "The size in the replies to DEVICE_SET_IRQS is 4 bytes more than what is sent.",
    hooks: onReply(Command.DEVICE_SET_IRQS, (reply) => void (reply.msgSize += 4)),
  },
  {
    id: "stray-bytes-after-reset",
    clause: "hdr-every-cmd-answered",
    text: "Four bytes too many follow the reply to DEVICE_RESET.",
    hooks: onReply(Command.DEVICE_RESET, (reply) => void (reply.payload = new Uint8Array(4))),
  },
  {
    id: "error-with-payload",
    clause: "hdr-err-header-only",
    text: "Error replies carry the payload of the request.",
    hooks: onError((reply, request) => setPayload(reply, request.payload.slice(0, PAGE))),
  },
  {
    id: "region-error-with-payload",
    clause: "hdr-err-header-only",
    text: "Error replies to REGION_READ and REGION_WRITE carry 16 bytes of payload.",
    hooks: onError((reply) => {
      const { REGION_READ, REGION_WRITE } = Command;
      if (reply.command !== REGION_READ && reply.command !== REGION_WRITE) return;
      setPayload(reply, new Uint8Array(16));
    }),
  },
  {
    id: "errno-negative",
    clause: "hdr-errno-positive",
    text: "Error replies carry the negative error number.",
    hooks: onError((reply) => void (reply.error = -reply.error >>> 0)),
  },
  {
    id: "errno-above-4095",
    clause: "hdr-errno-positive",
    text: "Error replies have bit 16 of the error number set.",
    hooks: onError((reply) => void (reply.error |= 0x1_0000)),
  },
  {
    id: "set-irqs-unanswered",
    clause: "hdr-every-cmd-answered",
    text: "DEVICE_SET_IRQS is not answered when it succeeds.",
    hooks: onReply(Command.DEVICE_SET_IRQS, () => false),
  },
  {
    id: "error-unanswered",
    clause: "hdr-unknown-cmd-19",
    text: "Commands that are refused are not answered.",
    hooks: onError(() => false),
  },
  {
    id: "unmap-answered-twice",
    clause: "hdr-every-cmd-answered",
    text: "DMA_UNMAP is answered twice.",
    hooks: onReply(Command.DMA_UNMAP, (reply, _, { channel }) =>
      channel.send({ ...reply })
        .then(() => {})),
  },
];
