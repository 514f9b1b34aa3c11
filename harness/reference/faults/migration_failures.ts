import { Command, DeviceState, Feature } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DeviceFeature, FeatureDeviceState } from "../../wire/messages.ts";
import { blankContents } from "../device_state.ts";
import type { Fault, Hooks } from "../fault.ts";
import { getsState, HEAD, onAnswer, onSetState, onUse, type Use } from "./feature_tools.ts";
import { crash, die, mistreats, patch } from "./tools.ts";

const { ERROR, STOP, RUNNING, STOP_COPY, RESUMING, PRE_COPY } = DeviceState;

/** Whether the device has come to ERROR. */
function hasFailed({ session: { device } }: Use): boolean {
  return device.migration.state === ERROR;
}

/** Faults where migration fails, or the device is stopped (catalogue 2.13 and 2.14). */
export const migrationFailureFaults: readonly Fault[] = [
  {
    id: "garbage-leads-nowhere",
    clause: "mig-resume-garbage",
    text: "After migration data that are wrong the state reads 9.",
    hooks: onAnswer((reply, use) => {
      if (!getsState(use) || !hasFailed(use)) return;
      patch(reply, FeatureDeviceState, { deviceState: 9 }, HEAD);
    }),
  },
  {
    id: "garbage-dies",
    clause: "mig-resume-garbage",
    text: "Migration data that are wrong kill the server.",
    hooks: () => {
      let isGarbage = false;
      return {
        request(request, session) {
          const { command, payload } = request;
          if (command === Command.MIG_DATA_WRITE) isGarbage = payload[8] === 0xa5;
          const leaves = session.device.migration.state === RESUMING && isGarbage;
          if (leaves && isSet(payload, command)) crash();
        },
      };
    },
  },
  {
    id: "nothing-restored-dies",
    clause: "mig-resume-empty",
    text: "Leaving RESUMING without migration data kills the server.",
    hooks: () => {
      let isEmpty = false;
      return {
        request({ command, payload }, session) {
          const { state } = session.device.migration;
          if (command === Command.MIG_DATA_WRITE) isEmpty = false;
          else if (state !== RESUMING) isEmpty = true;
          else if (isEmpty && isSet(payload, command)) crash();
        },
      };
    },
  },
  {
    id: "failed-state-dies",
    clause: "mig-failed-state-visible",
    text: "Asking for the device state in ERROR kills the server.",
    hooks: onUse((use) => getsState(use) && hasFailed(use) ? die() : undefined),
  },
  {
    id: "stopped-read-dies",
    clause: "mig-stopped-access",
    text: "A REGION_READ in STOP kills the server.",
    hooks: whileIn(STOP, Command.REGION_READ),
  },
  {
    id: "stopped-map-dies",
    clause: "mig-stopped-access",
    text: "A DMA_MAP in STOP_COPY kills the server.",
    hooks: whileIn(STOP_COPY, Command.DMA_MAP),
  },
  {
    id: "pre-copy-stops-device",
    clause: "mig-arc-running-precopy",
    text: "REGION_READ fails in PRE_COPY.",
    hooks: () => ({
      request: ({ command }, { device: { migration } }) =>
        command === Command.REGION_READ && migration.state === PRE_COPY
          ? { errno: Errno.EBUSY }
          : undefined,
    }),
  },
  {
    id: "stopped-command-twice",
    clause: "mig-stopped-access",
    text: "In STOP every command but DEVICE_FEATURE is answered twice.",
    hooks: mistreats(
      "twice",
      ({ command }, { device: { migration } }) =>
        command !== Command.DEVICE_FEATURE && migration.state === STOP,
    ),
  },
  {
    id: "reset-while-stopped-dies",
    clause: "reset-from-migration",
    text: "A DEVICE_RESET in RESUMING or PRE_COPY kills the server.",
    hooks: () => ({
      request({ command }, { device: { migration: { state } } }) {
        if (command !== Command.DEVICE_RESET) return;
        if (state === RESUMING || state === PRE_COPY) die();
      },
    }),
  },
  {
    id: "reset-keeps-error",
    clause: "reset-recovers-error",
    text: "DEVICE_RESET leaves a device in ERROR as it is.",
    hooks: () => ({
      request: ({ command }, { device: { migration } }) =>
        command === Command.DEVICE_RESET && migration.state === ERROR ? {} : undefined,
    }),
  },
  {
    id: "disconnect-while-stopped-dies",
    clause: "mig-state-survives-reconnect",
    text: "A client that goes while the device is stopped kills the server.",
    hooks: () => ({
      disconnect({ device }) {
        if (device.migration.state === STOP) die();
      },
    }),
  },
  {
    id: "restored-elsewhere-blank",
    clause: "mig-roundtrip",
    text: "A device that is restored in another process than it was saved in holds zeroes.",
    hooks: () => {
      let isSavedHere = false;
      let from: number = RUNNING;
      return {
        ...onSetState((_, current) => {
          from = current;
          isSavedHere ||= current === STOP_COPY;
        })(),
        ...onAnswer((_, { session: { device } }) => {
          if (from !== RESUMING || device.migration.state === RESUMING || isSavedHere) return;
          device.load(blankContents(device.regions));
        })(),
      };
    },
  },
];

/** Whether this is a SET of the device state. */
function isSet(payload: Uint8Array, command: number): boolean {
  if (command !== Command.DEVICE_FEATURE || payload.byteLength < HEAD) return false;
  const { flags } = DeviceFeature.decode(payload);
  return (flags & 0xffff) === Feature.MIG_DEVICE_STATE && flags >>> 16 === 2;
}

function whileIn(state: number, command: number): () => Hooks {
  return () => ({
    request(request, { device: { migration } }) {
      if (request.command === command && migration.state === state) die();
    },
  });
}
