import { Command, RegionFlag } from "../../wire/constants.ts";
import { RegionAccess } from "../../wire/messages.ts";
import type { Fault } from "../fault.ts";
import { onRead, onWrite, REFUSED } from "./region_access.ts";
import { onReply, pad, patch, setPayload } from "./tools.ts";

const { REGION_READ, REGION_WRITE } = Command;

/** Faults in what REGION_READ and REGION_WRITE move and answer (catalogue 2.8). */
export const regionDataFaults: readonly Fault[] = [
  {
    id: "read-offset-not-echoed",
    clause: "rd-basic",
    text: "REGION_READ answers with offset 0.",
    hooks: onReply(REGION_READ, (reply) => patch(reply, RegionAccess, { offset: 0n })),
  },
  {
    id: "read-region-not-echoed",
    clause: "rd-basic",
    text: "REGION_READ answers with region 0.",
    hooks: onReply(REGION_READ, (reply) => patch(reply, RegionAccess, { region: 0 })),
  },
  {
    id: "read-without-data",
    clause: "rd-basic",
    text: "REGION_READ answers without the data.",
    hooks: onReply(REGION_READ, (reply) => setPayload(reply, reply.payload.slice(0, 16))),
  },
  {
    id: "write-reply-with-data",
    clause: "wr-basic",
    text: "REGION_WRITE answers with the data.",
    hooks: onReply(REGION_WRITE, (reply, request) => setPayload(reply, request.payload)),
  },
  {
    id: "write-reply-empty",
    clause: "wr-basic",
    text: "REGION_WRITE answers with the header alone.",
    hooks: onReply(REGION_WRITE, (reply) => setPayload(reply, new Uint8Array())),
  },
  {
    id: "write-count-0-in-reply",
    clause: "wr-basic",
    text: "REGION_WRITE answers with count 0.",
    hooks: onReply(REGION_WRITE, (reply) => patch(reply, RegionAccess, { count: 0 })),
  },
  {
    id: "read-rounded-up",
    clause: "rd-count-le",
    text: "REGION_READ of 1 to 3 bytes answers with 4.",
    hooks: onReply(REGION_READ, (reply) => {
      const { count } = RegionAccess.decode(reply.payload);
      if (count > 0 && count < 4) {
        patch(reply, RegionAccess, { count: 4 });
        pad(reply, RegionAccess.size + 4);
      }
    }),
  },
  {
    id: "write-4-lost",
    clause: "rw-readback",
    text: "REGION_WRITE drops what is above 4 bytes of a write of 8.",
    hooks: onWrite(({ access, data }) => access.count === 8 ? void data.fill(0, 4) : undefined),
  },
  {
    id: "mappable-region-without-messages",
    clause: "reg-mmap-rw-still",
    text: "A region that can be mapped cannot be read by message.",
    hooks: onRead(({ region }) =>
      region && (region.flags & RegionFlag.MMAP) !== 0 ? REFUSED : undefined
    ),
  },
];
