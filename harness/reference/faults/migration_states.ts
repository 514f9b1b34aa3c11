import { Command, DeviceState, MigrationFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { FeatureDeviceState } from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Outcome } from "../message.ts";
import type { Migration } from "../migration.ts";
import { echo, getsState, HEAD, onAnswer, onSetState, onUse, stateAsked } from "./feature_tools.ts";
import { crash, die, patch, setPayload } from "./tools.ts";

const { ERROR, STOP, RUNNING, STOP_COPY, RESUMING, PRE_COPY } = DeviceState;
const REFUSED: Outcome = { errno: Errno.EINVAL };

const STATES: readonly number[] = [STOP, RUNNING, STOP_COPY, RESUMING, PRE_COPY];

type Name = keyof typeof DeviceState;

const DIRECT: readonly (readonly [from: Name, to: Name, clause: string])[] = [
  ["RUNNING", "STOP", "mig-arc-running-stop"],
  ["STOP", "RUNNING", "mig-arc-stop-running"],
  ["STOP", "STOP_COPY", "mig-arc-stop-stopcopy"],
  ["STOP_COPY", "STOP", "mig-arc-stopcopy-stop"],
  ["STOP", "RESUMING", "mig-arc-stop-resuming"],
  ["RESUMING", "STOP", "mig-arc-resuming-stop"],
  ["RUNNING", "PRE_COPY", "mig-arc-running-precopy"],
  ["PRE_COPY", "RUNNING", "mig-arc-precopy-running"],
  ["PRE_COPY", "STOP_COPY", "mig-arc-precopy-stopcopy"],
];

function isDirect(from: number, to: number): boolean {
  return DIRECT.some(([a, b]) => DeviceState[a] === from && DeviceState[b] === to);
}

/** Shows another state to a GET that comes straight after a SET that `test` picks. */
function showsAfter(
  test: (to: number, from: number) => boolean,
  shown: (from: number) => number,
): () => Hooks {
  return () => {
    let lie: number | undefined;
    const seen = onUse((use) => {
      const to = stateAsked(use);
      const from = use.session.device.migration.state;
      if (to !== undefined) lie = test(to, from) ? shown(from) : undefined;
      else if (!getsState(use)) lie = undefined;
    })();
    return {
      request(request, session) {
        if (request.command === Command.DEVICE_FEATURE) return seen.request!(request, session);
        lie = undefined;
      },
      ...onAnswer((reply, use) => {
        if (!getsState(use) || lie === undefined) return;
        patch(reply, FeatureDeviceState, { deviceState: lie }, HEAD);
        lie = undefined;
      })(),
    };
  };
}

const arcs: readonly Fault[] = DIRECT.map(([from, to, clause]) => ({
  id: `${from}-to-${to}-not-shown`.toLowerCase().replaceAll("_", "-"),
  clause,
  text: `After a SET of ${to} in ${from} the state reads ${from}.`,
  hooks: showsAfter(
    (asked, current) => asked === DeviceState[to] && current === DeviceState[from],
    (current) => current,
  ),
}));

/** Tries what the device may refuse. */
function goes(migration: Migration, state: number): boolean {
  try {
    migration.go(state);
    return true;
  } catch {
    return false;
  }
}

const transitions: readonly Fault[] = [
  {
    id: "combined-transitions-refused",
    clause: "mig-complex-all",
    text: "Transitions that combine others are refused.",
    hooks: onSetState((to, from) => from !== to && !isDirect(from, to) ? REFUSED : undefined),
  },
  {
    id: "combined-transitions-end-early",
    clause: "mig-complex-all",
    text: "Of transitions that combine others only the first is done.",
    hooks: onSetState((to, from, use) => {
      const isKnown = STATES.includes(to) && STATES.includes(from);
      if (!isKnown || from === to || isDirect(from, to) || to === RUNNING) return;
      if (from === STOP_COPY && to === PRE_COPY) return;
      const first = from === PRE_COPY || from === STOP ? RUNNING : STOP;
      return goes(use.session.device.migration, first) ? echo(use) : REFUSED;
    }),
  },
  {
    id: "combined-transitions-not-shown",
    clause: "mig-complex-all",
    text: "After a transition that combines others the state reads as before.",
    hooks: showsAfter((to, from) => from !== to && !isDirect(from, to) && to <= PRE_COPY, (s) => s),
  },
  {
    id: "stop-copy-to-pre-copy-accepted",
    clause: "mig-arc-stopcopy-precopy",
    text: "PRE_COPY can be set in STOP_COPY.",
    hooks: onSetState((to, from, use) => {
      if (from !== STOP_COPY || to !== PRE_COPY) return;
      use.session.device.migration.go(RUNNING);
      use.session.device.migration.go(PRE_COPY);
      return echo(use);
    }),
  },
  {
    id: "stop-copy-to-pre-copy-stops",
    clause: "mig-arc-stopcopy-precopy",
    text: "A SET of PRE_COPY in STOP_COPY fails, and leads to STOP.",
    hooks: onSetState((to, from, { session: { device } }) => {
      if (from === STOP_COPY && to === PRE_COPY) device.migration.go(STOP);
    }),
  },
  {
    id: "same-state-not-shown",
    clause: "mig-noop-same",
    text: "After a SET of the current state the state reads ERROR.",
    hooks: showsAfter((to, from) => to === from, () => ERROR),
  },
  {
    id: "pre-copy-unasked",
    clause: "mig-precopy-unsupported",
    text: "The device is without PRE_COPY, and a SET of that state succeeds.",
    hooks: () => ({
      tune: (settings) => void (settings.migrationFlags = MigrationFlag.STOP_COPY),
      ...onSetState((to, from, use) =>
        to === PRE_COPY && from !== STOP_COPY ? echo(use) : undefined
      )(),
    }),
  },
  {
    id: "set-state-error-accepted",
    clause: "mig-set-error",
    text: "A SET of ERROR succeeds.",
    hooks: onSetState((to, _, use) => to === ERROR ? echo(use) : undefined),
  },
  {
    id: "set-state-error-ends-session",
    clause: "mig-set-error",
    text: "A SET of ERROR fails, and leads to RUNNING.",
    hooks: onSetState((to, _, { session: { device } }) => {
      if (to === ERROR) device.migration.reset();
    }),
  },
  {
    id: "set-state-p2p-accepted",
    clause: "mig-set-p2p",
    text: "A SET of a P2P state succeeds.",
    hooks: onSetState((to, _, use) =>
      to === DeviceState.RUNNING_P2P || to === DeviceState.PRE_COPY_P2P ? echo(use) : undefined
    ),
  },
  {
    id: "set-state-unknown-accepted",
    clause: "mig-set-invalid",
    text: "A SET of a state above 7 succeeds.",
    hooks: onSetState((to, _, use) => to > DeviceState.PRE_COPY_P2P ? echo(use) : undefined),
  },
  {
    id: "set-state-8-dies",
    clause: "mig-set-invalid",
    text: "A SET of state 8 kills the server.",
    hooks: onSetState((to) => to === 8 ? crash() : undefined),
  },
  {
    id: "set-state-huge-dies",
    clause: "mig-set-invalid",
    text: "A SET of a state above 1000 kills the server.",
    hooks: onSetState((to) => to > 1000 ? crash() : undefined),
  },
];

const messages: readonly Fault[] = [
  {
    id: "device-starts-stopped",
    clause: "mig-initial-running",
    text: "The device starts in STOP.",
    hooks: () => {
      let isStopped = false;
      return {
        connect({ device }) {
          if (!isStopped) device.migration.go(STOP);
          isStopped = true;
        },
      };
    },
  },
  {
    id: "state-read-first-dies",
    clause: "mig-get-data-fd",
    text: "A client that asks for the device state and sets none kills the server.",
    hooks: () => {
      let last: "get" | "set" | undefined;
      const seen = onUse((use) => {
        if (stateAsked(use) !== undefined) last = "set";
        else if (getsState(use)) last ??= "get";
        else if (last === "get") last = undefined;
      })();
      return {
        connect: () => void (last = undefined),
        request(request, session) {
          if (request.command === Command.DEVICE_FEATURE) return seen.request!(request, session);
          if (last === "get") die();
        },
      };
    },
  },
  {
    id: "set-state-reply-empty",
    clause: "mig-set-echo",
    text: "The reply to a SET of the device state has no data.",
    hooks: onAnswer((reply, use) => {
      if (stateAsked(use) !== undefined) setPayload(reply, reply.payload.slice(0, HEAD));
    }),
  },
  {
    id: "set-state-reply-without-state",
    clause: "mig-set-echo",
    text: "The reply to a SET of the device state has the state 0.",
    hooks: onAnswer((reply, use) => {
      if (stateAsked(use) === undefined) return;
      patch(reply, FeatureDeviceState, { deviceState: 0 }, HEAD);
    }),
  },
  {
    id: "set-state-small-argsz-dies",
    clause: "mig-set-argsz-small",
    text: "A SET of the device state with an argsz below 16 kills the server.",
    hooks: onSetState((_, __, { argsz }) => argsz < 16 ? die() : undefined),
  },
];

/** Faults in the state machine of migration (catalogue 2.14). */
export const migrationStateFaults: readonly Fault[] = [
  ...messages,
  ...arcs,
  ...transitions,
];
