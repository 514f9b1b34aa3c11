import { Command, DeviceState } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { Header, MigData } from "../../wire/messages.ts";
import type { Decoded } from "../../wire/struct.ts";
import type { Fault, Hooks } from "../fault.ts";
import { concat, type Message, type Outcome, type Reply } from "../message.ts";
import type { Session } from "../session.ts";
import { crash, die, onReply, onRequest, pad, patch, setPayload } from "./tools.ts";

const { STOP, RUNNING, STOP_COPY, RESUMING, PRE_COPY } = DeviceState;
const { MIG_DATA_READ, MIG_DATA_WRITE } = Command;
const HEAD = MigData.size;

type Values = Decoded<typeof MigData>;
type Act = (values: Values, request: Message, session: Session) => Outcome | void;
type Test = (values: Values, request: Message, session: Session) => boolean;

function onRead(act: Act): () => Hooks {
  return onRequest(MIG_DATA_READ, MigData, act);
}

function onWrite(act: Act): () => Hooks {
  return onRequest(MIG_DATA_WRITE, MigData, act);
}

function diesIf(command: number, test: Test): () => Hooks {
  return onRequest(
    command,
    MigData,
    (values, request, session) => test(values, request, session) ? crash() : undefined,
  );
}

function onData(change: (reply: Reply, asked: Values) => void): () => Hooks {
  return onReply(
    MIG_DATA_READ,
    (reply, request) => change(reply, MigData.decode(request.payload)),
  );
}

function isIn(session: Session, ...states: number[]): boolean {
  return states.includes(session.device.migration.state);
}

/** A reply without data. */
const NOTHING: Outcome = { payload: MigData.encode({ argsz: HEAD }) };

/** Answers reads in a state that a session of reading has ended with. */
function readsIn(state: number, before: number): () => Hooks {
  return () => {
    let last: number = RUNNING;
    let current: number = RUNNING;
    return {
      request(request, session) {
        const { state: now } = session.device.migration;
        if (now !== current) [last, current] = [current, now];
        const isRead = request.command === MIG_DATA_READ;
        return isRead && now === state && last === before ? NOTHING : undefined;
      },
    };
  };
}

const sessions: readonly Fault[] = [
  {
    id: "stop-keeps-reading",
    clause: "mig-arc-stopcopy-stop",
    text: "Migration data can be read in STOP after STOP_COPY.",
    hooks: readsIn(STOP, STOP_COPY),
  },
  {
    id: "running-keeps-reading",
    clause: "mig-arc-precopy-running",
    text: "Migration data can be read in RUNNING after PRE_COPY.",
    hooks: readsIn(RUNNING, PRE_COPY),
  },
  {
    id: "pre-copy-cannot-be-read",
    clause: "mig-arc-running-precopy",
    text: "There are no migration data in PRE_COPY: reading them fails.",
    hooks: onRead((_, __, session) => isIn(session, PRE_COPY) ? { errno: 22 } : undefined),
  },
  {
    id: "pre-copy-says-it-all",
    clause: "mig-arc-precopy-stopcopy",
    text: "After PRE_COPY there are no more migration data in STOP_COPY.",
    hooks: () => {
      let wasPreCopy = false;
      return {
        request({ command }, session) {
          if (isIn(session, PRE_COPY)) wasPreCopy = true;
          else if (!isIn(session, STOP_COPY)) wasPreCopy = false;
          return command === MIG_DATA_READ && wasPreCopy && isIn(session, STOP_COPY)
            ? NOTHING
            : undefined;
        },
      };
    },
  },
];

/** Refuses the first of these commands in a state that the device has come to from another. */
function refusesFirst(command: number, state: number, before: number): () => Hooks {
  return () => {
    let last: number = RUNNING;
    let current: number = RUNNING;
    let isFirst = false;
    return {
      request(request, session) {
        const { state: now } = session.device.migration;
        if (now !== current) {
          [last, current] = [current, now];
          isFirst = now === state && last === before;
        }
        if (request.command !== command || !isFirst) return;
        isFirst = false;
        return { errno: Errno.EINVAL };
      },
    };
  };
}

const reads: readonly Fault[] = [
  {
    id: "stop-copy-begins-with-error",
    clause: "mig-arc-stop-stopcopy",
    text: "The first MIG_DATA_READ in STOP_COPY fails after STOP.",
    hooks: refusesFirst(MIG_DATA_READ, STOP_COPY, STOP),
  },
  {
    id: "migration-read-argsz-echoed",
    clause: "migdata-read-basic",
    text: "MIG_DATA_READ answers with the argsz of the request.",
    hooks: onData((reply, { argsz }) => patch(reply, MigData, { argsz })),
  },
  {
    id: "migration-read-too-much",
    clause: "migdata-read-basic",
    text: "MIG_DATA_READ returns one byte more than asked for.",
    hooks: onData((reply, { size }) => {
      if (MigData.decode(reply.payload).size < size) return;
      pad(reply, HEAD + size + 1);
      patch(reply, MigData, { argsz: HEAD + size + 1, size: size + 1 });
    }),
  },
  {
    id: "migration-read-padded",
    clause: "migdata-read-msgsize",
    text: "MIG_DATA_READ answers with as many bytes as asked for, whatever size says.",
    hooks: onData((reply, { size }) => pad(reply, HEAD + size)),
  },
  {
    id: "migration-read-begins-again",
    clause: "migdata-read-eof",
    text: "Behind the end of the migration data a read returns the last ones again.",
    hooks: () => {
      let last: Uint8Array | undefined;
      return onData((reply, { size }) => {
        const { size: got } = MigData.decode(reply.payload);
        if (got === 0 && size > 0 && last) setPayload(reply, last.slice());
        last = got < size ? reply.payload.slice() : undefined;
      })();
    },
  },
  {
    id: "migration-read-while-running",
    clause: "migdata-read-state",
    text: "MIG_DATA_READ succeeds in RUNNING and STOP.",
    hooks: onRead((_, __, session) => isIn(session, RUNNING, STOP) ? NOTHING : undefined),
  },
  {
    id: "migration-read-while-resuming",
    clause: "migdata-read-state",
    text: "MIG_DATA_READ succeeds in RESUMING.",
    hooks: onRead((_, __, session) => isIn(session, RESUMING) ? NOTHING : undefined),
  },
  {
    id: "migration-read-0-dies",
    clause: "migdata-read-zero",
    text: "A MIG_DATA_READ of 0 bytes kills the server.",
    hooks: diesIf(MIG_DATA_READ, ({ size }) => size === 0),
  },
  {
    id: "migration-read-small-argsz-dies",
    clause: "migdata-read-argsz-small",
    text: "A MIG_DATA_READ with an argsz too small for its size kills the server.",
    hooks: diesIf(MIG_DATA_READ, ({ argsz, size }) => size === 64 && argsz < HEAD + size),
  },
  {
    id: "migration-read-over-max-dies",
    clause: "migdata-read-over-max",
    text: "A MIG_DATA_READ above max_data_xfer_size kills the server.",
    hooks: diesIf(
      MIG_DATA_READ,
      ({ size }, _, { settings }) => size > settings.maxDataXferSize && size < 1 << 30,
    ),
  },
  {
    id: "migration-read-4-gib-dies",
    clause: "migdata-read-wrap",
    text: "A MIG_DATA_READ of nearly 4 GiB kills the server.",
    hooks: diesIf(MIG_DATA_READ, ({ size }) => size > 0xff00_0000),
  },
  {
    id: "migration-read-size-wraps",
    clause: "migdata-read-wrap",
    text: "The reply to a MIG_DATA_READ of nearly 4 GiB has a size that wraps around 32 bits.",
    hooks: () => ({
      reply(reply, { command, payload }) {
        if (command !== MIG_DATA_READ || payload.byteLength < HEAD) return;
        const { size } = MigData.decode(payload);
        if (size > 0xff00_0000) reply.msgSize = (Header.size + HEAD + size) >>> 0;
      },
    }),
  },
  {
    id: "migration-read-unsupported-accepted",
    clause: "migdata-read-nomig",
    text: "The device has no migration, and MIG_DATA_READ succeeds.",
    hooks: () => ({
      tune: (settings) => void (settings.migrationFlags = 0),
      ...onRead(() => NOTHING)(),
    }),
  },
  {
    id: "migration-read-short-dies",
    clause: "migdata-read-short",
    text: "A MIG_DATA_READ of less than 8 bytes kills the server.",
    hooks: () => ({
      request({ command, payload }) {
        if (command === MIG_DATA_READ && payload.byteLength < HEAD) crash();
      },
    }),
  },
];

const writes: readonly Fault[] = [
  {
    id: "resuming-begins-with-error",
    clause: "mig-arc-stop-resuming",
    text: "The first MIG_DATA_WRITE in RESUMING fails after STOP.",
    hooks: refusesFirst(MIG_DATA_WRITE, RESUMING, STOP),
  },
  {
    id: "migration-write-cut-at-256",
    clause: "migdata-write-chunks",
    text: "Of a MIG_DATA_WRITE the bytes behind the 256th are lost.",
    hooks: onWrite((_, request) => void (request.payload = request.payload.slice(0, HEAD + 256))),
  },
  {
    id: "migration-write-with-payload",
    clause: "migdata-write-basic",
    text: "The reply to MIG_DATA_WRITE has a payload.",
    hooks: onReply(MIG_DATA_WRITE, (reply) => pad(reply, HEAD)),
  },
  {
    id: "migration-write-argsz-dies",
    clause: "migdata-write-argsz-zero",
    text: "A MIG_DATA_WRITE with an argsz that does not cover its data kills the server.",
    hooks: diesIf(
      MIG_DATA_WRITE,
      ({ argsz, size }, { payload }) => size === payload.byteLength - HEAD && argsz < HEAD + size,
    ),
  },
  {
    id: "migration-write-anywhere",
    clause: "migdata-write-state",
    text: "MIG_DATA_WRITE succeeds in every state.",
    hooks: onWrite((_, __, session) => isIn(session, RESUMING) ? undefined : {}),
  },
  {
    id: "migration-write-missing-accepted",
    clause: "migdata-write-size-lie",
    text: "Data that are missing in a MIG_DATA_WRITE are passed over.",
    hooks: onWrite(({ size }, { payload }) => size > payload.byteLength - HEAD ? {} : undefined),
  },
  {
    id: "migration-write-missing-dies",
    clause: "migdata-write-size-lie",
    text: "Data that are missing in a MIG_DATA_WRITE kill the server.",
    hooks: diesIf(MIG_DATA_WRITE, ({ size }, { payload }) => size > payload.byteLength - HEAD),
  },
  {
    id: "migration-write-extra-dies",
    clause: "migdata-write-extra",
    text: "Data beyond the size of a MIG_DATA_WRITE kill the server.",
    hooks: diesIf(MIG_DATA_WRITE, ({ size }, { payload }) => size < payload.byteLength - HEAD),
  },
  {
    id: "migration-write-small-lost",
    clause: "migdata-write-chunks",
    text: "A MIG_DATA_WRITE of less than 8 bytes is lost.",
    hooks: onWrite(({ size }, { payload }, session) =>
      size < 8 && payload.byteLength === HEAD + size && isIn(session, RESUMING) ? {} : undefined
    ),
  },
  {
    id: "migration-write-of-7-reversed",
    clause: "migdata-write-chunks",
    text: "A MIG_DATA_WRITE of 7 bytes takes them in reverse order.",
    hooks: onWrite(({ size }, request) => {
      if (size !== 7 || request.payload.byteLength !== HEAD + size) return;
      const data = request.payload.slice(HEAD).reverse();
      request.payload = concat(request.payload.subarray(0, HEAD), data);
    }),
  },
  {
    id: "migration-write-over-max-dies",
    clause: "migdata-write-over-max",
    text: "A MIG_DATA_WRITE above max_data_xfer_size kills the server.",
    hooks: () => ({
      header({ command, msgSize }, { settings }) {
        if (command !== MIG_DATA_WRITE) return;
        if (msgSize > Header.size + HEAD + settings.maxDataXferSize) die();
      },
    }),
  },
];

/** Faults in MIG_DATA_READ and MIG_DATA_WRITE (catalogue 2.14). */
export const migrationDataFaults: readonly Fault[] = [...sessions, ...reads, ...writes];
