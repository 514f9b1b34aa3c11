import type { RunInfo } from "../harness/results.ts";

/** The command line that plays these cases again, ready for a shell. */
export function reproduceCommand(info: RunInfo, ids: readonly string[]): string {
  const end = info.reproduce.indexOf("--");
  const at = end < 0 ? info.reproduce.length : end;
  const args = [...info.reproduce.slice(0, at), ...ids, ...info.reproduce.slice(at)];
  return ["deno task conformance", ...args.map(shellQuote)].join(" ");
}

/** One word of a shell's command line; control characters are spelled out as in `$'\x1b'`. */
export function shellQuote(word: string): string {
  if (/^[\w@%+=:,./{}-]+$/.test(word)) return word;
  // deno-lint-ignore no-control-regex
  if (!/[\x00-\x1f\x7f]/.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const spelled = word.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f'\\]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `$'${spelled}'`;
}
