import { ask } from "./ask.ts";
import type { Connection } from "./connection.ts";
import type { DeviceFacts, IoFdsFacts } from "./device_facts.ts";
import type { Stage } from "./stage.ts";
import { getInfo, getRegionIoFds } from "./steps.ts";
import { readSubRegions } from "./wire/io_fds.ts";

const MAX_ARGSZ = 1 << 20;

/** Adds what the server says of sub-regions; some servers do not outlive the question. */
export async function learnIoFds(stage: Stage, device: DeviceFacts): Promise<DeviceFacts> {
  const connection = await stage.negotiated();
  const ioFds: IoFdsFacts[] = [];
  const deadline = performance.now() + stage.timeoutMs;
  let inSync = true;
  for (const { index, size } of device.regions) {
    if (size === 0n) continue;
    const one = await learnRegion(connection, index, deadline);
    if (one !== undefined) ioFds.push(one);
    // Where the command is not known, its payload may be taken for the next one.
    else inSync = typeof await ask(connection, getInfo(), stage.timeoutMs) !== "string";
    if (!inSync || performance.now() > deadline) break;
  }
  if (inSync && !connection.ended) stage.share(connection);
  else {
    connection[Symbol.dispose]();
    await stage.replace();
  }
  return { ...device, ioFds };
}

async function learnRegion(
  connection: Connection,
  index: number,
  deadline: number,
): Promise<IoFdsFacts | undefined> {
  const question = async (argsz?: number) => {
    const given = argsz === undefined ? { index } : { index, argsz };
    return await ask(connection, getRegionIoFds(given), deadline - performance.now());
  };
  const first = await question();
  if (typeof first === "string" || first.fields.count === undefined) return undefined;
  const facts = { argsz: Number(first.fields.argsz), count: Number(first.fields.count) };
  const fits = facts.argsz <= first.payload.byteLength || facts.argsz > MAX_ARGSZ;
  const subRegions = readSubRegions(first.payload, facts);
  if (fits) return { index, ...facts, subRegions };
  const whole = await question(facts.argsz);
  if (typeof whole === "string") return { index, ...facts, subRegions };
  return { index, ...facts, subRegions: readSubRegions(whole.payload, facts) };
}
