import { configRegion } from "../harness/device_facts.ts";
import { extend } from "../harness/mutate.ts";
import {
  anyError,
  atMost,
  closed,
  expect,
  onlyIf,
  regionRead,
  regionWrite,
  reply,
  saved,
} from "../harness/steps.ts";
import { DEFAULTS, PciRegion } from "../harness/wire/constants.ts";
import { RegionAccess } from "../harness/wire/messages.ts";
import { INTERRUPT_LINE } from "./pci_registers.ts";
import { beyondLimit, CONFIG, LINE, READABLE, transferLimit, WRITABLE } from "./region_places.ts";
import type { Row } from "./row.ts";

const HEAD = RegionAccess.size;

const counts: readonly Row[] = [
  ...[CONFIG, READABLE].map(({ id, title, needs, of }): Row => ({
    id: `read-of-nothing-${id}`,
    title: `Reads 0 bytes of ${title}`,
    clause: "rd-count-zero",
    needs,
    steps: (device) =>
      of(device).flatMap(({ region, offset }) => [
        regionRead({ region, offset, count: 0 }),
        expect(reply({}, { payloadSize: atMost(HEAD) }), anyError(), closed()),
      ]),
  })),
  ...[LINE, WRITABLE].map(({ id, title, needs, of }): Row => ({
    id: `write-of-nothing-${id}`,
    title: `Writes 0 bytes of ${title}`,
    clause: "wr-count-zero",
    needs,
    steps: (device) =>
      of(device).flatMap(({ region, offset }) => [
        regionWrite({ region, offset, data: new Uint8Array() }),
        expect(reply(), anyError(), closed()),
      ]),
  })),
  ...[CONFIG, READABLE].flatMap(({ id, title, needs, of }): Row[] => [
    {
      id: `read-4-gib-${id}`,
      title: `Reads 4 GiB of ${title}`,
      clause: "rd-count-huge",
      needs,
      steps: (device) =>
        of(device).flatMap(({ region, offset }) => [
          regionRead({ region, offset, count: 0xffff_ffff }),
          expect(anyError(), closed()),
        ]),
    },
    {
      id: `read-beyond-limit-${id}`,
      title: `Reads a byte more than max_data_xfer_size of ${title}`,
      clause: "rd-count-huge",
      needs,
      steps: (device) =>
        of(device).flatMap(({ region, offset }) => [
          regionRead({ region, offset, count: beyondLimit(device) }),
          expect(anyError(), closed()),
        ]),
    },
    {
      id: `read-at-limit-${id}`,
      title: `Reads max_data_xfer_size bytes or all of ${title}`,
      clause: "rd-count-max",
      needs,
      steps: (device) =>
        of(device).flatMap(({ region, offset, size }) => [
          regionRead({ region, offset, count: Math.min(size, transferLimit(device)) }),
          expect(reply()),
        ]),
    },
  ]),
  {
    id: "write-at-limit",
    title: "Writes max_data_xfer_size bytes of memory with what stands there",
    clause: "wr-count-max",
    needs: ["large-writable-memory"],
    steps: (device) => {
      const count = transferLimit(device);
      return WRITABLE.of(device).filter(({ size }) => size >= count).slice(0, 1).flatMap(
        ({ region, offset }) => [
          regionRead({ region, offset, count }),
          // A server may return less than was asked for; then there is nothing of that size to write.
          expect(reply({ count }, { save: "old" }), reply({ count: atMost(count) })),
          onlyIf(
            "old",
            regionWrite({ region, offset, count, data: saved("old") }),
            expect(reply()),
          ),
        ],
      );
    },
  },
  {
    id: "write-at-limit-without-room",
    title: "Writes max_data_xfer_size bytes behind the end of the configuration space",
    clause: "wr-count-max",
    needs: ["writable-config"],
    steps: (device) => [
      regionWrite({
        region: PciRegion.CONFIG,
        offset: configRegion(device).size,
        data: new Uint8Array(transferLimit(device)),
      }),
      expect(anyError()),
    ],
  },
];

const lengths: readonly Row[] = [
  {
    id: "write-without-data",
    title: "Writes 1 byte of the interrupt line register without data",
    clause: "wr-count-mismatch-short",
    needs: LINE.needs,
    steps: [
      regionRead(INTERRUPT_LINE),
      expect(reply({}, { save: "old" })),
      regionWrite({ ...INTERRUPT_LINE, data: new Uint8Array() }),
      regionWrite({ ...INTERRUPT_LINE, data: saved("old") }),
      expect(anyError(), closed()),
      expect(reply()),
    ],
  },
  ...[8, 4096, 0xffff_ffff].map((count): Row => ({
    id: `write-${count}-with-4-bytes`,
    title: `Writes ${count} bytes of memory with 4 bytes of data`,
    clause: "wr-count-mismatch-short",
    needs: WRITABLE.needs,
    steps: (device) =>
      WRITABLE.of(device).slice(0, 1).flatMap(({ region, offset }) => [
        regionRead({ region, offset, count: 4 }),
        expect(reply({}, { save: "old" })),
        regionWrite({ region, offset, count, data: saved("old") }),
        expect(anyError(), closed()),
      ]),
  })),
  ...[LINE, WRITABLE].map(({ id, title, needs, of }): Row => ({
    id: `write-with-more-data-${id}`,
    title: `Writes ${title} with 4 bytes more than count`,
    clause: "wr-count-mismatch-long",
    needs,
    steps: (device) =>
      of(device).flatMap(({ region, offset, size }) => {
        const place = { region, offset, count: Math.min(size, 4) };
        return [
          regionRead(place),
          expect(reply({}, { save: "old" })),
          extend(regionWrite({ ...place, data: saved("old") }), 4),
          expect(reply(), anyError(), closed()),
        ];
      }),
  })),
  ...[CONFIG, READABLE].map(({ id, title, needs, of }): Row => ({
    id: `read-with-data-${id}`,
    title: `Reads ${title} with 4 bytes of data in the request`,
    clause: "rd-with-data",
    needs,
    steps: (device) =>
      of(device).flatMap(({ region, offset }) => [
        extend(regionRead({ region, offset }), 4),
        expect(reply(), anyError(), closed()),
      ]),
  })),
  ...[1, 4096, 32_768, 262_144, DEFAULTS.maxDataXferSize].map((count): Row => ({
    id: `refused-write-of-${count}`,
    title: `Writes ${count} bytes behind the end of the configuration space`,
    clause: "rw-exact-after-err",
    needs: ["writable-config"],
    steps: (device) => [
      regionWrite({
        region: PciRegion.CONFIG,
        offset: configRegion(device).size,
        data: new Uint8Array(Math.min(count, transferLimit(device))),
      }),
      expect(anyError(), reply(), closed()),
    ],
  })),
];

/** Cases about the count of an access, and data that do not fit it. */
export const regionCountCases: readonly Row[] = [...counts, ...lengths];
