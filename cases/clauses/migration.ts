import type { Clause } from "../../harness/case.ts";
import { ARGSZ_TOO_SMALL } from "./ambiguities.ts";

const MIGRATION_TRANSFER_LIMIT =
  "The specification names max_data_xfer_size for region and DMA transfers only; sizes of migration data above it are informative.";

const MIGRATION_WRITE_ARGSZ =
  "The specification calls argsz the maximum reply payload, while this reply has none; 8 plus the size has to work, less is informative.";

/** Clauses on migration: the device state, its transitions, MIG_DATA_READ and MIG_DATA_WRITE. */
export const migrationClauses = {
  "mig-initial-running": {
    level: "should",
    section: "DEVICE_FEATURE_MIG_DEVICE_STATE",
    text: "A device that supports migration starts in the state RUNNING.",
  },
  "mig-get-data-fd": {
    level: "robust",
    section: "DEVICE_FEATURE_MIG_DEVICE_STATE",
    text: "A GET of the device state has 8 bytes of data and no descriptor, as data_fd is unused.",
  },
  "mig-set-echo": {
    level: "must",
    section: "DEVICE_FEATURE",
    text: "The reply to a successful SET of the device state has the payload of the request.",
  },
  "mig-arc-running-stop": {
    level: "must",
    section: "Direct State Transitions",
    text: "The transition from RUNNING to STOP is supported.",
  },
  "mig-arc-stop-running": {
    level: "must",
    section: "Direct State Transitions",
    text: "The transition from STOP to RUNNING is supported.",
  },
  "mig-arc-stop-stopcopy": {
    level: "must",
    section: "Direct State Transitions",
    text:
      "The transition from STOP to STOP_COPY is supported and begins the reading of migration data.",
  },
  "mig-arc-stopcopy-stop": {
    level: "must",
    section: "Direct State Transitions",
    text:
      "The transition from STOP_COPY to STOP is supported and ends the reading of migration data.",
  },
  "mig-arc-stop-resuming": {
    level: "must",
    section: "Direct State Transitions",
    text:
      "The transition from STOP to RESUMING is supported and begins the writing of migration data.",
  },
  "mig-arc-resuming-stop": {
    level: "must",
    section: "Direct State Transitions",
    text:
      "The transition from RESUMING to STOP is supported and succeeds when the migration data are complete.",
  },
  "mig-arc-running-precopy": {
    level: "may",
    section: "Direct State Transitions",
    text:
      "With PRE_COPY, the transition from RUNNING to PRE_COPY is supported, and the device keeps running.",
  },
  "mig-arc-precopy-running": {
    level: "may",
    section: "Direct State Transitions",
    text:
      "With PRE_COPY, the transition from PRE_COPY to RUNNING is supported and ends the reading of migration data.",
  },
  "mig-arc-precopy-stopcopy": {
    level: "may",
    section: "Direct State Transitions",
    text:
      "With PRE_COPY, the transition from PRE_COPY to STOP_COPY is supported, and the reading of migration data goes on.",
  },
  "mig-arc-stopcopy-precopy": {
    level: "must",
    section: "Direct State Transitions",
    text:
      "The transition from STOP_COPY to PRE_COPY is answered with an error and leaves the state as it was.",
  },
  "mig-complex-all": {
    level: "must",
    section: "Complex State Transitions",
    text:
      "Every transition that combines direct ones along the shortest allowed path is supported and ends in the state asked for.",
  },
  "mig-noop-same": {
    level: "robust",
    section: "DEVICE_FEATURE_MIG_DEVICE_STATE",
    text:
      "A SET of the current state changes nothing, whether it succeeds or is refused with an error; the server survives.",
  },
  "mig-precopy-unsupported": {
    level: "must",
    section: "Direct State Transitions",
    text:
      "Without PRE_COPY, a SET of the state PRE_COPY is answered with an error and leaves the state as it was.",
  },
  "mig-set-error": {
    level: "must",
    section: "Direct State Transitions",
    text: "A SET of the state ERROR is answered with an error and leaves the state as it was.",
  },
  "mig-set-p2p": {
    level: "must",
    section: "DEVICE_FEATURE_MIG_DEVICE_STATE",
    text:
      "A SET of one of the P2P states, which vfio-user does not use, is answered with an error and leaves the state as it was, unless the device announces P2P.",
  },
  "mig-set-invalid": {
    level: "must",
    section: "Security Considerations",
    text: "A SET of a state that does not exist is answered with an error; the server survives.",
  },
  "mig-set-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A SET of the device state with an argsz too small is carried out or refused with an error; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "mig-resume-garbage": {
    level: "should",
    section: "Direct State Transitions",
    text:
      "Migration data that are invalid make the SET that leaves RESUMING fail, and the state is then ERROR or another valid one; a device that cannot tell may accept them.",
  },
  "mig-resume-empty": {
    level: "robust",
    section: "Direct State Transitions",
    text:
      "Leaving RESUMING without migration data succeeds or is refused with an error; the server survives.",
  },
  "mig-failed-state-visible": {
    level: "robust",
    section: "Direct State Transitions",
    text:
      "After a SET that failed, the reported state is one on the way to the state asked for, or ERROR.",
  },
  "mig-stopped-access": {
    level: "robust",
    section: "DEVICE_FEATURE_MIG_DEVICE_STATE",
    text:
      "In the states STOP and STOP_COPY every other command is carried out or refused with an error; the server survives, and the next message is understood.",
  },
  "mig-state-survives-reconnect": {
    level: "robust",
    section: "Client Disconnection",
    text:
      "After a client has left, the migration state is the one it left or RUNNING; the server survives and serves the next client.",
  },
  "mig-roundtrip": {
    level: "should",
    section: "MIG_DATA_READ, MIG_DATA_WRITE",
    text:
      "The state saved from one device and restored to another gives that one the same register contents.",
  },
  "migdata-read-basic": {
    level: "must",
    section: "MIG_DATA_READ",
    text:
      "In STOP_COPY, MIG_DATA_READ returns at most the size asked for, with an argsz of 8 plus the size returned.",
  },
  "migdata-read-msgsize": {
    level: "must",
    section: "MIG_DATA_READ",
    text:
      "The payload of a MIG_DATA_READ reply ends with the data returned, also when these are fewer than asked for.",
  },
  "migdata-read-eof": {
    level: "must",
    section: "MIG_DATA_READ",
    text:
      "In STOP_COPY the migration data come to an end, which a size below the one asked for tells; a read after it returns no more.",
  },
  "migdata-read-state": {
    level: "must",
    section: "MIG_DATA_READ",
    text: "MIG_DATA_READ outside the states PRE_COPY and STOP_COPY is answered with an error.",
  },
  "migdata-read-zero": {
    level: "robust",
    section: "MIG_DATA_READ",
    text:
      "A MIG_DATA_READ of size 0 returns no data or is refused with an error; the server survives.",
  },
  "migdata-read-argsz-small": {
    level: "robust",
    section: "Message sizes",
    text:
      "A MIG_DATA_READ with an argsz too small for the size asked for is refused with an error or returns no more than fits; the server survives.",
    note: ARGSZ_TOO_SMALL,
  },
  "migdata-read-over-max": {
    level: "robust",
    section: "Read and Write Operations",
    text:
      "A MIG_DATA_READ above the client's max_data_xfer_size returns data, in full or in part, or is refused with an error; the server survives.",
    note: MIGRATION_TRANSFER_LIMIT,
  },
  "migdata-read-wrap": {
    level: "robust",
    section: "Security Considerations",
    text:
      "A MIG_DATA_READ of nearly 4 GiB returns what there is under a valid header or is refused with an error, without an allocation of that size; the server survives.",
  },
  "migdata-read-nomig": {
    level: "must",
    section: "MIG_DATA_READ",
    text: "MIG_DATA_READ on a device without migration is answered with an error.",
  },
  "migdata-read-short": {
    level: "must",
    section: "MIG_DATA_READ",
    text: "A MIG_DATA_READ with a payload below 8 bytes is answered with an error.",
  },
  "migdata-write-basic": {
    level: "must",
    section: "MIG_DATA_WRITE",
    text: "In RESUMING, MIG_DATA_WRITE takes its data, and the reply has no payload.",
    note: MIGRATION_WRITE_ARGSZ,
  },
  "migdata-write-argsz-zero": {
    level: "robust",
    section: "MIG_DATA_WRITE",
    text:
      "A MIG_DATA_WRITE with an argsz below 8 plus its size is carried out or refused with an error; the server survives.",
    note: MIGRATION_WRITE_ARGSZ,
  },
  "migdata-write-state": {
    level: "must",
    section: "MIG_DATA_WRITE",
    text: "MIG_DATA_WRITE outside the state RESUMING is answered with an error.",
  },
  "migdata-write-size-lie": {
    level: "must",
    section: "Security Considerations",
    text: "A MIG_DATA_WRITE with less data than its size is answered with an error.",
  },
  "migdata-write-extra": {
    level: "robust",
    section: "MIG_DATA_WRITE",
    text:
      "A MIG_DATA_WRITE with more data than its size is carried out or refused with an error; the server survives, and the next message is understood.",
  },
  "migdata-write-chunks": {
    level: "must",
    section: "MIG_DATA_WRITE",
    text:
      "Migration data form a stream: they restore the same state in whatever pieces they are written.",
  },
  "migdata-write-over-max": {
    level: "robust",
    section: "Read and Write Operations",
    text:
      "A MIG_DATA_WRITE above the server's max_data_xfer_size is carried out, refused with an error, or ends the connection; the server survives.",
    note: MIGRATION_TRANSFER_LIMIT,
  },
} as const satisfies Record<string, Clause>;
