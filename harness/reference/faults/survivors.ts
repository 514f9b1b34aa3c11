import type { Fault, Hooks } from "../fault.ts";
import { Doom, hangUp, spareProcess } from "./tools.ts";

/** What comes of a request instead of death. */
type Sequel = "twice" | "next-refused";

const TEXTS: Readonly<Record<Sequel, string>> = {
  "twice": "is answered twice",
  "next-refused": "makes the server send the next client away",
};

/** Faults of which each kills the server, by what they are about: of what one case accepts another is left behind. */
const ROWS: readonly (readonly [id: string, what: string, how: Sequel, faults: string])[] = [
  [
    "odd-json",
    "A VERSION whose data are no sound JSON",
    "next-refused",
    "missing-nul-dies inner-nul-dies only-nul-dies trailing-garbage-dies bad-json-dies utf8-dies top-array-dies",
  ],
  [
    "large-json",
    "JSON that is long, deep, or says something twice,",
    "next-refused",
    "long-json-dies deep-json-dies same-key-dies caps-type-dies",
  ],
  [
    "odd-capability",
    "A capability of another type or out of range",
    "next-refused",
    "wrong-twin-dies fds-type-dies fds-negative-dies fds-huge-dies transfer-0-dies transfer-huge-dies transfer-text-dies",
  ],
  [
    "odd-info",
    "A question about the device with an odd argsz or with values in the fields of the reply",
    "twice",
    "info-argsz-small-dies info-nonzero-dies irq-info-small-argsz-dies irq-info-nonzero-dies",
  ],
  [
    "odd-region-info",
    "A question about a region with an odd argsz, index or with values in the fields of the reply",
    "twice",
    "region-info-small-argsz-dies region-info-nonzero-dies region-index-huge-dies io-fds-small-argsz-dies io-fds-huge-argsz-dies io-fds-region-huge-dies irq-type-huge-dies",
  ],
  [
    "odd-irq-data",
    "A DEVICE_SET_IRQS with odd data or descriptors",
    "twice",
    "irq-bool-2-dies irq-bools-beyond-count-die irq-fds-beyond-count-die irq-fds-without-use-die irq-wrong-fd-dies irq-unbound-trigger-dies",
  ],
  [
    "odd-irq-range",
    "A DEVICE_SET_IRQS with an odd argsz, flag or count",
    "next-refused",
    "irq-count-0-dies irq-disable-from-1-dies irq-unknown-set-flag-dies irq-small-argsz-dies irq-large-argsz-dies",
  ],
  [
    "odd-map",
    "A map with odd flags, argsz or size",
    "next-refused",
    "map-flags-0-die map-write-only-dies map-huge-fd-dies map-offset-negative-dies map-argsz-large-dies map-huge-dies map-size-0-dies map-unaligned-dies map-argsz-0-dies map-size-beyond-file-dies",
  ],
  [
    "odd-unmap",
    "A DMA_UNMAP with an odd argsz, flag or size",
    "next-refused",
    "unmap-size-0-dies unmap-flags-die unmap-argsz-small-dies unmap-argsz-large-dies unmap-dirty-dies",
  ],
  [
    "odd-dma-answer",
    "An answer of the client to a DMA with another ID or address",
    "next-refused",
    "dma-other-address-dies dma-wrong-id-dies dma-write-reply-12-dies dma-write-reply-0-dies",
  ],
  [
    "odd-dma-size",
    "An answer of the client to a DMA with too few bytes or too many",
    "next-refused",
    "dma-reply-count-trusted dma-short-reply-dies dma-long-reply-dies dma-long-write-reply-dies",
  ],
  [
    "odd-feature",
    "A DEVICE_FEATURE with an odd argsz, flag or index, or too short,",
    "next-refused",
    "probe-with-data-dies probe-small-argsz-dies feature-unknown-flag-dies short-feature-dies get-small-argsz-dies",
  ],
  [
    "odd-logging",
    "An odd start, stop or report of DMA logging",
    "next-refused",
    "logging-odd-page-size-dies logging-page-size-0-dies logging-ranges-missing-die logging-second-start-dies logging-report-small-argsz-dies logging-report-without-fd-dies logging-report-unmapped-dies logging-report-huge-dies logging-map-dies",
  ],
  [
    "odd-migration-data",
    "An odd MIG_DATA_READ or MIG_DATA_WRITE",
    "next-refused",
    "migration-read-0-dies migration-read-small-argsz-dies migration-read-over-max-dies migration-read-4-gib-dies migration-read-short-dies migration-write-argsz-dies migration-write-extra-dies migration-write-missing-dies",
  ],
  [
    "odd-state",
    "A SET of a state that there is not, or with an odd argsz, or too much of migration data",
    "next-refused",
    "set-state-small-argsz-dies set-state-8-dies set-state-huge-dies migration-write-over-max-dies",
  ],
  [
    "odd-size",
    "A message of an odd size or type",
    "next-refused",
    "size-below-16-dies size-huge-dies size-over-max-dies type-undefined-dies unsolicited-reply-dies",
  ],
  [
    "abrupt-end",
    "A client that goes in the middle of something",
    "next-refused",
    "disconnect-in-dma-dies disconnect-in-body-dies disconnect-in-write-dies disconnect-after-no-reply-dies cut-message-dies disconnect-behind-binding-dies disconnect-behind-map-dies",
  ],
  [
    "odd-flags",
    "A command with undefined flags or an error",
    "twice",
    "reserved-flags-die error-in-command-dies",
  ],
];

/** The hooks of several faults, of which none ends the process. */
function survive(how: Sequel, faults: readonly Fault[]): Hooks {
  spareProcess();
  const all = faults.map(({ hooks }) => hooks());
  let isDoomed = false;
  async function each<T>(act: (hooks: Hooks) => T | Promise<T>): Promise<T | undefined> {
    for (const hooks of all) {
      try {
        const result = await act(hooks);
        if (result !== undefined) return result;
      } catch (error) {
        if (!(error instanceof Doom)) throw error;
        isDoomed = true;
      }
    }
    return undefined;
  }
  return {
    async connect(session) {
      if (isDoomed) {
        isDoomed = false;
        hangUp();
      }
      await each((hooks) => hooks.connect?.(session));
    },
    partial: async (...cut) => void await each((hooks) => hooks.partial?.(...cut)),
    async disconnect(session, cause) {
      await each((hooks) => hooks.disconnect?.(session, cause));
    },
    header: async (message, session) => void await each((h) => h.header?.(message, session)),
    request: (request, session) => each((hooks) => hooks.request?.(request, session)),
    async reply(reply, request, session) {
      if (isDoomed && how === "twice") {
        isDoomed = false;
        await session.channel.send({ ...reply });
      }
      return await each((hooks) => hooks.reply?.(reply, request, session));
    },
    ask: async (command, session) => void await each((hooks) => hooks.ask?.(command, session)),
    answer: async (answer, command, session) =>
      void await each((hooks) => hooks.answer?.(answer, command, session)),
  };
}

/** Faults that leave something behind where others kill the server. */
export function survivorFaults(deadly: readonly Fault[]): readonly Fault[] {
  return ROWS.map(([id, what, how, ids]) => {
    const faults = ids.split(" ").map((name) => {
      const fault = deadly.find((one) => one.id === name);
      if (fault === undefined) throw new RangeError(`No fault ${name}`);
      return fault;
    });
    return {
      id: `${id}-${how}`,
      clause: faults[0]!.clause,
      text: `${what} ${TEXTS[how]}.`,
      hooks: () => survive(how, faults),
    };
  });
}
