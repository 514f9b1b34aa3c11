import type { Send, Step } from "./case.ts";
import type { Conversation } from "./converse.ts";
import { dmaStep, twinIndex } from "./dma_steps.ts";
import { endBySigterm } from "./end_by_sigterm.ts";
import { differenceOf, resolve } from "./judge.ts";
import { loadMigrationData, saveMigrationData } from "./migration_data.ts";
import { isUnixStreamSocket } from "./posix/fd.ts";
import { SystemError } from "./posix/libc.ts";
import { fileIdentity } from "./posix/proc.ts";
import { launch } from "./launch.ts";
import type { Failure } from "./results.ts";
import { sessionStep } from "./session_steps.ts";

/** Steps that neither send nor expect a message. */
export type WorldStep = Exclude<
  Step,
  Send | { readonly step: "send-together" | "expect" | "only-if" }
>;

/** A server has a second to close what it no longer needs: it may do so after its reply. */
const RELEASE_MS = 1000;
const LOOK_AGAIN_MS = 5;
/** Resident bytes by which a server may grow within a row: allocators keep what they have. */
const MAX_GROWTH = 64 * 2 ** 20;

/** Plays one step; says what failed, or nothing. */
export async function worldStep(row: Conversation, step: WorldStep): Promise<Failure | undefined> {
  switch (step.step) {
    case "sigterm":
      return await endBySigterm(row);
    case "disconnect":
      row.disconnect();
      return undefined;
    case "connect":
      return await connect(row, step.negotiate);
    case "second-server":
      return await secondServer(row, step.resetWillDo);
    case "save-migration-data":
      return await saveMigrationData(row, step);
    case "load-migration-data":
      return await loadMigrationData(row, step);
    case "shutdown-write":
      row.connection.socket.shutdownWrite();
      row.traces.lasting = true;
      return undefined;
    case "count-descriptors":
      return await countDescriptors(row);
    case "same-descriptors":
      return await sameDescriptors(row);
    case "memory-released":
      return await memoryReleased(row, step.name);
    case "signalled":
      return await signalled(row, step.name, step.times);
    case "stream-socket":
      return streamSocket(row, step);
    case "answer-dma":
    case "await-dma":
    case "dma-requests":
    case "use-twin":
    case "close-twin":
      return await dmaStep(row, step);
    case "launch":
      return await launch(row, step);
    case "second-client":
    case "left-server":
    case "socket-closed":
    case "signal-received":
      return await sessionStep(row, step);
    default:
      return memoryStep(row, step);
  }
}

async function connect(row: Conversation, negotiate: boolean): Promise<Failure | undefined> {
  row.disconnect();
  const connection = await row.world.connect(row.transcript);
  if ("expected" in connection) return connection;
  row.connection = connection;
  return negotiate ? await row.world.negotiate(connection) : undefined;
}

async function secondServer(
  row: Conversation,
  resetWillDo: boolean,
): Promise<Failure | undefined> {
  row.putAside();
  const connection = await row.world.second(row.transcript, resetWillDo);
  if ("expected" in connection) return connection;
  row.transcript.note("goes on with another server");
  row.connection = connection;
  return await row.world.negotiate(connection);
}

async function countDescriptors(row: Conversation): Promise<Failure | undefined> {
  const failure = await row.fence();
  const probe = row.world.probe(row.connection);
  row.held = {
    descriptors: probe?.openDescriptors() ?? 0,
    bytes: probe?.residentBytes() ?? 0,
  };
  return failure;
}

async function sameDescriptors(row: Conversation): Promise<Failure | undefined> {
  const failure = await row.fence();
  if (failure !== undefined || !row.open) return failure;
  const probe = row.world.probe(row.connection);
  const { descriptors, bytes } = row.held;
  const count = () => probe?.openDescriptors() ?? descriptors;
  if (!(await within(RELEASE_MS, () => count() <= descriptors))) {
    return row.failure("leak", [`${descriptors} open descriptors in the server`], `${count()}`);
  }
  const grown = (probe?.residentBytes() ?? bytes) - bytes;
  if (grown <= MAX_GROWTH) return undefined;
  const mebibytes = `${Math.round(grown / 2 ** 20)} MiB`;
  return row.failure("leak", ["the server to use little more memory"], `${mebibytes} more`);
}

async function memoryReleased(row: Conversation, name: string): Promise<Failure | undefined> {
  const failure = await row.fence();
  if (failure !== undefined || !row.open) return failure;
  const probe = row.world.probe(row.connection);
  const file = fileIdentity(`/proc/self/fd/${row.files.file(name).number}`);
  if (await within(RELEASE_MS, () => probe?.uses(file) !== true)) return undefined;
  const expected = [`the server to release the memory file ${name}`];
  return row.failure("leak", expected, "it still open or mapped");
}

async function signalled(
  row: Conversation,
  name: string,
  times: number,
): Promise<Failure | undefined> {
  const failure = await row.fence();
  if (failure !== undefined) return failure;
  const deadline = row.deadline();
  let seen = row.files.takeSignals(name);
  while (seen < times && await row.files.waitForSignal(name, deadline)) {
    seen += row.files.takeSignals(name);
  }
  if (seen === BigInt(times)) return undefined;
  return row.failure("mismatch", [`eventfd ${name} signalled ${times} times`], `${seen}`);
}

function streamSocket(
  row: Conversation,
  step: { readonly from: string; readonly index: "fdIndex" | number },
): Failure | undefined {
  const fds = row.files.received(step.from);
  const index = step.index === "fdIndex" ? twinIndex(row, step.from) : step.index;
  if (index === undefined) return undefined; // nothing was offered
  const fd = index === undefined ? undefined : fds[index];
  const expected = [`descriptor ${index} to be a stream socket`];
  if (fd === undefined) return row.failure("mismatch", expected, `${fds.length} descriptors`);
  if (isUnixStreamSocket(fd)) return undefined;
  return row.failure("mismatch", expected, "another kind of file");
}

type MemoryStep = Extract<
  WorldStep,
  { step: `${string}-memory` | `${string}-guest` | "map-descriptor" }
>;

function memoryStep(row: Conversation, step: MemoryStep): Failure | undefined {
  try {
    switch (step.step) {
      case "map-descriptor": {
        const fd = row.files.received(step.from)[0];
        if (fd === undefined) return row.failure("mismatch", ["a descriptor to map"], "none");
        row.files.map(step.name, fd, step);
        return undefined;
      }
      case "write-memory":
        row.files.write(step.name, step.offset, step.bytes);
        return undefined;
      case "truncate-memory":
        row.files.truncate(step.name, step.size);
        return undefined;
      case "read-memory": {
        const expected = resolve(step.bytes, row.saved);
        const seen = row.files.read(step.name, step.offset, expected.byteLength);
        return compare(row, `memory ${step.name}`, expected, seen);
      }
      case "write-guest":
        if (row.guest.write(step.address, step.bytes)) return undefined;
        throw new RangeError("Cannot write guest memory: the row never mapped it");
      case "read-guest": {
        const expected = resolve(step.bytes, row.saved);
        const seen = row.guest.read(step.address, expected.byteLength);
        if (seen === undefined) {
          throw new RangeError("Cannot read guest memory: the row never mapped it");
        }
        return compare(row, `guest memory at 0x${step.address.toString(16)}`, expected, seen);
      }
    }
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return row.failure("mismatch", ["memory that can be used"], error.message);
  }
}

function compare(
  row: Conversation,
  where: string,
  expected: Uint8Array,
  seen: Uint8Array,
): Failure | undefined {
  const difference = differenceOf(expected, seen);
  if (difference === undefined) return undefined;
  return row.failure("mismatch", [`${where} to hold what was written`], difference);
}

async function within(ms: number, done: () => boolean): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!done()) {
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  return true;
}
