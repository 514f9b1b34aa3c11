/**
 * Splits a command line into words as a shell does, with quotes and backslashes but without expansion.
 * Throws `SyntaxError` for a quote that is never closed.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  const token = /\s+|'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^\s'"\\]+)|(.)/gsy;
  let word: string | undefined;
  for (const [text, single, double, escaped, plain, stray] of line.matchAll(token)) {
    if (stray !== undefined) throw new SyntaxError(`a quote or backslash is never closed: ${line}`);
    const part = single ?? double?.replace(/\\(.)/gs, "$1") ?? escaped ?? plain;
    if (part !== undefined) word = (word ?? "") + part;
    else if (word !== undefined && text.trim() === "") {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
