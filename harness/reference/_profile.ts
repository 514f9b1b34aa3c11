import type { RawClient } from "./_raw_client.ts";
import profile from "./profile.json" with { type: "json" };
import { Register } from "./registers.ts";

/** Bytes of one write of the profile. */
export function encodeWrite(
  { size, value }: { readonly size: number; readonly value: number | string },
  values: Readonly<Record<string, bigint>> = {},
): Uint8Array {
  const bytes = new Uint8Array(8);
  const number = typeof value === "number" ? BigInt(value) : values[value]!;
  new DataView(bytes.buffer).setBigUint64(0, number, true);
  return bytes.slice(0, size);
}

/** Makes the device do a DMA as the profile says, and returns the status that it shows. */
export async function runDma(
  client: RawClient,
  direction: "dmaRead" | "dmaWrite",
  address: bigint,
  count: number,
): Promise<number> {
  for (const write of profile[direction].writes) {
    const data = encodeWrite(write, { address, count: BigInt(count) });
    await client.write(write.region, write.offset, data);
  }
  const status = await client.read(0, Register.DMA_STATUS, 4);
  return new DataView(status.buffer, status.byteOffset).getUint32(0, true);
}
