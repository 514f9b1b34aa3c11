import { assertEquals, assertThrows } from "@std/assert";
import { checkProfile } from "./check_profile.ts";
import type { DeviceFacts, RegionFacts } from "./device_facts.ts";
import { HarnessError } from "./harness_error.ts";
import type { DeviceProfile } from "./profile.ts";
import { RegionFlag } from "./wire/constants.ts";

const { READ, WRITE } = RegionFlag;

function region(index: number, size: bigint, flags: number): RegionFacts {
  return { index, size, flags, offset: 0n, argsz: 32, caps: [], fdCount: 0 };
}

function check(profile: DeviceProfile): void {
  const device: Partial<DeviceFacts> = {
    regions: [
      region(0, 64n, READ | WRITE),
      region(1, 64n, READ),
      region(2, 64n, WRITE),
      region(3, 0n, READ | WRITE),
    ],
    irqs: [{ index: 2, flags: 1, count: 4 }],
    profile,
  };
  checkProfile(device as DeviceFacts);
}

const place = { region: 0, offset: 60, size: 4 } as const;
const write = { ...place, value: 1 } as const;
const dma = { maxCount: 32, buffer: { region: 0, offset: 32 }, writes: [write] } as const;
const irq = { index: 2, subIndex: 3, writes: [write] } as const;

Deno.test("checkProfile() accepts what the device has", () => {
  check({});
  check({ scratch: [place], interrupts: [irq], dmaRead: dma, dmaWrite: dma, reset: [write] });
  check({ dmaRead: { ...dma, buffer: { region: 1, offset: 0 } } });
  check({ dmaWrite: { ...dma, buffer: { region: 2, offset: 0 } } });
});

const WRONG: readonly [profile: DeviceProfile, flaw: string][] = [
  [
    { scratch: [{ ...place, region: 9 }] },
    "scratch[0] is in region 9, which the device does not have",
  ],
  [
    { scratch: [place, { ...place, size: 5 }] },
    "scratch[1] ends at byte 65 of region 0, which has 64 bytes",
  ],
  [
    { scratch: [{ ...place, region: 3 }] },
    "scratch[0] ends at byte 64 of region 3, which has 0 bytes",
  ],
  [{ scratch: [{ ...place, region: 1 }] }, "scratch[0] is in region 1, which lacks the flag WRITE"],
  [{ scratch: [{ ...place, region: 2 }] }, "scratch[0] is in region 2, which lacks the flag READ"],
  [
    { interrupts: [{ ...irq, subIndex: 4 }] },
    "interrupts[0] is interrupt 4 of index 2, of which the device has 4",
  ],
  [
    { interrupts: [{ ...irq, index: 1 }] },
    "interrupts[0] is interrupt 3 of index 1, of which the device has 0",
  ],
  [
    { interrupts: [{ ...irq, writes: [{ ...write, region: 1 }] }] },
    "interrupts[0].writes[0] is in region 1, which lacks the flag WRITE",
  ],
  [
    { dmaRead: { ...dma, maxCount: 33 } },
    "dmaRead.buffer ends at byte 65 of region 0, which has 64 bytes",
  ],
  [
    { dmaRead: { ...dma, buffer: { region: 2, offset: 0 } } },
    "dmaRead.buffer is in region 2, which lacks the flag READ",
  ],
  [
    { dmaWrite: { ...dma, writes: [{ ...write, size: 8 }] } },
    "dmaWrite.writes[0] ends at byte 68 of region 0, which has 64 bytes",
  ],
  [{ reset: [{ ...write, region: 2 }] }, "reset[0] is in region 2, which lacks the flag READ"],
];

for (const [profile, flaw] of WRONG) {
  Deno.test(`checkProfile() finds that ${flaw}`, () => {
    const { kind, message } = assertThrows(() => check(profile), HarnessError);
    assertEquals([kind, message], ["usage", `Cannot use the device profile: ${flaw}`]);
  });
}
