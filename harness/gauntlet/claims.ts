import { memoryFile } from "../posix/memory.ts";
import { Command, DeviceFlag, IrqFlag, RegionCapId, RegionFlag } from "../wire/constants.ts";
import {
  DeviceInfo,
  IrqInfo,
  RegionCapHeader,
  RegionInfo,
  SparseMmapCap,
  Version,
} from "../wire/messages.ts";
import type { Decoded } from "../wire/struct.ts";
import { at, type Behaviour } from "./behaviour.ts";
import { concat, versionReply } from "./device.ts";
import type { Exchange } from "./exchange.ts";

const MOST = 0xffff_ffff;
const MEMORY = RegionFlag.READ | RegionFlag.WRITE | RegionFlag.MMAP;

function info(changes: Partial<Decoded<typeof DeviceInfo>>): NonNullable<Behaviour["answer"]> {
  return at(Command.DEVICE_GET_INFO, async (exchange) => {
    await exchange.answer();
    const payload = DeviceInfo.encode({
      argsz: DeviceInfo.size,
      flags: DeviceFlag.RESET,
      numRegions: 2,
      numIrqs: 1,
      ...changes,
    });
    await exchange.reply({ payload });
  });
}

/** Region 0 is described in another way; capabilities may follow. */
function region(
  describe: (query: number) => Partial<Decoded<typeof RegionInfo>>,
  caps: Uint8Array = new Uint8Array(),
): NonNullable<Behaviour["answer"]> {
  let queries = 0;
  return at(Command.DEVICE_GET_REGION_INFO, async (exchange) => {
    const answer = await exchange.answer();
    if (answer.fds === undefined) return await exchange.reply(answer);
    const head = RegionInfo.encode({
      argsz: RegionInfo.size + caps.byteLength,
      flags: MEMORY | (caps.byteLength > 0 ? RegionFlag.CAPS : 0),
      size: 0x2000n,
      capOffset: caps.byteLength > 0 ? RegionInfo.size : 0,
      ...describe(queries++),
    });
    await exchange.reply({ ...answer, payload: concat([head, caps]) });
  });
}

function version(reply: () => Uint8Array): NonNullable<Behaviour["answer"]> {
  return at(Command.VERSION, async (exchange: Exchange) => {
    await exchange.answer();
    await exchange.reply({ payload: reply() });
  });
}

/** A chain of capabilities, each of which names the next; the last one names `last`. */
function chain(count: number, last = 0): Uint8Array {
  const { size } = RegionCapHeader;
  return concat(Array.from({ length: count }, (_, i) => {
    const next = i + 1 < count ? RegionInfo.size + (i + 1) * size : last;
    return RegionCapHeader.encode({ id: RegionCapId.MSIX_MAPPABLE, version: 1, next });
  }));
}

const HUGE_SPARSE = concat([
  RegionCapHeader.encode({ id: RegionCapId.SPARSE_MMAP, version: 1 }),
  SparseMmapCap.encode({ nrAreas: MOST }),
]);

const DEPTH = 200_000;
const deep = () => "[".repeat(DEPTH) + "]".repeat(DEPTH);
const MARKUP = `</script><b id="gauntlet">&amp;\u001b[31m]]>`;

function json(text: string): Uint8Array {
  return concat([Version.encode({ minor: 1 }), new TextEncoder().encode(`${text}\0`)]);
}

/** Numbers and texts that cannot be true. */
export const CLAIMS: readonly Behaviour[] = [
  {
    id: "billions-of-regions",
    text: "claims 4 billion regions",
    answer: info({ numRegions: MOST }),
  },
  {
    id: "billions-of-irqs",
    text: "claims 4 billion interrupt indexes",
    answer: info({ numIrqs: MOST }),
  },
  {
    id: "billions-of-interrupts",
    text: "claims 4 billion interrupts of one index",
    answer: at(Command.DEVICE_GET_IRQ_INFO, async (exchange) => {
      const { payload } = await exchange.answer();
      const known = payload === undefined ? {} : IrqInfo.decode(payload);
      const flags = IrqFlag.EVENTFD | IrqFlag.MASKABLE;
      await exchange.reply({ payload: IrqInfo.encode({ ...known, flags, count: MOST }) });
    }),
  },
  {
    id: "many-capabilities",
    text: "gives a region 100,000 capabilities",
    answer: region(() => ({}), chain(100_000)),
  },
  {
    id: "capability-loop",
    text: "lets the capabilities of a region come back to their beginning",
    answer: region(() => ({}), chain(3, RegionInfo.size)),
  },
  {
    id: "capability-outside",
    text: "lets the capabilities of a region go on 4 GiB behind it",
    answer: region(() => ({}), chain(1, MOST)),
  },
  {
    id: "billions-of-areas",
    text: "claims 4 billion areas that can be mapped",
    answer: region(() => ({}), HUGE_SPARSE),
  },
  {
    id: "huge-argsz",
    text: "wants 4 GiB for the capabilities of a region",
    answer: region(() => ({ argsz: MOST })),
  },
  {
    id: "changes-region-size",
    text: "gives a region another size at each query",
    answer: region((query) => ({ size: 2n ** BigInt((query * 13) % 64) })),
  },
  {
    id: "region-of-2-to-the-64",
    text: "claims a region of 2^64 - 1 bytes",
    answer: region(() => ({ size: 2n ** 64n - 1n })),
  },
  {
    id: "region-of-64-tib",
    text: "gives a region of 64 TiB, with as large a file",
    answer: at(Command.DEVICE_GET_REGION_INFO, async (exchange) => {
      const answer = await exchange.answer();
      if (answer.fds === undefined) return await exchange.reply(answer);
      using file = memoryFile(2 ** 46);
      const size = 2n ** 46n;
      const payload = RegionInfo.encode({ argsz: RegionInfo.size, flags: MEMORY, size });
      await exchange.reply({ payload, fds: [file] });
    }),
  },
  {
    id: "region-offset-of-2-to-the-64",
    text: "lets a region begin at 2^64 - 4096 of its file",
    answer: region(() => ({ offset: 2n ** 64n - 4096n })),
  },
  {
    id: "deep-json",
    text: "sends VERSION data that are nested 200,000 times",
    answer: version(() => json(deep())),
  },
  {
    id: "deep-json-in-capability",
    text: "sends a capability that is nested 200,000 times",
    answer: version(() => json(`{"capabilities":{"max_msg_fds":${deep()}}}`)),
  },
  {
    id: "markup-in-capabilities",
    text: "names its capabilities with markup and control characters",
    answer: version(() => versionReply({ [MARKUP]: MARKUP, ["__proto__"]: { polluted: true } })),
  },
  {
    id: "many-capability-names",
    text: "announces 20,000 capabilities in VERSION",
    answer: version(() =>
      versionReply(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`c${i}`, i])))
    ),
  },
  {
    id: "endless-limits",
    text: "announces limits of 10^300",
    answer: version(() =>
      versionReply({
        max_msg_fds: 1e300,
        max_data_xfer_size: 1e300,
        max_dma_maps: 1e300,
        pgsizes: 1e300,
      })
    ),
  },
];
