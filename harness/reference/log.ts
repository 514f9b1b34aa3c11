const UTF8 = new TextEncoder();

/** Writes one line to standard error, if anybody still holds its other end. */
export function log(text: string): void {
  try {
    Deno.stderr.writeSync(UTF8.encode(`reference server: ${text.replaceAll("\n", " ")}\n`));
  } catch {
    // A log that nobody reads is no reason to stop serving.
  }
}
