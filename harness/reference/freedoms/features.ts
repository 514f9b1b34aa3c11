import { Command, DeviceFlag, DeviceState, Feature, MigrationFlag } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { FeatureDeviceState, MigData } from "../../wire/messages.ts";
import { combine } from "../combine.ts";
import { answer, onAnswer, onSetState, onUse } from "../faults/feature_tools.ts";
import { onReply, onRequest, patch } from "../faults/tools.ts";
import type { Freedom } from "../freedom.ts";
import { readsAs, uses } from "./tools.ts";

const { ERROR, STOP, RUNNING, STOP_COPY, RESUMING } = DeviceState;

/** What a device that is stopped still answers. */
const WHILE_STOPPED: ReadonlySet<number> = new Set<number>([
  Command.DEVICE_FEATURE,
  Command.MIG_DATA_READ,
  Command.MIG_DATA_WRITE,
  Command.VERSION,
]);

/** What the device has (catalogue 2.13, 2.14). */
const absent: readonly Freedom[] = [
  {
    id: "no-reset",
    clause: "reset-unsupported",
    text: "The device cannot be reset.",
    suites: ["device-reset", "device-get-info", "migration", "qemu-client"],
    kind: "reset",
    lacks: { reset: true },
    hooks: () => ({ tune: (settings) => void (settings.deviceFlags &= ~DeviceFlag.RESET) }),
  },
  {
    id: "no-migration",
    clause: "migdata-read-nomig",
    text: "The device has no migration.",
    suites: ["migration", "device-feature", "device-reset"],
    kind: "migration",
    hooks: () => ({ tune: (settings) => void (settings.migrationFlags = 0) }),
  },
  {
    id: "no-precopy",
    clause: "mig-precopy-unsupported",
    text: "Migration of the device has no PRE_COPY.",
    suites: ["migration", "device-feature"],
    kind: "migration",
    hooks: () => ({
      tune: (settings) => void (settings.migrationFlags = MigrationFlag.STOP_COPY),
    }),
  },
  {
    id: "no-dma-logging",
    clause: "feat-probe-any",
    text: "The device has no DMA logging.",
    suites: ["dma-logging", "device-feature"],
    kind: "logging",
    hooks: () => ({ tune: (settings) => void (settings.dmaLogging = false) }),
  },
  {
    id: "no-features",
    clause: "feat-probe-any",
    text: "The server has no DEVICE_FEATURE, and no migration data.",
    suites: ["migration", "dma-logging", "device-feature", "framing"],
    kind: "migration",
    hooks: () => ({
      request: ({ command }, { negotiated }) =>
        negotiated && (command >= Command.DEVICE_FEATURE && command <= Command.MIG_DATA_WRITE)
          ? { errno: Errno.EOPNOTSUPP }
          : undefined,
    }),
  },
];

/** How reset and migration work (catalogue 2.13, 2.14, A9). */
const states: readonly Freedom[] = [
  {
    id: "reset-refused-while-stopped",
    clause: "reset-from-migration",
    text: "DEVICE_RESET is refused in all states but RUNNING and ERROR.",
    suites: ["device-reset", "migration"],
    kind: "reset",
    hooks: () => ({
      request: ({ command }, { device: { migration } }) =>
        command === Command.DEVICE_RESET && migration.state !== RUNNING && migration.state !== ERROR
          ? { errno: Errno.EINVAL }
          : undefined,
    }),
  },
  {
    id: "stopped-device-refuses",
    clause: "mig-stopped-access",
    text: "While the device is stopped, everything but features and migration data is refused.",
    suites: ["migration", "device-reset", "disconnection"],
    hooks: () => ({
      request: ({ command }, { device: { migration: { state } } }) =>
        (state === STOP || state === STOP_COPY || state === RESUMING) && !WHILE_STOPPED.has(command)
          ? { errno: Errno.EINVAL }
          : undefined,
    }),
  },
  {
    id: "reset-unbinds",
    clause: "reset-keeps-irqs",
    text: "DEVICE_RESET unbinds all interrupts.",
    suites: ["device-reset", "device-set-irqs"],
    hooks: onReply(Command.DEVICE_RESET, (_, __, { interrupts, settings }) => {
      settings.irqs.forEach((_, index) => interrupts.disable(index));
    }),
  },
  {
    id: "reset-unmaps",
    clause: "reset-keeps-dma",
    text: "DEVICE_RESET unmaps all guest memory.",
    suites: ["device-reset", "dma-map"],
    hooks: onReply(Command.DEVICE_RESET, (_, __, { dma }) => {
      for (const region of dma.regions) dma.remove(region);
    }),
  },
  {
    id: "same-state-refused",
    clause: "mig-noop-same",
    text: "A SET of the state that the device is in is refused.",
    suites: ["migration"],
    hooks: onSetState((to, from) => to === from ? { errno: Errno.EINVAL } : undefined),
  },
  {
    id: "runs-for-next-client",
    clause: "mig-state-survives-reconnect",
    text: "A device whose client leaves runs again.",
    suites: ["migration", "disconnection", "device-reset"],
    hooks: () => ({
      disconnect: ({ device }) => {
        if (device.migration.state !== RUNNING) device.migration.reset();
      },
    }),
  },
  {
    id: "any-data-resume",
    clause: "mig-resume-garbage",
    text: "A device resumes with whatever data, and keeps what it had where it cannot use them.",
    suites: ["migration", "device-reset"],
    hooks: onSetState((to, from, { session: { device }, request }) => {
      if (from !== RESUMING || to === RESUMING || to === ERROR) return;
      try {
        device.migration.go(to);
      } catch {
        if (device.migration.state !== ERROR) return { errno: Errno.EINVAL };
        device.migration.reset();
        device.migration.go(to);
      }
      return { payload: request.payload };
    }),
  },
  {
    id: "state-with-data-fd",
    clause: "mig-get-data-fd",
    text: "A GET of the state has -1 for the descriptor that nobody uses.",
    suites: ["migration"],
    hooks: onAnswer((reply, use) => {
      if (uses(use, Feature.MIG_DEVICE_STATE, "get")) {
        patch(reply, FeatureDeviceState, { dataFd: 0xffff_ffff }, 8);
      }
    }),
  },
  {
    id: "feature-reserved-ignored",
    clause: "feat-reserved-flags",
    text: "DEVICE_FEATURE passes over flags that it does not know.",
    suites: ["device-feature", "migration"],
    hooks: () => ({
      request(request) {
        if (request.command !== Command.DEVICE_FEATURE || request.payload.byteLength < 8) return;
        request.payload[6]! &= 0x07;
        request.payload[7] = 0;
      },
    }),
  },
  {
    id: "probe-with-data-refused",
    clause: "feat-probe-with-data",
    text: "A PROBE with data is refused.",
    suites: ["device-feature"],
    hooks: onUse(({ probes, data }) =>
      probes && data.byteLength > 0 ? { errno: Errno.EINVAL } : undefined
    ),
  },
  {
    id: "get-truncated",
    clause: "feat-get-argsz-small",
    text:
      "A GET of MIGRATION whose argsz is too small returns what fits, and the argsz that is needed.",
    suites: ["device-feature"],
    hooks: onUse((use) => {
      const { argsz, flags, session: { settings } } = use;
      if (!uses(use, Feature.MIGRATION, "get") || argsz < 8 || argsz >= 16) return;
      if (settings.migrationFlags === 0) return;
      const { payload } = answer({ flags }, new Uint8Array(8));
      return { payload: payload!.subarray(0, 8) };
    }),
  },
];

/** Migration data (catalogue 2.14, A10, A20). */
const data: readonly Freedom[] = [
  {
    id: "migration-data-large",
    clause: "migdata-read-eof",
    text: "The migration data of the device are larger than a message, and of an odd size.",
    suites: ["migration"],
    hooks: () => ({
      // Data that no two blocks of are alike.
      connect({ device }) {
        const memory = device.regions[4]?.memory;
        if (memory === undefined || (device.regions[4]?.flags ?? 0) === 0) return;
        const bytes = new Uint8Array(256).fill(0x5a);
        for (let at = 0; at < 0x4_0000; at += 512) void memory.write(at, bytes, guestless);
      },
    }),
  },
  {
    id: "migration-size-0-refused",
    clause: "migdata-read-zero",
    text: "MIG_DATA_READ and MIG_DATA_WRITE of no bytes are refused.",
    suites: ["migration"],
    hooks: () =>
      combine([
        onRequest(Command.MIG_DATA_READ, MigData, ({ size }) =>
          size === 0 ? { errno: Errno.EINVAL } : undefined)(),
        onRequest(Command.MIG_DATA_WRITE, MigData, ({ size }) =>
          size === 0 ? { errno: Errno.EINVAL } : undefined)(),
      ]),
  },
  {
    id: "migration-over-max-short",
    clause: "migdata-read-over-max",
    text: "MIG_DATA_READ of more than can be transferred returns what can be.",
    suites: ["migration"],
    hooks: () => ({
      ...onRequest(
        Command.MIG_DATA_READ,
        MigData,
        ({ argsz, size }, request, { client, settings }) => {
          const most = Math.min(client.maxDataXferSize, settings.maxDataXferSize);
          if (size > most && argsz >= size) {
            request.payload = MigData.encode({
              argsz: most + 8,
              size: most,
            });
          }
        },
      )(),
    }),
  },
  {
    id: "migration-argsz-ignored",
    clause: "migdata-read-argsz-small",
    text: "MIG_DATA_READ returns no more than argsz lets it.",
    suites: ["migration"],
    hooks: readsAs(
      Command.MIG_DATA_READ,
      MigData,
      ({ argsz, size }) => argsz >= 8 && argsz < 8 + size ? { size: argsz - 8 } : {},
    ),
  },
  {
    id: "migration-extra-ignored",
    clause: "migdata-write-extra",
    text: "MIG_DATA_WRITE passes over bytes behind those that its size counts.",
    suites: ["migration"],
    hooks: onRequest(Command.MIG_DATA_WRITE, MigData, ({ size }, request) => {
      request.payload = request.payload.slice(0, 8 + size);
    }),
  },
];

/** Nobody is asked for anything. */
const guestless = { read: () => Promise.reject(), write: () => Promise.reject(), raise() {} };

/** Freedoms in reset, features and migration. */
export const featureFreedoms: readonly Freedom[] = [...absent, ...states, ...data];
