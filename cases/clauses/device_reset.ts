import type { Clause } from "../../harness/case.ts";

const RESET_AND_MIGRATION =
  "The specification says what DEVICE_RESET does in the state ERROR and is silent on the other states; only ERROR is graded.";

/** Clauses of section DEVICE_RESET. */
export const deviceResetClauses = {
  "reset-ok": {
    level: "must",
    section: "DEVICE_RESET",
    text: "DEVICE_RESET of a device with the RESET flag succeeds, and the reply has no payload.",
  },
  "reset-unsupported": {
    level: "robust",
    section: "DEVICE_GET_INFO",
    text:
      "DEVICE_RESET of a device without the RESET flag is answered with an error; the server survives, and the next message is understood.",
  },
  "reset-registers": {
    level: "should",
    section: "DEVICE_RESET",
    text: "DEVICE_RESET puts the registers of the device back to their initial values.",
  },
  "reset-keeps-dma": {
    level: "robust",
    section: "DEVICE_RESET",
    text:
      "DEVICE_RESET leaves the DMA regions consistent: each is still mapped, or can be mapped again; the server survives.",
  },
  "reset-keeps-irqs": {
    level: "robust",
    section: "DEVICE_RESET",
    text:
      "DEVICE_RESET leaves the interrupts consistent: each eventfd is still bound, or can be bound again; the server survives.",
  },
  "reset-keeps-config-layout": {
    level: "robust",
    section: "DEVICE_RESET",
    text: "The device, region and interrupt info are the same after DEVICE_RESET as before.",
  },
  "reset-twice": {
    level: "robust",
    section: "DEVICE_RESET",
    text: "DEVICE_RESET can be repeated at will; the server survives.",
  },
  "reset-recovers-error": {
    level: "must",
    section: "Direct State Transitions",
    text: "DEVICE_RESET brings a device from the migration state ERROR back to RUNNING.",
    note: RESET_AND_MIGRATION,
  },
  "reset-from-migration": {
    level: "robust",
    section: "Direct State Transitions",
    text:
      "DEVICE_RESET in a migration state other than RUNNING and ERROR succeeds or is refused with an error; the server survives, and the state that it reports is a valid one.",
    note: RESET_AND_MIGRATION,
  },
} as const satisfies Record<string, Clause>;
