import { Command, DeviceState } from "../../wire/constants.ts";
import { FeatureDeviceState } from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Session } from "../session.ts";
import { answer, getsState, onUse } from "./feature_tools.ts";
import { die } from "./tools.ts";

const { ERROR, RUNNING, STOP, STOP_COPY } = DeviceState;

/** Sees DEVICE_RESET. */
function onReset(act: (state: number, session: Session) => void): Hooks {
  return {
    request({ command }, session) {
      if (command === Command.DEVICE_RESET) act(session.device.migration.state, session);
    },
  };
}

/** Faults of DEVICE_RESET in what it does to DMA and migration (catalogue 2.13). */
export const resetFaults: readonly Fault[] = [
  {
    id: "reset-dma-dies",
    clause: "reset-keeps-dma",
    text: "A write of the device to guest memory after DEVICE_RESET kills the server.",
    hooks: () => onReset((_, { guest }) => void (guest.write = () => die())),
  },
  {
    id: "reset-when-stopped-dies",
    clause: "reset-from-migration",
    text: "A DEVICE_RESET in STOP or STOP_COPY kills the server.",
    hooks: () => onReset((state) => state === STOP || state === STOP_COPY ? die() : undefined),
  },
  {
    id: "reset-tells-state-9",
    clause: "reset-from-migration",
    text: "After a DEVICE_RESET in a state other than RUNNING and ERROR the state is 9.",
    hooks: () => {
      let isLost = false;
      const see = onReset((state) => void (isLost = state !== RUNNING && state !== ERROR));
      const tell = onUse((use) =>
        isLost && getsState(use)
          ? answer(use, FeatureDeviceState.encode({ deviceState: 9 }))
          : undefined
      )();
      return {
        connect: () => void (isLost = false),
        request: (request, session) =>
          see.request!(request, session) ?? tell.request!(request, session),
      };
    },
  },
];
