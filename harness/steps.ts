import type {
  Descriptor,
  DmaAnswer,
  DmaDemands,
  HeaderPatch,
  Launch,
  MapDescriptor,
  MigrationData,
  Saved,
  Send,
  Step,
} from "./case.ts";
import { Command, DmaMapFlag, HeaderFlag, PAGE } from "./wire/constants.ts";
import * as layout from "./wire/messages.ts";
import type { Decoded } from "./wire/struct.ts";
import { encodeVersionJson } from "./wire/version_json.ts";

export * from "./outcomes.ts";

/** Fields of a message that a row names; the others have good defaults. */
export type Given<S> = Partial<Decoded<S>> & { readonly fds?: readonly Descriptor[] };

// ---- send: one function for each message -------------------------------------------------------

/** Any command with any payload. */
export function command(number: number, ...payload: readonly (Uint8Array | Saved)[]): Send {
  return { step: "send", command: number, payload, fds: [], header: {}, cuts: [] };
}

/** VERSION. `data` are the bytes behind major and minor; `json` is encoded with its NUL. */
export function version(
  given: { major?: number; minor?: number; json?: unknown; data?: Uint8Array } = {},
): Send {
  const { major = 0, minor = 1, json, data } = given;
  const versionData = data ?? (json === undefined ? new Uint8Array() : encodeVersionJson(json));
  return command(Command.VERSION, layout.Version.encode({ major, minor }), versionData);
}

/** DMA_MAP of one page at 1 MiB, readable and writeable. */
export function dmaMap(given: Given<typeof layout.DmaMap> = {}): Send {
  const { fds = [], ...fields } = given;
  const head = layout.DmaMap.encode({
    argsz: layout.DmaMap.size,
    flags: DmaMapFlag.READ | DmaMapFlag.WRITE,
    address: 0x10_0000n,
    size: BigInt(PAGE),
    ...fields,
  });
  return { ...command(Command.DMA_MAP, head), fds };
}

/** DMA_UNMAP of what `dmaMap()` maps. */
export function dmaUnmap(given: Given<typeof layout.DmaUnmap> = {}): Send {
  const { fds = [], ...fields } = given;
  const head = layout.DmaUnmap.encode({
    argsz: layout.DmaUnmap.size,
    address: 0x10_0000n,
    size: BigInt(PAGE),
    ...fields,
  });
  return { ...command(Command.DMA_UNMAP, head), fds };
}

/** DEVICE_GET_INFO. */
export function getInfo(given: Given<typeof layout.DeviceInfo> = {}): Send {
  const { fds = [], ...fields } = given;
  const head = layout.DeviceInfo.encode({ argsz: layout.DeviceInfo.size, ...fields });
  return { ...command(Command.DEVICE_GET_INFO, head), fds };
}

/** DEVICE_GET_REGION_INFO of region 0. */
export function getRegionInfo(given: Given<typeof layout.RegionInfo> = {}): Send {
  const { fds = [], ...fields } = given;
  const head = layout.RegionInfo.encode({ argsz: layout.RegionInfo.size, ...fields });
  return { ...command(Command.DEVICE_GET_REGION_INFO, head), fds };
}

/** DEVICE_GET_REGION_IO_FDS of region 0. */
export function getRegionIoFds(given: Given<typeof layout.RegionIoFds> = {}): Send {
  const { fds = [], ...fields } = given;
  const head = layout.RegionIoFds.encode({ argsz: PAGE, ...fields });
  return { ...command(Command.DEVICE_GET_REGION_IO_FDS, head), fds };
}

/** DEVICE_GET_IRQ_INFO of index 0. */
export function getIrqInfo(given: Given<typeof layout.IrqInfo> = {}): Send {
  const { fds = [], ...fields } = given;
  const head = layout.IrqInfo.encode({ argsz: layout.IrqInfo.size, ...fields });
  return { ...command(Command.DEVICE_GET_IRQ_INFO, head), fds };
}

/** DEVICE_SET_IRQS; `bools` are the bytes of DATA_BOOL. */
export function setIrqs(
  given: Given<typeof layout.SetIrqs> & { readonly bools?: readonly number[] } = {},
): Send {
  const { fds = [], bools = [], ...fields } = given;
  const argsz = layout.SetIrqs.size + bools.length;
  const head = layout.SetIrqs.encode({ argsz, count: 1, ...fields });
  return { ...command(Command.DEVICE_SET_IRQS, head, Uint8Array.from(bools)), fds };
}

/** REGION_READ of 4 bytes. */
export function regionRead(given: Given<typeof layout.RegionAccess> = {}): Send {
  const { fds = [], ...fields } = given;
  return {
    ...command(Command.REGION_READ, layout.RegionAccess.encode({ count: 4, ...fields })),
    fds,
  };
}

/** REGION_WRITE of `data`; `count` is its length unless the row says otherwise. */
export function regionWrite(
  given: Given<typeof layout.RegionAccess> & { readonly data: Uint8Array | Saved },
): Send {
  const { fds = [], data, ...fields } = given;
  const count = data instanceof Uint8Array ? data.byteLength : 0;
  const head = layout.RegionAccess.encode({ count, ...fields });
  return { ...command(Command.REGION_WRITE, head, data), fds };
}

/** DEVICE_RESET. */
export function deviceReset(): Send {
  return command(Command.DEVICE_RESET);
}

/** REGION_WRITE_MULTI with entries already encoded behind the count. */
export function regionWriteMulti(
  writes: readonly Partial<Decoded<typeof layout.RegionWrite>>[],
  wrCnt = BigInt(writes.length),
): Send {
  const head = layout.RegionWriteMulti.encode({ wrCnt });
  return command(
    Command.REGION_WRITE_MULTI,
    head,
    ...writes.map((write) => layout.RegionWrite.encode(write)),
  );
}

/** DEVICE_FEATURE: `flags` hold the index and GET, SET or PROBE. */
export function deviceFeature(
  given: Given<typeof layout.DeviceFeature> & { readonly data?: Uint8Array } = {},
): Send {
  const { fds = [], data = new Uint8Array(), ...fields } = given;
  const argsz = layout.DeviceFeature.size + data.byteLength;
  const head = layout.DeviceFeature.encode({ argsz, ...fields });
  return { ...command(Command.DEVICE_FEATURE, head, data), fds };
}

/** MIG_DATA_READ of `size` bytes. */
export function migDataRead(given: Partial<Decoded<typeof layout.MigData>> = {}): Send {
  const { size = 64 } = given;
  const head = layout.MigData.encode({ argsz: layout.MigData.size + size, size, ...given });
  return command(Command.MIG_DATA_READ, head);
}

/** MIG_DATA_WRITE of `data`. */
export function migDataWrite(
  data: Uint8Array,
  given: Partial<Decoded<typeof layout.MigData>> = {},
): Send {
  const size = data.byteLength;
  const head = layout.MigData.encode({ argsz: layout.MigData.size + size, size, ...given });
  return command(Command.MIG_DATA_WRITE, head, data);
}

/** A header and nothing else: `msgSize` and the rest as the row says. */
export function headerOnly(number: number, header: HeaderPatch = {}): Send {
  return { ...command(number), header };
}

/** Several messages in a single send. */
export function together(...messages: Send[]): Step {
  return { step: "send-together", messages };
}

// ---- descriptors -------------------------------------------------------------------------------

/** A memory file of `size` bytes that the server may map. */
export function memory(
  size: number,
  options: { name?: string; readOnly?: boolean; sealed?: boolean } = {},
): Descriptor {
  return { kind: "memory", size, ...options };
}

/** An eventfd. */
export function eventfd(name?: string): Descriptor {
  return name === undefined ? { kind: "eventfd" } : { kind: "eventfd", name };
}

// ---- the world ---------------------------------------------------------------------------------

/** A value that an earlier `expect` saved. */
export function saved(name: string): Saved {
  return { saved: name };
}

/** Closes our side at once. */
export function disconnect(): Step {
  return { step: "disconnect" };
}

/** A new connection, with VERSION done. */
export function reconnect(): Step {
  return { step: "connect", negotiate: true };
}

/** A new connection, before VERSION. */
export function connect(): Step {
  return { step: "connect", negotiate: false };
}

/**
 * The rest of the row is played on another server, started for it, or with `resetWillDo` on one that served an earlier
 * row and was reset (needs `second-server`).
 */
export function secondServer({ resetWillDo = false } = {}): Step {
  return { step: "second-server", resetWillDo };
}

/** Reads MIG_DATA until a read comes short, and keeps it under the name, behind what is there. */
export function saveMigrationData(name: string, given: Omit<MigrationData, "step" | "name">): Step {
  return { step: "save-migration-data", name, ...given };
}

/** Writes what `saveMigrationData` has kept. */
export function loadMigrationData(name: string, given: Omit<MigrationData, "step" | "name">): Step {
  return { step: "load-migration-data", name, ...given };
}

/** No more bytes from us; the server may still send. */
export function shutdownWrite(): Step {
  return { step: "shutdown-write" };
}

/** Remembers how many descriptors the server holds (needs `local-process`). */
export function countDescriptors(): Step {
  return { step: "count-descriptors" };
}

/** The server holds as many descriptors as remembered (needs `local-process`). */
export function sameDescriptors(): Step {
  return { step: "same-descriptors" };
}

/** The server neither holds nor maps this memory file any more (needs `local-process`). */
export function memoryReleased(name: string): Step {
  return { step: "memory-released", name };
}

/** Maps the first descriptor of a saved reply. */
export function mapDescriptor(given: Omit<MapDescriptor, "step">): Step {
  return { step: "map-descriptor", ...given };
}

/** These bytes stand in a memory file or mapping. */
export function readMemory(name: string, offset: number, bytes: Uint8Array | Saved): Step {
  return { step: "read-memory", name, offset, bytes };
}

/** Puts bytes into a memory file or mapping. */
export function writeMemory(name: string, offset: number, bytes: Uint8Array): Step {
  return { step: "write-memory", name, offset, bytes };
}

/** These bytes stand in guest memory, mapped with or without descriptor. */
export function readGuest(address: bigint, bytes: Uint8Array | Saved): Step {
  return { step: "read-guest", address, bytes };
}

/** Puts bytes into guest memory, mapped with or without descriptor. */
export function writeGuest(address: bigint, bytes: Uint8Array): Step {
  return { step: "write-guest", address, bytes };
}

/** Cuts a memory file short (it must not be sealed). */
export function truncateMemory(name: string, size: number): Step {
  return { step: "truncate-memory", name, size };
}

/** The eventfd was signalled `times` times since it was last looked at. */
export function signalled(name: string, times: number): Step {
  return { step: "signalled", name, times };
}

// ---- commands of the server --------------------------------------------------------------------

/** How our side answers DMA_READ and DMA_WRITE from now on in this row; without flaws: well. */
export function answerDma(answer: DmaAnswer = {}): Step {
  return { step: "answer-dma", answer };
}

/** Waits until the server has sent a DMA command. */
export function awaitDma(): Step {
  return { step: "await-dma" };
}

/** What the server asked for since the row began, or since this was last demanded. */
export function dmaRequests(demands: DmaDemands): Step {
  return { step: "dma-requests", ...demands };
}

/** Our end of the twin socket is the descriptor that came with a VERSION reply (`save` and `saveFds`). */
export function useTwin(from: string): Step {
  return { step: "use-twin", from };
}

/** SIGTERM ends the server (needs `second-server`). */
export function sigterm(): Step {
  return { step: "sigterm" };
}

/** Closes our end of the twin socket. */
export function closeTwin(): Step {
  return { step: "close-twin" };
}

/** Starts another server with other arguments, and ends it (needs `conventions`). */
export function launch(given: Omit<Launch, "step">): Step {
  return { step: "launch", ...given };
}

// ---- other clients, and the end of a connection ------------------------------------------------

/** Steps for the case that an `expect` of before has saved something under this name. */
export function onlyIf(saved: string, ...steps: readonly Step[]): Step {
  return { step: "only-if", saved, steps };
}

/** A second client connects, sends VERSION, waits a second for whatever comes of that, or leaves: any fate is fair. */
export function secondClient(does: "connects" | "proposes" | "waits" | "leaves"): Step {
  return { step: "second-client", does };
}

/** Behind `disconnect()`: a server that exits then does so with status 0; one that does not serves the next client. */
export function leftServer(does: "ends-well" | "serves-next"): Step {
  return { step: "left-server", does };
}

/** The server closes its end of a socket that came with a reply (`saveFds`, with `fdIndex` `save` too). */
export function socketClosed(from: string, index: "fdIndex" | number): Step {
  return { step: "socket-closed", from, index };
}

/** Adds 1 to an eventfd that came with a reply (`saveFds`). */
export function signalReceived(from: string, index: number): Step {
  return { step: "signal-received", from, index };
}

/** Flags of a command that wants no reply. */
export const NO_REPLY: number = HeaderFlag.NO_REPLY;
