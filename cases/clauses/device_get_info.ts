import type { Clause } from "../../harness/case.ts";
import { ARGSZ_TOO_SMALL } from "./ambiguities.ts";

/** Clauses of section DEVICE_GET_INFO. */
export const deviceGetInfoClauses = {
  "info-basic": {
    level: "must",
    section: "DEVICE_GET_INFO",
    text: "DEVICE_GET_INFO is answered with the 16-byte device info.",
  },
  "info-argsz-reply": {
    level: "must",
    section: "DEVICE_GET_INFO",
    text: "The argsz of a DEVICE_GET_INFO reply is 16, the size of its payload.",
  },
  "info-argsz-large": {
    level: "must",
    section: "Message sizes",
    text:
      "A DEVICE_GET_INFO reply is not padded when the argsz of the request allows more than its 16 bytes.",
  },
  "info-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A DEVICE_GET_INFO with an argsz below 16 is refused with an error or answered with the argsz that it needs; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "info-flags-pci": {
    level: "must",
    section: "DEVICE_GET_INFO",
    text:
      "The device info has the PCI flag set, as this version of the protocol supports PCI devices only.",
  },
  "info-flags-known": {
    level: "should",
    section: "DEVICE_GET_INFO",
    text: "The device info sets no flags but RESET and PCI.",
  },
  "info-num-regions": {
    level: "should",
    section: "Device-Specific Regions",
    text: "A PCI device has at least the 9 standard regions.",
  },
  "info-num-irqs": {
    level: "robust",
    section: "DEVICE_GET_INFO",
    text: "A PCI device has at least 3 interrupt types: INTX, MSI and MSI-X.",
  },
  "info-stable": {
    level: "robust",
    section: "DEVICE_GET_INFO",
    text:
      "The device info is the same each time it is asked, also after DEVICE_RESET; the server survives the repetition.",
  },
  "info-nonzero-fields": {
    level: "robust",
    section: "DEVICE_GET_INFO",
    text:
      "A DEVICE_GET_INFO whose other fields are not zero is answered as usual or refused with an error; the server survives.",
  },
  "info-reset-flag-honest": {
    level: "must",
    section: "DEVICE_GET_INFO",
    text:
      "A device with the RESET flag carries out DEVICE_RESET, and one without it answers DEVICE_RESET with an error.",
  },
} as const satisfies Record<string, Clause>;
