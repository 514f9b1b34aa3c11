import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { toText } from "@std/streams/to-text";
import { checkProfile } from "./check_profile.ts";
import type { DeviceFacts, RegionFacts } from "./device_facts.ts";
import { HarnessError } from "./harness_error.ts";
import { parseProfile } from "./parse_profile.ts";
import { libc } from "./posix/libc.ts";
import { probe, probeText, startingProfile } from "./probe.ts";
import type { DeviceProfile } from "./profile.ts";
import { DeviceFlag, PciRegion, RegionCapId, RegionFlag } from "./wire/constants.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const REFERENCE = new URL("./reference/main.ts", import.meta.url).pathname;
const STUB = new URL("./testdata/stub_server.ts", import.meta.url).pathname;

async function probeStub(behaviour: string, profile: DeviceProfile = {}): Promise<DeviceFacts> {
  const argv = [Deno.execPath(), "run", "--allow-all", "--quiet", STUB, "{socket}", behaviour];
  const limits = { timeoutMs: 250, startMs: 5000, graceMs: 500 };
  return await probe({ kind: "command", argv }, { ...limits, profile });
}

for (
  const [behaviour, life] of [
    ["", "stays"],
    ["exits-after-client", "exits"],
    ["abandons", "abandons"],
  ] as const
) {
  Deno.test(`probe() learns that a server ${life}`, async () => {
    const probed = await probeStub(behaviour);
    assertEquals(probed.life, life);
    assertMatch(probeText(probed), /^Life +\S/m);
  });
}

Deno.test("probe() takes the life that it is told", async () => {
  assertEquals((await probeStub("", { life: "stays" })).life, "stays");
  assertEquals((await probeStub("exits-after-client", { life: "exits" })).life, "exits");
});

for (
  const [behaviour, life, seen] of [
    ["exits-after-client", "stays", "a second client got"],
    ["", "exits", "it still runs 3000 ms after its first client left"],
  ] as const
) {
  Deno.test(`probe() finds that a server does not live as told: ${life}`, async () => {
    const failed = () => probeStub(behaviour, { life });
    const { kind, message } = await assertRejects(failed, HarnessError);
    assertEquals(kind, "start");
    assertStringIncludes(message, `Cannot use the server: ${seen}`);
    assertStringIncludes(message, `(the profile says that it ${life})`);
  });
}

Deno.test("probe() refuses a profile of another device", async () => {
  const failed = () => probeStub("", { scratch: [{ region: 2, offset: 0, size: 8 }] });
  const { kind } = await assertRejects(failed, HarnessError, "scratch[0] is in region 2");
  assertEquals(kind, "usage");
});

const { READ, WRITE, MMAP } = RegionFlag;

function region(index: number, flags: number, ...areas: [bigint, bigint][]): RegionFacts {
  const sparse = {
    at: 32,
    id: RegionCapId.SPARSE_MMAP,
    version: 1,
    next: 0,
    areas: areas.map(([offset, size]) => ({ offset, size })),
  };
  const caps = areas.length > 0 ? [sparse] : [];
  return { index, flags, size: 0x4000n, offset: 0n, argsz: 32, caps, fdCount: 1 };
}

Deno.test("startingProfile() takes what can be mapped and written, inside its region", () => {
  const device: Partial<DeviceFacts> = {
    flags: DeviceFlag.PCI,
    regions: [
      region(0, READ | WRITE),
      region(1, READ | MMAP),
      region(2, READ | WRITE | MMAP),
      region(3, READ | WRITE | MMAP, [0x1000n, 0x1000n], [0x3000n, 0x1001n], [0x3000n, 0x1000n]),
      region(4, READ | WRITE | MMAP, [2n ** 64n - 8n, 8n], [0n, 0n]),
      region(PciRegion.CONFIG, READ | WRITE | MMAP),
    ],
    irqs: [],
    life: "abandons",
  };
  const profile = startingProfile(device as DeviceFacts);
  assertEquals(profile, {
    scratch: [
      { region: 2, offset: 0, size: 0x4000 },
      { region: 3, offset: 0x1000, size: 0x1000 },
      { region: 3, offset: 0x3000, size: 0x1000 },
    ],
    interrupts: [],
    reset: [],
  });
  assertEquals(parseProfile(JSON.stringify(profile), "p.json"), profile);
  checkProfile({ ...device, profile } as DeviceFacts);
});

Deno.test("probeText() shows nothing that a terminal would obey", async () => {
  const hostile = { ...await probeStub(""), capabilityNames: ["\x1b[2J\x9b", "a\nb"] };
  assertEquals(probeText(hostile).match(/[^\n\x20-\x7e]/), null);
});

/** Runs the program, and returns what it prints. */
async function main(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", MAIN, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [output, errors, { code }] = await Promise.all([
    toText(child.stdout),
    toText(child.stderr),
    child.status,
  ]);
  return { code, output, errors };
}

Deno.test("--probe prints what the server says, and writes a profile that the suite accepts", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/profile.json`;
  const server = ["--", Deno.execPath(), "run", "--allow-all", REFERENCE];
  try {
    const { code, output, errors } = await main("--probe", "--profile-out", file, ...server);
    assertEquals([code, errors], [0, ""]);
    for (const line of [/^Protocol +0\.1$/m, /^Regions +0 +BAR0 /m, /^ +7 +CONFIG /m, /MSIX/]) {
      assertMatch(output, line);
    }
    assertStringIncludes(output, `\nProfile: ${file}\n`);
    const { life, scratch } = parseProfile(await Deno.readTextFile(file), file);
    assertEquals([life, scratch?.some(({ region }) => region === 1)], ["stays", true]);

    const again = await main("--probe", "--profile", file, ...server);
    assertEquals([again.code, again.output], [0, output.split("\nProfile:")[0]!]);

    const over = await main("--probe", "--profile-out", file, ...server);
    assertEquals(over.code, 2);
    assertStringIncludes(over.errors, `Cannot write the device profile ${file}: File exists`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a profile of another device ends the run before the first case", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/profile.json`;
  try {
    await Deno.writeTextFile(file, '{ "scratch": [{ "region": 0, "offset": 0, "size": 1e9 }] }');
    const run = await main("--profile", file, "--out", folder, "device-get-info");
    assertEquals([run.code, run.output], [2, ""]);
    assertMatch(
      run.errors,
      /^Cannot use the device profile: scratch\[0\] ends at byte 1000000000 of /,
    );
    assertEquals(run.errors.trimEnd().split("\n").length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
