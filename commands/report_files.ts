const encoder = new TextEncoder();

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, parts: Iterable<string>): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  {
    using file = await Deno.create(temporary);
    for (const part of parts) await writeAll(file, encoder.encode(part));
  }
  await Deno.rename(temporary, path);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await file.write(bytes.subarray(at));
}
