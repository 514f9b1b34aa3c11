import type { Step } from "../harness/case.ts";
import type { DeviceFacts } from "../harness/device_facts.ts";
import type { DeviceProfile } from "../harness/profile.ts";
import {
  anyError,
  closed,
  deviceReset,
  dmaMap,
  dmaUnmap,
  eventfd,
  expect,
  getInfo,
  getIrqInfo,
  getRegionInfo,
  migDataWrite,
  onlyIf,
  regionRead,
  regionWrite,
  remarkable,
  reply,
  setIrqs,
  signalled,
  together,
} from "../harness/steps.ts";
import { RegionInfo } from "../harness/wire/messages.ts";
import { deviceMayWrite, mark, registerBytes } from "./device_dma.ts";
import { backed, blocks } from "./guest_blocks.ts";
import { BIND, binds, ifTriggered, mayTrigger, onInterrupts } from "./interrupts.ts";
import {
  getState,
  needsOf,
  setState,
  type State,
  stateId,
  stateIs,
  STATES,
} from "./migration_states.ts";
import type { Row, RowSuite } from "./row.ts";

const TIMES = 100;
/** As much as the harness asks for when it learns the regions. */
const MOST_ARGSZ = 1 << 20;

const basic: Row[] = [
  {
    id: "once",
    title: "Resets the device",
    clause: "reset-ok",
    needs: ["reset"],
    steps: [deviceReset(), expect(reply({}, { payloadSize: 0 }))],
  },
  {
    id: "not-supported",
    title: "Resets a device that does not announce it",
    clause: "reset-unsupported",
    needs: ["no-reset"],
    steps: [
      deviceReset(),
      expect(anyError(), remarkable(reply(), "carried out without the RESET flag"), closed()),
    ],
  },
  {
    id: "hundred-times",
    title: `Resets the device ${TIMES} times`,
    clause: "reset-twice",
    needs: ["reset"],
    steps: Array.from({ length: TIMES }, () => [deviceReset(), expect(reply())]).flat(),
  },
  {
    id: "hundred-times-at-once",
    title: `Sends ${TIMES} resets before it reads a reply`,
    clause: "reset-twice",
    needs: ["reset"],
    steps: [
      together(...Array.from({ length: TIMES }, () => deviceReset())),
      ...Array.from({ length: TIMES }, () => expect(reply())),
    ],
  },
];

type ResetRegister = NonNullable<DeviceProfile["reset"]>[number];

/** Whether the register is scratch memory too, so that it may be written before. */
function isScratch(device: DeviceFacts, { region, offset, size }: ResetRegister): boolean {
  return (device.profile.scratch ?? []).some((one) =>
    one.region === region && one.offset <= offset && offset + size <= one.offset + one.size
  );
}

const registers: Row[] = [
  {
    id: "registers",
    title: "Writes registers where that is safe, resets the device, and reads the registers",
    clause: "reset-registers",
    needs: ["reset-registers"],
    steps: (device) => {
      const all = (device.profile.reset ?? []).map((register) => ({
        register,
        place: { region: register.region, offset: BigInt(register.offset) },
        value: registerBytes(register, 0n, 0),
      }));
      return [
        ...all.filter(({ register }) => isScratch(device, register)).flatMap(
          ({ place, value }) => [
            regionWrite({ ...place, data: value.map((byte) => byte ^ 0xff) }),
            expect(reply()),
          ],
        ),
        deviceReset(),
        expect(reply()),
        ...all.flatMap(({ place, value }) => [
          regionRead({ ...place, count: value.byteLength }),
          expect(reply({}, { data: value })),
        ]),
      ];
    },
  },
];

const others: Row[] = [
  {
    id: "with-dma-region",
    title: "Maps a region, resets the device, and maps and unmaps the region",
    clause: "reset-keeps-dma",
    needs: ["reset"],
    steps: [
      dmaMap(backed(0)),
      expect(reply()),
      deviceReset(),
      expect(reply()),
      // Refused where the region is still there.
      dmaMap(backed(0)),
      expect(anyError(), reply()),
      dmaUnmap(blocks(0)),
      expect(reply()),
      dmaMap(backed(0)),
      expect(reply()),
    ],
  },
  {
    id: "with-dma-region-used-by-device",
    title: "Maps a region, resets the device, and makes the device write to the region",
    clause: "reset-keeps-dma",
    needs: ["reset", "device-dma-write"],
    steps: (device) => [
      dmaMap(backed(0)),
      expect(reply()),
      deviceReset(),
      expect(reply()),
      ...deviceMayWrite(device, { address: blocks(0).address, bytes: mark(50) }),
    ],
  },
  {
    id: "with-interrupt",
    title: "Binds an interrupt, resets the device, binds and triggers the interrupt",
    clause: "reset-keeps-irqs",
    needs: ["reset", "interrupt"],
    steps: onInterrupts(({ index }) => [
      ...binds(index, 0),
      deviceReset(),
      expect(reply()),
      ...mayTrigger(index, 0),
      setIrqs({ flags: BIND, index, fds: [eventfd("bound again")] }),
      expect(reply()),
      ...ifTriggered({ index }, signalled("bound again", 1)),
    ]),
  },
  {
    id: "layout",
    title: "Resets the device, and asks for device, regions and interrupts",
    clause: "reset-keeps-config-layout",
    needs: ["reset"],
    steps: ({ flags, numRegions, numIrqs, regions, irqs }) => [
      deviceReset(),
      expect(reply()),
      getInfo(),
      expect(reply({ flags, numRegions, numIrqs })),
      ...regions.flatMap(({ index, argsz, size, flags }) => [
        getRegionInfo({ index, argsz: Math.min(Math.max(argsz, RegionInfo.size), MOST_ARGSZ) }),
        expect(reply({ argsz, size, flags })),
      ]),
      ...irqs.flatMap(({ index, count, flags }) => [
        getIrqInfo({ index }),
        expect(reply({ count, flags })),
      ]),
    ],
  },
];

const EITHER = [reply(), anyError()] as const;
const GARBAGE = new Uint8Array(64).fill(0xa5);
const NOT_SHOWN = "the device was not brought into the state ERROR, so nothing was shown";

/** Enters one state after the other, as far as the device lets us. */
function mayGo(...states: readonly State[]): Step[] {
  return states.flatMap((state) => [setState(state), expect(...EITHER)]);
}

/** The state outlives the row on some servers; ERROR is left by a reset only. */
function putsBack(): Step[] {
  return [...mayGo("RUNNING"), deviceReset(), expect(...EITHER)];
}

const migration: Row[] = [
  {
    id: "in-state-error",
    title: "Brings the device into the state ERROR by senseless migration data, and resets it",
    clause: "reset-recovers-error",
    needs: ["reset", "migration"],
    steps: [
      ...mayGo("STOP", "RESUMING"),
      migDataWrite(GARBAGE),
      expect(...EITHER),
      ...mayGo("STOP"),
      getState(),
      expect(
        reply({}, { ...stateIs("ERROR"), save: "error" }),
        ...EITHER.map((outcome) => remarkable(outcome, NOT_SHOWN)),
      ),
      onlyIf(
        "error",
        deviceReset(),
        expect(reply()),
        getState(),
        expect(reply({}, stateIs("RUNNING"))),
      ),
      ...putsBack(),
    ],
  },
  ...([
    ["STOP"],
    ["STOP", "STOP_COPY"],
    ["STOP", "RESUMING"],
    ["PRE_COPY"],
  ] satisfies State[][]).map((way): Row => {
    const state = way.at(-1)!;
    return {
      id: `in-state-${stateId(state)}`,
      title: `Resets the device in the migration state ${state}`,
      clause: "reset-from-migration",
      needs: ["reset", ...needsOf(state)],
      steps: [
        ...mayGo(...way),
        deviceReset(),
        expect(...EITHER),
        getState(),
        expect(reply({}, stateIs("ERROR", ...STATES)), anyError()),
        ...putsBack(),
      ],
    };
  }),
];

/** Section DEVICE_RESET. */
export const deviceResetSuite: RowSuite = {
  id: "device-reset",
  title: "DEVICE_RESET",
  cases: [...basic, ...registers, ...others, ...migration],
};
