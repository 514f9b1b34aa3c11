/** What a terminal, an XML parser or a reader's eye would mistake: control and format characters, halves of pairs. */
const UNSAFE = /[^\P{Cc}\t\n]|\p{Cs}|\p{Cf}|[\u2028\u2029\ufffe\uffff]/gu;

/** Makes untrusted text harmless: control characters become visible as `\x1b`. Line ends and tabs stay. */
export function visible(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNSAFE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** Harmless text on one line, at most `max` characters long. */
export function oneLine(text: string, max = 500): string {
  const line = visible(text.slice(0, 2 * max)).replace(/\s+/g, " ").trim();
  const cut = line.length > max || text.length > 2 * max;
  return cut ? `${line.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…` : line;
}

/** Harmless text of at most `max` characters before they are made visible: what is too long loses its middle. */
export function bounded(text: string, max: number): string {
  if (text.length <= max + 100) return visible(text);
  const half = Math.floor(max / 2);
  const left = text.length - 2 * half;
  const [head, tail] = [text.slice(0, half), text.slice(-half)];
  return `${visible(head)}\n… ${left} characters left out …\n${visible(tail)}`;
}

/** The last `count` lines. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

/** Moves every line to the right. */
export function indent(text: string, by = "  "): string {
  return text.replace(/^(?=.)/gm, by);
}

/** `1 byte`, `2 bytes`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}

/** `0.12 ms`, `12 ms`, `3.4 s`, `2 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(2))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `2026-11-22 22:12:07 UTC` of a time in ISO 8601. */
export function dateText(iso: string): string {
  return iso.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
}
