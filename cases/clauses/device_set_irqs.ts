import type { Clause } from "../../harness/case.ts";
import { SET_IRQS_ARGSZ } from "./ambiguities.ts";

const SET_IRQS_DISABLE =
  "The specification names DATA_NONE with a count of 0 and leaves the action open; graded with TRIGGER only.";

/** Clauses of section DEVICE_SET_IRQS. */
export const deviceSetIrqsClauses = {
  "irqset-bind-one": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "An eventfd can be bound to one interrupt, and the reply has no payload.",
    note: SET_IRQS_ARGSZ,
  },
  "irqset-bind-all": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text:
      "Several interrupts can be bound in one message, up to as many as the server accepts descriptors.",
  },
  "irqset-bind-offset": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text:
      "An interrupt can be bound from any start, and the others of its type keep their bindings.",
  },
  "irqset-trigger-none": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "A TRIGGER with DATA_NONE signals every bound eventfd of the range once and no other.",
  },
  "irqset-trigger-bool": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text:
      "A TRIGGER with DATA_BOOL signals the interrupts whose byte is true and no other, or is refused with an error.",
  },
  "irqset-bool-nonone": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "A boolean byte other than 0 and 1 is taken as true or false, or refused with an error; the server survives, and the next message is understood.",
  },
  "irqset-trigger-unbound": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "A TRIGGER of an interrupt without eventfd has no effect or is refused with an error; the server survives.",
  },
  "irqset-rebind": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "Binding a second eventfd to an interrupt replaces the first, which the server closes.",
  },
  "irqset-unbind-all-nofd": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "A TRIGGER with DATA_EVENTFD and no descriptors unbinds all interrupts of its range.",
  },
  "irqset-unbind-one-mid": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text:
      "A TRIGGER with DATA_EVENTFD and no descriptors unbinds exactly its range, wherever it starts.",
  },
  "irqset-disable-index": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "A TRIGGER with DATA_NONE, start 0 and count 0 unbinds all interrupts of its index.",
    note: SET_IRQS_DISABLE,
  },
  "irqset-disable-empty-index": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "Disabling an index that has no interrupts succeeds or is refused with an error; the server survives.",
    note: SET_IRQS_DISABLE,
  },
  "irqset-disable-isolated": {
    level: "should",
    section: "DEVICE_SET_IRQS",
    text: "Disabling the interrupts of one index leaves those of the other indexes bound.",
  },
  "irqset-count0-start-nonzero": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "A count of 0 with a start other than 0 is refused with an error or has no effect; the server survives.",
  },
  "irqset-count0-other": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "A count of 0 with DATA_BOOL, DATA_EVENTFD, or an action other than TRIGGER is refused with an error or has no effect; the server survives.",
  },
  "irqset-start-oob": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "A start that is not below the number of interrupts is answered with an error.",
  },
  "irqset-range-oob": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "A range that reaches beyond the number of interrupts is answered with an error.",
  },
  "irqset-range-wrap": {
    level: "must",
    section: "Security Considerations",
    text:
      "A range whose start plus count exceeds 32 bits is answered with an error; the server survives.",
  },
  "irqset-index-oob": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "An index from num_irqs up is answered with an error.",
  },
  "irqset-no-data-flag": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "A DEVICE_SET_IRQS without a DATA flag is answered with an error.",
  },
  "irqset-no-action-flag": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "A DEVICE_SET_IRQS without an ACTION flag is answered with an error.",
  },
  "irqset-two-data": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text:
      "A DEVICE_SET_IRQS with more than one DATA flag is answered with an error, as these exclude each other.",
  },
  "irqset-two-action": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text:
      "A DEVICE_SET_IRQS with more than one ACTION flag is answered with an error, as these exclude each other.",
  },
  "irqset-reserved-flags": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "Undefined flags of DEVICE_SET_IRQS are ignored or refused with an error; the server survives.",
  },
  "irqset-argsz-small": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "A DEVICE_SET_IRQS with an argsz below 20 is carried out or refused with an error; the server survives.",
    note: SET_IRQS_ARGSZ,
  },
  "irqset-argsz-large": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "A DEVICE_SET_IRQS with an argsz above its payload is carried out or refused with an error, without a read beyond the message; the server survives.",
    note: SET_IRQS_ARGSZ,
  },
  "irqset-bool-short": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text: "A DEVICE_SET_IRQS with fewer boolean bytes than its count is answered with an error.",
  },
  "irqset-bool-long": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "A DEVICE_SET_IRQS with more boolean bytes than its count is carried out or refused with an error; the server survives, and the next message is understood.",
  },
  "irqset-fds-fewer": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text:
      "A DEVICE_SET_IRQS with some, but fewer, descriptors than its count is answered with an error, and the server closes them.",
  },
  "irqset-fds-more": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "A DEVICE_SET_IRQS with more descriptors than its count is carried out or refused with an error; the server survives and leaks none.",
  },
  "irqset-fds-with-none": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "Descriptors that come with DATA_NONE or DATA_BOOL are ignored or refused with an error; the server survives and leaks none.",
  },
  "irqset-fd-wrong-type": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "A descriptor that is no eventfd is bound or refused with an error; triggering it neither ends nor blocks the server.",
  },
  "irqset-fd-saturated": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text: "Triggering an eventfd whose counter is full gives any reply; the server survives.",
  },
  "irqset-mask-none": {
    level: "may",
    section: "DEVICE_SET_IRQS",
    text:
      "MASK and UNMASK with DATA_NONE are carried out for an interrupt type with the MASKABLE flag; for one without it an error is as good.",
  },
  "irqset-mask-bool": {
    level: "may",
    section: "DEVICE_SET_IRQS",
    text:
      "MASK and UNMASK with DATA_BOOL act on the interrupts whose byte is true and no other, or are refused with an error.",
  },
  "irqset-mask-effect": {
    level: "may",
    section: "DEVICE_SET_IRQS",
    text:
      "A masked interrupt is not signalled before it is unmasked; whether one that the client itself triggers passes the mask is left open.",
  },
  "irqset-mask-eventfd": {
    level: "may",
    section: "DEVICE_SET_IRQS",
    text: "An eventfd for MASK or UNMASK is bound or refused with an error.",
  },
  "irqset-err-req": {
    level: "robust",
    section: "DEVICE_SET_IRQS",
    text:
      "The interrupts ERR and REQ can be bound and triggered or are refused with an error; the server survives, also when asked to mask them.",
  },
  "irqset-err-req-count2": {
    level: "must",
    section: "DEVICE_SET_IRQS",
    text:
      "A range of two interrupts on the index ERR, which has at most one, is answered with an error.",
  },
  "irqset-noresize": {
    level: "may",
    section: "DEVICE_GET_IRQ_INFO",
    text:
      "For an interrupt type with the NORESIZE flag, enabling further interrupts without disabling the type first may be refused with an error.",
  },
  "irqset-device-fires": {
    level: "should",
    section: "DEVICE_SET_IRQS",
    text: "An interrupt that the device raises adds 1 to the bound eventfd.",
  },
} as const satisfies Record<string, Clause>;
