import type { Clause } from "../../harness/case.ts";
import { ARGSZ_TOO_SMALL, HEADER_ONLY } from "./ambiguities.ts";

/** Clauses of section DEVICE_FEATURE, but for migration and DMA logging. */
export const deviceFeatureClauses = {
  "feat-probe-any": {
    level: "must",
    section: "DEVICE_FEATURE",
    text:
      "DEVICE_FEATURE with PROBE tells whether a feature is supported: by success or by an error.",
  },
  "feat-probe-echo": {
    level: "must",
    section: "DEVICE_FEATURE",
    text: "The reply to a successful PROBE has the payload of the request.",
  },
  "feat-probe-get-set": {
    level: "must",
    section: "DEVICE_FEATURE",
    text: "A PROBE with GET or SET succeeds only if the feature supports every method named.",
  },
  "feat-probe-noeffect": {
    level: "must",
    section: "DEVICE_FEATURE",
    text: "A PROBE changes nothing, also with SET and data.",
  },
  "feat-probe-with-data": {
    level: "robust",
    section: "DEVICE_FEATURE",
    text:
      "A PROBE with data behind it is answered as usual or refused with an error; the server survives.",
  },
  "feat-probe-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A PROBE with an argsz below 8 is answered as usual or refused with an error; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "feat-get-and-set": {
    level: "must",
    section: "DEVICE_FEATURE",
    text: "GET and SET together, without PROBE, are answered with an error and have no effect.",
  },
  "feat-no-op": {
    level: "should",
    section: "DEVICE_FEATURE",
    text: "A DEVICE_FEATURE without GET, SET and PROBE is answered with an error.",
  },
  "feat-unknown-index": {
    level: "must",
    section: "DEVICE_FEATURE",
    text:
      "A feature that the server does not support is answered with an error, for GET, SET and PROBE alike.",
  },
  "feat-reserved-flags": {
    level: "robust",
    section: "DEVICE_FEATURE",
    text:
      "Undefined flags of DEVICE_FEATURE are ignored or refused with an error; the server survives.",
  },
  "feat-wrong-method": {
    level: "must",
    section: "DEVICE_FEATURE",
    text: "A method that the feature does not have is answered with an error.",
  },
  "feat-short": {
    level: "must",
    section: "DEVICE_FEATURE",
    text: "A DEVICE_FEATURE with a payload below 8 bytes is answered with an error.",
  },
  "feat-set-nodata": {
    level: "must",
    section: "Security Considerations",
    text: "A SET without the data of its feature is answered with an error and has no effect.",
  },
  "feat-report-nodata": {
    level: "must",
    section: "Security Considerations",
    text:
      "A GET of DMA_LOGGING_REPORT without the data of its request is answered with an error; the server survives.",
  },
  "feat-get-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A GET with an argsz too small for the data is refused with an error or answered with the argsz that it needs; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "feat-get-argsz-reply": {
    level: "must",
    section: "DEVICE_FEATURE",
    text: "The argsz of a GET reply is the size of its payload: the 8-byte head and the data.",
    note:
      "The specification adds the length of the data to argsz without saying to which; graded as the size of the whole reply payload.",
  },
  "feat-mig-flags": {
    level: "must",
    section: "DEVICE_FEATURE_MIGRATION",
    text: "The migration flags have STOP_COPY set and no bits but STOP_COPY, P2P and PRE_COPY.",
  },
  "feat-error-header-only": {
    level: "must",
    section: "Header",
    text: "The error reply to a SET that fails consists of the 16-byte header only.",
    note: HEADER_ONLY,
  },
} as const satisfies Record<string, Clause>;
