const UTF8 = new TextDecoder();

/** Text of untrusted bytes: what cannot be printed becomes visible as `\x1b`. */
export function printable(bytes: Uint8Array, options: { keepLines?: boolean } = {}): string {
  return UTF8.decode(bytes).replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) =>
      options.keepLines && (character === "\n" || character === "\t")
        ? character
        : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
