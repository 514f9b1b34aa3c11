import type { Clause } from "../../harness/case.ts";
import { ARGSZ_TOO_SMALL } from "./ambiguities.ts";

/** Clauses of section DEVICE_GET_IRQ_INFO. */
export const deviceGetIrqInfoClauses = {
  "irqinfo-each": {
    level: "must",
    section: "DEVICE_GET_IRQ_INFO",
    text:
      "Every index below num_irqs is answered with a 16-byte interrupt info with an argsz of 16 and the index asked for.",
  },
  "irqinfo-oob": {
    level: "must",
    section: "DEVICE_GET_IRQ_INFO",
    text: "An index from num_irqs up is answered with an error.",
  },
  "irqinfo-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A DEVICE_GET_IRQ_INFO with an argsz below 16 is refused with an error or answered with the argsz that it needs; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "irqinfo-argsz-large": {
    level: "must",
    section: "Message sizes",
    text:
      "A DEVICE_GET_IRQ_INFO reply is not padded when the argsz of the request allows more than its 16 bytes.",
  },
  "irqinfo-flags-known": {
    level: "should",
    section: "DEVICE_GET_IRQ_INFO",
    text: "An interrupt info sets no flags but EVENTFD, MASKABLE, AUTOMASKED and NORESIZE.",
  },
  "irqinfo-automasked-implies-maskable": {
    level: "robust",
    section: "DEVICE_GET_IRQ_INFO",
    text: "An interrupt type with AUTOMASKED also has MASKABLE, as the client has to unmask it.",
  },
  "irqinfo-count-bounds": {
    level: "robust",
    section: "DEVICE_GET_IRQ_INFO",
    text:
      "The number of interrupts fits the PCI type: at most 1 for INTX, ERR and REQ, a power of two up to 32 or none for MSI, at most 2048 for MSI-X.",
  },
  "irqinfo-msix-matches-cap": {
    level: "robust",
    section: "PCI configuration space",
    text:
      "The number of MSI-X interrupts is the table size in the MSI-X capability of the configuration space.",
  },
  "irqinfo-nonzero-request": {
    level: "robust",
    section: "DEVICE_GET_IRQ_INFO",
    text:
      "A DEVICE_GET_IRQ_INFO whose other fields are not zero is answered as usual or refused with an error; the server survives.",
  },
} as const satisfies Record<string, Clause>;
